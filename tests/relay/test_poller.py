"""epoll and its stand-in under the same tests."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable, Iterator

import pytest

from ari_tui.relay import poller
from ari_tui.relay.poller import Poller, new_poller
from tests.relay.kit import LOOPBACK, free_port


@pytest.fixture(params=["the system's", "selectors"])
def polling(request: pytest.FixtureRequest) -> Iterator[Poller]:
    make: Callable[[], Poller] = new_poller if request.param != "selectors" else poller._Selector
    made = make()
    yield made
    made.close()


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ends = socket.socketpair()
    yield ends
    for end in ends:
        end.close()


def ready(polling: Poller, timeout: float = 0) -> list[int]:
    return [fd for fd, _ in polling.poll(timeout)]


def test_nothing_ready_waits_its_time_and_returns_empty(
    polling: Poller, pair: tuple[socket.socket, socket.socket]
) -> None:
    polling.register(pair[0].fileno())
    before = time.monotonic()
    assert ready(polling, 0.05) == []
    assert time.monotonic() - before >= 0.049


def test_what_was_not_read_is_ready_again(
    polling: Poller, pair: tuple[socket.socket, socket.socket]
) -> None:
    fd = pair[0].fileno()
    polling.register(fd)
    pair[1].send(b"xy")
    assert ready(polling, 5) == [fd]
    pair[0].recv(1)
    assert ready(polling) == [fd]
    pair[0].recv(1)
    assert ready(polling) == []


def test_only_what_is_ready_is_told_and_all_of_it(polling: Poller) -> None:
    pairs = [socket.socketpair() for _ in range(5)]
    for ours, _ in pairs:
        polling.register(ours.fileno())
    for n in (1, 3):
        pairs[n][1].send(b"x")
    assert sorted(ready(polling, 5)) == sorted(pairs[n][0].fileno() for n in (1, 3))
    for end in (end for pair in pairs for end in pair):
        end.close()


def test_a_descriptor_is_watched_no_more_and_can_be_watched_anew(
    polling: Poller, pair: tuple[socket.socket, socket.socket]
) -> None:
    fd = pair[0].fileno()
    polling.register(fd)
    pair[1].send(b"x")
    polling.unregister(fd)
    assert ready(polling) == []
    polling.register(fd)
    assert ready(polling, 5) == [fd]


def test_the_end_of_the_other_side_is_ready(
    polling: Poller, pair: tuple[socket.socket, socket.socket]
) -> None:
    polling.register(pair[0].fileno())
    pair[1].close()
    assert ready(polling, 5) == [pair[0].fileno()]


def test_an_error_waiting_on_a_udp_socket_is_ready(polling: Poller) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect((LOOPBACK, free_port()))
        polling.register(sock.fileno())
        sock.send(b"x")
        assert ready(polling, 5) == [sock.fileno()]
        with pytest.raises(ConnectionRefusedError):
            sock.recv(1, socket.MSG_DONTWAIT)
        assert ready(polling) == []


def test_linux_polls_by_epoll_and_others_by_selectors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(select, "epoll", raising=False)
    other = new_poller()
    assert isinstance(other, poller._Selector)
    other.close()
