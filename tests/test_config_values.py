"""One value by itself: each wrong one is told what is allowed, each right one passes."""

import pytest

from ari_tui.config import KEY_TYPES
from ari_tui.config_values import (
    COMPLAINTS,
    ENTRY_COMPLAINTS,
    host_complaint,
    ip_address,
    is_wildcard,
    profile_name,
)


def test_what_is_complained_of_are_keys_that_hold_texts_and_keys_that_hold_lists() -> None:
    assert {KEY_TYPES[key] for key in COMPLAINTS} == {str}
    assert {KEY_TYPES[key] for key in ENTRY_COMPLAINTS} == {tuple[str, ...]}


@pytest.mark.parametrize(
    ("key", "text", "allowed"),
    [
        ("asterisk.username", "a:b", "without a colon"),
        ("asterisk.username", "", "a name"),
        ("asterisk.password", "two\nlines", "one line"),
        ("asterisk.app", "a.b", "letters, digits"),
        ("asterisk.app", "../x", "letters, digits"),
        ("asterisk.app", "x" * 65, "at most 64"),
        ("asterisk.media_address", "pbx", "an IPv4 or IPv6 address"),
        ("asterisk.media_address", "0.0.0.0", "no wildcard"),
        ("media.bind", "eth0", "an IPv4 or IPv6 address"),
        ("media.advertise", "::", "no wildcard"),
        ("media.advertise", "a b", "a host name"),
        ("media.ports", "50000-4500", "the first not above the last"),
        ("media.echo_ports", "x", "a range of ports"),
        ("echo.host", "", "a host name"),
        ("echo.host", "0.0.0.0", "no wildcard"),
        ("sla.profile", "my own", "letters, digits"),
        ("http.bind", "9090", "host:port"),
        ("http.bind", "a b:9090", "host:port"),
        ("http.token", "two words", "without spaces"),
        ("http.socket_group", "on call", "the name of a group"),
        ("alerts.webhook", "chat.example/x", "an http:// or https:// URL"),
        ("alerts.webhook", "ftp://chat.example/x", "an http:// or https:// URL"),
        ("alerts.webhook", "https://user:geheim@chat.example/x", "without credentials"),
        ("alerts.webhook", "https:///x", "an http:// or https:// URL"),
        ("alerts.webhook", "https://chat.example:0/", "an http:// or https:// URL"),
        ("alerts.webhook", "https://chat.example:99999/", "an http:// or https:// URL"),
        ("alerts.webhook", "https://chat.example/a b", "an http:// or https:// URL"),
        ("alerts.webhook_token", "two words", "without spaces"),
        ("loadtest.caller_id", "x" * 129, "at most 128 characters"),
    ],
)
def test_a_wrong_value_is_told_what_is_allowed(key: str, text: str, allowed: str) -> None:
    assert allowed in COMPLAINTS[key](text)


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("asterisk.media_address", "2001:db8::1"),
        ("media.bind", "::1"),
        ("media.bind", ""),
        ("media.advertise", "pbx.example"),
        ("media.advertise", ""),
        ("media.ports", "30000"),
        ("media.echo_ports", ""),
        ("http.bind", "[::1]:0"),
        ("http.bind", "localhost:9090"),
        ("http.bind", ""),
        ("http.socket_group", "voip-oncall"),
        ("alerts.webhook", "https://chat.example:8443/hooks/abc?x=1"),
        ("alerts.webhook", "http://[::1]:9/"),
        ("alerts.webhook", ""),
        ("loadtest.caller_id", "Load Test <1000>"),
    ],
)
def test_a_right_value_passes(key: str, text: str) -> None:
    assert COMPLAINTS[key](text) == ""


@pytest.mark.parametrize(
    ("key", "entry", "allowed"),
    [
        ("media.learn_networks", "10.0.0.1/8", "host bits set"),
        ("media.learn_networks", "net", "networks such as 10.0.0.0/8"),
        ("sla.tiers", "8/12", "such as 30:8/12/18"),
        ("alerts.command", "", "arguments that hold text"),
        ("alerts.command", "a\0b", "arguments that hold text"),
        ("loadtest.endpoints", "echo", "endpoints such as Local/tone@lab"),
        ("loadtest.endpoints", "Local/two words", "endpoints such as Local/tone@lab"),
        ("loadtest.tiers", "030", "numbers of calls"),
        ("loadtest.variables", "1A=b", "NAME=value"),
        ("loadtest.variables", "NAME", "NAME=value"),
        ("loadtest.app_args", "a,b", "without commas"),
        ("loadtest.report", "report.pdf", "files that end in"),
    ],
)
def test_a_wrong_entry_is_told_what_is_allowed(key: str, entry: str, allowed: str) -> None:
    assert allowed in ENTRY_COMPLAINTS[key](entry)


@pytest.mark.parametrize(
    ("key", "entries"),
    [
        ("media.learn_networks", ("10.0.0.0/8", "2001:db8::/32")),
        ("sla.tiers", ("30:8/12/18", "100:10/15.5/20")),
        ("alerts.command", ("/opt/page me", "--to=on call, please")),
        ("loadtest.endpoints", ("Local/tone@lab", "PJSIP/100")),
        ("loadtest.tiers", ("30", "1000")),
        ("loadtest.variables", ("CHANNEL(language)=en", "__X=")),
        ("loadtest.app_args", ("load test",)),
        ("loadtest.report", ("a.json", "a.txt", "a.html")),
    ],
)
def test_right_entries_pass(key: str, entries: tuple[str, ...]) -> None:
    assert [ENTRY_COMPLAINTS[key](entry) for entry in entries] == [""] * len(entries)


@pytest.mark.parametrize(
    ("text", "address", "wildcard"),
    [
        ("0.0.0.0", True, True),
        ("::", True, True),
        ("10.1.2.3", True, False),
        ("::1", True, False),
        ("*", False, False),
        ("pbx", False, False),
        ("", False, False),
    ],
)
def test_an_address_is_told_from_a_name_and_a_wildcard_from_both(
    text: str, address: bool, wildcard: bool
) -> None:
    assert (ip_address(text) is not None, is_wildcard(text)) == (address, wildcard)


def test_a_host_is_a_name_or_an_address_and_never_a_flag() -> None:
    hosts = ["pbx.example", "10.1.2.3", "2001:db8::1", "-v", "0.0.0.0"]
    assert [host_complaint(host) == "" for host in hosts] == [True, True, True, False, False]


def test_a_profiles_name_is_short_and_plain() -> None:
    assert profile_name("wan-2_b") == ""
    assert profile_name("x" * 41) == profile_name("") == "letters, digits, - and _, at most 40"
