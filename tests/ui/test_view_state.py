"""What keys do to the choices of a view."""

from typing import Literal

import pytest

from ari_tui.ui import view_state
from ari_tui.ui.columns import BY_ID
from ari_tui.ui.filter import parse
from ari_tui.ui.frame import Frame
from ari_tui.ui.limits import Limits
from ari_tui.ui.rows import sort_label
from ari_tui.ui.view_state import ViewState
from tests.ui.kit import a_frame


def test_windows_go_round() -> None:
    state, seen = ViewState(), []
    for _ in range(4):
        state = view_state.next_window(state)
        seen.append((state.window, view_state.window_name(state.window)))
    assert seen == [(10, "10 s"), (60, "1 min"), (0, "session"), (10, "10 s")]


@pytest.mark.parametrize(
    ("sort", "step", "found"),
    [
        ("channel", 1, "duration"),
        ("duration", 1, "mark"),  # round the end
        ("mark", -1, "duration"),
        ("jitter", 1, "mark"),  # from one that is not shown to an end
        ("jitter", -1, "duration"),
    ],
)
def test_sorting_moves_among_the_columns_that_are_shown(sort: str, step: int, found: str) -> None:
    shown = ["mark", "channel", "duration"]
    assert view_state.sort_beside(ViewState(sort=sort), step, shown).sort == found


def test_without_columns_the_sorting_stays() -> None:
    assert view_state.sort_beside(ViewState(sort="channel"), 1, []).sort == "channel"


@pytest.mark.parametrize("field", ["reverse", "violators", "locked"])
def test_a_switch_changes_one_thing_and_back(
    field: Literal["reverse", "violators", "locked"],
) -> None:
    first = ViewState(filter=parse("1001"), sort="channel", window=10)
    turned = view_state.toggled(first, field)
    assert {
        name for name in first.__struct_fields__ if getattr(first, name) != getattr(turned, name)
    } == {field}
    assert view_state.toggled(turned, field) == first


@pytest.mark.parametrize(
    ("filtered", "violators", "told"),
    [("", False, ""), ("p95>9", False, "p95>9"), ("", True, "! only"), ("x", True, "x ! only")],
)
def test_the_filter_is_told_with_the_violators(filtered: str, violators: bool, told: str) -> None:
    state = ViewState(filter=parse(filtered), violators=violators)
    assert view_state.filter_label(state) == told


def test_the_sorting_is_told_by_the_heading_of_now() -> None:
    state = ViewState(sort="rtt_p95_ms", reverse=True)
    assert sort_label(state) == "P95▼"
    assert sort_label(state, ascii_only=True) == "P95v"
    assert sort_label(ViewState(sort="rtt_p95_ms", window=10, reverse=False)) == "P95s▲"
    assert sort_label(ViewState(sort="channel", locked=True)) == "CHANNEL▼ locked"


def test_every_column_can_be_told_as_what_is_sorted_by() -> None:
    assert all(len(sort_label(ViewState(sort=name))) > 1 for name in BY_ID)


def test_a_frame_is_live_whole_and_in_blocks_unless_it_says_otherwise() -> None:
    required = a_frame()[:6]
    frame = Frame(*required)
    assert (frame.frozen_s, frame.window, frame.ascii) == (None, 0, False)
    assert frame._replace(frozen_s=3.0, window=10)[:6] == required


def test_a_frame_has_the_limits_of_its_own_documents_verdict() -> None:
    frame = a_frame()
    assert frame.limits == Limits.of(frame.document.sla) != Limits()
