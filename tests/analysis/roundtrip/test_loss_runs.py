"""Loss runs, bursts and gaps: hand-worked sequences, and a plain twin packet by packet."""

from functools import reduce
from itertools import chain

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_tui.analysis.roundtrip.loss_runs import GMIN, NO_LOSSES, LossPattern, LossRuns

ROW = 1


def flags(drawn: str) -> list[bool]:
    """Read "..x" as returned, returned, lost."""
    return [mark == "x" for mark in drawn]


def pattern(drawn: str) -> LossPattern:
    return folded(flags(drawn))


def folded(lost: list[bool]) -> LossPattern:
    table = table_of(1)
    table.fold(np.zeros(len(lost), dtype=np.int64), np.array(lost, dtype=np.bool_))
    return table.pattern(0)


def plain(lost: list[bool]) -> LossPattern:
    """The same, told from the definitions: split where GMIN or more are back in a row."""
    runs = [0] * 10
    for run in "".join("x" if flag else "." for flag in lost).split("."):
        if run:
            runs[min(len(run), 10) - 1] += 1
    in_burst = [False] * len(lost)
    bursts = 0
    places = [i for i, flag in enumerate(lost) if flag]
    while places:
        first = last = places.pop(0)
        while places and places[0] - last - 1 < GMIN:
            last = places.pop(0)
        if last > first:
            bursts += 1
            in_burst[first : last + 1] = [True] * (last + 1 - first)
    gaps = sum(
        not here and (i == 0 or in_burst[i - 1]) for i, here in enumerate(in_burst)
    )  # where a gap begins
    burst_lost = sum(a and b for a, b in zip(lost, in_burst, strict=True))
    return LossPattern(len(lost), sum(lost), tuple(runs), bursts, sum(in_burst), burst_lost, gaps)


# losses lie close and far, so that runs, bursts and lone losses all come about
stretch = st.one_of(
    st.integers(1, 13).map(lambda n: [True] * n),
    st.integers(1, 40).map(lambda n: [False] * n),
    st.sampled_from([GMIN - 1, GMIN, GMIN + 1]).map(lambda n: [False] * n),
)
sequence = st.lists(stretch, max_size=14).map(lambda parts: list(chain(*parts)))


def table_of(rows: int) -> LossRuns:
    table = LossRuns()
    table.grow(rows)
    return table


def test_run_lengths_are_counted_up_to_nine_and_above() -> None:
    found = pattern("x.xx.xx.xxx...." + "x" * 9 + "." + "x" * 10 + "." + "x" * 25)
    assert found.runs == (1, 2, 1, 0, 0, 0, 0, 0, 1, 2)
    assert found.named_runs() == {
        "1": 1,
        "2": 2,
        "3": 1,
        "4": 0,
        "5": 0,
        "6": 0,
        "7": 0,
        "8": 0,
        "9": 1,
        "10+": 2,
    }
    assert found.mean_run == pytest.approx((1 + 2 + 2 + 3 + 9 + 10 + 25) / 7)


def test_the_burst_ratio_compares_with_random_losses() -> None:
    # 4 of 20 lost in one run; dice would make runs of 1/(1 − 0.2) = 1.25
    assert pattern("." * 8 + "xxxx" + "." * 8).burst_ratio == pytest.approx(4 / 1.25)
    # every second one lost: runs of 1 where dice make runs of 2
    assert pattern("x." * 10).burst_ratio == pytest.approx(0.5)


def test_losses_thrown_by_dice_have_a_burst_ratio_of_one() -> None:
    lost = np.random.default_rng(7).random(200_000) < 0.05
    assert folded(lost.tolist()).burst_ratio == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("between", [0, 1, GMIN - 1])
def test_two_losses_with_fewer_than_gmin_between_are_a_burst(between: int) -> None:
    found = pattern("." * 30 + "x" + "." * between + "x" + "." * 30)
    assert (found.bursts, found.burst_packets, found.burst_lost) == (1, between + 2, 2)
    assert found.gaps == 2
    assert found.mean_gap == 30
    assert found.gap_density == 0
    assert found.burst_density == pytest.approx(2 / (between + 2))


def test_two_losses_with_gmin_between_lie_in_one_gap() -> None:
    found = pattern("." * 30 + "x" + "." * GMIN + "x" + "." * 30)
    assert (found.bursts, found.gaps) == (0, 1)
    assert found.mean_gap == 62 + GMIN
    assert found.gap_density == pytest.approx(2 / (62 + GMIN))
    assert found.burst_density is None
    assert found.mean_burst is None


def test_a_lone_loss_at_an_end_lies_in_the_gap() -> None:
    for drawn in ("x" + "." * 5, "." * 5 + "x", "x"):
        assert (pattern(drawn).bursts, pattern(drawn).gaps) == (0, 1)


def test_a_burst_at_either_end_leaves_no_gap_there() -> None:
    assert pattern("xx" + "." * 20).gaps == 1
    assert pattern("." * 20 + "xx").gaps == 1
    assert pattern("xx" + "." * 20 + "xx").gaps == 1
    assert pattern("xxx").gaps == 0
    assert pattern("xxx").mean_gap is None


def test_bursts_and_gaps_of_a_hand_worked_call() -> None:
    # gap 20 · burst x.x..x (6, 3 lost) · gap 16 + lone x + 40 = 57 · burst of 3 · gap 17
    drawn = "." * 20 + "x.x..x" + "." * 16 + "x" + "." * 40 + "xxx" + "." * 17
    found = pattern(drawn)
    assert found == LossPattern(103, 7, (4, 0, 1, 0, 0, 0, 0, 0, 0, 0), 2, 9, 6, 3)
    assert found.mean_burst == 4.5
    assert found.mean_gap == pytest.approx(94 / 3)
    assert found.burst_density == pytest.approx(6 / 9)
    assert found.gap_density == pytest.approx(1 / 94)


def test_nothing_settled_and_nothing_lost_have_no_figures() -> None:
    assert pattern("") == NO_LOSSES
    for found in (NO_LOSSES, pattern("....")):
        assert found.mean_run is None
        assert found.burst_ratio is None
        assert found.burst_density is None
    assert NO_LOSSES.gap_density is None
    assert pattern("....").gap_density == 0


def test_when_all_is_lost_there_is_nothing_to_compare_with() -> None:
    assert pattern("xxxx").burst_ratio is None
    assert pattern("xxxx").mean_run == 4


@given(sequence)
def test_a_plain_count_agrees(lost: list[bool]) -> None:
    assert folded(lost) == plain(lost)


@given(st.lists(st.booleans(), max_size=80))
def test_a_plain_count_agrees_on_any_flags(lost: list[bool]) -> None:
    assert folded(lost) == plain(lost)


@given(sequence, st.lists(st.integers(0, 30), max_size=20))
def test_batches_of_any_cut_give_the_same_at_every_cut(lost: list[bool], cuts: list[int]) -> None:
    table, done = table_of(3), 0
    for size in [*cuts, len(lost)]:
        batch = np.array(lost[done : done + size], dtype=np.bool_)
        table.fold(np.full(len(batch), ROW, dtype=np.int64), batch)
        done += len(batch)
        assert table.pattern(ROW) == plain(lost[:done])
    assert table.pattern(0) == table.pattern(2) == NO_LOSSES


@given(st.lists(sequence, min_size=1, max_size=4), st.integers(1, 40))
def test_calls_folded_together_do_not_mix(calls: list[list[bool]], size: int) -> None:
    table = table_of(len(calls))
    for start in range(0, max(map(len, calls)), size):
        parts = [lost[start : start + size] for lost in calls]
        rows = np.repeat(np.arange(len(calls)), [len(part) for part in parts])
        table.fold(rows, np.array(list(chain(*parts)), dtype=np.bool_))
    for row, lost in enumerate(calls):
        assert table.pattern(row) == plain(lost)


@given(st.lists(sequence, max_size=4))
def test_adding_calls_is_the_pattern_of_all_with_a_gap_apart(calls: list[list[bool]]) -> None:
    total = reduce(LossPattern.plus, (plain(lost) for lost in calls), NO_LOSSES)
    assert total.settled == sum(map(len, calls))
    assert sum(total.runs) == sum(sum(plain(lost).runs) for lost in calls)
    apart = [flag for lost in calls for flag in [*lost, *[False] * GMIN]]
    whole = plain(apart)
    assert total[1:6] == whole[1:6]  # all but the packets between, and the gaps that they make


@given(sequence)
def test_bursts_and_gaps_share_out_every_packet(lost: list[bool]) -> None:
    found = folded(lost)
    assert 0 <= found.burst_lost <= found.lost <= found.settled
    assert found.burst_lost <= found.burst_packets <= found.settled
    assert abs(found.gaps - found.bursts) <= 1
    # between two losses of a gap lie GMIN returned packets
    in_gaps = found.settled - found.burst_packets
    assert found.lost - found.burst_lost <= found.gaps + in_gaps // (GMIN + 1)


def test_a_cleared_row_starts_afresh() -> None:
    table = table_of(2)
    table.fold(np.zeros(4, dtype=np.int64), np.array(flags("x.xx")))
    table.clear(0)
    assert table.pattern(0) == NO_LOSSES
    table.fold(np.zeros(2, dtype=np.int64), np.array(flags("x.")))
    assert table.pattern(0) == plain(flags("x."))


def test_a_row_is_of_a_fixed_size() -> None:
    table = table_of(1)
    assert sum(getattr(table, name).nbytes for name in table.COLUMNS) <= 200
