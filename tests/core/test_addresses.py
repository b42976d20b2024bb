"""Addresses of this machine and of others."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from ari_tui.core import addresses
from ari_tui.core.addresses import check_own_address, foreign_address, is_own_address, own_addresses
from ari_tui.core.errors import BindError

FOREIGN = "192.0.2.77"
TABLE = """Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
           |-- 127.0.0.1
              /32 host LOCAL
           |-- 10.1.2.3
              /32 host LOCAL
        |-- 127.255.255.255
           /32 link BROADCAST
Local:
           |-- 127.0.0.1
              /32 host LOCAL
"""
IPV6 = """fe8000000000000000fc00fffe000001 04 40 20 80     eth0
fd000000000000000000000000000002 04 40 00 82     eth0
00000000000000000000000000000001 01 80 10 80       lo
"""


def test_every_address_that_is_listed_may_be_bound() -> None:
    found = own_addresses()
    assert "127.0.0.1" in found
    assert all(map(is_own_address, found))
    assert len(set(found)) == len(found)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.9", "0.0.0.0", "::1", "localhost", "pbx"])
def test_own_addresses_wildcards_and_names_pass(host: str) -> None:
    if ":" in host and not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    check_own_address(host, "--bind")


@pytest.mark.parametrize("host", [FOREIGN, "2001:db8::77"])
def test_a_foreign_address_is_refused_with_the_flag_and_our_own_addresses(host: str) -> None:
    with pytest.raises(BindError) as refused:
        check_own_address(host, "--bind")
    text = str(refused.value)
    assert text.startswith(f"--bind: {host} is no address of this machine, which has 127.0.0.1")
    assert refused.value.exit_code == 3
    check_own_address("", "--bind")


def test_the_kernels_tables_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "_PROC", tmp_path)
    assert own_addresses() == []
    assert foreign_address(FOREIGN) == f"{FOREIGN} is no address of this machine"
    (tmp_path / "fib_trie").write_text(TABLE)
    (tmp_path / "if_inet6").write_text(IPV6)
    assert own_addresses() == ["10.1.2.3", "127.0.0.1", "::1", "fd00::2"]
    hosts = "".join(f"|-- 10.0.0.{n}\n  /32 host LOCAL\n" for n in range(1, 12))
    (tmp_path / "fib_trie").write_text(hosts)
    (tmp_path / "if_inet6").write_text("")
    assert foreign_address(FOREIGN).endswith("10.0.0.7, 10.0.0.8 and 3 more")
