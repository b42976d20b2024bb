"""Charts of distributions in the HTML report: round trips, set-up times, evidence."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from ari_tui.core.number_format import grouped, ms, tick
from ari_tui.document.load_test import STEPS
from ari_tui.document.model import Document, SlaRule, Spread
from ari_tui.report.facts import STEP_WORDS, rtt_limit
from ari_tui.report.html import svg
from ari_tui.report.html.charts import key
from ari_tui.report.html.markup import Markup, element, join
from ari_tui.report.html.svg import WIDTH, Bar, SvgCanvas, Tick
from ari_tui.report.scales import Bin, bins_of, ticks

_NAMES: Final = 176.0
_VALUES: Final = 286.0
_ROW: Final = 30
_GAUGE: Final = 150.0
_GAUGE_HEIGHT: Final = 18


def histogram(document: Document) -> Markup | None:
    """Return the histogram of round trips; None where the document has none."""
    bins = bins_of(document.totals.rtt_histogram or [])
    if not bins:
        return None
    left = math.log2(bins[0].low)
    limit = rtt_limit(document, "max")
    decades = math.ceil(math.log10(max(one.packets for one in bins)) + 0.05)
    canvas = SvgCanvas(250, math.log2(bins[-1].high) - left, float(decades) + 0.5)

    def place(value_ms: float) -> float:
        return math.log2(value_ms) - left

    # the logarithmic axis begins at half a packet, so that one packet is visible
    shown = [
        Bar(
            place(one.low),
            place(one.high),
            math.log10(one.packets) + 0.5 if one.packets else 0.0,
            "over" if limit is not None and one.low >= limit else "",
        )
        for one in bins
    ]
    up = [Tick(power + 0.5, tick(10.0**power)) for power in range(decades + 1)]
    frame = svg.axes(canvas, list(_log_ticks(bins, place)), up)
    marks = list(_percentile_marks(canvas, document.totals.rtt_ms, place))
    hovers = svg.hovers(
        canvas,
        [(bar.low, bar.high) for bar in shown],
        lambda i: (
            f"{ms(bins[i].low)} to {ms(bins[i].high)} ms · {grouped(bins[i].packets)} packets"
        ),
    )
    chart = svg.picture(
        canvas.height, "Histogram of round trips", frame, svg.bars(canvas, shown), *marks, hovers
    )
    keys = [key("kbar", "both axes logarithmic", "block")]
    if any(bar.kind for bar in shown):
        keys.append(key("kover", f"above the limit of {limit:g} ms", "block"))
    caption = element("figcaption", element("b", "Packets"), keys)
    return element("figure", caption, element("div", chart, class_="wide"))


def _log_ticks(bins: Sequence[Bin], place: Callable[[float], float]) -> Iterator[Tick]:
    low, high = bins[0].low, bins[-1].high
    power = math.floor(math.log10(low))
    wide = math.log10(high / low) > 4
    while 10.0**power <= high:
        for step in (1, 2, 5):
            value = step * 10.0**power
            if low <= value <= high and (step == 1 or not wide):
                yield Tick(place(value), f"{value:g} ms")
        power += 1


def _percentile_marks(
    canvas: SvgCanvas, rtt: Spread, place: Callable[[float], float]
) -> Iterator[Markup]:
    for row, name in enumerate(("p50", "p95", "p99")):
        value = getattr(rtt, name)
        if value:
            at = min(max(place(value), 0.0), canvas.right)
            # one row each: on this axis they are close together
            yield svg.marks(canvas, [Tick(at, f"{name} {ms(value)} ms")], name, row)


def set_up_times(times: Mapping[str, Spread]) -> Markup | None:
    """Return the times that calls took to each step; None where none was reached."""
    found = [(step, times[step]) for step in STEPS if step in times and times[step].count]
    if not found:
        return None
    longest = max(spread.max or 0.0 for _, spread in found) or 1.0
    across = ticks(longest, 5)
    height = _ROW * len(found) + 34
    room = WIDTH - _NAMES - _VALUES

    def x(value: float | None) -> float:
        return _NAMES + room * (value or 0.0) / across[-1]

    rows = [_set_up_row(step, spread, 12 + _ROW * i, x) for i, (step, spread) in enumerate(found)]
    floor = float(height - 22)
    grid = [
        join(
            element("line", x1=x(at), x2=x(at), y1=4, y2=floor, class_="grid"),
            element("text", f"{tick(at)} ms", x=x(at), y=height - 7, class_="across"),
        )
        for at in across
    ]
    chart = svg.picture(height, "Set-up times by step", *grid, *rows)
    caption = element(
        "figcaption",
        key("kbar", "from the quickest to the slowest call"),
        key("kbar", "the middle: p50 to p95", "block"),
    )
    return element("figure", caption, element("div", chart, class_="wide"))


def _set_up_row(step: str, spread: Spread, y: int, x: Callable[[float | None], float]) -> Markup:
    middle = y + 8.0
    text = f"median {ms(spread.p50)}, p95 {ms(spread.p95)}, longest {ms(spread.max)} ms"
    return join(
        element("text", STEP_WORDS.get(step, step), x=0, y=middle + 4, class_="row"),
        element("line", x1=x(spread.min), x2=x(spread.max), y1=middle, y2=middle, class_="whole"),
        element(
            "rect",
            x=x(spread.p50),
            y=middle - 6,
            width=max(x(spread.p95) - x(spread.p50), 1.5),
            height=12,
            rx=2,
            class_="most",
        ),
        element(
            "line",
            x1=x(spread.p50),
            x2=x(spread.p50),
            y1=middle - 8,
            y2=middle + 8,
            class_="middle",
        ),
        element("text", text, x=WIDTH - _VALUES + 24, y=middle + 4),
    )


def gauge(rule: SlaRule) -> Markup | None:
    """Return a gauge of the evidence of a rule, with its limit in the middle."""
    if rule.low is None or rule.high is None or rule.limit <= 0:
        return None

    def x(share: float) -> float:
        return _GAUGE * min(share / (2 * rule.limit), 1.0)

    left, middle = x(rule.low), _GAUGE / 2
    return element(
        "svg",
        element("rect", x=0, y=7, width=_GAUGE, height=4, rx=2, class_="track"),
        element(
            "rect",
            x=min(left, _GAUGE - 5),
            y=4,
            width=max(x(rule.high) - left, 5),
            height=10,
            rx=3,
            class_="range",
        ),
        element("line", x1=middle, x2=middle, y1=1, y2=17, class_="bound"),
        viewBox=f"0 0 {_GAUGE:g} {_GAUGE_HEIGHT}",
        class_="gauge",
        role="img",
        aria_label="evidence against the limit, which is in the middle",
    )
