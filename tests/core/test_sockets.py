"""UDP sockets on loopback: stamps, marks, buffers, drops, errors in words."""

from __future__ import annotations

import errno
import gc
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from ari_tui.core.errors import BindError
from ari_tui.core.sockets import (
    ANCILLARY_SIZE,
    LINUX,
    Ancillary,
    disconnect,
    endpoint_text,
    family_of,
    granted_buffers,
    max_datagrams,
    normal_endpoint,
    open_udp,
    receive_ancillary,
    receive_stamp,
    same_endpoint,
    socket_drops,
)
from tests.relay.kit import LOOPBACK, Phone, phones, until

linux_only = pytest.mark.skipif(not LINUX, reason="kernel stamps and SO_MEMINFO are Linux's")


@pytest.fixture
def sock() -> Iterator[socket.socket]:
    with closing(open_udp(LOOPBACK, 0, buffer_bytes=1 << 18)) as made:
        yield made


@pytest.fixture
def phone() -> Iterator[Phone]:
    with phones(1) as (made,):
        yield made


def received(sock: socket.socket) -> tuple[bytes, Ancillary]:
    def attempt() -> tuple[bytes, Ancillary] | None:
        try:
            return sock.recvmsg(2048, ANCILLARY_SIZE)[:2]
        except BlockingIOError:
            return None

    found: tuple[bytes, Ancillary] = until(attempt, "a datagram")
    return found


def nothing_queued(sock: socket.socket) -> bool:
    try:
        sock.recv(2048, socket.MSG_PEEK)
    except BlockingIOError:
        return True
    return False


# -- opening -----------------------------------------------------------------------------


def test_a_socket_is_bound_where_asked_and_never_blocks(sock: socket.socket) -> None:
    assert sock.getsockname()[0] == LOOPBACK
    assert sock.getsockname()[1] > 0
    with pytest.raises(BlockingIOError):
        sock.recv(1)


def test_a_port_in_use_is_reported_with_address_and_hint(phone: Phone) -> None:
    port = phone.address[1]
    with pytest.raises(BindError) as refusal:
        open_udp(LOOPBACK, port, hint="choose --port")
    assert str(refusal.value) == f"cannot bind {LOOPBACK}:{port}: in use (choose --port)"
    assert isinstance(refusal.value.__cause__, OSError)
    assert refusal.value.__cause__.errno == errno.EADDRINUSE


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("192.0.2.1", "cannot bind 192.0.2.1:0: no address of this machine"),
        ("localhost", "'localhost' is no IP address"),
        ("", "'' is no IP address"),
        ("127.0.0.1\n", "'127.0.0.1\\n' is no IP address"),
    ],
)
def test_an_address_that_cannot_be_bound_is_reported_in_words(host: str, words: str) -> None:
    with pytest.raises(BindError) as refusal:
        open_udp(host, 0)
    assert words in str(refusal.value)


def test_an_impossible_port_leaves_no_socket_open() -> None:
    # an unclosed socket warns when it is collected, and warnings are errors here
    with pytest.raises(OverflowError):
        open_udp(LOOPBACK, 70_000)
    gc.collect()


def test_families_follow_from_the_literal_address() -> None:
    assert family_of("10.0.0.1") is socket.AF_INET
    assert family_of("::1") is socket.AF_INET6


def test_buffers_are_twice_what_was_requested(sock: socket.socket) -> None:
    receive, send = granted_buffers(sock)
    assert receive >= 1 << 18
    assert send >= 1 << 18
    assert max_datagrams(sock) == receive // 512


@linux_only
def test_a_buffer_never_holds_more_datagrams_than_its_bound(phone: Phone) -> None:
    with closing(open_udp(LOOPBACK, 0, buffer_bytes=65_536)) as sock:
        for _ in range(max_datagrams(sock) + 100):
            phone.send(b"", sock.getsockname())
        queued = 0
        while not nothing_queued(sock):
            sock.recv(1)
            queued += 1
        assert 0 < queued <= max_datagrams(sock)
        assert socket_drops(sock) == max_datagrams(sock) + 100 - queued


# -- stamps and marks --------------------------------------------------------------------


@linux_only
def test_timestamps_lie_between_sending_and_reading_and_never_run_backwards(
    sock: socket.socket, phone: Phone
) -> None:
    moments = [time.time_ns()]
    for n in range(50):
        phone.send(bytes([n]), sock.getsockname())
    sent = time.time_ns()
    for n in range(50):
        data, ancillary = received(sock)
        assert data == bytes([n])
        moments.append(receive_stamp(ancillary))
    assert moments == sorted(moments)
    assert moments[-1] <= sent


@linux_only
def test_one_pass_gives_stamp_tos_and_ttl(sock: socket.socket, phone: Phone) -> None:
    phone.sock.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, 0xB8)
    phone.sock.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 3)
    phone.send(b"x", sock.getsockname())
    _, ancillary = received(sock)
    stamp, tos, ttl = receive_ancillary(ancillary)
    assert stamp == receive_stamp(ancillary) > 0
    assert (tos, ttl) == (0xB8, 3)


def test_without_ancillary_data_all_fields_are_zero() -> None:
    assert receive_ancillary([]) == (0, 0, 0)
    assert receive_stamp([]) == 0


def test_a_stamp_is_nanoseconds_of_seconds_and_the_rest() -> None:
    stamp = (socket.SOL_SOCKET, 35, struct.pack("@ll", 1_700_000_000, 5))
    other = (socket.IPPROTO_IP, 35, b"\x07")
    assert receive_stamp([other, stamp]) == 1_700_000_000_000_000_005


@linux_only
def test_the_room_for_ancillary_data_is_enough(sock: socket.socket, phone: Phone) -> None:
    phone.send(b"x", sock.getsockname())
    received_flags: list[int] = []

    def attempt() -> bool:
        try:
            received_flags.append(sock.recvmsg(2048, ANCILLARY_SIZE)[2])
        except BlockingIOError:
            return False
        return True

    until(attempt, "a datagram")
    assert received_flags == [0]


@pytest.mark.parametrize(("host", "dscp"), [(LOOPBACK, 46), (LOOPBACK, 0), (LOOPBACK, 63)])
def test_what_is_sent_carries_the_code_point(host: str, dscp: int, phone: Phone) -> None:
    phone.sock.setsockopt(socket.IPPROTO_IP, socket.IP_RECVTOS, 1)
    with closing(open_udp(host, 0, dscp=dscp)) as sock:
        sock.sendto(b"x", phone.address)
        _, ancillary, _, _ = phone.sock.recvmsg(16, 64)
    assert [data for _, _, data in ancillary] == [bytes([dscp << 2])]


# -- drops -------------------------------------------------------------------------------


@linux_only
def test_drops_are_counted_exactly_and_without_reading(phone: Phone) -> None:
    with closing(open_udp(LOOPBACK, 0, buffer_bytes=4096)) as sock:
        assert socket_drops(sock) == 0
        for _ in range(300):
            phone.send(b"x" * 172, sock.getsockname())
        drops = socket_drops(sock)
        queued = 0
        while not nothing_queued(sock):
            sock.recv(2048)
            queued += 1
        assert queued > 0
        assert queued + drops == 300


@linux_only
def test_what_a_connected_socket_filters_is_no_drop(sock: socket.socket) -> None:
    with phones(2) as (peer, stranger):
        sock.connect(peer.address)
        stranger.send(b"x", sock.getsockname())
        assert nothing_queued(sock)
        assert socket_drops(sock) == 0


# -- connecting and dissolving -----------------------------------------------------------


@pytest.mark.parametrize("host", [LOOPBACK, "::1"])
@pytest.mark.parametrize("chosen_by", ["kernel", "us"])
def test_disconnecting_receives_from_every_source_again_on_the_same_port(
    host: str, chosen_by: str
) -> None:
    try:
        with phones(1, host) as (phone,):
            port = phone.address[1] if chosen_by == "us" else 0
    except OSError:
        pytest.skip(f"this machine has no {host}")
    with phones(2, host) as (peer, stranger), closing(open_udp(host, port)) as sock:
        address = sock.getsockname()[:2]
        sock.connect(peer.address)
        stranger.send(b"not heard", address)
        assert nothing_queued(sock)
        disconnect(sock)
        assert sock.getsockname()[:2] == address
        with pytest.raises(OSError, match=str(errno.ENOTCONN)):
            sock.getpeername()
        for phone in (stranger, peer):
            phone.send(b"heard", address)
            assert received(sock)[0] == b"heard"
        sock.connect(stranger.address)
        sock.send(b"answer")
        assert stranger.receive() == (b"answer", address)


@linux_only
def test_timestamps_survive_disconnecting(sock: socket.socket, phone: Phone) -> None:
    sock.connect(phone.address)
    disconnect(sock)
    before = time.time_ns()
    phone.send(b"x", sock.getsockname())
    assert before <= receive_stamp(received(sock)[1]) <= time.time_ns()


def test_disconnecting_a_closed_socket_is_an_os_error() -> None:
    sock = open_udp(LOOPBACK, 0)
    sock.close()
    with pytest.raises(OSError):
        disconnect(sock)


def test_endpoints_are_compared_by_host_and_port_alone() -> None:
    assert same_endpoint(("::1", 5, 0, 0), ("::1", 5))
    assert not same_endpoint((LOOPBACK, 5), (LOOPBACK, 6))
    assert not same_endpoint((LOOPBACK, 5), ())


def test_an_endpoint_is_written_as_sources_are() -> None:
    assert normal_endpoint("0:0:0:0:0:0:0:1", 5) == ("::1", 5)
    assert normal_endpoint("10.0.0.1", 5) == ("10.0.0.1", 5)
    with pytest.raises(ValueError, match="localhost"):
        normal_endpoint("localhost", 5)


def test_an_ipv6_endpoint_has_brackets() -> None:
    assert endpoint_text("::1", 5) == "[::1]:5"
    assert endpoint_text("127.0.0.1", 5) == "127.0.0.1:5"
