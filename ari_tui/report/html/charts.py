"""The timeline of a run in the HTML report: four charts over the same time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from ari_tui.core.number_format import clock, ms, percent_significant, tick
from ari_tui.document.load_test import LoadSecond
from ari_tui.document.model import Document
from ari_tui.report.facts import rtt_limit, share_limit
from ari_tui.report.html import svg
from ari_tui.report.html.markup import Markup, element
from ari_tui.report.html.svg import Bar, SvgCanvas, Tick
from ari_tui.report.scales import ticks, time_ticks
from ari_tui.report.timeline import Timeline

_MOST_POINTS: Final = 320
_ROOM: Final = 1.15
_FAR: Final = 2.5
"""A limit or maximum above the rest by more than this factor is left outside of the chart."""

HoverText = Callable[[LoadSecond], str]


class TimelineCharts:
    """The charts of one timeline, all over the same time."""

    def __init__(self, timeline: Timeline, document: Document, tiers: Sequence[Tick] = ()) -> None:
        self._whole = timeline
        self._timeline = shown = timeline.coarsened(_MOST_POINTS)
        self._document, self._tiers = document, tiers
        self._slots = shown.slots()
        self._middles = [(start + end) / 2 for start, end in self._slots]
        self._right = max(shown.duration_s, 1.0)
        self._across = [Tick(at, clock(at)) for at in time_ticks(self._right, 10)]

    def figures(self) -> Iterator[Markup]:
        """Yield the charts from the top down."""
        yield self._calls()
        if not any(point.sent for point in self._timeline.points):
            return
        yield self._rtt()
        yield self._share("Lost packets", "loss", lambda point: point.lost)
        yield self._share("Late packets", "late", lambda point: point.late)

    @property
    def note(self) -> str:
        """Return what one point of the charts is."""
        timeline = self._timeline
        step = f"{timeline.step_s:g} s"
        text = f"A point is {'1 second' if timeline.step_s == 1 else step}"
        if timeline.joined > 1:
            text += "; of joined seconds the worst is drawn, so that none is hidden"
        whole = self._whole
        if whole.rtt_over_s > whole.step_s:
            text += f". Round trips are those of the last {whole.rtt_over_s:g} s at each point"
        if whole.losses_moved_s:
            text += f". Losses are drawn {whole.losses_moved_s:g} s before they became known"
        return text + ". Times are since the start. Point at a chart to read it."

    def _calls(self) -> Markup:
        values = [float(point.calls) for point in self._timeline.points]
        up = ticks(max(values, default=1.0), 3)
        canvas = SvgCanvas(130, self._right, up[-1])
        area = svg.steps(canvas, [start for start, _ in self._slots], self._timeline.step_s, values)
        marks = svg.marks(canvas, self._tiers, "tier")
        return self._figure(
            "Calls up", canvas, up, "", [area, marks], lambda point: f"{point.calls} calls up"
        )

    def _rtt(self) -> Markup:
        points, limits = self._timeline.points, self._document.sla.rules
        top = _rtt_top(points, rtt_limit(self._document, "max"))
        up = ticks(top, 5)
        canvas = SvgCanvas(270, self._right, up[-1])
        maxima = [point.max_ms for point in points]
        pieces = [svg.dots(canvas, self._middles, maxima, "max")]
        for name in ("p99", "p95", "p50"):
            values = [getattr(point, f"{name}_ms") for point in points]
            pieces.append(svg.line(canvas, self._middles, values, name))
        drawn = [
            (rule.id, value) for rule in limits if (value := rtt_limit(self._document, rule.id))
        ]
        pieces += [
            svg.limit(canvas, value, f"limit {name}: {value:g} ms", name) for name, value in drawn
        ]
        keys = [
            key("k50", "median"),
            key("k95", "p95"),
            key("k99", "p99"),
            key("kmax", "longest", "round"),
        ]
        above = [value for value in maxima if value is not None and value > canvas.top]
        if above:
            plural = "s" if len(above) > 1 else ""
            keys.append(
                element("span", f"▲ {len(above)} point{plural} above, up to {ms(max(above))} ms")
            )
        outside = [f"{name} {value:g} ms" for name, value in drawn if value > canvas.top]
        if outside:
            keys.append(element("span", f"Limits above this chart: {', '.join(outside)}"))
        return self._figure("Round trip", canvas, up, "ms", pieces, _rtt_text, keys)

    def _share(self, name: str, rule: str, count: Callable[[LoadSecond], int]) -> Markup:
        limit = share_limit(self._document, rule)
        points = self._timeline.points
        shares = [100 * count(point) / point.sent if point.sent else 0.0 for point in points]
        asked = (limit or 0.0) * 100
        up = ticks(max([*shares, asked * _ROOM, 0.01]), 3)
        canvas = SvgCanvas(128, self._right, up[-1])
        bars = [
            Bar(start, end, found, "over" if limit and found > asked else "")
            for (start, end), found in zip(self._slots, shares, strict=True)
        ]
        over = sum(bar.kind == "over" for bar in bars)
        keys = []
        if limit:
            keys.append(key("klimit", f"limit {percent_significant(limit, unit=' %')}", "dashes"))
            keys.append(element("span", f"{over} of {len(bars)} points above it"))
        pieces = [svg.bars(canvas, bars)]
        if limit:
            pieces.append(svg.limit(canvas, asked, "", "share"))
        return self._figure(
            name,
            canvas,
            up,
            "%",
            pieces,
            lambda point: f"{count(point)} of {point.sent} packets",
            keys,
        )

    def _figure(
        self,
        name: str,
        canvas: SvgCanvas,
        up: Sequence[float],
        unit: str,
        pieces: Sequence[Markup],
        text: HoverText,
        keys: Sequence[Markup] = (),
    ) -> Markup:
        points = self._timeline.points
        hovers = svg.hovers(
            canvas,
            self._slots,
            lambda place: f"{clock(points[place].at_s)} · {text(points[place])}",
        )
        frame = svg.axes(canvas, self._across, [Tick(at, tick(at)) for at in up])
        chart = svg.picture(canvas.height, f"{name} over time", frame, *pieces, hovers)
        caption = element("figcaption", element("b", f"{name}, {unit}" if unit else name), keys)
        return element("figure", caption, element("div", chart, class_="wide"))


def _rtt_top(points: Sequence[LoadSecond], limit: float | None) -> float:
    """Return the top of the chart: above all percentiles, and above maxima and limits if near."""
    maxima = sorted(point.max_ms for point in points if point.max_ms is not None)
    longest = maxima[-1] if maxima else 0.0
    usual = max((point.p99_ms for point in points if point.p99_ms is not None), default=0.0)
    usual = usual or longest or 1.0
    most = maxima[len(maxima) * 9 // 10] if maxima else 0.0
    near = [value for value in (longest, limit or 0.0) if value <= usual * _FAR]
    # a few far maxima may be outside, but not most of them
    return max([usual, *near, min(most, usual * 2 * _FAR)]) * _ROOM


def _rtt_text(point: LoadSecond) -> str:
    if point.max_ms is None:
        return "no round trip"
    return (
        f"median {ms(point.p50_ms)}, p95 {ms(point.p95_ms)}, p99 {ms(point.p99_ms)}, "
        f"longest {ms(point.max_ms)} ms"
    )


def key(kind: str, name: str, shape: str = "") -> Markup:
    """Return a legend entry: a sample in the colour of `kind`, and its name."""
    return element("span", element("i", class_=shape or None), name, class_=f"key {kind}")
