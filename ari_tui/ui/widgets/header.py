"""The two header lines: connection, verdict and losses; round trips, filter and sort.

A narrow screen shows shorter variants, then fewer items: the least important are dropped first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from rich.text import Text

from ari_tui.core.number_format import (
    as_set,
    ms_short,
    percent_short,
    plural,
    span_short,
    thousands,
    time_of_day,
)
from ari_tui.document.model import AsteriskState, Sla
from ari_tui.document.where import Where
from ari_tui.document.where_text import told
from ari_tui.ui.frame import Frame
from ari_tui.ui.widgets.line_canvas import LineCanvas, LineItem, Part, Variant, fit_line, line_item
from ari_tui.ui.widgets.link_status import link_status, verdict
from ari_tui.ui.widgets.pane import Pane
from ari_tui.ui.widgets.pane_figures import Headline, graded, tier
from ari_tui.ui.widgets.where import where_parts

_FILTER: Final = 13
"""Cells of a filter that are always shown."""


class Hints(NamedTuple):
    """Filter and sort of the table, shown beside the figures."""

    filter: str = ""
    sort: str = ""


NO_HINTS: Final = Hints()


class HeaderPane(Pane):
    """The header; two lines high."""

    DEFAULT_CSS = "HeaderPane { height: 2; }"

    _hints = NO_HINTS

    def hints(self, filter_text: str, sort_text: str) -> None:
        """Set the filter and sort of the table; "" is none."""
        hints = Hints(filter_text, sort_text)
        if hints != self._hints:
            self._hints = hints
            self.redraw()

    def draw(self, frame: Frame, width: int, height: int) -> Text:
        """Return the header."""
        return render_header(frame, width, height, self._hints)


def render_header(frame: Frame, width: int, height: int, hints: Hints = NO_HINTS) -> Text:
    """Return the header in a box of so many cells."""
    canvas = LineCanvas(width, height, ascii_only=frame.ascii)
    canvas.line(*fit_line(_first(frame), width, ascii_only=frame.ascii))
    canvas.line(*fit_line(_second(frame, hints), width, ascii_only=frame.ascii))
    return canvas.text()


def _first(frame: Frame) -> list[LineItem]:
    document = frame.document
    return [
        _connection(frame),
        _asterisk(document.asterisks),
        _calls(frame),
        _verdict(document.sla),
        *_losses(frame),
        line_item(11, ("session ", "dim"), (span_short(document.session.duration_s), "")),
        _clock(document.time),
    ]


def _connection(frame: Frame) -> LineItem:
    shown = link_status(frame)
    return Variant(0, [shown]), Variant(8, [("ari-tui", "title"), (" ", ""), shown])


def _asterisk(asterisks: list[AsteriskState]) -> LineItem:
    away = [asterisk for asterisk in asterisks if not asterisk.connected]
    if away:
        return line_item(2, (f"! {away[0].id[:20]} DOWN", "fail"))
    if not asterisks:
        return ()
    first, more = asterisks[0], f" +{len(asterisks) - 1}" if asterisks[1:] else ""
    name: Part = (first.id[:20] + more, "")
    forms = [Variant(6, [name])]
    version = f" Asterisk {first.version}" if first.version else ""
    if version:
        forms.append(Variant(14, [name, (version, "dim")]))
    if first.latency_ms is not None:
        answers = f", ARI {ms_short(first.latency_ms)} ms"
        forms.append(Variant(15, [name, (version + answers, "dim")]))
    return forms


def _calls(frame: Frame) -> LineItem:
    calls = frame.document.totals.calls
    shown: list[Part] = [(plural(calls.active, "call"), "strong")]
    forms = [Variant(2, shown)]
    if calls.failed:
        shown = [*shown, (f" {calls.failed} failed~", "near")]
        forms.append(Variant(10, shown))
    forms.append(Variant(16, [*shown, (f" (peak {calls.peak}, {calls.started} started)", "dim")]))
    return forms


def _verdict(sla: Sla) -> LineItem:
    word, style = verdict(sla)
    load = tier(sla.tier)
    head: list[Part] = [("SLA ", ""), (word, style)]
    with_load: list[Part] = [*head, (f" {load}" if load else "", "")]
    return (
        Variant(1, [("SLA ", ""), (word[:7], style)]),
        Variant(4, head),
        Variant(7, with_load),
        Variant(9, [*with_load, (f" {sla.clean_s:g}/{sla.of_s}s", "dim")]),
        Variant(17, [*with_load, (f" {sla.clean_s:g} of {sla.of_s} s clean", "dim")]),
    )


def _losses(frame: Frame) -> list[LineItem]:
    headline, limits = Headline(frame), frame.limits
    window = f" in {headline.window}" if headline.window else ""
    found: list[LineItem] = []
    for rank, name, value, limit in (
        (3, "loss", headline.loss_ratio, limits.loss_ratio),
        (4, "late", headline.late_ratio, limits.late_ratio),
    ):
        shown: list[Part] = [(f"{name} ", "dim"), graded(percent_short(value), value, limit)]
        allowed = f" of {percent_short(limit)}" if limit is not None else ""
        found.append(
            (
                Variant(rank, shown),
                Variant(12, [*shown, (window, "dim")]),
                Variant(13, [*shown, (allowed + window, "dim")]),
            )
        )
    return found


def _clock(time: str) -> LineItem:
    shown: Part = (time_of_day(time), "")
    return Variant(5, [shown]), Variant(12, [shown, (" UTC", "dim")])


def _second(frame: Frame, hints: Hints) -> list[LineItem]:
    headline, limits = Headline(frame), frame.limits
    rtt = headline.rtt
    return [
        _seconds(frame, headline.window),
        _percentile(5, "p50", rtt.p50, limits.p50_ms, limit_rank=8),
        _percentile(1, "p95", rtt.p95, limits.p95_ms),
        _percentile(2, "p99", rtt.p99, limits.p99_ms),
        _percentile(0, "max", rtt.max, limits.max_ms, unit=" ms"),
        _interruptions(frame),
        *_packet_counts(frame),
        _filter(hints.filter),
        # the arrow in the table tells the sort, but nothing else that it is locked
        line_item(4 if "locked" in hints.sort else 7, (f"sort: {hints.sort or '-'}", "dim")),
    ]


def _seconds(frame: Frame, window: str) -> LineItem:
    """Return of which seconds the figures are; the verdict counts the clean ones alone."""
    sla = frame.document.sla
    if not window:
        return line_item(8, ("all s:", "dim")) if sla.clean_s < sla.of_s else ()
    return Variant(0, [(window, "near")]), Variant(8, [(f"last {window}:", "near")])


def _filter(text: str) -> LineItem:
    """Return the filter: ranked before the sort, as it hides calls; without one, after it."""
    if not text:
        return line_item(9, ("filter: -", "dim"))
    cut = text if len(text) <= _FILTER else text[: _FILTER - 1] + "…"
    return Variant(3, [(f"filter: {cut}", "strong")]), Variant(10, [(f"filter: {text}", "strong")])


def _percentile(
    rank: int,
    name: str,
    value: float | None,
    limit: float | None,
    *,
    unit: str = "",
    limit_rank: int | None = None,
) -> LineItem:
    """Return a percentile with its limit, which may have a rank of its own."""
    figure, style = graded(ms_short(value), value, limit)
    of_limit = f"/{as_set(limit)}" if limit is not None else ""
    # the mark stays at the end: `16.8/15!`
    text = ms_short(value) + of_limit + figure[len(ms_short(value)) :]
    whole: list[Part] = [(f"{name} ", "dim"), (text, style), (unit, "dim")]
    if limit_rank is None:
        return line_item(rank, *whole)
    return Variant(rank, [(f"{name} ", "dim"), (figure, style)]), Variant(limit_rank, whole)


def _interruptions(frame: Frame) -> LineItem:
    totals = frame.document.totals
    number, longest = totals.packets.interruptions, totals.longest_interruption_ms
    if not number:
        return Variant(4, [("gaps 0", "dim")]), Variant(10, [("no interruptions", "dim")])
    air = span_short(totals.dead_air_s, tenths=True)
    named: Part = (f"{plural(number, 'interruption')}~", "near")
    at_most = f", longest {span_short(longest / 1000, tenths=True)}" if longest is not None else ""
    return (
        Variant(4, [("gaps ", "dim"), (f"{number}~", "near"), (f" {air}", "")]),
        Variant(10, [named, (", dead air ", "dim"), (air, "")]),
        Variant(14, [named, (f"{at_most}, dead air ", "dim"), (air, "")]),
    )


def _packet_counts(frame: Frame) -> list[LineItem]:
    """Return the packet counters, which wide screens show."""
    totals, packets = frame.document.totals, frame.document.totals.packets
    missing = packets.upstream_missing - totals.missing_explained
    return [
        _counted(
            11,
            ("sent ", packets.sent),
            (" = back ", packets.returned),
            (" + lost ", packets.lost),
            (" + in flight ", packets.in_flight),
        ),
        _counted(12, ("missing upstream ", missing)),
        _counted(13, ("dup ", packets.duplicates_echo), (" reordered ", packets.reordered_echo)),
    ]


def _counted(rank: int, *pairs: tuple[str, int]) -> LineItem:
    parts: list[Part] = []
    for name, number in pairs:
        parts += [(name, "dim"), (thousands(number), "")]
    return line_item(rank, *parts)


class OneLine(Pane):
    """The verdict and where the fault is, in one line."""

    DEFAULT_CSS = "OneLine { height: 1; }"

    def draw(self, frame: Frame, width: int, height: int) -> Text:
        """Return the line in a box of so many cells: verdict and link are dropped last.

        The diagnosis is cut to what is left beside them.
        """
        canvas = LineCanvas(width, height, ascii_only=frame.ascii)
        headline, limits = Headline(frame), frame.limits
        word, style = verdict(frame.document.sla)
        state, state_style = link_status(frame)
        silent = frame.document.totals.packets.interruptions
        rtt, loss = headline.rtt.p95, headline.loss_ratio
        where = frame.document.where
        # a word that is cut, such as NO T, makes room for a fault only
        calm = where is None or where.clean
        room = width - len(f"{word if calm else word[:4]}  x  ")
        items = [
            (
                Variant(0, [(word[:4], style)]),
                Variant(2, [(word, style)]),
                Variant(7, [(f"SLA {word}", style)]),
            ),
            # without the state of the link, old figures would look live
            (Variant(0, [(state[0], state_style)]), Variant(6, [(state, state_style)])),
            line_item(3 if calm else 1, *_where(where, canvas.left, room)),
            line_item(4, ("p95 ", "dim"), graded(ms_short(rtt), rtt, limits.p95_ms)),
            line_item(5, ("loss ", "dim"), graded(percent_short(loss), loss, limits.loss_ratio)),
            line_item(6, (plural(frame.document.totals.calls.active, "call"), "")),
            line_item(7, (f"gaps {silent}~", "near")) if silent else (),
            line_item(8, (time_of_day(frame.document.time), "dim")),
        ]
        canvas.line(*fit_line(items, width, ascii_only=frame.ascii))
        return canvas.text()


def _where(where: Where | None, cut: Callable[[str, int], str], room: int) -> Iterator[Part]:
    """Yield the diagnosis, cut to so many cells."""
    mark, *parts = where_parts(next(told(where)))
    for text, style in [mark, *parts] if mark[0].strip() else parts:
        shown = text if len(text) <= room else cut(text, max(0, room))
        room -= len(shown)
        yield shown, style
