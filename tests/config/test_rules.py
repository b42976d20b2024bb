"""What types cannot tell: each wrong value is named, each risky one is warned of."""

from pathlib import Path
from typing import Any

import pytest

from ari_tui.config import rules
from ari_tui.config.rules import (
    CHECKS,
    ENTRY_CHECKS,
    check,
    check_host,
    check_profile_name,
    ephemeral_ports,
    ip_address,
    is_wildcard,
)
from ari_tui.config.settings import KEY_TYPES, Draft


@pytest.fixture(autouse=True)
def an_ephemeral_range(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "ephemeral_ports", lambda: (32768, 60999))


def checked(**values: Any) -> Draft:
    dotted = {key.replace("__", "."): value for key, value in values.items()}
    draft = Draft(values=dotted, origins=dict.fromkeys(dotted, "here"))
    check(draft)
    return draft


def test_the_defaults_pass_without_a_warning() -> None:
    draft = checked()
    assert (draft.problems, draft.warnings) == ([], [])


@pytest.mark.parametrize(
    ("key", "value", "shown", "allowed"),
    [
        ("asterisk.username", "a:b", "'a:b'", "a name without a colon"),
        ("asterisk.url", "ftp://pbx", "'ftp://pbx'", "host:port, or http:// or https://"),
        ("sla.tiers", ["30:8/12/18", "8/12"], "'8/12'", "calls:p50/p95/p99 in ms"),
        ("http.token", "two words", "this value", "printable ASCII without spaces"),
    ],
)
def test_a_wrong_value_is_named_with_its_layer_and_what_is_allowed(
    key: str, value: Any, shown: str, allowed: str
) -> None:
    (problem,) = checked(**{key.replace(".", "__"): value}).problems
    assert problem.startswith(f"{key} (here): {shown} is not allowed; give {allowed}")


@pytest.mark.parametrize(
    ("url", "fine"),
    [
        ("https://pbx.example:8089/prefix", True),
        ("[::1]:8088", True),
        ("pbx:8088", True),
        ("ftp://pbx", False),
        ("pbx:99999", False),
        ("pbx:0", False),
        ("", False),
        ("http://pbx:8088/?a=1", False),
        ("two words:8088", False),
        ("http://[::1", False),
    ],
)
def test_asterisks_url_has_a_host_a_scheme_of_the_web_and_no_query(url: str, fine: bool) -> None:
    assert (checked(asterisk__url=url).problems == []) == fine


@pytest.mark.parametrize("bind", ["[::1]:0", "localhost:9090", "127.8.8.8:9090"])
def test_an_http_server_on_loopback_needs_no_token(bind: str) -> None:
    assert checked(http__bind=bind).problems == []


def test_a_url_with_credentials_is_refused_without_being_shown() -> None:
    (problem,) = checked(asterisk__url="http://ari:geheim@pbx:8088").problems
    assert problem.startswith("asterisk.url (here): holds credentials")
    assert "geheim" not in problem


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "*"])
def test_a_wildcard_bind_becomes_the_address_of_the_ari_connection_and_says_so(
    address: str,
) -> None:
    draft = checked(media__bind=address)
    assert draft.values["media.bind"] == ""
    (warning,) = draft.warnings
    assert warning.startswith(f"media.bind (here): {address} cannot be an external_host: ")
    assert warning.endswith("using the local address of the ARI connection")


def test_ports_that_the_kernel_also_gives_out_are_warned_of_with_a_better_range() -> None:
    draft = checked(media__ports="4500-50000", media__echo_ports="60000-60100")
    assert draft.problems == []
    first, second = draft.warnings
    assert first.startswith("media.ports (here): 4500-50000 overlaps the ports 32768-60999")
    assert first.endswith("better is 21000-24999")
    assert second.startswith("media.echo_ports (here): 60000-60100 overlaps")


@pytest.mark.parametrize(
    ("ports", "overlaps"),
    [
        ("4500-50000", True),
        ("10000-32767", False),
        ("10000-32768", True),
        ("60999-61000", True),
        ("61000-65535", False),
        ("40000-40001", True),
    ],
)
def test_a_range_that_the_kernel_uses_too_is_warned_of(ports: str, overlaps: bool) -> None:
    assert bool(checked(media__ports=ports).warnings) == overlaps


def test_where_the_kernels_range_is_unknown_nothing_is_warned_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rules, "ephemeral_ports", lambda: None)
    assert checked(media__ports="4500-50000").warnings == []


def test_echo_ports_may_not_overlap_media_ports() -> None:
    (problem,) = checked(media__ports="21000-22000", media__echo_ports="22000-23000").problems
    assert problem.startswith("media.echo_ports (here): '22000-23000'")
    assert "apart from media.ports 21000-22000" in problem


@pytest.mark.parametrize("bind", ["0.0.0.0:9090", "[::]:9090", "192.0.2.1:9090", "pbx:9090"])
def test_an_http_server_beyond_loopback_needs_a_token(bind: str) -> None:
    (problem,) = checked(http__bind=bind).problems
    assert problem.startswith("http.bind (here): ")
    assert "http.token_file" in problem
    assert checked(http__bind=bind, http__token="t0ken").problems == []


def test_the_kernels_range_is_read_from_its_file_and_unknown_without_one(tmp_path: Path) -> None:
    file = tmp_path / "range"
    assert ephemeral_ports(file) is None
    file.write_text("32768\t60999\n")
    assert ephemeral_ports(file) == (32768, 60999)
    file.write_text("garbage")
    assert ephemeral_ports(file) is None


@pytest.mark.parametrize(
    ("url", "fine"),
    [
        ("http://chat.example/x", False),
        ("http://10.1.2.3/x", False),
        ("https://chat.example/x", True),
        ("http://127.0.0.1:9/x", True),
        ("http://localhost/x", True),
    ],
)
def test_a_webhooks_token_does_not_go_over_the_wire_in_the_clear(url: str, fine: bool) -> None:
    problems = checked(alerts__webhook=url, alerts__webhook_token="t0ken").problems
    assert bool(problems) != fine
    assert checked(alerts__webhook=url).problems == []
    assert not any("chat" in text or "t0ken" in text for text in problems)


def test_checks_are_of_keys_that_hold_texts_and_keys_that_hold_lists() -> None:
    assert {KEY_TYPES[key] for key in CHECKS} == {str}
    assert {KEY_TYPES[key] for key in ENTRY_CHECKS} == {tuple[str, ...]}


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
def test_a_wrong_value_is_reported_with_what_is_allowed(key: str, text: str, allowed: str) -> None:
    assert allowed in CHECKS[key](text)


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
    assert CHECKS[key](text) == ""


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
def test_a_wrong_entry_is_reported_with_what_is_allowed(key: str, entry: str, allowed: str) -> None:
    assert allowed in ENTRY_CHECKS[key](entry)


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
    assert [ENTRY_CHECKS[key](entry) for entry in entries] == [""] * len(entries)


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
def test_an_address_is_distinguished_from_a_name_and_a_wildcard_from_both(
    text: str, address: bool, wildcard: bool
) -> None:
    assert (ip_address(text) is not None, is_wildcard(text)) == (address, wildcard)


def test_a_host_is_a_name_or_an_address_and_never_a_flag() -> None:
    hosts = ["pbx.example", "10.1.2.3", "2001:db8::1", "-v", "0.0.0.0"]
    assert [check_host(host) == "" for host in hosts] == [True, True, True, False, False]


def test_a_profiles_name_is_short_and_plain() -> None:
    assert check_profile_name("wan-2_b") == ""
    assert (
        check_profile_name("x" * 41)
        == check_profile_name("")
        == "letters, digits, - and _, at most 40"
    )
