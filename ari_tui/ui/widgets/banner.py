"""One line of warnings (frozen, link lost, draining and so on), or the progress of a load test."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from typing import Final

from rich.text import Text

from ari_tui.core.number_format import plural, span_short, time_of_day, unix_seconds
from ari_tui.document.model import AsteriskState, Document
from ari_tui.ui.frame import Frame
from ari_tui.ui.widgets.line_canvas import LineCanvas, LineItem, Style, Variant, fit_line
from ari_tui.ui.widgets.link_status import FRESH_S
from ari_tui.ui.widgets.pane import Pane

_DETAIL: Final = 60
"""Characters shown of a text from outside."""
Message = tuple[str, str, Style]
"""The short text, what is appended where there is room, and the style."""


class Banner(Pane):
    """The banner; hidden while there is no message."""

    DEFAULT_CSS = "Banner { height: 1; display: none; background: $panel; }"

    def show(self, frame: Frame) -> None:
        """Draw a frame, or hide the banner."""
        self.display = bool(messages(frame))
        super().show(frame)

    def draw(self, frame: Frame, width: int, height: int) -> Text:
        """Return the banner."""
        return render_banner(frame, width, height)


def render_banner(frame: Frame, width: int, height: int) -> Text:
    """Return the messages in a box of so many cells; empty when there are none."""
    canvas = LineCanvas(width, height, ascii_only=frame.ascii)
    found = messages(frame)
    if found:
        # the empty item keeps the last message from the right edge
        canvas.line(*fit_line([*found, ()], width, ascii_only=frame.ascii))
    return canvas.text()


def messages(frame: Frame) -> list[LineItem]:
    """Return all messages, the most important first, each short and in full."""
    found = [
        *_link(frame),
        *_frozen(frame),
        *_asterisk(frame),
        *_session(frame),
        *_load(frame.document),
    ]
    return [
        (Variant(rank, [(short, style)]), Variant(10 + rank, [(short + more, style)]))
        for rank, (short, more, style) in enumerate(found)
    ]


def _link(frame: Frame) -> Iterator[Message]:
    state, detail = frame.link.state, frame.link.detail
    why = f" ({detail[:_DETAIL]})" if detail else ""
    age = span_short(frame.age_s)
    if state == "lost":
        yield f"! engine lost {age} ago", f", reconnecting; these figures are old{why}", "fail"
    elif state == "ended":
        yield "■ the engine has ended", f"; these are its last figures{why}", "stale"
    elif state == "connecting":
        yield "○ connecting", why, "stale"
    elif frame.age_s >= FRESH_S:
        yield f"~ nothing new for {age}", why, "stale"


def _frozen(frame: Frame) -> Iterator[Message]:
    if frame.frozen_s is not None:
        at = f"; this is {time_of_day(frame.document.time)} UTC, the engine goes on"
        yield f"‖ FROZEN for {span_short(frame.frozen_s)}", at, "frozen"


def _asterisk(frame: Frame) -> Iterator[Message]:
    for asterisk in frame.document.asterisks:
        if not asterisk.connected:
            url = asterisk.url[:_DETAIL]
            yield f"! no ARI to {asterisk.id[:20]}{_since(frame, asterisk)}", f", {url}", "fail"


def _since(frame: Frame, asterisk: AsteriskState) -> str:
    """Return since when the event stream is away, and when it is tried again."""
    since, attempt = asterisk.disconnected_since, asterisk.next_attempt_at
    if since is None:
        return ""
    if attempt is None:
        return f" since {time_of_day(since)} UTC, trying now"
    now = unix_seconds(frame.document.time) + frame.age_s
    left_s = max(unix_seconds(attempt) - now, 0.0)
    return f" since {time_of_day(since)} UTC, next try in {span_short(ceil(left_s))}"


def _session(frame: Frame) -> Iterator[Message]:
    session = frame.document.session
    if session.draining and session.ended_at is None:
        left = plural(frame.document.totals.calls.active, "call")
        yield f"~ draining, {left} left", "; no new callers, then the engine ends", "near"


def _load(document: Document) -> Iterator[Message]:
    """Yield the progress of a load test."""
    load = document.load
    if load is None:
        return
    failed = f", {load.failed} failed!" if load.failed else ""
    steps = ", ".join(f"{number} at {step}" for step, number in load.failed_at.items() if number)
    where = f" ({steps.replace('_', ' ')})" if steps else ""
    yield (
        f"load test {load.phase}: {load.up} of {load.target} up{failed}",
        f"{where}, {load.good} good of {load.started} started, {span_short(load.elapsed_s)} of "
        f"{span_short(load.duration_s)}",
        "fail" if load.failed else "strong",
    )
