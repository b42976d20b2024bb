"""The diagnosis in words: widths, proof, places, and cases that once contradicted each other."""

from __future__ import annotations

import itertools

import pytest

from ari_tui.analysis.diagnosis.episodes import (
    CALLER_OR_ASTERISK,
    DELAY,
    DROPPED,
    GONE,
    HELD,
    HELD_LONG,
    LATE,
    LOST,
    NO_ANSWER,
    REFUSED,
    RESTARTED,
    SILENT,
    STOPPED,
    Episode,
    FaultKind,
    Found,
)
from ari_tui.analysis.fold import fold
from ari_tui.analysis.store import Store
from ari_tui.building.where import TEXT_WIDTH, text_of, wheres_of
from ari_tui.document.where import PLACES, Where
from tests.analysis.conftest import MS, START_NS, Log

KINDS = {
    "caller-in": (LOST, LATE, SILENT),
    "asterisk": (LATE, SILENT, RESTARTED, GONE, LOST),
    "asterisk-engine": (LOST, SILENT),
    "engine": (HELD, HELD_LONG, DROPPED, STOPPED),
    "echo-out": (LOST,),
    "echo-back": (LOST,),
    "echo-path": (LOST, LATE, DELAY, NO_ANSWER),
    "echo-server": (LOST, HELD, HELD_LONG, REFUSED, RESTARTED),
    "caller-out": (LOST,),
    CALLER_OR_ASTERISK: (LOST, LATE, SILENT),
}
HOUR_S = 1_795_348_800
SECOND = START_NS // 1_000_000_000


def test_every_place_has_its_kinds() -> None:
    assert set(PLACES) == set(KINDS) - {CALLER_OR_ASTERISK}


@pytest.mark.parametrize(("place", "seconds"), list(itertools.product(KINDS, (1, 12, 3599, 7500))))
def test_a_text_fits_sixty_columns(place: str, seconds: int) -> None:
    for what, lasts, hits in itertools.product(KINDS[place], (True, False), (21, 5_100, 10_000)):
        episode = Episode(HOUR_S, HOUR_S + seconds - 1, seconds, hits, 10_000 - hits)
        episode.worst_ns = 1_240_000_000
        episode.facts["down ms"] = seconds * 1000
        found = Found(FaultKind(place, what), episode, proved=True, lasts=lasts)
        for calls in (1, 24, 2000):
            text = text_of(found, "proved", calls)
            assert len(text) <= TEXT_WIDTH, text
            assert "  " not in text


def called(media_ms: list[float], back_ms: list[float | None]) -> Where:
    """Return the diagnosis of one call of packets from Asterisk and back from the echo server."""
    log = Log()
    for number, (at_ms, rtt_ms) in enumerate(zip(media_ms, back_ms, strict=True)):
        log.media(at_ms, number, ts=number * 160)
        if rtt_ms is not None:
            log.echo(at_ms + rtt_ms, number, ts=number * 160)
    store = Store(loss_timeout_ns=3000 * MS, late_ns=3 * MS)
    store.add_call(1)
    records = log.records()
    end_ms = media_ms[-1] + 12_000
    times = (records["rx_ns"] - START_NS) // MS
    for second in range(int(end_ms // 1000) + 1):
        if second * 1000 > media_ms[-1]:
            store.media.closed_ns[store.row_of[1]] = START_NS + round(media_ms[-1] + 1) * MS
        part = records[(times >= second * 1000) & (times < (second + 1) * 1000)]
        store.outside.ping(START_NS + second * 1000 * MS, 1 * MS)
        fold(store, part, START_NS + (second + 1) * 1000 * MS)
    evidence = store.sla_evaluator.evidence
    return wheres_of(store, evidence.clean_s, evidence.of_s, {})[1][1]


def test_two_lost_of_five_hundred_are_likely_and_never_red() -> None:
    steady = [20.0 * number for number in range(500)]
    trips: list[float | None] = [5.0] * 500
    trips[100] = trips[300] = None
    where = called(steady, trips)
    assert [finding.place for finding in where.findings] == ["echo-path"]
    assert where.findings[0].confidence == "likely"
    assert where.mark == "~"
    assert where.line == where.findings[0].text


def test_one_lost_of_five_hundred_is_nothing() -> None:
    trips: list[float | None] = [5.0] * 500
    trips[100] = None
    where = called([20.0 * number for number in range(500)], trips)
    assert where.clean
    assert where.line.startswith("no fault seen, ")


def test_late_from_asterisk_with_good_pings_and_no_counts_is_of_unknown_place() -> None:
    times = [20.0 * number + (30.0 if number % 20 == 7 else 0.0) for number in range(3000)]
    where = called(times, [5.0] * 3000)
    assert where.findings == []
    assert not where.clean
    assert where.line.startswith("caller or Asterisk, not known: 5 % late")
    assert where.mark == "~"


def test_a_session_that_breaks_a_rule_is_never_said_to_be_clean() -> None:
    store = Store(loss_timeout_ns=3000 * MS, late_ns=3 * MS)
    store.add_call(1)
    log = Log()
    for number in range(500):
        log.media(20.0 * number, number, ts=number * 160)
        log.echo(20.0 * number + 5, number, ts=number * 160)
    fold(store, log.records(), START_NS + 10_000 * MS)
    store.media.closed_ns[store.row_of[1]] = START_NS + 10_000 * MS
    fold(store, log.records()[:0], START_NS + 20_000 * MS)
    evidence = store.sla_evaluator.evidence
    clean, _ = wheres_of(store, evidence.clean_s, evidence.of_s, {})
    failing, _ = wheres_of(store, evidence.clean_s, evidence.of_s, {}, ["max"])
    assert (clean.clean, failing.clean) == (True, False)
    assert failing.line == "no lasting fault seen, but max breaks the SLA"
    assert len(failing.line) <= TEXT_WIDTH


def test_a_long_round_trip_names_the_limit_that_it_breaks() -> None:
    where = called([20.0 * number for number in range(1000)], [25.0] * 1000)
    assert where.findings[0].what == "delay"
    assert "the limit for half of the packets is 8.0 ms" in where.findings[0].evidence
