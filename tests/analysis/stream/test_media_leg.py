"""."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_tui.analysis import counters as c
from ari_tui.analysis.fold import fold
from ari_tui.analysis.notes import Reanchored
from ari_tui.analysis.stream.gaps import KEPT
from ari_tui.analysis.stream.media_leg import PROBATION
from ari_tui.analysis.stream.state import ticks_to_ns, wrapped_difference
from ari_tui.wire.rtp import signed_difference

Bench = Any


@given(ticks=st.integers(-(2**45), 2**45), rate=st.sampled_from([8000, 11025, 44100, 48000]))
def test_clock_units_become_nanoseconds_without_overflow(ticks: int, rate: int) -> None:
    (found,) = ticks_to_ns(np.array([ticks]), np.array([rate])).tolist()
    assert found == ticks * 1_000_000_000 // rate


@pytest.mark.parametrize("bits", [16, 32])
@given(later=st.integers(0, 2**32 - 1), earlier=st.integers(0, 2**32 - 1))
def test_differences_on_the_circle_are_those_of_the_wire(
    bits: int, later: int, earlier: int
) -> None:
    later, earlier = later % 2**bits, earlier % 2**bits
    (found,) = wrapped_difference(np.array([later]), np.array([earlier]), bits).tolist()
    assert found == signed_difference(later, earlier, bits)


def test_a_copy_carries_its_key_when_the_first_could_not_be_sent(bench: Bench) -> None:
    log = bench.log()
    log.media(0, 0)
    log.media(20, 1, failed=True)
    log.media(25, 1)
    log.media(30, 1)
    log.echo(40, 1)
    for cuts in ((), (2,), (1, 2, 3)):
        found = bench.fold(log, cuts=cuts)
        assert (found["received"], found["sent"], found["send_errors"]) == (4, 2, 1)
        assert (found["duplicates_media"], found["returned"]) == (2, 1)
        # the round trip begins with the copy that went
        assert found.rtt().maximum == 15 * bench.ms - 50_000


def test_a_reordered_packet_whose_send_failed_is_sent_by_its_copy(bench: Bench) -> None:
    log = bench.log()
    log.media(0, 0)
    log.media(20, 2)
    log.media(21, 1, failed=True)
    log.media(22, 1)
    found = bench.fold(log)
    assert (found["sent"], found["reordered_media"], found["duplicates_media"]) == (3, 1, 1)
    assert found["upstream_missing"] == 0


def test_packets_older_than_the_first_of_a_stream_are_no_loss(bench: Bench) -> None:
    log = bench.log()
    for at, seq in [(0, 0), (1, 65535), (2, 65534), (20, 1)]:
        log.media(at, seq)
    found = bench.fold(log)
    assert (found["sent"], found["upstream_missing"], found["reordered_media"]) == (4, 0, 2)


def test_a_packet_that_comes_after_all_was_not_missing(bench: Bench) -> None:
    log = bench.log()
    for at, seq in [(0, 0), (20, 3), (40, 1), (60, 4)]:
        log.media(at, seq)
    assert bench.fold(log, cuts=(2,))["upstream_missing"] == 1


def test_missing_packets_of_earlier_epochs_are_kept(bench: Bench) -> None:
    log = bench.log()
    for at, seq, ssrc in [(0, 0, 1), (20, 3, 1), (40, 900, 2), (60, 901, 2), (80, 905, 2)]:
        log.media(at, seq, ssrc=ssrc)
    assert bench.fold(log)["upstream_missing"] == 2 + 3


def test_a_telephone_event_is_neither_late_nor_jitter(bench: Bench) -> None:
    log = bench.log()
    for n in range(200):
        event = 100 <= n < 110  # one timestamp for the whole digit, 101 its payload type
        log.media(20 * n, n, ts=160 * (100 if event else n), pt=101 if event else 0)
    found = bench.fold(log)
    assert found["late_media"] == 0
    assert found.store.media.jitter_ns[0] == 0


def test_comfort_noise_is_neither_late_nor_jitter(bench: Bench) -> None:
    log = bench.log()
    for n in range(100):
        noise = 50 <= n < 60
        log.media(20 * n + (11 if noise else 0), n, pt=13 if noise else 0)
    found = bench.fold(log)
    assert found["late_media"] == 0
    assert found.store.media.jitter_ns[0] == 0


def test_a_codec_of_dynamic_payload_type_is_measured(bench: Bench) -> None:
    log = bench.log()
    for n in range(100):
        log.media(20 * n + (9 if n == 70 else 0), n, pt=107)
    assert bench.fold(log)["late_media"] == 1


def test_a_change_of_codec_in_mid_call_goes_on_being_measured(bench: Bench) -> None:
    log = bench.log()
    for n in range(200):
        slow = 9 if n in (50, 150) else 0
        log.media(20 * n + slow, n, pt=0 if n < 100 else 8)
    assert bench.fold(log)["late_media"] == 2


@pytest.mark.parametrize("ptime", [10, 20, 30, 60])
def test_the_packet_time_is_that_of_the_wire(bench: Bench, ptime: int) -> None:
    log = bench.log()
    log.media(0, 0)
    assert bench.fold(log).store.media.ptime_ms(0) is None
    for n in range(1, 5):
        log.media(ptime * n, n, ts=8 * ptime * n)
    assert bench.fold(log).store.media.ptime_ms(0) == ptime


@pytest.mark.parametrize(("gap_ms", "interruptions"), [(200, 0), (200.001, 1)])
def test_an_interruption_is_longer_than_200_ms(
    bench: Bench, gap_ms: float, interruptions: int
) -> None:
    log = bench.log()
    log.media(0, 0)
    log.media(gap_ms, 1)
    assert bench.fold(log)["interruptions"] == interruptions


def test_the_latest_gaps_are_kept_and_all_are_counted(bench: Bench) -> None:
    log = bench.log()
    for n in range(KEPT + 3):
        log.media(300 * n, n)
    found = bench.fold(log)
    assert found["interruptions"] == KEPT + 2
    found.store.judge_gaps(0, None)
    ends = [bench.start_ns + 300 * n * bench.ms for n in range(1, KEPT + 3)]
    assert [one.gap.to_ns for one in found.store.gaps[0].judged] == ends[-KEPT:]
    assert found["interruptions"] == KEPT + 2
    assert found.store.call_totals(1, 0).dead_air_ns == (KEPT + 2) * 300 * bench.ms


def test_silence_after_the_clock_was_set_back_is_not_made_up(bench: Bench) -> None:
    log = bench.log()
    log.media(0, 0)
    found = bench.fold(log, until_ms=60_000)
    assert found["interruptions"] == 1
    # an hour back: what was folded up to then says nothing of the silence now
    fold(found.store, log.records()[:0], bench.start_ns + 100 * bench.ms)
    assert found["interruptions"] == 0


def test_a_sequence_that_runs_backwards_keeps_the_books(bench: Bench) -> None:
    log = bench.log()
    for n in range(400):
        log.media(20 * n, 60_000 - 50 * n, ts=160 * n)
        log.echo(20 * n + 5, 60_000 - 50 * n, ts=160 * n)
    found = bench.fold(log, until_ms=60_000)
    assert found["received"] == 400
    assert found["sent"] == found["returned"] + found["lost"]
    assert (found.store.counters[0] >= 0).all()
    assert found.store.counters[0, c.SENT] + found["duplicates_media"] == 400


def test_mean_and_maximum_of_the_jitter_are_taken_over_all_pairs(bench: Bench) -> None:
    log = bench.log()
    for seq, at_ms in enumerate((0, 20, 56, 76, 96)):  # differences of 0, 16, 0, 0 ms
        log.media(at_ms, seq)
    leg = bench.fold(log).store.media
    values = [0.0, 1.0, 15 / 16, (15 / 16) ** 2]
    assert leg.jitter_count[0] == 4
    assert leg.jitter_sum[0] == pytest.approx(sum(values) * 1e6)
    assert leg.jitter_max[0] == pytest.approx(1e6)


@pytest.mark.parametrize(
    ("sequences", "errors"),
    [
        ([1, 2, 3, 4], 0),
        ([65534, 65535, 0, 1], 0),
        ([1, 2, 5, 6], 1),  # a loss
        ([1, 2, 2, 3], 1),  # a duplicate
        ([1, 2, 4, 3, 5], 2),  # a jump, and what comes late
        ([1, 2, 40000, 40001, 40002], 0),  # a restart
    ],
)
def test_sequence_errors_are_packets_that_are_not_the_next(
    bench: Bench, sequences: list[int], errors: int
) -> None:
    log = bench.log()
    for i, seq in enumerate(sequences):
        log.media(20 * i, seq)
    assert bench.fold(log).store.media.sequence_errors[0] == errors


def jumping(bench: Bench, first: int, end: int, by: int, count: int = 300) -> Any:
    log = bench.log()
    for n in range(count):
        log.media(20 * n, n, ts=160 * n + 100_000 + (by if first <= n < end else 0))
    return log


@pytest.mark.parametrize("by", [8000, -8000])
@pytest.mark.parametrize("cuts", [(), (200, 201, 202, 203, 204), (202,)])
def test_a_jump_that_holds_moves_the_anchor_once(
    bench: Bench, by: int, cuts: tuple[int, ...]
) -> None:
    found = bench.fold(jumping(bench, 200, 300, by), cuts=cuts)
    assert (found["reanchors"], found["late_media"], found["baseline_steps"]) == (1, 0, 0)
    at = bench.start_ns + 20 * (200 + PROBATION - 1) * bench.ms
    (note,) = [note for note in found.notes if isinstance(note, Reanchored)]
    assert note == Reanchored(0, at, -by * 125_000)


@pytest.mark.parametrize(("packets", "reanchors"), [(PROBATION - 1, 0), (PROBATION, 2)])
def test_a_jump_must_hold_for_five_packets(bench: Bench, packets: int, reanchors: int) -> None:
    found = bench.fold(jumping(bench, 200, 200 + packets, 8000))
    assert (found["reanchors"], found["late_media"]) == (reanchors, 0)


def test_a_jump_of_80_ms_is_judged_as_it_stands(bench: Bench) -> None:
    found = bench.fold(jumping(bench, 200, 203, -640))
    assert (found["reanchors"], found["late_media"]) == (0, 3)


def test_after_the_anchor_has_moved_lateness_is_judged_from_there(bench: Bench) -> None:
    log = bench.log()
    for n in range(400):
        late = 9 if n == 300 else 0
        log.media(20 * n + late, n, ts=160 * n + (8000 if n >= 200 else 0))
    found = bench.fold(log)
    assert (found["reanchors"], found["late_media"], found["late_fixed_anchor"]) == (1, 1, 1)


def test_the_original_formula_goes_by_the_first_packet(bench: Bench) -> None:
    log = bench.log()
    for n in range(200):
        log.media(20 * n + (10 if n == 0 else 3.001 + 10 if n >= 150 else 0), n)
    assert bench.fold(log)["late_fixed_anchor"] == 50
