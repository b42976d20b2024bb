"""A log written by hand: packets with the times that a test gives them."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from ari_tui.analysis import counters as c
from ari_tui.analysis.fold import fold
from ari_tui.analysis.records import RECORD_DTYPE, Records
from ari_tui.analysis.store import Store
from ari_tui.wire import record as r

MS = 1_000_000
START_NS = 1_700_000_000_000_000_000


class Log:
    """Collects records; times are milliseconds after START_NS."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, ...]] = []

    def _add(self, at_ms: float, **fields: int) -> None:
        values = dict.fromkeys((name for name, _, _ in r.FIELDS), 0)
        values["rx_ns"] = START_NS + round(at_ms * MS)
        values.update(fields)
        self.rows.append(tuple(values.values()))

    def media(
        self,
        at_ms: float,
        seq: int,
        *,
        ts: int | None = None,
        ssrc: int = 1,
        call: int = 1,
        dwell_us: int = 50,
        pt: int = 0,
        failed: bool = False,
        bracket_ns: int = 1000,
        flags: int = 0,
    ) -> None:
        """A packet from Asterisk, sent on after `dwell_us`."""
        rx = START_NS + round(at_ms * MS)
        self._add(
            at_ms,
            tx_ns=0 if failed else rx + dwell_us * 1000,
            bracket_ns=bracket_ns,
            timestamp=(seq * 160 if ts is None else ts) & 0xFFFFFFFF,
            ssrc=ssrc,
            call=call,
            sequence=seq & 0xFFFF,
            length=172,
            marker_pt=pt,
            kind=r.KIND_MEDIA_IN,
            errno=111 if failed else 0,
            flags=flags,
        )

    def echo(
        self,
        at_ms: float,
        seq: int,
        *,
        ts: int | None = None,
        ssrc: int = 1,
        call: int = 1,
        sent: bool = True,
    ) -> None:
        """A packet from the echo server, sent back to Asterisk 50 µs later."""
        rx = START_NS + round(at_ms * MS)
        self._add(
            at_ms,
            tx_ns=rx + 50_000 if sent else 0,
            timestamp=(seq * 160 if ts is None else ts) & 0xFFFFFFFF,
            ssrc=ssrc,
            call=call,
            sequence=seq & 0xFFFF,
            length=172,
            kind=r.KIND_ECHO_IN,
        )

    def other(self, at_ms: float, kind: int, *, call: int = 1, **fields: int) -> None:
        """Any other record."""
        self._add(at_ms, kind=kind, call=call, **fields)

    def records(self) -> Records:
        """The log, in order of time."""
        rows = sorted(self.rows, key=lambda row: row[0])
        return np.array(rows, dtype=RECORD_DTYPE)


class Measured:
    """A store with the counters of its calls by name."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.notes: list[Any] = []

    def __getitem__(self, name: str) -> int:
        return self.of(1, name)

    def of(self, call: int, name: str) -> int:
        totals = self.store.call_totals(call, START_NS)
        if name == "in_flight":
            return totals.in_flight
        return int(totals.counters[c.NAMES.index(name)])

    def rtt(self, call: int = 1) -> Any:
        return self.store.call_totals(call, START_NS).rtt


class Bench:
    """Makes stores and folds logs into them."""

    start_ns = START_NS
    ms = MS

    @staticmethod
    def log() -> Log:
        return Log()

    @staticmethod
    def store(calls: int = 1) -> Store:
        store = Store(loss_timeout_ns=3_000 * MS, late_ns=3 * MS)
        for call in range(1, calls + 1):
            store.add_call(call)
        return store

    @classmethod
    def fold(
        cls, log: Log, *, until_ms: float | None = None, calls: int = 1, cuts: tuple[int, ...] = ()
    ) -> Measured:
        """Fold a log, cut at the given record numbers; `until_ms` closes books up to there."""
        measured = Measured(cls.store(calls))
        records = log.records()
        edges = [0, *sorted(cut % (len(records) + 1) for cut in cuts), len(records)]
        for start, end in pairwise(edges):
            part = records[start:end]
            now = int(part["rx_ns"].max()) if len(part) else 0
            measured.notes += fold(measured.store, part, now)
        if until_ms is not None:
            end_ns = START_NS + round(until_ms * MS)
            measured.notes += fold(measured.store, records[:0], end_ns)
        return measured


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture(scope="session")
def bench_type() -> Bench:
    """The same, for tests that hypothesis runs many times."""
    return Bench()
