"""What types cannot tell: each wrong value is named, each risky one is warned of."""

from pathlib import Path
from typing import Any

import pytest

from ari_tui import config_checks
from ari_tui.config_checks import Draft, check, ephemeral_ports


@pytest.fixture(autouse=True)
def an_ephemeral_range(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config_checks, "ephemeral_ports", lambda: (32768, 60999))


def checked(**values: Any) -> Draft:
    dotted = {key.replace("__", "."): value for key, value in values.items()}
    draft = Draft(values=dotted, origins=dict.fromkeys(dotted, "here"))
    check(draft)
    return draft


def test_the_defaults_pass_without_a_warning() -> None:
    draft = checked()
    assert (draft.problems, draft.warnings) == ([], [])


@pytest.mark.parametrize(
    ("key", "value", "allowed"),
    [
        ("asterisk__url", "ftp://pbx", "http://"),
        ("asterisk__url", "pbx:99999", "host:port"),
        ("asterisk__url", "pbx:0", "host:port"),
        ("asterisk__url", "", "host:port"),
        ("asterisk__url", "http://pbx:8088/?a=1", "host:port"),
        ("asterisk__url", "two words:8088", "host:port"),
        ("asterisk__url", "http://[::1", "host:port"),
        ("asterisk__username", "a:b", "without a colon"),
        ("asterisk__username", "", "a name"),
        ("asterisk__app", "a.b", "letters, digits"),
        ("asterisk__app", "../x", "letters, digits"),
        ("asterisk__app", "x" * 65, "at most 64"),
        ("asterisk__media_address", "pbx", "an IPv4 or IPv6 address"),
        ("asterisk__media_address", "0.0.0.0", "no wildcard"),
        ("media__bind", "eth0", "an IPv4 or IPv6 address"),
        ("media__advertise", "::", "no wildcard"),
        ("media__advertise", "a b", "a host name"),
        ("media__ports", "50000-4500", "the first not above the last"),
        ("media__echo_ports", "x", "a range of ports"),
        ("media__learn_networks", ["10.0.0.1/8"], "host bits set"),
        ("media__learn_networks", ["net"], "networks such as 10.0.0.0/8"),
        ("echo__host", "", "a host name"),
        ("echo__host", "0.0.0.0", "no wildcard"),
        ("sla__profile", "my own", "letters, digits"),
        ("sla__tiers", ["30:8/12/18", "8/12"], "such as 30:8/12/18"),
        ("http__bind", "9090", "host:port"),
        ("http__bind", "a b:9090", "host:port"),
        ("http__token", "two words", "without spaces"),
        ("http__socket_group", "on call", "the name of a group"),
        ("alerts__webhook", "chat.example/x", "an http:// or https:// URL"),
        ("alerts__webhook", "ftp://chat.example/x", "an http:// or https:// URL"),
        ("alerts__webhook", "https://user:geheim@chat.example/x", "without credentials"),
        ("alerts__webhook", "https:///x", "an http:// or https:// URL"),
        ("alerts__webhook", "https://chat.example:0/", "an http:// or https:// URL"),
        ("alerts__webhook", "https://chat.example:99999/", "an http:// or https:// URL"),
        ("alerts__webhook", "https://chat.example/a b", "an http:// or https:// URL"),
        ("alerts__webhook_token", "two words", "without spaces"),
        ("alerts__command", ["page", ""], "arguments that hold text"),
    ],
)
def test_a_wrong_value_is_named_with_its_layer_and_what_is_allowed(
    key: str, value: Any, allowed: str
) -> None:
    (problem,) = checked(**{key: value}).problems
    assert problem.startswith(f"{key.replace('__', '.')} (here): ")
    assert allowed in problem


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("asterisk__url", "https://pbx.example:8089/prefix"),
        ("asterisk__url", "[::1]:8088"),
        ("asterisk__media_address", "2001:db8::1"),
        ("media__bind", "::1"),
        ("media__advertise", "pbx.example"),
        ("media__ports", "30000"),
        ("media__learn_networks", ["10.0.0.0/8", "2001:db8::/32"]),
        ("http__bind", "[::1]:0"),
        ("http__bind", "localhost:9090"),
        ("http__bind", "127.8.8.8:9090"),
        ("http__socket_group", "voip-oncall"),
        ("alerts__webhook", "https://chat.example:8443/hooks/abc?x=1"),
        ("alerts__webhook", "http://[::1]:9/"),
        ("alerts__command", ["/opt/page me", "--to=on call, please"]),
    ],
)
def test_right_values_pass(key: str, value: Any) -> None:
    assert checked(**{key: value}).problems == []


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
    monkeypatch.setattr(config_checks, "ephemeral_ports", lambda: None)
    assert checked(media__ports="4500-50000").warnings == []


def test_echo_ports_may_not_overlap_media_ports() -> None:
    (problem,) = checked(media__ports="21000-22000", media__echo_ports="22000-23000").problems
    assert problem.startswith("media.echo_ports (here): '22000-23000'")
    assert "apart from media.ports 21000-22000" in problem


@pytest.mark.parametrize("bind", ["0.0.0.0:9090", "[::]:9090", "192.0.2.1:9090", "pbx:9090"])
def test_a_door_beyond_loopback_needs_a_token(bind: str) -> None:
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
        ("http://chat.example/x", False), ("http://10.1.2.3/x", False),
        ("https://chat.example/x", True), ("http://127.0.0.1:9/x", True),
        ("http://localhost/x", True),
    ],
)  # fmt: skip
def test_a_webhooks_token_does_not_go_over_the_wire_in_the_clear(url: str, fine: bool) -> None:
    problems = checked(alerts__webhook=url, alerts__webhook_token="t0ken").problems
    assert bool(problems) != fine
    assert checked(alerts__webhook=url).problems == []
    assert not any("chat" in text or "t0ken" in text for text in problems)
