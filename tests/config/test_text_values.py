"""Values that are written as text."""

import pytest

from ari_tui.config.text_values import parse_host_port, parse_ports, parse_tier


@pytest.mark.parametrize(
    "text", ["", "x", "1-", "-2", "0-10", "10-5", "1-65536", "1-2-3", " 1-2", "1_0-20", "٣-٤"]
)
def test_what_is_no_port_range_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"port|first"):
        parse_ports(text)


def test_host_and_port_are_read_with_ipv6_in_brackets() -> None:
    assert parse_host_port("127.0.0.1:9090") == ("127.0.0.1", 9090)
    assert parse_host_port("[::1]:0") == ("::1", 0)


@pytest.mark.parametrize("text", ["", "9090", ":9090", "host:", "host:x", "host:65536", "::1:80"])
def test_what_is_no_host_and_port_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"port|brackets"):
        parse_host_port(text)


def test_a_tier_is_read() -> None:
    assert parse_tier("30:8/12.5/18") == (30, 8.0, 12.5, 18.0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "30",
        "30:8/12",
        "30:8/12/18/22",
        "-1:8/12/18",
        "x:8/12/18",
        "30:8/12/nan",
        "30: 8/12/18",
        "٣:8/12/18",
    ],
)
def test_what_is_no_tier_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="such as 30:8/12/18"):
        parse_tier(text)
