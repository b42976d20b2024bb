"""Replays stored packet logs as the engine does, and compares texts with the stored ones."""

from __future__ import annotations

import difflib
import gzip
import os
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from ari_tui.analysis.closing import clock_stepped, close_all, log_overflowed
from ari_tui.analysis.fold import fold
from ari_tui.analysis.histogram import BucketCounts
from ari_tui.analysis.records import Records, from_bytes
from ari_tui.analysis.roundtrip.direction import EchoReport
from ari_tui.analysis.store import Store
from ari_tui.building.build import CallFacts, EngineFacts, build
from ari_tui.building.detail import detail_of
from ari_tui.building.live import build_live
from ari_tui.building.sla import Listener
from ari_tui.core.number_format import iso
from ari_tui.document.model import (
    AsteriskState,
    Call,
    CallCounts,
    Document,
    EventLine,
    Injected,
    InjectedBy,
    Ports,
)

DATA: Final = Path(__file__).parent / "data"
WRITES: Final = bool(os.environ.get("ARI_TUI_WRITE_GOLDEN"))
MS: Final = 1_000_000
START_NS: Final = 1_700_000_000_000_000_000
STEP_MS: Final = 250
SHOWN: Final = 12_000
"""Characters of a difference."""


# -- files -----------------------------------------------------------------------------------


def stored(name: str) -> bytes:
    return gzip.decompress((DATA / f"{name}.gz").read_bytes())


def store_file(name: str, data: bytes) -> None:
    (DATA / f"{name}.gz").write_bytes(gzip.compress(data, 9, mtime=0))


def assert_golden(name: str, text: str) -> None:
    """Compare with the stored text, or store it; a short one is kept as it is."""
    if WRITES:
        store_file(name, text.encode())
        return
    expected = stored(name).decode()
    if text != expected:
        pair = expected.splitlines(keepends=True), text.splitlines(keepends=True)
        found = "".join(difflib.unified_diff(*pair, f"golden/{name}", "now", n=2))
        raise AssertionError(f"{name} is no longer what it was:\n{found[:SHOWN]}")


def pretty(value: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=1).decode() + "\n"


# -- replay ----------------------------------------------------------------------------------


class CallPlan(NamedTuple):
    """When a call starts, when it ends (None: with the run), when its row is given back."""

    start_ms: int
    end_ms: int | None = None
    retire_ms: int | None = None


class Told(NamedTuple):
    """What comes to be known beside the packets, at a multiple of STEP_MS."""

    at_ms: int
    what: str
    call: int = 1
    number: int = 0


class Plan(NamedTuple):
    """A run of so many seconds."""

    seconds: int
    calls: dict[int, CallPlan]
    told: tuple[Told, ...] = ()


PLANS: Final = {
    "clean": Plan(
        28,
        {1: CallPlan(500), 2: CallPlan(1250), 3: CallPlan(2000, 20_500, 24_000)},
        (Told(9_000, "report", 1), Told(12_000, "report", 2)),
    ),
    "lossy": Plan(
        31,
        {1: CallPlan(0), 2: CallPlan(1000, 24_000), 3: CallPlan(2000), 4: CallPlan(2000)},
        (Told(11_000, "report", 1, 2), Told(15_000, "report", 1, 4), Told(15_250, "report", 4, 12)),
    ),
    "late": Plan(
        33, {1: CallPlan(250), 2: CallPlan(250), 3: CallPlan(500), 4: CallPlan(750, 27_500)}
    ),
    "silent": Plan(
        30,
        {
            1: CallPlan(0),
            2: CallPlan(0),
            3: CallPlan(250, 22_500),
            4: CallPlan(500),
            5: CallPlan(750, 14_000, 22_000),
            6: CallPlan(3000),
        },
        (
            Told(6_500, "digit", 1, 260),
            Told(14_000, "hold", 1),
            Told(16_000, "unhold", 1),
            Told(8_500, "hold", 3),
        ),
    ),
    "limited": Plan(
        29,
        {1: CallPlan(0), 2: CallPlan(250), 3: CallPlan(250)},
        (
            Told(12_000, "clock_step"),
            Told(15_500, "overflow"),
            Told(18_000, "held_report", 3),
        ),
    ),
}


class Replayed(NamedTuple):
    """What came of a log."""

    documents: list[Document]
    parts: str
    """Details, courses and notes, as JSON."""
    rungs: BucketCounts


class Replay:
    """An engine without an outside: its clock is the log's."""

    def __init__(self, plan: Plan, data: bytes) -> None:
        self.plan, self.log = plan, from_bytes(data)
        self.store = Store(loss_timeout_ns=3_000 * MS, late_ns=3 * MS, capacity=2)
        self.listener = Listener()
        self.up: dict[int, CallPlan] = {}
        self.notes: list[Any] = []
        self.documents: list[Document] = []
        self.parts: dict[str, Any] = {}

    def run(self) -> Replayed:
        before_ns = 0
        for at_ms in range(0, self.plan.seconds * 1000 + 1, STEP_MS):
            now_ns = START_NS + at_ms * MS
            self._come(at_ms)
            self._tell(at_ms, now_ns, reports=False)
            rx = self.log["rx_ns"]
            self._fold(self.log[(rx >= before_ns) & (rx < now_ns)], now_ns)
            self._tell(at_ms, now_ns, reports=True)
            self._go(at_ms)
            before_ns = now_ns
            if at_ms % 1000 == 0 or at_ms < 5000:
                self.documents.append(self._document(now_ns))
            if at_ms in (14_000, self.plan.seconds * 1000):
                self._look(f"at {at_ms} ms", now_ns)
        for number in self.up:
            self.store.close_call(number)
        self.notes += close_all(self.store, now_ns)
        self.documents.append(self._document(now_ns, final=True))
        self._look("in the end", now_ns)
        self.parts["notes"] = [list(note) for note in self.notes]
        return Replayed(self.documents, pretty(self.parts), self.store.buckets.read())

    def _come(self, at_ms: int) -> None:
        for number, call in self.plan.calls.items():
            if call.start_ms == at_ms:
                self.store.add_call(number)
                self.up[number] = call

    def _go(self, at_ms: int) -> None:
        for number, call in list(self.up.items()):
            if call.end_ms == at_ms:
                row = self.store.row_of[number]
                self.store.media.closed_ns[row] = START_NS + at_ms * MS
            if call.retire_ms == at_ms:
                self.store.retire_call(number)
                del self.up[number]

    def _fold(self, records: Records, now_ns: int) -> None:
        self.notes += fold(self.store, records, now_ns)

    def _tell(self, at_ms: int, now_ns: int, *, reports: bool) -> None:
        for told in self.plan.told:
            if told.at_ms != at_ms or told.what.endswith("report") != reports:
                continue
            if told.what == "clock_step":
                clock_stepped(self.store, now_ns)
            elif told.what == "overflow":
                log_overflowed(self.store, now_ns)
            elif reports:
                self._report(told, now_ns)
            else:
                gaps = self.store.gaps_of(self.store.row_of[told.call])
                if told.what == "digit":
                    gaps.digit(now_ns, told.number * MS)
                elif told.what == "hold":
                    gaps.hold(now_ns)
                else:
                    gaps.unhold(now_ns)

    def _report(self, told: Told, now_ns: int) -> None:
        """Say that all that was sent reached the echo server but `number` packets."""
        log = self.log
        sent = (log["call"] == told.call) & (log["kind"] == 1) & (log["tx_ns"] > 0)
        sent &= log["rx_ns"] < now_ns
        ssrc = int(log["ssrc"][sent][-1])
        held_ns = 9 * MS if told.what == "held_report" else MS // 5
        count = int(sent.sum()) - told.number
        self.store.take_report(
            told.call, EchoReport(now_ns, ssrc, count, int(told.number > 0), held_ns)
        )

    def _facts(self, number: int, call: CallPlan, now_ns: int) -> CallFacts:
        ended_ns = None if call.end_ms is None else START_NS + call.end_ms * MS
        over = ended_ns is not None and ended_ns <= now_ns
        ports = Ports(
            media_local=f"192.0.2.1:{10_000 + number}",
            media_remote=f"192.0.2.2:{20_000 + number}",
            echo_local=None,
            echo_remote="192.0.2.3:4000",
        )
        known = partial(
            Call,
            id=f"90de0000.{number}",
            mode="takeover",
            asterisk="pbx.example",
            channel=f"PJSIP/phone-{number:08x}",
            channel_id=f"1700000000.{number}",
            caller=f"Ann {100 + number}",
            call_id=f"id-{number}@phone",
            linkedid="1700000000.1",
            state="ended" if over else "up",
            reason="hung up" if over else None,
            bridge_technology="simple_bridge",
            ports=ports,
        )
        started_ns = START_NS + call.start_ms * MS
        return CallFacts(number, started_ns, ended_ns if over else None, known)

    def _document(self, now_ns: int, *, final: bool = False) -> Document:
        calls = [self._facts(number, call, now_ns) for number, call in self.up.items()]
        ended = sum(call.ended_ns is not None for call in calls)
        started = sum(START_NS + c.start_ms * MS <= now_ns for c in self.plan.calls.values())
        asterisk = AsteriskState(
            id="pbx.example",
            version="22.10.1",
            connected=True,
            url="http://pbx.example:8088",
            latency_ms=1.5,
            events_lost_s=0.0,
        )
        facts = EngineFacts(
            kind="final" if final else "interval",
            now_ns=now_ns,
            session_id="90de0000",
            host="here",
            version="9.9.9",
            started_ns=START_NS,
            ended_ns=now_ns if final else None,
            end_reason="SIGINT" if final else None,
            asterisks=[asterisk],
            calls=calls,
            counts=CallCounts(
                active=len(calls) - ended,
                peak=started,
                started=started,
                ended=started - len(calls) + ended,
                failed=0,
            ),
            log_overflow=3 if self.plan.seconds == 29 else 0,
            log_fill=0.0125,
            tick_lag_ms=0.75,
            ari_ms=1.25,
            workers=2,
            worker_restarts=0,
            receive_buffer_bytes=425_984,
            ports_in_use=len(calls),
            ports_total=100,
            injected=InjectedBy(echo=Injected(lost=5, duplicates=1, reordered=0), media=None),
            histograms=True,
        )
        return build(self.store, facts, self.listener)

    def _look(self, when: str, now_ns: int) -> None:
        ids = {number: f"90de0000.{number}" for number in self.up}
        second = now_ns // 1_000_000_000 - 1
        events = [
            EventLine(
                time=iso(now_ns),
                level="info",
                kind="stream",
                call=call,
                channel="c",
                text=f"RTP stream of {call}",
            )
            for call in ids.values()
        ]
        self.parts[when] = {
            "live": build_live(self.store, ids, second, 6),
            "history": build_live(self.store, ids, second, 40),
            "details": [
                detail_of(self.store, number, call, until_ns=now_ns, events=events)
                for number, call in ids.items()
            ],
        }


def replay(name: str) -> Replayed:
    return Replay(PLANS[name], stored(f"{name}.log")).run()
