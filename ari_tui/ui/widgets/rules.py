"""The rules of the SLA: limit, actual figure, margin, and when each was last broken.

The verdict is over shares of packets, users think in milliseconds: both are shown.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from rich.text import Text

from ari_tui.core.number_format import (
    DASH,
    as_set,
    ms_short,
    percent_short,
    percent_significant,
    span_short,
)
from ari_tui.document.live import SECONDS
from ari_tui.document.model import SlaRule
from ari_tui.ui.frame import Frame
from ari_tui.ui.limits import grade
from ari_tui.ui.widgets.line_canvas import LineCanvas, Part, Style
from ari_tui.ui.widgets.link_status import verdict
from ari_tui.ui.widgets.pane import Pane
from ari_tui.ui.widgets.pane_figures import STYLES

_VERDICTS: Final[dict[str, tuple[str, Style]]] = {
    "pass": (" ", "ok"),
    "fail": ("!", "fail"),
    "inconclusive": ("?", "near"),
}


class RulesPane(Pane):
    """The rules, a line each, and why the verdict is what it is."""

    def draw(self, frame: Frame, width: int, height: int) -> Text:
        """Return the rules."""
        return render_rules(frame, width, height)


class RuleState(NamedTuple):
    """The texts of a rule."""

    mark: Part
    rule: str
    limit: str
    actual: Part
    margin: str
    share: str
    """Share of packets over the limit in clean seconds, and the allowed one."""
    seconds: str
    """Seconds that would each break the rule."""
    last: str


class RuleColumn(NamedTuple):
    """A column of the table of rules."""

    label: str
    width: int
    part: Callable[[RuleState], Part]


_COLUMNS: Final = (
    RuleColumn("LIMIT", 7, lambda s: (s.limit, "")),
    RuleColumn("ALL s", 7, lambda s: s.actual),
    RuleColumn("OVER, CLEAN s", 14, lambda s: (s.share, "dim")),
    RuleColumn("BROKEN", 7, lambda s: (s.seconds, "")),
    RuleColumn("LAST", 10, lambda s: (s.last, "")),
    RuleColumn("MARGIN", 8, lambda s: (s.margin, "")),
)
_NAME: Final = 6
_LEGEND: Final = "  ALL s: every second. CLEAN s: those that the verdict counts"


def render_rules(frame: Frame, width: int, height: int) -> Text:
    """Return the rules in a box of so many cells; columns are dropped from the right."""
    canvas = LineCanvas(width, height, ascii_only=frame.ascii)
    sla = frame.document.sla
    word, style = verdict(sla)
    clean = f", {sla.clean_s:g} of {sla.of_s} s clean"
    canvas.heading(
        "SLA", (word, style), (f" {sla.tier or 'no tier'}{clean} ({sla.profile})", "dim")
    )
    columns = _fitting(width - _NAME)
    canvas.line(
        (canvas.left("  RULE", _NAME), "dim"),
        *((canvas.right(column.label, column.width), "dim") for column in columns),
    )
    for rule in sla.rules:
        canvas.line(*_row(canvas, rule_state(frame, rule), columns))
    for reason in sla.reasons:
        canvas.line((f"  {reason}", style if sla.verdict != "pass" else "dim"))
    if sla.clean_s < sla.of_s:
        canvas.line((_LEGEND, "dim"))
    return canvas.text()


def _fitting(width: int) -> list[RuleColumn]:
    shown = []
    for column in _COLUMNS:
        width -= column.width
        if width < 0:
            break
        shown.append(column)
    return shown


def _row(canvas: LineCanvas, found: RuleState, columns: Sequence[RuleColumn]) -> list[Part]:
    mark, style = found.mark
    parts: list[Part] = [(f"{mark} ", style), (canvas.left(found.rule, _NAME - 2), "strong")]
    for column in columns:
        text, style = column.part(found)
        parts.append((canvas.right(text, column.width), style))
    return parts


def rule_state(frame: Frame, rule: SlaRule) -> RuleState:
    """Return the state of a rule: its figure over all seconds, and the verdict's share."""
    mark = _VERDICTS.get(rule.verdict, ("?", "near"))
    value, limit = _actual(frame, rule), _limit(rule)
    if rule.verdict == "pass" and grade(value, limit) in ("near", "fail"):
        # over the limit, yet passed: the verdict counts clean seconds
        mark = ("~", "near")
    in_ms = bool(rule.limits_ms)
    return RuleState(
        mark=mark,
        rule=rule.id,
        limit=f"≤{as_set(limit)} ms" if in_ms else f"≤{percent_short(limit)}",
        actual=((ms_short(value) if in_ms else percent_short(value)), STYLES[grade(value, limit)]),
        margin=_margin(value, limit, in_ms=in_ms),
        share=_share(rule),
        seconds=f"{rule.violated_s} s" if rule.violated_s else "—",
        last=_last(frame, rule, limit),
    )


def _limit(rule: SlaRule) -> float:
    return rule.limits_ms[-1] if rule.limits_ms else rule.limit


def _actual(frame: Frame, rule: SlaRule) -> float | None:
    totals, rtt = frame.document.totals, frame.document.totals.rtt_ms
    if rule.id in ("late", "loss"):
        return totals.late_ratio if rule.id == "late" else totals.loss_ratio
    return {"p50": rtt.p50, "p95": rtt.p95, "p99": rtt.p99, "max": rtt.max}.get(rule.id)


def _margin(value: float | None, limit: float, *, in_ms: bool) -> str:
    if value is None:
        return DASH
    left = limit - value
    shown = f"{abs(left):.1f}" if in_ms else percent_short(abs(left))
    return ("+" if left >= 0 else "−") + shown


def _share(rule: SlaRule) -> str:
    if rule.id == "max":
        return f"{rule.violated_s} of {rule.limit:g} s"
    if rule.actual is None:
        return DASH
    return f"{percent_short(rule.actual)} of {percent_significant(rule.limit)}"


def _last(frame: Frame, rule: SlaRule, limit: float) -> str:
    """Return how long ago a second of all calls together was beyond the limit."""
    ago = seconds_since_broken(frame, rule.id, limit)
    if ago is None:
        return DASH
    return "now" if ago < 3 else f"{span_short(ago)} ago"


def seconds_since_broken(frame: Frame, rule: str, limit: float) -> int | None:
    """Return the age of the newest second beyond a limit; None where the history has none."""
    course = frame.history.all
    if rule in ("late", "loss"):
        part = course.tail("lost" if rule == "loss" else "late", SECONDS)
        beyond = [
            bool(some and whole and some > limit * whole)
            for some, whole in zip(part, course.tail("sent", SECONDS), strict=True)
        ]
    else:
        beyond = [
            value is not None and value > limit * 1000
            for value in course.tail(f"rtt_{rule}_us", SECONDS)
        ]
    return next((ago for ago, broken in enumerate(reversed(beyond)) if broken), None)
