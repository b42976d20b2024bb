"""The health of the measurement itself: whether a bad figure is the network's or our own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from rich.text import Text

from ari_tui.core.number_format import (
    DASH,
    ms_short,
    percent,
    span_short,
    thousands,
    time_of_day,
)
from ari_tui.core.text import wrap
from ari_tui.document.model import EchoHolds, Instrument, Spread
from ari_tui.ui.frame import Frame
from ari_tui.ui.widgets.line_canvas import LineCanvas, Part, Style
from ari_tui.ui.widgets.pane import Pane

_LAG_MS: Final = 250.0
"""The period of the engine's tick, in ms: a lag of a whole one is marked."""
_FULL: Final = 0.5
_COLUMN: Final = 32
"""Cells for a figure and its name, when several share a line."""


class InstrumentPane(Pane):
    """The instrument's own health."""

    def draw(self, frame: Frame, width: int, height: int) -> Text:
        """Return the health."""
        return render_instrument(frame, width, height)


class Entry(NamedTuple):
    """A figure of the instrument."""

    name: str
    text: str
    style: Style = ""


def render_instrument(frame: Frame, width: int, height: int) -> Text:
    """Return the instrument's health in a box of so many cells."""
    canvas = LineCanvas(width, height, ascii_only=frame.ascii)
    found = frame.document.instrument
    canvas.heading("Instrument", *_summary(found))
    for reason in found.reasons:
        canvas.line((f"~ {reason}", "near"))
    for name, spread in (
        ("own delay out", found.dwell_out_us),
        ("own delay back", found.dwell_back_us),
    ):
        canvas.line((canvas.left(f"  {name}", 17), "dim"), *_spread(spread))
    if found.echo_holds is not None:
        canvas.line((canvas.left("  echo server", 17), "dim"), *_holds(found.echo_holds))
    for text in _outages(found):
        canvas.line((text, "near"))
    columns = max(1, width // _COLUMN)
    entries = _entries(found)
    for start in range(0, len(entries), columns):
        canvas.line(*_row(canvas, entries[start : start + columns], width // columns))
    for text in _scheduling(found, width):
        canvas.line((text, "dim"))
    return canvas.text()


def _outages(found: Instrument) -> list[str]:
    """Return a line on the outages of workers, and one on the engine's own."""
    lines = []
    if found.worker_outages:
        last, away = found.worker_outages[-1], span_short(found.worker_outage_s, tenths=True)
        lines.append(f"~ no worker for {away}; last {last.what} {time_of_day(last.since)}")
    if found.blind_s:
        lines.append(f"~ the engine stood still for {span_short(found.blind_s, tenths=True)}")
    return lines


def _scheduling(found: Instrument, width: int) -> list[str]:
    """Return how worker and echo server are scheduled, and what would give more."""
    if found.realtime is None:
        return []
    told = f"worker {found.realtime.worker or DASH}; echo server {found.realtime.echo or DASH}"
    return wrap(told, width, first="  scheduling ", rest=" " * 13)


def _summary(found: Instrument) -> list[Part]:
    if not found.limited_s:
        return [("in order", "ok")]
    return [(f"limited for {found.limited_s:g} s~", "near"), (", not judged", "dim")]


def _spread(spread: Spread) -> list[Part]:
    parts: list[Part] = []
    for name, value in (("p50", spread.p50), ("p99", spread.p99), ("max", spread.max)):
        parts += [(f"{name} ", "dim"), (_us(value).ljust(9), "")]
    return parts


def _holds(holds: EchoHolds) -> list[Part]:
    """Return what the echo server held packets for, and how many were late by that alone."""
    if not holds.told:
        unknown = "not known yet" if holds.told is None else "does not tell what it holds"
        return [(unknown, "dim")]
    parts: list[Part] = []
    for name, value_ms in (("mean", holds.mean_ms), ("max", holds.max_ms)):
        value = _us(None if value_ms is None else value_ms * 1000)
        parts += [(f"{name} ", "dim"), (value.ljust(9), "")]
    late = f"{thousands(holds.explained_late)} late by it alone" if holds.explained_late else ""
    return [*parts, (late, "dim")]


def _us(value: float | None) -> str:
    if value is None:
        return DASH
    return f"{value:.0f} µs" if value < 9999.5 else f"{value / 1000:.1f} ms"


def _entries(found: Instrument) -> list[Entry]:
    ports = f"{found.ports_in_use} of {found.ports_total}"
    scarce = found.ports_total and found.ports_in_use >= found.ports_total * 0.9
    granted = found.receive_buffer_bytes
    return [
        _counter("socket drops", found.socket_drops),
        _counter("log overflow", found.log_overflow),
        Entry("no exact time", thousands(found.uncertain)),
        _watched("log fill", percent(found.log_fill, 1), found.log_fill >= _FULL),
        _watched("engine lag", f"{ms_short(found.tick_lag_ms)} ms", found.tick_lag_ms >= _LAG_MS),
        Entry(
            "ARI answers in", f"{ms_short(found.ari_ms)} ms" if found.ari_ms is not None else "—"
        ),
        _watched("RTP ports", ports, bool(scarce)),
        Entry("buffers", f"{granted // 1024} KiB" if granted is not None else DASH),
        _watched("workers", _workers(found), found.worker_restarts > 0),
        _counter("late records", found.orphans, "near"),
    ]


def _counter(name: str, number: int, style: Style = "fail") -> Entry:
    """Return a counter that should be 0."""
    if not number:
        return Entry(name, "0")
    return Entry(name, thousands(number) + ("!" if style == "fail" else "~"), style)


def _watched(name: str, text: str, is_odd: bool) -> Entry:
    return Entry(name, text + "~", "near") if is_odd else Entry(name, text)


def _workers(found: Instrument) -> str:
    restarts = f", {found.worker_restarts} restarts" if found.worker_restarts else ""
    return f"{found.workers}{restarts}"


def _row(canvas: LineCanvas, entries: Sequence[Entry], width: int) -> list[Part]:
    parts: list[Part] = []
    for entry in entries:
        text = canvas.plain(entry.text)
        parts += [
            (canvas.left(f"  {entry.name}", 17), "dim"),
            (canvas.left(text, max(len(text), width - 17)), entry.style),
        ]
    return parts
