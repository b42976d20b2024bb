"""Schedules as data, with answers worked out by hand: every file of tests/data.

A file holds `why`, streams, perhaps a `clock_step`, and what is `expected`. A counter that is not
named there must be 0. A stream is `count` packets every `ptime_ms` from `start_ms`, each sent on
DWELL_MS after its arrival and back `rtt_ms` later. A rule changes `packets = [from, to)`, or each
`every`-th of them:

- `missing` never comes from Asterisk, `lost` never comes back;
- `delay_ms` comes later, `until_ms` is held until that time, `rtt_ms` is its round trip;
- `copy_media_ms`, `copy_echo_ms`: a second copy comes so much later (or earlier);
- `sequence_by`, `timestamp_by`, `payload_type` (128 more with the marker), `freeze_timestamp`
  change the header;
- `dwell_ms` is how long it is held by ourselves before it goes to the echo server,
  `held_until_ms` until when.

`told` is what comes to be known beside the packets, `at_ms`: `what` is digit (`duration_ms`), hold,
unhold, clock_step, overflow, report (`received`, `failed`, `dwell_ms` of the echo server), outage
of our worker (since `from_ms`, `how`), or stall (since `from_ms`, packets `dropped`), which stands
in the log.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

from ari_tui.analysis import counters as c
from ari_tui.analysis.closing import clock_stepped, log_overflowed
from ari_tui.analysis.fold import fold
from ari_tui.analysis.records import RECORD_DTYPE, Floats, Ints, Records
from ari_tui.analysis.roundtrip.direction import EchoReport
from ari_tui.analysis.sla.evidence import Evidence, Limited
from ari_tui.analysis.store import Store
from ari_tui.analysis.stream.gaps import KINDS
from ari_tui.analysis.totals import CallTotals
from ari_tui.wire import record as r

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

DATA: Final = Path(__file__).parents[1] / "data"
FILES: Final = sorted(DATA.glob("*.toml"))
MS: Final = 1_000_000
START_NS: Final = 1_700_000_000_000_000_000
DWELL_MS: Final = 0.05
LOSS_TIMEOUT_NS: Final = 3_000 * MS
UNITS_PER_MS: Final = 8

Spec = dict[str, Any]


class Stream:
    """One stream's packets as arrays, n each; times in ms."""

    def __init__(self, spec: Spec) -> None:
        spec = dict(spec)
        rules = spec.pop("rule", [])
        self.count = int(spec.pop("count"))
        ptime, index = float(spec.pop("ptime_ms", 20.0)), np.arange(self.count)
        pace = 1 + float(spec.pop("skew_ppm", 0.0)) * 1e-6
        start = float(spec.pop("start_ms", 0.0))
        self.arrival: Floats = np.array(start + index * ptime * pace, dtype=np.float64)
        self.sequence = int(spec.pop("first_sequence", 100)) + index
        self.timestamp = int(spec.pop("first_timestamp", 0)) + index * round(ptime * UNITS_PER_MS)
        self.rtt: Floats = np.full(self.count, float(spec.pop("rtt_ms")))
        self.payload_type = np.zeros(self.count, dtype=np.int64)
        self.dwell: Floats = np.full(self.count, DWELL_MS)
        self.held: Floats = np.zeros(self.count)
        self.missing = np.zeros(self.count, dtype=np.bool_)
        self.lost = np.zeros(self.count, dtype=np.bool_)
        self.ssrc = int(spec.pop("ssrc", 1))
        self.copies: list[tuple[str, slice, float]] = []
        assert not spec, f"unknown keys of a stream: {list(spec)}"
        for rule in rules:
            self._apply(self._hold(dict(rule)))

    def _hold(self, rule: Spec) -> Spec:
        """Take what a rule says of packets that are held; return its rest."""
        if "held_until_ms" in rule:
            at = slice(*rule["packets"])
            self.held[at] = rule.pop("held_until_ms") - self.arrival[at]
            self.dwell[at] += self.held[at]
        return rule

    def _apply(self, rule: Spec) -> None:
        first, end = rule.pop("packets")
        at = slice(first, end, rule.pop("every", 1))
        for key, value in rule.items():
            if key in ("missing", "lost"):
                getattr(self, key)[at] = value
            elif key in ("copy_media_ms", "copy_echo_ms"):
                self.copies.append((key, at, value))
            elif key == "delay_ms":
                self.arrival[at] += value
            elif key == "until_ms":
                self.arrival[at] = np.maximum(self.arrival[at], value)
            elif key == "dwell_ms":
                self.dwell[at] = value
            elif key == "rtt_ms":
                self.rtt[at] = value
            elif key == "sequence_by":
                self.sequence[at] += value
            elif key == "timestamp_by":
                self.timestamp[at] += value
            elif key == "payload_type":
                self.payload_type[at] = value
            elif key == "freeze_timestamp":
                self.timestamp[at] = self.timestamp[first]
            else:
                raise AssertionError(f"unknown key of a rule: {key}")

    def records(self) -> tuple[Records, Floats]:
        """Return the records, in no order, with their true times (ms)."""
        every = np.arange(self.count)
        came = every[~self.missing]
        media, echo = [(came, 0.0)], [(every[~self.missing & ~self.lost], 0.0)]
        for key, at, offset in self.copies:
            if key == "copy_media_ms":
                media.append((every[at], offset))
            echo.append((every[at], offset))
        echoed = np.full(self.count, DWELL_MS)
        parts = [
            self._leg(r.KIND_MEDIA_IN, i, self.arrival[i] + off, self.dwell[i]) for i, off in media
        ]
        # a record is logged when its packet is sent on
        parts[0] = parts[0][0], parts[0][1] + self.held[came]
        parts += [
            self._leg(
                r.KIND_ECHO_IN, i, self.arrival[i] + self.dwell[i] + self.rtt[i] + off, echoed[i]
            )
            for i, off in echo
        ]
        return np.concatenate([p for p, _ in parts]), np.concatenate([t for _, t in parts])

    def _leg(
        self, kind: int, index: Ints, times_ms: Floats, dwell_ms: Floats
    ) -> tuple[Records, Floats]:
        records = np.zeros(len(index), dtype=RECORD_DTYPE)
        records["rx_ns"] = START_NS + np.rint(times_ms * MS).astype(np.int64)
        records["tx_ns"] = records["rx_ns"] + np.rint(dwell_ms * MS).astype(np.int64)
        records["bracket_ns"], records["length"] = 1000, 172
        records["sequence"] = self.sequence[index] & 0xFFFF
        records["timestamp"] = self.timestamp[index] & 0xFFFFFFFF
        records["marker_pt"] = self.payload_type[index]
        records["ssrc"], records["call"], records["kind"] = self.ssrc, 1, kind
        return records, times_ms


def stall_of(told: Spec) -> tuple[Records, Floats]:
    """Return the records of a worker that stood still, and of what its media socket dropped."""
    records = np.zeros(2, dtype=RECORD_DTYPE)
    records["kind"], records["call"] = (r.KIND_STALL, r.KIND_SOCKET_REPORT), 1
    records["rx_ns"] = START_NS + round(told["at_ms"] * MS)
    records["aux"] = round((told["at_ms"] - told["from_ms"]) * 1000), told.get("dropped", 0)
    return records, np.full(2, told["at_ms"])


class Scenario:
    """A file, read: the log in order of time, and what is expected of it."""

    def __init__(self, path: Path) -> None:
        spec = tomllib.loads(path.read_text(encoding="utf-8"))
        self.why = str(spec.pop("why"))
        self.batch_ms = float(spec.pop("batch_ms", 250.0))
        self.expected: Spec = spec.pop("expected")
        told: list[Spec] = spec.pop("told", [])
        self.told = [one for one in told if one["what"] != "stall"]
        parts = [Stream(stream).records() for stream in spec.pop("stream")]
        parts += [stall_of(one) for one in told if one["what"] == "stall"]
        times = np.concatenate([t for _, t in parts])
        order = np.argsort(times, kind="stable")
        self.log, self.times_ms = np.concatenate([p for p, _ in parts])[order], times[order]
        step = spec.pop("clock_step", None)
        if step is not None:
            self._set_clock(step["at_ms"], round(step["by_ms"] * MS))
        assert not spec, f"unknown keys: {list(spec)}"

    def _set_clock(self, at_ms: float, by_ns: int) -> None:
        for name in ("rx_ns", "tx_ns"):
            after = self.log[name] >= START_NS + round(at_ms * MS)
            self.log[name][after] += by_ns

    def whole(self) -> list[Records]:
        """Leave the log whole, but for the answers of the echo server: they do not wait."""
        asked = [one["at_ms"] for one in self.told if one["what"] == "report"]
        return np.split(self.log, np.searchsorted(self.times_ms, asked, side="right"))

    def batches(self) -> list[Records]:
        """Cut the log as the engine would: every so many milliseconds."""
        number = (self.times_ms - self.times_ms[0]) // self.batch_ms
        return np.split(self.log, np.flatnonzero(np.diff(number)) + 1)


def totals_of(store: Store) -> CallTotals:
    return store.call_totals(1, START_NS)


def assert_counters_add_up(store: Store) -> None:
    totals = totals_of(store)
    counted = totals.counters
    assert counted[c.SENT] == counted[c.RETURNED] + counted[c.LOST] + totals.in_flight
    assert (counted >= 0).all()


def tell(store: Store, told: Spec) -> None:
    """Apply to the store what is known beside the packets."""
    at_ns, gaps = START_NS + round(told["at_ms"] * MS), store.gaps_of(store.row_of[1])
    what = told["what"]
    if what == "digit":
        gaps.digit(at_ns, round(told["duration_ms"] * MS))
    elif what == "hold":
        gaps.hold(at_ns)
    elif what == "unhold":
        gaps.unhold(at_ns)
    elif what == "clock_step":
        clock_stepped(store, at_ns)
    elif what == "overflow":
        log_overflowed(store, at_ns)
    elif what == "outage":
        store.own_outage(1, START_NS + round(told["from_ms"] * MS), at_ns, told["how"])
    else:
        assert what == "report"
        dwell_ns = round(told.get("dwell_ms", 0) * MS)
        store.take_report(1, EchoReport(at_ns, 1, told["received"], told["failed"], dwell_ns))


def folded(batches: list[Records], told: list[Spec]) -> Store:
    """Fold batch by batch, each to the time of its newest record; then close the books.

    What was told is known as soon as a batch reaches its time.
    """
    store = Store(loss_timeout_ns=LOSS_TIMEOUT_NS, late_ns=3 * MS, capacity=1)
    row = store.add_call(1)
    now, before = 0, totals_of(store).counters
    for batch in batches:
        now = int(batch["rx_ns"].max())
        reached = [one for one in told if START_NS + one["at_ms"] * MS <= now]
        told = [one for one in told if one not in reached]
        reports = [one for one in reached if one["what"] == "report"]
        for one in reached:
            if one not in reports:
                tell(store, one)
        fold(store, batch, now)
        for one in reports:
            tell(store, one)
        assert_counters_add_up(store)
        counted = totals_of(store).counters
        fallen = np.flatnonzero(counted < before).tolist()
        # a packet that comes after all was not missing
        assert fallen in ([], [c.UPSTREAM_MISSING]), [c.NAMES[i] for i in fallen]
        before = counted
    assert not told, "nothing is told after the last packet"
    store.media.closed_ns[row] = store.media.last_rx[row]  # the call ends with its last packet
    fold(store, batches[0][:0], now + 2 * LOSS_TIMEOUT_NS)
    assert_counters_add_up(store)
    return store


def found(store: Store) -> Spec:
    """Return everything that a file may expect."""
    totals, row, evidence = totals_of(store), store.row_of[1], store.sla_evaluator.evidence
    return {
        **{name: int(totals.counters[i]) for i, name in enumerate(c.NAMES)},
        **{f"gaps_{kind}": totals.gaps[kind] for kind in KINDS},
        **{
            f"limited_by_{reason.name.lower()}": evidence.limited_call_s[reason]
            for reason in Limited
            if reason.name is not None
        },
        "missing_explained": totals.missing_explained,
        "in_flight": totals.in_flight,
        "runs": {name: count for name, count in totals.losses.named_runs().items() if count},
        "bursts": totals.losses.bursts,
        "burst_packets": totals.losses.burst_packets,
        "directions": "unknown" if totals.directions is None else totals.directions._asdict(),
        "clean_s": evidence.clean_s,
        "of_s": evidence.of_s,
        "rtt_min_ms": totals.rtt.minimum / MS,
        "rtt_max_ms": totals.rtt.maximum / MS,
        "longest_gap_ms": totals.longest_gap_ns / MS,
        "dead_air_ms": totals.dead_air_ns / MS,
        "jitter_media_ms": round(float(store.media.jitter_ns[row]) / MS, 6),
        "jitter_echo_ms": round(float(store.echo.jitter_ns[row]) / MS, 6),
        "slope_ppm": round(float(store.media_floor.slope[row]) * 1e6, 1),
    }


def assert_expected(scenario: Scenario, store: Store) -> None:
    numbers = found(store)
    named = ("in_flight", "longest_gap_ms", "dead_air_ms", "missing_explained")
    several = [name for name in numbers if name.startswith(("gaps_", "limited_by_"))]
    expected = {**dict.fromkeys((*c.NAMES, *named, *several), 0), **scenario.expected}
    assert {name: numbers[name] for name in expected} == expected, scenario.why
    assert totals_of(store).rtt.number == numbers["returned"] - numbers["uncertain"]
    assert int(totals_of(store).rtt.counts.sum()) == totals_of(store).rtt.number


def assert_same_evidence(first: Evidence, second: Evidence) -> None:
    assert len(vars(first)) > 8
    for name, value in vars(first).items():
        if name not in ("profile", "_thresholds"):
            assert np.array_equal(value, getattr(second, name)), name


LONG = {"plain_hour", "skew_fast", "skew_slow"}
SLOW = (pytest.mark.slow, pytest.mark.timeout(300))
"""Schedules of many minutes: left to `make test-slow`."""


@pytest.mark.parametrize(
    "path",
    [pytest.param(path, marks=SLOW if path.stem in LONG else (), id=path.stem) for path in FILES],
)
def test_a_schedule_gives_the_numbers_worked_out_by_hand_however_it_is_cut(path: Path) -> None:
    scenario = Scenario(path)
    whole = folded(scenario.whole(), scenario.told)
    cut = folded(scenario.batches(), scenario.told)
    assert_expected(scenario, whole)
    assert_expected(scenario, cut)
    assert np.array_equal(whole.echo.rtt, cut.echo.rtt)
    for name in whole.series.COLUMNS:
        assert np.array_equal(getattr(whole.series, name), getattr(cut.series, name)), name
    assert totals_of(whole).losses == totals_of(cut).losses
    for name in whole.losses.COLUMNS:
        assert np.array_equal(getattr(whole.losses, name), getattr(cut.losses, name)), name
    assert_same_evidence(whole.sla_evaluator.evidence, cut.sla_evaluator.evidence)
    assert np.allclose(whole.media.jitter_ns, cut.media.jitter_ns)
    assert np.allclose(whole.echo.hop_jitter_ns, cut.echo.hop_jitter_ns)


def test_every_schedule_says_why_and_what_it_expects() -> None:
    assert len(FILES) >= 12
    for path in FILES:
        scenario = Scenario(path)
        assert scenario.why
        assert {"sent", "returned"} <= set(scenario.expected)


@pytest.mark.parametrize("key", ["lots", "delay"])
def test_an_unknown_key_in_a_schedule_is_found(key: str) -> None:
    with pytest.raises(AssertionError, match=key):
        Stream({"count": 1, "rtt_ms": 1.0, "rule": [{"packets": [0, 1], key: 1}]})
    with pytest.raises(AssertionError, match=key):
        Stream({"count": 1, "rtt_ms": 1.0, key: 1})
