from __future__ import annotations

import logging

import pytest

from ari_tui.core.errors import ConfigError
from ari_tui.reflector.guard import (
    DEFAULT_PORT,
    SourceGuard,
    check_exposure,
    parse_host,
    parse_networks,
)

OWN_PORT = 5555


def guard(*allow: str) -> SourceGuard:
    return SourceGuard(OWN_PORT, parse_networks(allow))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_loopback_needs_no_allow(host: str) -> None:
    check_exposure(host, ())
    assert guard().admits((host, 40_000))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "2001:db8::1", "::ffff:10.0.0.1"])
def test_beyond_loopback_a_network_must_be_named(host: str) -> None:
    with pytest.raises(ConfigError, match="--allow") as caught:
        check_exposure(host, ())
    assert host in str(caught.value)
    check_exposure(host, parse_networks(["10.0.0.0/8"]))


def test_with_networks_named_nobody_else_is_admitted_not_even_loopback() -> None:
    only = guard("10.1.0.0/16", "192.0.2.7", "2001:db8::/32")
    assert only.admits(("10.1.2.3", 40_000))
    assert only.admits(("::ffff:10.1.2.3", 40_000, 0, 0))
    assert only.admits(("192.0.2.7", 40_000))
    assert only.admits(("2001:db8::5", 40_000, 0, 0))
    for host in ("10.2.0.1", "192.0.2.8", "127.0.0.1", "2001:db9::5"):
        assert not only.admits((host, 40_000))


def test_without_networks_other_machines_are_not_admitted() -> None:
    assert not guard().admits(("10.1.2.3", 40_000))


@pytest.mark.parametrize("port", [0, 7, 19, 53, 123, 1023, OWN_PORT, DEFAULT_PORT])
def test_a_source_on_the_port_of_an_echo_service_is_refused(port: int) -> None:
    assert not guard().admits(("127.0.0.1", port))
    assert guard().admits(("127.0.0.1", 1024))


@pytest.mark.parametrize("text", ["", "10.0.0.0/33", "example.org", "10.0.0", "0.0.0.0/0", "::/0"])
def test_what_is_no_network_is_refused_by_name(text: str) -> None:
    with pytest.raises(ConfigError, match="--allow") as caught:
        parse_networks([text])
    assert text in str(caught.value)


def test_host_bits_in_a_network_are_let_pass() -> None:
    assert str(parse_networks([" 10.1.2.3/16 "])[0]) == "10.1.0.0/16"


def test_a_mapped_address_is_the_ipv4_address_that_it_maps() -> None:
    assert str(parse_host("::ffff:192.0.2.1")) == "192.0.2.1"


def test_each_refused_source_is_warned_of_once(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        one = guard()
        for _ in range(3):
            one.admits(("127.0.0.1", 7))
            one.admits(("127.0.0.1", OWN_PORT))
            one.admits(("10.0.0.9", 40_000))
            one.admits(("10.0.0.9", 40_001))
    loops = "its port is that of an echo service, which would loop"
    assert [record.getMessage() for record in caplog.records] == [
        f"refused a packet from 127.0.0.1:7: {loops}",
        f"refused a packet from 127.0.0.1:{OWN_PORT}: {loops}",
        "refused a packet from 10.0.0.9: not in a network named with --allow",
    ]


def test_warnings_are_bounded_and_the_last_one_says_so(caplog: pytest.LogCaptureFixture) -> None:
    one = guard()
    with caplog.at_level(logging.WARNING):
        for n in range(10_000):
            assert not one.admits((f"10.0.{n >> 8}.{n & 255}", 40_000))
    assert len(caplog.records) == 32
    assert "not logged" in caplog.records[-1].getMessage()
    assert len(one._hosts) <= 4096
