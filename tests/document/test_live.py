"""A reader's copy of the last five minutes, brought up to date by merging."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_tui.document.live import SECONDS, AllCourse, CallCourse, Cells, History, Live

T = 1_795_348_800


def course(cells: Cells, **changed: Cells) -> CallCourse:
    made = CallCourse(sent=cells, lost=cells, late=cells, rtt_p95_us=cells, rtt_max_us=cells)
    return msgspec.structs.replace(made, **changed)


def live(last_second: int, cells: Cells, *calls: str, **changed: Cells) -> Live:
    """Return a message whose every row is `cells`."""
    everything = AllCourse(
        sent=cells,
        lost=cells,
        late=cells,
        rtt_p50_us=cells,
        rtt_p95_us=cells,
        rtt_p99_us=cells,
        rtt_max_us=cells,
    )
    return Live(
        last_second=last_second,
        seconds=len(cells),
        all=everything,
        calls={call: course(cells, **changed) for call in calls},
        rtt_histogram=[[last_second, 1]],
    )


def merged(*messages: Live) -> History:
    history = History()
    for message in messages:
        history.merge(message)
    return history


def test_a_hello_fills_five_minutes() -> None:
    cells: Cells = [*range(SECONDS)]
    history = merged(live(T, cells, "a"))
    assert history.last_second == T
    assert history.calls["a"].tail("sent", SECONDS) == history.all.tail("sent", SECONDS) == cells
    assert history.calls["a"].tail("sent", 3) == [297, 298, 299]
    assert history.rtt_histogram == [[T, 1]]


def test_before_anything_came_there_is_nothing_to_draw() -> None:
    history = History()
    assert history.all.tail("sent", 3) == [None] * 3
    assert history.calls == {}


def test_what_is_longer_than_the_history_begins_with_nothing() -> None:
    history = merged(live(T, [7] * SECONDS, "a"))
    assert history.calls["a"].tail("sent", SECONDS + 2) == [None, None, *[7] * SECONDS]


def test_a_loss_that_was_booked_later_replaces_what_was_told() -> None:
    history = merged(
        live(T, [50] * 6, "a", lost=[0] * 6), live(T + 1, [50] * 6, "a", lost=[0, 0, 3, 0, 0, 0])
    )
    assert history.calls["a"].tail("lost", 7) == [0, 0, 0, 3, 0, 0, 0]
    assert history.last_second == T + 1


def test_seconds_that_nobody_told_of_stay_empty() -> None:
    history = merged(live(T, [1] * 6, "a"), live(T + 9, [2] * 6, "a"))
    expected: Cells = [*[1] * 6, *[None] * 3, *[2] * 6]
    assert history.calls["a"].tail("sent", 15) == history.all.tail("sent", 15) == expected


def test_a_call_that_is_not_told_of_moves_on_all_the_same() -> None:
    history = merged(live(T, [1] * 6, "a"), live(T + 2, [2] * 6, "b"))
    assert history.calls["a"].tail("sent", 8) == [1] * 6 + [None] * 2
    assert history.calls["b"].tail("sent", 8) == [None] * 2 + [2] * 6


def test_a_message_that_was_overtaken_is_written_where_it_belongs() -> None:
    history = merged(live(T, [1, 2, 3, 4, 5, 6], "a"), live(T - 2, [7, 8, 9], "a"))
    assert history.calls["a"].tail("sent", 7) == [None, 1, 7, 8, 9, 5, 6]
    assert history.last_second == T


def test_an_answer_of_five_minutes_that_was_overtaken_leaves_the_newest_second() -> None:
    history = merged(live(T, [1] * 6, "a"), live(T - 1, [2] * SECONDS, "a"))
    assert history.calls["a"].tail("sent", SECONDS) == [2] * (SECONDS - 1) + [1]


def test_a_clock_that_was_set_back_begins_anew() -> None:
    history = merged(live(T, [1] * SECONDS, "a", "b"), live(T - 3600, [2] * 6, "a"))
    assert history.last_second == T - 3600
    assert history.calls["a"].tail("sent", 7) == [None, *[2] * 6]
    assert list(history.calls) == ["a"]
    history.merge(live(T - 3599, [3] * 6, "a"))
    assert history.calls["a"].tail("sent", 7) == [2, *[3] * 6]


@pytest.mark.parametrize(
    ("behind", "joins"),
    [(0, True), (5, True), (6, False), (3600, False), (-1, True), (-6, True), (-7, False)],
)
def test_it_is_known_whether_seconds_are_missing_between(behind: int, joins: bool) -> None:
    history = merged(live(T, [1] * SECONDS, "a"))
    assert history.reaches(live(T - behind, [2] * 6, "a")) is joins


def test_the_first_message_joins_on_nothing() -> None:
    assert not History().reaches(live(T, [1] * 6))


def test_only_the_documents_calls_are_kept() -> None:
    history = merged(live(T, [1] * 6, "a", "b"))
    history.keep_only({"b", "c"})
    assert list(history.calls) == ["b"]


def test_a_copy_stands_still() -> None:
    history = merged(live(T, [1] * 6, "a"))
    still = history.copy()
    history.merge(live(T + 1, [2] * 6, "a"))
    assert still.last_second == T
    assert still.calls["a"].tail("sent", 6) == still.all.tail("sent", 6) == [1] * 6
    assert still.rtt_histogram == [[T, 1]]


@given(
    steps=st.lists(st.tuples(st.integers(0, 8), st.integers(1, 12)), max_size=30),
    start=st.integers(1, SECONDS),
)
def test_merging_is_what_a_dictionary_of_seconds_would_do(
    steps: list[tuple[int, int]], start: int
) -> None:
    history, plain, second = History(), {}, T
    for value, (step, seconds) in enumerate([(0, start), *steps]):
        second += step
        history.merge(live(second, [value] * seconds, "a"))
        plain.update(dict.fromkeys(range(second - seconds + 1, second + 1), value))
    expected = [plain.get(one) for one in range(second - SECONDS + 1, second + 1)]
    assert history.calls["a"].tail("sent", SECONDS) == expected
