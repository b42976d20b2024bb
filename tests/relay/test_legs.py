"""One call's legs in this process: sockets are real, and the test decides what is read when."""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from ari_tui.core.sockets import Address, open_udp
from ari_tui.packet_log.ring import RingReader, RingWriter, create_ring
from ari_tui.relay.legs import (
    Leg,
    make_absorb,
    make_forward,
    make_learner,
    make_reader,
    read_queued,
)
from ari_tui.wire import record
from ari_tui.wire.record import FIELDS, RECORD
from tests.relay.kit import LOOPBACK, Phone, free_port, packet, phones, until

CALL = 77


class Bench:
    """Two sockets of a call, the peers of both, and the log."""

    def __init__(self, asterisk: Phone, echo_server: Phone) -> None:
        fd = create_ring(64)
        self.log, self._reader = RingWriter(fd), RingReader(fd)
        os.close(fd)
        self.asterisk, self.echo_server = asterisk, echo_server
        self.media = Leg(
            CALL, open_udp(LOOPBACK, 0, buffer_bytes=1 << 16), record.KIND_MEDIA_IN, self.log
        )
        self.echo = Leg(
            CALL, open_udp(LOOPBACK, 0, buffer_bytes=1 << 16), record.KIND_ECHO_IN, self.log
        )

    def address(self, leg: Leg) -> tuple[str, int]:
        host, port = leg.sock.getsockname()
        return host, port

    def rows(self) -> list[dict[str, int]]:
        """What has been logged since the last time."""
        names = [name for name, _, _ in FIELDS]
        data = self._reader.read()
        return [dict(zip(names, row, strict=True)) for row in RECORD.iter_unpack(data)]

    def close(self) -> None:
        self.media.sock.close()
        self.echo.sock.close()
        self.log.close()
        self._reader.close()


@pytest.fixture
def bench(asterisk: Phone, echo_server: Phone) -> Iterator[Bench]:
    made = Bench(asterisk, echo_server)
    yield made
    made.close()


def rows_told(rows: list[dict[str, int]], *names: str) -> list[tuple[int, ...]]:
    return [tuple(row[name] for name in names) for row in rows]


def test_a_packet_without_a_kernel_stamp_is_stamped_when_read_and_says_so(bench: Bench) -> None:
    bench.echo.sock.connect(bench.echo_server.address)
    make_forward(bench.media, bench.echo.sock)(packet(3), [])
    assert bench.echo_server.receive()[0] == packet(3)
    (row,) = bench.rows()
    assert row["flags"] == record.FLAG_NO_STAMP
    assert 0 < row["rx_ns"] <= row["tx_ns"]


def test_a_refused_send_is_tried_once_more_and_says_so(bench: Bench) -> None:
    bench.echo.sock.connect((LOOPBACK, free_port()))
    forward = make_forward(bench.media, bench.echo.sock)
    forward(packet(1), [])
    forward(packet(2), [])  # meets the answer to packet 1
    first, second = bench.rows()
    assert first["flags"] & record.FLAG_REFUSED == 0
    assert second["flags"] & record.FLAG_REFUSED
    assert second["errno"] == 0
    assert second["tx_ns"] > 0


class Refusing:
    """Stands for a socket whose sends fail, each with the next error."""

    def __init__(self, *codes: int) -> None:
        self.codes = list(codes)

    def send(self, data: bytes) -> int:
        if self.codes:
            raise OSError(self.codes.pop(0), "refused")
        return len(data)


@pytest.mark.parametrize(
    ("codes", "flags", "code"),
    [
        ([errno.ECONNREFUSED, errno.ECONNREFUSED], record.FLAG_REFUSED, errno.ECONNREFUSED),
        ([errno.ECONNREFUSED, errno.EAGAIN], record.FLAG_REFUSED, errno.EAGAIN),
        ([errno.EAGAIN], 0, errno.EAGAIN),
        ([errno.ENETUNREACH], 0, errno.ENETUNREACH),
    ],
)
def test_a_packet_that_could_not_be_sent_has_no_departure(
    codes: list[int], flags: int, code: int, bench: Bench
) -> None:
    target: Any = Refusing(*codes)
    make_forward(bench.media, target)(packet(1), [])
    (row,) = bench.rows()
    assert (row["kind"], row["tx_ns"], row["bracket_ns"]) == (record.KIND_MEDIA_IN, 0, 0)
    assert (row["flags"] & record.FLAG_REFUSED, row["errno"]) == (flags, code)
    assert target.codes == []


def test_a_send_before_the_media_socket_is_connected_is_logged_not_fatal(bench: Bench) -> None:
    make_forward(bench.echo, bench.media.sock)(packet(1), [])
    assert rows_told(bench.rows(), "kind", "tx_ns", "errno") == [
        (record.KIND_ECHO_IN, 0, errno.EDESTADDRREQ)
    ]


def test_a_reader_says_whether_there_was_something(bench: Bench) -> None:
    taken: list[bytes] = []
    bench.media.sock.connect(bench.asterisk.address)
    read = make_reader(bench.media, lambda data, _: taken.append(data))
    assert not read()
    bench.asterisk.send(packet(1), bench.address(bench.media))
    assert read()
    assert taken == [packet(1)]
    assert bench.rows() == []


def test_an_error_waiting_on_a_socket_is_logged_by_the_reader(bench: Bench) -> None:
    bench.echo.sock.connect((LOOPBACK, free_port()))
    bench.echo.sock.send(packet(1))
    assert make_reader(bench.echo, lambda *_: None)()
    (row,) = bench.rows()
    assert (row["kind"], row["errno"]) == (record.KIND_SEND_ERROR, errno.ECONNREFUSED)
    assert row["flags"] == record.FLAG_ECHO_LEG


def test_reading_until_dry_counts_the_peers_packets_and_logs_the_others(
    bench: Bench, stranger: Phone
) -> None:
    taken: list[bytes] = []
    for n in range(4):
        (bench.asterisk if n % 2 else stranger).send(packet(n), bench.address(bench.media))
    heard = read_queued(bench.media, bench.asterisk.address, lambda data, _: taken.append(data))
    assert (heard, taken) == (2, [packet(1), packet(3)])
    assert (
        rows_told(bench.rows(), "kind", "call", "length") == [(record.KIND_FOREIGN, CALL, 172)] * 2
    )
    assert read_queued(bench.media, bench.asterisk.address, lambda *_: None) == 0


def test_reading_until_dry_logs_a_waiting_error_and_goes_on(bench: Bench) -> None:
    dead = Phone()
    bench.echo.sock.connect(dead.address)
    dead.send(packet(1), bench.address(bench.echo))
    dead.close()
    bench.echo.sock.send(packet(0))
    taken: list[bytes] = []
    assert read_queued(bench.echo, dead.address, lambda data, _: taken.append(data)) == 1
    assert taken == [packet(1)]
    assert rows_told(bench.rows(), "errno") == [(errno.ECONNREFUSED,)]


@pytest.mark.parametrize("data", [b"", b"x", packet(1)[:11], b"\x81" + packet(1)[1:12]])
def test_absorbing_takes_no_garbage_and_needs_no_stamp(data: bytes, bench: Bench) -> None:
    absorb = make_absorb(bench.echo)
    absorb(data, [])
    absorb(packet(5), [])
    garbage, media = bench.rows()
    assert garbage["kind"] == record.KIND_MALFORMED
    assert (media["kind"], media["sequence"], media["tx_ns"]) == (record.KIND_ECHO_IN, 5, 0)
    assert media["flags"] == record.FLAG_DRAINING | record.FLAG_NO_STAMP


def learner(bench: Bench, networks: list[str]) -> tuple[Any, list[bytes], list[Address]]:
    taken: list[bytes] = []
    learned: list[Address] = []
    allowed = [ipaddress.ip_network(text) for text in networks]
    listen = make_learner(
        bench.media,
        bench.asterisk.address,
        allowed,
        lambda data, _: taken.append(data),
        learned.append,
    )
    return listen, taken, learned


def test_a_learner_connects_to_the_first_valid_source_and_reads_the_others_away(
    bench: Bench, stranger: Phone
) -> None:
    listen, taken, learned = learner(bench, ["127.0.0.0/8"])
    assert not listen()
    with phones(1) as (other,):
        for phone, data in ((stranger, packet(1)), (other, packet(2)), (stranger, packet(3))):
            phone.send(data, bench.address(bench.media))
        assert listen()
    assert taken == [packet(1), packet(3)]
    assert learned == [stranger.address]
    assert bench.media.sock.getpeername() == stranger.address
    assert rows_told(bench.rows(), "kind") == [(record.KIND_FOREIGN,)]


def test_a_learner_takes_the_reported_address_and_nobody_of_another_family(
    bench: Bench, stranger: Phone
) -> None:
    listen, taken, learned = learner(bench, ["::/0", "10.0.0.0/8"])
    stranger.send(packet(1), bench.address(bench.media))
    assert listen()
    assert rows_told(bench.rows(), "kind") == [(record.KIND_FOREIGN,)]
    bench.asterisk.send(packet(2), bench.address(bench.media))
    assert listen()
    assert (taken, learned) == ([packet(2)], [bench.asterisk.address])


def test_a_learner_dissolves_the_connection_that_it_found(bench: Bench, stranger: Phone) -> None:
    bench.media.sock.connect(bench.asterisk.address)
    listen, taken, _ = learner(bench, ["127.0.0.1"])
    stranger.send(packet(1), bench.address(bench.media))
    until(listen, "the stranger's packet")
    assert taken == [packet(1)]


def test_drops_are_reported_when_they_grow_and_never_after_the_last_report(
    asterisk: Phone, bench: Bench
) -> None:
    bench.media.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    bench.media.report_drops()
    assert bench.rows() == []
    for _ in range(50):
        asterisk.send(packet(1), bench.address(bench.media))
    bench.media.report_drops()
    bench.media.report_drops()
    (report,) = bench.rows()
    assert (report["kind"], report["call"]) == (record.KIND_SOCKET_REPORT, CALL)
    assert 0 < report["aux"] < 50
    asterisk.send(packet(1), bench.address(bench.media))
    bench.media.last_report()
    assert rows_told(bench.rows(), "aux") == [(report["aux"] + 1,)]
    asterisk.send(packet(1), bench.address(bench.media))
    bench.media.report_drops()
    bench.media.last_report()
    assert bench.rows() == []
