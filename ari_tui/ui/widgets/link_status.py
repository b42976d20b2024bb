"""The link to the engine and the verdict over its calls, in a word each."""

from __future__ import annotations

from typing import Final

from ari_tui.core.number_format import span_short
from ari_tui.document.model import Sla
from ari_tui.ui.frame import Frame
from ari_tui.ui.widgets.line_canvas import Part, Style

FRESH_S: Final = 3.0
"""Data older than that are called old, though the link is up."""
_VERDICTS: Final[dict[str, tuple[str, Style]]] = {
    "pass": ("PASS", "ok"),
    "fail": ("FAIL", "fail"),
    "inconclusive": ("INCONCLUSIVE", "near"),
    "no_traffic": ("NO TRAFFIC", "near"),
}


def link_status(frame: Frame) -> Part:
    """Return the state of the link to the engine: words, a sign and a style."""
    if frame.frozen_s is not None:
        return f"‖ FROZEN {span_short(frame.frozen_s)}", "frozen"
    state, age = frame.link.state, span_short(frame.age_s)
    if state == "live":
        old = frame.age_s >= FRESH_S
        return (f"● LIVE {age} old", "stale") if old else ("● LIVE", "ok")
    return {
        "lost": (f"○ LOST {age}", "fail"),
        "ended": ("■ ENDED", "stale"),
        "connecting": ("○ CONNECTING", "stale"),
    }[state]  # type: ignore[return-value]  # the styles are literals


def verdict(sla: Sla) -> Part:
    """Return the verdict in one word and its style.

    A proven verdict stays when the calls have ended. An inconclusive one is NO TRAFFIC where the
    last minute had none.
    """
    found = sla.state or sla.verdict
    if found == "inconclusive" and sla.now is not None and sla.now.state == "no_traffic":
        found = "no_traffic"
    return _VERDICTS.get(found, (found.upper(), "near"))
