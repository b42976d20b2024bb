import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ari_tui.document import model
from ari_tui.document.live import History
from ari_tui.ui.columns import BY_ID
from ari_tui.ui.filter import parse
from ari_tui.ui.limits import Limits
from ari_tui.ui.rows import arrange, in_order, rows_of
from ari_tui.ui.view_state import Row, ViewState
from tests.ui import kit

LIMITS = Limits.of(kit.an_sla())
NOTHING = History()


def ids(rows: list[Row]) -> list[str]:
    return [row.call.id for row in rows]


def shown(calls: list[model.Call], held: tuple[str, ...] = (), **chosen: object) -> list[str]:
    state = msgspec.structs.replace(ViewState(), **chosen)
    return ids(arrange(kit.a_document(calls), NOTHING, state, held))


CALLS = [
    kit.a_call(1, p50=3.0, where=kit.LIKELY),
    kit.a_call(2, p50=9.0, where=kit.FAULTY),
    kit.a_call(3, p50=5.0),
]


def test_the_highest_p95_comes_first_unless_asked_otherwise() -> None:
    assert shown(CALLS) == ["call-2", "call-3", "call-1"]
    assert shown(CALLS, reverse=False) == ["call-1", "call-3", "call-2"]
    assert shown(CALLS, sort="channel", reverse=False) == ["call-1", "call-2", "call-3"]


def test_rows_of_equal_figures_keep_the_documents_order_both_ways() -> None:
    calls = [kit.a_call(number, p50=5.0) for number in (4, 2, 9)]
    assert shown(calls) == shown(calls, reverse=False) == ["call-4", "call-2", "call-9"]


def test_rows_without_a_sample_come_last_both_ways() -> None:
    calls = [kit.a_call(number, rtt_ms=kit.NO_SPREAD) for number in (7, 6)] + CALLS
    assert shown(calls)[-2:] == shown(calls, reverse=False)[-2:] == ["call-7", "call-6"]


def test_a_difference_that_nobody_sees_moves_no_row() -> None:
    calls = [
        kit.a_call(1, rtt_ms=kit.a_spread(5, p95=10.01)),
        kit.a_call(2, rtt_ms=kit.a_spread(5, p95=10.04)),
    ]
    assert shown(calls) == ["call-1", "call-2"]


def test_violators_alone_are_those_marked_so() -> None:
    assert shown(CALLS, violators=True) == ["call-2"]


def test_the_filter_chooses_rows() -> None:
    assert shown(CALLS, filter=parse("p95<=10")) == ["call-3", "call-1"]


def test_a_window_changes_figures_and_order_and_no_diagnosis() -> None:
    calm, bad = kit.a_spread(1.0), kit.a_spread(9.0)
    calls = [
        kit.a_call(1, p50=9.0, windows=[kit.window(10, calm)], where=kit.FAULTY),
        kit.a_call(2, p50=1.0, windows=[kit.window(10, bad)]),
    ]
    assert shown(calls, sort="rtt_max_ms") == ["call-1", "call-2"]
    assert shown(calls, sort="rtt_max_ms", window=10) == ["call-2", "call-1"]
    assert shown(calls, violators=True) == ["call-1"]
    assert shown(calls, violators=True, window=10) == ["call-1"]


def test_a_row_has_its_course_and_knows_whether_it_ended() -> None:
    calls = [kit.a_call(1), kit.a_call(2, state="ended", ended_at="2026-11-22T12:00:00.000+00:00")]
    history = kit.a_history({"call-2": kit.a_course()})
    first, second = rows_of(kit.a_document(calls), history)
    assert (first.course, first.ended) == (None, False)
    assert (second.course, second.ended) == (history.calls["call-2"], True)


def test_a_locked_order_holds_and_new_calls_come_behind_it_as_they_came() -> None:
    calls = [*CALLS, kit.a_call(4, p50=1.0), kit.a_call(5, p50=20.0)]
    held = ("call-3", "call-gone", "call-1", "call-2")
    assert shown(calls, held, locked=True) == ["call-3", "call-1", "call-2", "call-4", "call-5"]


def test_no_calls_are_no_rows() -> None:
    assert shown([]) == shown([], ("call-1",), locked=True) == []


FIGURES = st.lists(st.none() | st.integers(0, 40), max_size=12)
SORTS = st.sampled_from(sorted(BY_ID))


def with_figures(figures: list[int | None]) -> list[model.Call]:
    return [
        kit.a_call(number, rtt_ms=kit.NO_SPREAD if figure is None else kit.a_spread(figure / 7))
        for number, figure in enumerate(figures)
    ]


@settings(deadline=None)
@given(figures=FIGURES, sort=SORTS, reverse=st.booleans(), window=st.sampled_from([0, 10, 60]))
def test_sorting_loses_and_invents_no_call(
    figures: list[int | None], sort: str, reverse: bool, window: int
) -> None:
    calls = with_figures(figures)
    found = shown(calls, sort=sort, reverse=reverse, window=window)
    assert sorted(found) == sorted(call.id for call in calls)


@settings(deadline=None)
@given(figures=FIGURES, reverse=st.booleans())
def test_what_is_sorted_is_in_order_with_the_unknown_last(
    figures: list[int | None], reverse: bool
) -> None:
    rows = [kit.a_row(call) for call in with_figures(figures)]
    column = BY_ID["rtt_mean_ms"]
    keys = [column.key(row) for row in in_order(rows, column, reverse=reverse)]
    known = [key for key in keys if isinstance(key, float)]
    assert known == sorted(known, reverse=reverse)
    assert keys == [*known, *[None] * (len(keys) - len(known))]


@settings(deadline=None)
@given(data=st.data(), figures=st.lists(st.integers(0, 40), min_size=1, max_size=8))
def test_a_locked_order_stands_still_whatever_the_figures_do(
    data: st.DataObject, figures: list[int]
) -> None:
    before = shown(with_figures([*figures]))
    later = data.draw(st.lists(st.integers(0, 40), min_size=len(figures), max_size=12))
    gone = data.draw(st.sets(st.sampled_from(before)))
    calls = [call for call in with_figures([*later]) if call.id not in gone]
    after = shown(calls, tuple(before), locked=True)
    stayed = [call for call in before if call not in gone]
    assert after[: len(stayed)] == stayed
    assert shown(calls, tuple(after), locked=True) == after


def test_choices_are_frozen() -> None:
    with pytest.raises(AttributeError):
        ViewState().sort = "id"  # type: ignore[misc]  # what is tested
