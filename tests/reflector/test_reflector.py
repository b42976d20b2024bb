from __future__ import annotations

import contextlib
import select
import socket
import time
from collections.abc import Iterator

import pytest

from ari_tui.core.sockets import ANCILLARY_SIZE, LINUX, open_udp, receive_stamp
from ari_tui.reflector import forwarding
from ari_tui.reflector.forwarding import Reflector
from ari_tui.reflector.guard import SourceGuard, parse_networks
from ari_tui.reflector.impairment import ImpairmentCounts, ImpairmentSpec, parse_impairment
from ari_tui.reflector.streams import HOLDS_KEPT
from ari_tui.wire import rtp, status
from ari_tui.wire.status import STREAM_QUERY, TOTALS_QUERY, Holds, StatusCounters, StatusQuery
from tests import rtp_packets

MS = 1_000_000


class Bench:
    """A reflector that is stepped by hand, and clients, all on real sockets."""

    def __init__(self, stack: contextlib.ExitStack) -> None:
        self._stack = stack
        self.sock = self.open()
        self.client = self.open()
        self.reflector = self.build()

    def open(self, host: str = "127.0.0.1", *, buffer_bytes: int = 2 << 20) -> socket.socket:
        return self._stack.enter_context(open_udp(host, 0, buffer_bytes=buffer_bytes))

    def build(
        self, spec: str = "", *, pace: int | None = None, allow: tuple[str, ...] = ()
    ) -> Reflector:
        impairment = parse_impairment(spec) if spec else ImpairmentSpec()
        guard = SourceGuard(self.sock.getsockname()[1], parse_networks(allow))
        self.reflector = Reflector(self.sock, guard, spec=impairment, seed=7, pace_clock_rate=pace)
        return self.reflector

    def send(self, *datagrams: bytes, client: socket.socket | None = None) -> None:
        """Send datagrams and let the reflector take them."""
        for datagram in datagrams:
            (client or self.client).sendto(datagram, self.sock.getsockname())
        assert select.select([self.sock], [], [], 10)[0]
        self.reflector.receive()

    def drain(self) -> None:
        """Send everything that waits, each at its time on a clock made by hand."""
        while (due_ns := self.reflector.next_due_ns()) is not None:
            self.reflector.send_due(due_ns)

    def received(self, client: socket.socket | None = None) -> list[bytes]:
        """Return what a client has been sent: on loopback it is there when sendto returns."""
        datagrams = []
        with contextlib.suppress(BlockingIOError):
            while True:
                datagrams.append((client or self.client).recv(65_536))
        return datagrams


@pytest.fixture
def bench() -> Iterator[Bench]:
    with contextlib.ExitStack() as stack:
        yield Bench(stack)


def packet(sequence: int, *, timestamp: int = 0, ssrc: int = 1, size: int = 160) -> bytes:
    payload = bytes((sequence + n) & 0xFF for n in range(size))
    return rtp_packets.build(payload, sequence=sequence, timestamp=timestamp, ssrc=ssrc)


def with_extension_and_padding() -> bytes:
    head = bytes([0xB1, 0xE0]) + bytes(range(2, 12)) + b"csrc" + b"\xbe\xde\x00\x01" + b"extn"
    return head + b"payload" + b"\x00\x00\x03"


@pytest.mark.parametrize(
    "datagram",
    [packet(65_535), packet(1, size=0), packet(2, size=60_000), with_extension_and_padding()],
)
def test_rtp_comes_back_byte_for_byte(bench: Bench, datagram: bytes) -> None:
    bench.send(datagram)
    assert bench.received() == [datagram]


@pytest.mark.parametrize("spec", ["", "delay=1us"])
def test_every_datagram_lands_in_exactly_one_count(bench: Bench, spec: str) -> None:
    bench.build(spec)
    rtcp = bytes([0x80, 200]) + bytes(26)
    good = [packet(n) for n in range(3)]
    bench.send(*good, packet(4)[:11], b"\xb0" + packet(5)[1:13], rtcp, b"hello", b"")
    query = status.build_query(StatusQuery(TOTALS_QUERY, 0, 1))
    bench.send(query, query[:64])
    bench.drain()
    counters = bench.reflector.counters()
    assert counters.total.packets == 3
    assert counters.malformed == 2
    assert counters.not_rtp == 4
    assert counters.status_queries == 1
    assert counters.refused == 0
    assert counters.receive_errors == 0
    assert [each for each in bench.received() if rtp.classify(each) == rtp.OK] == good


def test_counts_are_kept_by_stream_and_in_total(bench: Bench) -> None:
    other = bench.open()
    bench.send(packet(1, ssrc=10), packet(2, ssrc=10), packet(1, ssrc=11, size=80))
    bench.send(packet(1, ssrc=10), client=other)
    counters = bench.reflector.counters()
    assert [(each.ssrc, each.traffic.packets) for each in counters.streams] == [
        (10, 2),
        (11, 1),
        (10, 1),
    ]
    assert counters.total.packets == counters.total.sent == 4
    assert counters.total.bytes == 3 * 172 + 92
    assert counters.streams_seen == 3
    host, port = other.getsockname()
    assert counters.streams[2].source == f"{host}:{port}"
    assert len(bench.received(other)) == 1


def test_dwell_runs_from_the_kernel_stamp_to_the_send(bench: Bench) -> None:
    """Ordered by the stamp itself: a busy kernel stamps long after `sendto` has returned."""
    sums = [0]
    for number in (1, 2):
        bench.client.sendto(packet(number), bench.sock.getsockname())
        assert select.select([bench.sock], [], [], 10)[0]
        peeked = bench.sock.recvmsg(2048, ANCILLARY_SIZE, socket.MSG_PEEK)
        stamp_ns = receive_stamp(peeked[1])
        assert stamp_ns > 0
        before_ns = time.time_ns()
        bench.reflector.receive()
        after_ns = time.time_ns()
        total = bench.reflector.counters().total
        assert total.packets == number
        sums.append(total.dwell_sum_ns)
        assert before_ns - stamp_ns <= sums[-1] - sums[-2] <= after_ns - stamp_ns
        assert total.dwell_max_ns == max(sums[1], sums[-1] - sums[-2])


def test_a_delay_that_was_asked_for_is_not_our_own(bench: Bench) -> None:
    bench.build("delay=10s")
    started_ns = time.monotonic_ns()
    bench.send(packet(1))
    elapsed_ns = time.monotonic_ns() - started_ns
    due_ns = bench.reflector.next_due_ns()
    assert due_ns is not None
    assert due_ns >= started_ns + 10_000 * MS
    bench.reflector.send_due(due_ns - 1)
    assert bench.received() == []
    bench.reflector.send_due(due_ns)
    assert bench.received() == [packet(1)]
    dwell_ns = bench.reflector.counters().total.dwell_max_ns
    assert dwell_ns is not None
    assert dwell_ns <= elapsed_ns


def test_impairment_is_by_ssrc_whatever_the_port_and_counted_exactly(bench: Bench) -> None:
    fates = []
    for client in (bench.client, bench.open()):
        reflector = bench.build("delay=1ms,loss=10%,dup=10%,reorder=10%")
        for start in range(0, 200, 50):
            bench.send(*(packet(n) for n in range(start, start + 50)), client=client)
            bench.drain()
        sequences = [rtp_packets.parse(each).sequence for each in bench.received(client)]
        fates.append(sorted(sequences))
        done = reflector.counters().total.impaired
        assert done is not None
        assert done.packets == 200
        assert done.lost == 200 - len(set(sequences)) > 0
        assert done.duplicates == len(sequences) - len(set(sequences)) > 0
    assert fates[0] == fates[1]


def test_what_still_waits_is_counted_as_unsent(bench: Bench) -> None:
    bench.build("delay=10s,dup=100%")
    bench.send(packet(1), packet(2))
    counters = bench.reflector.counters()
    assert counters.unsent == 4
    assert counters.total.sent == 0
    assert counters.total.impaired == ImpairmentCounts(packets=2)


def test_what_may_wait_is_bounded_and_the_rest_is_counted(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.build("delay=10s")
    monkeypatch.setattr(forwarding, "MAX_WAITING", 3)
    bench.send(*(packet(n) for n in range(5)))
    monkeypatch.setattr(forwarding, "MAX_WAITING", 100)
    monkeypatch.setattr(forwarding, "MAX_WAITING_BYTES", 4 * 172)
    bench.send(packet(5), packet(6))
    counters = bench.reflector.counters()
    assert counters.unsent == 4
    assert counters.total.errors == 3
    bench.drain()
    bench.send(packet(7))
    assert bench.reflector.counters().unsent == 1


def test_paced_streams_leave_by_their_own_timestamps(bench: Bench) -> None:
    bench.build(pace=8000)
    bench.send(
        packet(1, timestamp=0, ssrc=1),
        packet(2, timestamp=3_200, ssrc=1),
        packet(1, timestamp=77_000, ssrc=2),
        packet(2, timestamp=77_160, ssrc=2),
    )
    bench.drain()
    order = [(head.ssrc, head.sequence) for head in map(rtp_packets.parse, bench.received())]
    assert order == [(1, 1), (2, 1), (2, 2), (1, 2)]
    assert bench.reflector.counters().total.impaired is None


def test_pacing_and_impairment_add_up(bench: Bench) -> None:
    bench.build("delay=100ms", pace=8000)
    bench.send(packet(1, timestamp=0))
    first_due_ns = bench.reflector.next_due_ns()
    bench.send(packet(2, timestamp=800))
    assert first_due_ns is not None
    bench.reflector.send_due(first_due_ns)
    second_due_ns = bench.reflector.next_due_ns()
    assert second_due_ns is not None
    assert second_due_ns >= first_due_ns + 100 * MS
    assert bench.received() == [packet(1, timestamp=0)]


@pytest.mark.skipif(not LINUX, reason="only Linux answers on all of 127.0.0.0/8")
def test_only_the_networks_named_are_answered(bench: Bench) -> None:
    bench.build(allow=("127.0.0.2/32",))
    allowed = bench.open("127.0.0.2")
    query = status.build_query(StatusQuery(TOTALS_QUERY, 0, 1))
    bench.send(packet(1), b"garbage", query)
    bench.send(packet(2), client=allowed)
    assert bench.received() == []
    assert bench.received(allowed) == [packet(2)]
    counters = bench.reflector.counters()
    assert (counters.refused, counters.total.packets, counters.not_rtp) == (3, 1, 0)


@pytest.mark.skipif(not LINUX, reason="only Linux answers on all of 127.0.0.0/8")
def test_another_echo_server_on_the_same_port_is_not_answered(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    port = bench.sock.getsockname()[1]
    with open_udp("127.0.0.2", port) as other:
        bench.send(packet(1), packet(2), client=other)
        assert bench.received(other) == []
    assert bench.reflector.counters().refused == 2
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert f"127.0.0.2:{port}: its port is that of an echo service" in caplog.text


def ask(
    bench: Bench, kind: int, ssrc: int = 0, client: socket.socket | None = None
) -> StatusCounters | None:
    query = StatusQuery(kind, ssrc, 0x1234)
    bench.send(status.build_query(query), client=client)
    replies = bench.received(client)
    if not replies:
        return None
    parsed = status.parse_reply(replies[0])
    assert parsed is not None
    assert parsed[0] == query
    assert len(replies[0]) == len(status.build_query(query))
    return parsed[1]


def test_a_client_learns_of_its_own_streams_only(bench: Bench) -> None:
    stranger = bench.open()
    bench.send(packet(1, ssrc=10), packet(2, ssrc=10), packet(1, ssrc=11))
    bench.received()
    counters = ask(bench, STREAM_QUERY, 10)
    assert counters is not None
    assert (counters.received, counters.sent, counters.bytes_received) == (2, 2, 344)
    assert counters.dwell_max_ns > 0
    assert ask(bench, STREAM_QUERY, 12) is None
    assert ask(bench, STREAM_QUERY, 10, stranger) is None
    assert bench.reflector.counters().status_queries == 3
    assert bench.reflector.counters().status_replies == 1


def holds_of(bench: Bench, ssrc: int, index: int = 0) -> Holds:
    query = status.build_query(StatusQuery(STREAM_QUERY, ssrc, 1, index))
    bench.send(query)
    *_, reply = bench.received()
    assert len(reply) == len(query)
    parsed = status.parse_reply(reply)
    assert parsed is not None
    assert parsed.holds is not None
    return parsed.holds


def hold(bench: Bench, *sequences: int, ssrc: int = 10, ms: float = 2) -> None:
    """Let packets wait in the kernel for at least so long before they are read."""
    for sequence in sequences:
        bench.client.sendto(packet(sequence, ssrc=ssrc), bench.sock.getsockname())
    until_ns = time.monotonic_ns() + round(ms * MS)
    while time.monotonic_ns() < until_ns:
        pass
    bench.reflector.receive()


def test_packets_held_for_long_are_told_one_by_one_and_the_others_are_not(bench: Bench) -> None:
    hold(bench, 7)
    hold(bench, 65_535, ms=5)
    found = holds_of(bench, 10)
    assert (found.total, found.first, found.complete_to) == (2, 0, 65_535)
    assert [each.sequence for each in found.entries] == [7, 65_535]
    assert found.entries[0].hold_us >= 2_000
    assert found.entries[1].hold_us >= 5_000
    dwell_ns = bench.reflector.counters().streams[0].traffic.dwell_max_ns
    assert dwell_ns is not None
    assert max(each.hold_us for each in found.entries) == dwell_ns // 1000
    assert bench.reflector.counters().total.held == 2


def test_holds_are_kept_by_stream(bench: Bench) -> None:
    hold(bench, 1, ssrc=10)
    hold(bench, 2, ssrc=11)
    assert [each.sequence for each in holds_of(bench, 10).entries] == [1]
    assert [each.sequence for each in holds_of(bench, 11).entries] == [2]
    assert holds_of(bench, 10).stream != holds_of(bench, 11).stream


def test_more_holds_than_a_reply_has_room_for_come_in_the_next_ones(bench: Bench) -> None:
    hold(bench, *range(60))
    first = holds_of(bench, 10)
    assert len(first.entries) == first.next == status.MOST_HOLDS
    second = holds_of(bench, 10, first.next)
    assert (second.first, second.next, second.total) == (first.next, 60, 60)
    told = [*first.entries, *second.entries]
    assert [each.sequence for each in told] == list(range(60))
    assert holds_of(bench, 10, second.next).entries == ()


def test_a_ring_that_was_overrun_begins_beyond_the_index_asked_for(bench: Bench) -> None:
    for start in range(0, 280, 40):
        hold(bench, *range(start, start + 40))
    found = holds_of(bench, 10)
    assert (found.total, found.first) == (280, 280 - HOLDS_KEPT)
    assert found.entries[0].sequence == 280 - HOLDS_KEPT


def test_an_index_of_another_run_is_answered_from_the_oldest_hold(bench: Bench) -> None:
    hold(bench, 1)
    before = holds_of(bench, 10).server
    assert holds_of(bench, 10, 999).first == 0
    bench.build()
    bench.send(packet(1, ssrc=10))
    assert holds_of(bench, 10, 999).server != before


class SlowSend:
    """The socket, with a send that takes a while, as when the process is descheduled in it."""

    def __init__(self, sock: socket.socket, ns: int) -> None:
        self._sock, self._ns = sock, ns

    def __getattr__(self, name: str) -> object:
        return getattr(self._sock, name)

    def sendto(self, data: bytes, address: tuple[str, int]) -> int:
        until_ns = time.monotonic_ns() + self._ns
        while time.monotonic_ns() < until_ns:
            pass
        return self._sock.sendto(data, address)


@pytest.mark.parametrize("spec", ["", "delay=1us"])
def test_a_send_that_took_long_makes_the_hold_uncertain(bench: Bench, spec: str) -> None:
    bench.build(spec)
    hold(bench, 1)
    bench.drain()
    bench.reflector._sock = SlowSend(bench.sock, MS)  # type: ignore[assignment]  # its like
    bench.send(packet(2, ssrc=10))
    bench.drain()
    bench.reflector._sock = bench.sock
    found = holds_of(bench, 10)
    assert [(each.sequence, each.uncertain) for each in found.entries] == [(1, False), (2, True)]
    total = bench.reflector.counters().total
    assert (total.held, total.held_uncertain) == (2, 1)


def test_delay_that_was_asked_for_is_no_hold(bench: Bench) -> None:
    bench.build("delay=20ms")
    bench.send(packet(1, ssrc=10))
    while (due_ns := bench.reflector.next_due_ns()) is not None:
        while time.monotonic_ns() < due_ns:
            pass
        bench.reflector.send_due(time.monotonic_ns())
    # held for the machine's own delay at most
    assert all(each.hold_us < 20_000 for each in holds_of(bench, 10).entries)


def test_a_query_neither_opens_a_stream_nor_is_a_reply_answered(bench: Bench) -> None:
    assert ask(bench, STREAM_QUERY, 10) is None
    reply = status.build_reply(
        StatusQuery(TOTALS_QUERY, 0, 1), StatusCounters(*range(10)), impaired=False
    )
    bench.send(reply)
    assert bench.received() == []
    assert bench.reflector.counters().streams_seen == 0


def test_totals_are_told_with_what_the_impairment_did(bench: Bench) -> None:
    bench.build("delay=1us,loss=50%")
    bench.send(*(packet(n, ssrc=ssrc) for n in range(20) for ssrc in (1, 2)))
    bench.drain()
    returned = len(bench.received())
    counters = ask(bench, TOTALS_QUERY)
    assert counters is not None
    assert (counters.received, counters.sent) == (40, returned)
    assert counters.impaired_lost == 40 - returned > 0
    one, two = ask(bench, STREAM_QUERY, 1), ask(bench, STREAM_QUERY, 2)
    assert one is not None
    assert two is not None
    assert one.impaired_lost + two.impaired_lost == counters.impaired_lost


def test_an_idle_stream_expires_and_its_counts_stay_in_the_totals(bench: Bench) -> None:
    bench.build("loss=100%")
    bench.send(packet(1))
    bench.reflector.expire(time.monotonic_ns() + 61_000 * MS)
    counters = bench.reflector.counters()
    assert counters.streams == ()
    assert counters.total.packets == 1
    assert counters.total.impaired == ImpairmentCounts(packets=1, lost=1)
    assert ask(bench, STREAM_QUERY, 1) is None


@pytest.mark.skipif(not LINUX, reason="SO_MEMINFO is Linux's")
def test_what_the_kernel_drops_is_counted(bench: Bench) -> None:
    bench.sock = bench.open(buffer_bytes=4096)
    bench.build()
    for n in range(100):
        bench.client.sendto(packet(n), bench.sock.getsockname())
    bench.reflector.receive()
    counters = bench.reflector.counters()
    assert counters.socket_drops > 0
    assert counters.total.packets + counters.socket_drops == 100


@pytest.mark.skipif(not LINUX, reason="only Linux shuts an unconnected socket down for sending")
@pytest.mark.parametrize("spec", ["", "delay=1us"])
def test_a_send_that_fails_is_an_error_and_not_a_packet_returned(bench: Bench, spec: str) -> None:
    bench.build(spec)
    with contextlib.suppress(OSError):  # ENOTCONN, and shut down all the same
        bench.sock.shutdown(socket.SHUT_WR)
    bench.send(packet(1), status.build_query(StatusQuery(TOTALS_QUERY, 0, 1)))
    bench.drain()
    counters = bench.reflector.counters()
    assert (counters.total.packets, counters.total.sent, counters.total.errors) == (1, 0, 1)
    assert counters.total.dwell_max_ns is None
    assert counters.status_replies == 0


def test_a_flood_is_taken_a_bounded_number_at_a_time(bench: Bench) -> None:
    for n in range(100):
        bench.client.sendto(packet(n), bench.sock.getsockname())
    bench.reflector.receive()
    assert bench.reflector.counters().total.packets == 64
    bench.reflector.receive()
    assert bench.reflector.counters().total.packets == 100
