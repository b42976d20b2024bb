"""How round trips are spread."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_tui.ui.limits import Limits
from ari_tui.ui.widgets.histogram import (
    HistogramPane,
    Scale,
    lower_ms,
    render_histogram,
    scale_of,
    spread_over,
)
from tests.ui.widgets.frames import (
    PaneApp,
    a_bad_frame,
    a_frame,
    an_empty_frame,
    assert_fits_everywhere,
    style_of,
)

LIMITS = Limits(p50_ms=10, p95_ms=15, p99_ms=20, max_ms=22)
BUCKETS = st.lists(
    st.tuples(st.floats(0.001, 40_000), st.integers(1, 10**9)), min_size=1, max_size=40
).map(sorted)


@given(BUCKETS, st.integers(4, 200), st.sampled_from([LIMITS, Limits()]))
def test_columns_hold_every_round_trip_once(
    buckets: list[tuple[float, int]], columns: int, limits: Limits
) -> None:
    scale = scale_of(buckets, limits, columns)
    counts = spread_over(buckets, scale)
    assert len(counts) == columns
    assert sum(counts) == pytest.approx(sum(number for _, number in buckets))


@pytest.mark.parametrize(
    ("upper_ms", "lower"),
    [(8.388608, 7.864320), (9.437184, 8.388608), (16.777216, 15.728640)],
)
def test_a_bucket_is_an_eighth_of_its_octave_of_nanoseconds(upper_ms: float, lower: float) -> None:
    # 2**23 ns = 8.388608 ms begins an octave
    assert lower_ms(upper_ms) == pytest.approx(lower, rel=0.001)


def test_a_doubling_is_as_wide_everywhere() -> None:
    scale = Scale(1.0, 64.0, 60)
    assert [scale.column(value) for value in (1, 2, 4, 64)] == pytest.approx([0, 10, 20, 60])
    assert scale.upper_ms(9) == pytest.approx(2.0)


def drawn(width: int = 66, height: int = 12, **changes: Any) -> list[str]:
    return render_histogram(a_bad_frame(**changes), width, height).plain.split("\n")


def test_limits_are_named_and_drawn_through_the_empty_part() -> None:
    told = drawn()
    assert "p50≤10" in told[-1]
    assert "p95≤15" in told[-1]
    assert "max≤22" in told[-1]
    assert told[1].count("┊") == 4


def test_the_heading_counts_what_lies_above_the_largest_limit() -> None:
    above = sum(count for upper, count in a_bad_frame().history.rtt_histogram if upper > 25_000)
    text = render_histogram(a_bad_frame(), 66, 12)
    assert style_of(text, f"{above} above 22 ms") == "fail"
    assert "0 above 22 ms" in render_histogram(a_frame(), 66, 12).plain


def test_one_packet_among_thousands_is_seen() -> None:
    frame = a_frame()
    frame.history.rtt_histogram = [[4000, 1_000_000], [31_000, 1]]
    lowest = render_histogram(frame, 66, 12).plain.split("\n")[-3]
    assert lowest.rstrip()[-1] in "▁▂▃▄▅▆▇█"
    assert len(lowest.rstrip()) > 60


def test_bars_beyond_the_limit_are_coloured_as_failing() -> None:
    text = render_histogram(a_bad_frame(), 66, 12)
    start = text.plain.rindex("\n", 0, text.plain.index("└"))
    styles = [str(span.style) for span in text.spans if span.end == start]
    assert styles == ["fail"]


def test_taller_bars_hold_more() -> None:
    rows = drawn()[1:-2]
    heights = [sum(row[6 + column :][:1] == "█" for row in rows) for column in range(60)]
    peak = heights.index(max(heights))
    scale = scale_of(
        [(upper / 1000, n) for upper, n in a_bad_frame().history.rtt_histogram], LIMITS, 60
    )
    assert abs(math.log2(scale.upper_ms(peak) / 6.0)) < 0.25


def test_before_the_first_round_trip_it_says_so() -> None:
    assert "no round trip yet" in render_histogram(an_empty_frame(), 60, 10).plain


def test_no_box_is_too_small() -> None:
    assert_fits_everywhere(render_histogram)


async def test_the_pane_draws_the_histogram() -> None:
    pane = HistogramPane()
    async with PaneApp(pane).run_test(size=(65, 12)) as pilot:
        pane.show(a_bad_frame())
        await pilot.pause()
        assert "max≤22" in pane.shown
