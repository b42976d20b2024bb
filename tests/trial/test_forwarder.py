"""Two namespaces with the forwarder between them, in earnest: needs root and /dev/net/tun."""

from __future__ import annotations

import os
import select
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.asterisk.tools import need, unavailable
from tests.trial.impairment import NONE, Impairment
from tests.trial.network import PREFIX, End, Network, Route, inside, network

pytestmark = pytest.mark.system
HERE, THERE = "198.18.79.1", "198.18.79.2"
COUNT = 400
REFLECTOR = """
import socket
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(("198.18.79.2", 7))
print("bound", flush=True)
while True:
    data, peer = sock.recvfrom(2048)
    sock.sendto(data, peer)
"""


@pytest.fixture
def link() -> Iterator[Network]:
    """Give a path into a namespace in which all that comes is sent back."""
    if os.geteuid() != 0 or not Path("/dev/net/tun").exists():
        unavailable("namespaces and TUN devices need root and /dev/net/tun")
    need("ip", "iproute2")
    route = Route("test", End("", HERE), End("test", THERE))
    with network([route], seed="1") as up:
        command = inside("test", sys.executable, "-c", REFLECTOR)
        with subprocess.Popen(command, stdout=subprocess.PIPE) as reflector:
            assert reflector.stdout is not None
            assert reflector.stdout.readline() == b"bound\n"
            yield up
            reflector.kill()
    assert not Path("/run/netns", f"{PREFIX}test").exists()
    assert "aritui" not in subprocess.run(["ip", "link"], capture_output=True, text=True).stdout


def there_and_back(count: int) -> list[int]:
    """Send numbered datagrams one after the other; return those that came back."""
    came = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((HERE, 0))
        for number in range(count):
            sock.sendto(number.to_bytes(2, "big"), (THERE, 7))
            while select.select([sock], [], [], 0.001)[0]:
                came.append(int.from_bytes(sock.recv(16), "big"))
        while len(came) < count and select.select([sock], [], [], 0.5)[0]:
            came.append(int.from_bytes(sock.recv(16), "big"))
    return came


def test_a_path_carries_everything_both_ways_and_loses_what_it_says(link: Network) -> None:
    assert there_and_back(COUNT) == list(range(COUNT))

    link.impair("test.out", Impairment(loss=0.1))
    link.impair("test.back", Impairment(loss=0.1))
    came = there_and_back(COUNT)
    counts = link.counts()
    assert counts["test.out"]["taken"] == COUNT
    assert counts["test.back"]["taken"] == COUNT - counts["test.out"]["lost"]
    assert len(came) == COUNT - counts["test.out"]["lost"] - counts["test.back"]["lost"]
    assert counts["test.out"]["lost"] > 10
    assert counts["test.back"]["lost"] > 10

    link.impair("test.out", Impairment(swap=0.2))
    link.impair("test.back", NONE)
    came = there_and_back(COUNT)
    assert sorted(came) == list(range(COUNT)) != came
