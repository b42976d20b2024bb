"""What the fold notes, in the words of events."""

import time
from collections.abc import Sequence
from typing import cast

from ari_tui.analysis.store import Store
from ari_tui.engine.events import EventLog
from ari_tui.engine.metering import PATIENCE_NS, Metering
from ari_tui.engine.supervisor import Supervisor
from ari_tui.engine.switchboard import Switchboard
from ari_tui.wire.record import (
    FLAG_ECHO_LEG,
    FLAG_REFUSED,
    KIND_ECHO_IN,
    KIND_MEDIA_IN,
    KIND_SEND_ERROR,
    RECORD,
)
from tests.engine.kit import EchoRun, Pbx, engine, texts, until

NOW = 10**18
MS = 1_000_000


class Logs:
    """Packet logs of workers that stand still."""

    def __init__(self) -> None:
        self.waiting: list[bytes] = []
        self.complete_ns: int | None = None

    def read_logs(self) -> list[bytes]:
        found, self.waiting = self.waiting, []
        return found

    def complete_until_ns(self, now_ns: int, patience_ns: int) -> int:
        assert patience_ns == PATIENCE_NS
        return now_ns if self.complete_ns is None else self.complete_ns


class Named:
    """A call as the events name it."""

    class machine:  # noqa: N801  stands in for an attribute
        class caller:  # noqa: N801
            name = "PJSIP/1"


class Calls:
    def __init__(self, count: int) -> None:
        self.calls = {number: Named() for number in range(1, count + 1)}

    def call_id(self, call: Named) -> str:
        return "s." + str(next(n for n, one in self.calls.items() if one is call))


class Bench:
    def __init__(self, calls: int = 1) -> None:
        self.store = Store(loss_timeout_ns=1000 * MS, late_ns=3 * MS)
        for number in range(1, calls + 1):
            self.store.add_call(number)
        self.logs, self.events = Logs(), EventLog()
        supervisor, switchboard = cast("Supervisor", self.logs), cast("Switchboard", Calls(calls))
        self.metering = Metering(self.store, supervisor, switchboard, self.events, "127.0.0.1:4000")

    def fold(self, records: Sequence[bytes] = (), at_ms: int = 0) -> None:
        self.logs.waiting.append(b"".join(records))
        self.metering.fold(NOW + at_ms * MS)

    def told(self, kind: str) -> list[str]:
        return texts([line for line in self.events.lines if line.kind == kind])


def media(sequence: int, at_ms: int, *, call: int = 1, ssrc: int = 0xABC, flags: int = 0) -> bytes:
    at = NOW + at_ms * MS
    return RECORD.pack(at, at + 1000, 500, 160 * sequence, ssrc, call, sequence, 172, 0,
                       KIND_MEDIA_IN, flags, 0, 64, 0, 0)  # fmt: skip


def back(sequence: int, at_ms: int, *, call: int = 1, ssrc: int = 0xABC) -> bytes:
    at = NOW + at_ms * MS
    return RECORD.pack(at, at + 1000, 500, 160 * sequence, ssrc, call, sequence, 172, 0,
                       KIND_ECHO_IN, 0, 0, 64, 0, 0)  # fmt: skip


def test_the_first_stream_and_every_other_is_told_with_its_ssrc() -> None:
    bench = Bench()
    bench.fold([media(1, 0), media(2, 20), media(700, 40, ssrc=5), media(701, 60, ssrc=5)])
    assert bench.told("stream") == [
        "RTP stream 0x00000abc",
        "RTP stream 0x00000005 (was 0x00000abc)",
    ]
    (first, _) = (line for line in bench.events.lines if line.kind == "stream")
    assert (first.call, first.channel) == ("s.1", "PJSIP/1")


def test_an_interruption_is_told_with_its_length_and_what_is_missing() -> None:
    bench = Bench()
    bench.fold([*(media(n, 20 * n) for n in range(5)), media(35, 700), media(36, 720)])
    (text,) = bench.told("interruption")
    assert text.startswith("no RTP for 620 ms")
    assert "30 packets missing" in text


def test_an_echo_server_that_refuses_is_told_once_for_all_calls() -> None:
    bench = Bench(calls=3)
    for second in range(3):
        bench.fold([
            *(media(n, 20 * n, call=call, flags=FLAG_REFUSED)
              for n in range(50 * second, 50 * second + 50) for call in (1, 2, 3)),
        ], at_ms=1000 * second)  # fmt: skip
    (text,) = bench.told("echo_refused")
    assert text.startswith("echo server 127.0.0.1:4000 refuses packets: nothing listens there")
    assert "\n" not in text
    assert [line.call for line in bench.events.lines if line.kind == "echo_refused"] == [None]


def test_a_refusal_met_by_a_receive_is_told_too() -> None:
    bench = Bench()
    refused = RECORD.pack(NOW, 0, 0, 0, 0, 1, 0, 0, 0, KIND_SEND_ERROR, FLAG_ECHO_LEG, 0, 0, 111, 0)
    bench.fold([media(1, 0), refused])
    assert len(bench.told("echo_refused")) == 1


def test_books_are_closed_only_once_every_log_is_in() -> None:
    bench = Bench(calls=2)
    bench.logs.waiting = [media(1, 0), media(1, 0, call=2)]
    bench.metering.fold(NOW + 10 * MS)
    # the second worker's log holds the return of what the first log's time would give up
    bench.logs.waiting = [media(90, 1990), back(1, 5, call=2)]
    bench.metering.fold(NOW + 2000 * MS)
    totals = bench.store.call_totals(2, 0)
    assert totals.rtt.number == 1
    assert bench.store.call_totals(1, 0).in_flight == 1  # the new one; the old one is lost


def test_a_log_that_is_not_complete_keeps_books_open() -> None:
    bench = Bench()
    bench.fold([media(1, 0)])
    bench.logs.complete_ns = NOW + 900 * MS
    bench.fold(at_ms=3000)
    assert bench.store.call_totals(1, 0).in_flight == 1
    bench.logs.complete_ns = None
    bench.fold(at_ms=3000)
    assert bench.store.call_totals(1, 0).in_flight == 0


def test_notes_of_calls_that_have_left_are_dropped() -> None:
    bench = Bench()
    bench.metering._calls.calls.clear()
    bench.fold([media(1, 0)])
    assert list(bench.events.lines) == []


async def test_silence_on_the_wire_becomes_an_event_of_its_call(pbx: Pbx, echo: EchoRun) -> None:
    async with engine(pbx, echo.port) as run:
        pbx.call()
        await run.up(1)
        pbx.control.hold(0)
        held_ns = time.time_ns()
        await until(lambda: time.time_ns() - held_ns > 350 * MS)
        pbx.control.unhold(0)
        await until(lambda: run.events("interruption"))
        (line,) = run.events("interruption")
        assert line.call == f"{run.parts.session}.1"
        assert line.text.startswith("no RTP for ")
        await run.end()
    assert run.final.totals.packets.interruptions == 1
