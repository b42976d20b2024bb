"""The limits that a call is marked by: `!` breaks one, `~` is near one, `?` has no data."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from ari_tui.snapshot.model import Call, Sla, Window

Mark = Literal["!", "~", "?", " "]
Grade = Literal["ok", "near", "fail", "none"]
"""How a figure stands to its limit; none without a figure or a limit."""

NEAR: Final = 0.8
"""From this share of a limit on a figure is near it."""
SCALE_MS: Final = 22.0
"""Top of the sparklines where the profile has no longest round trip: the original's limit."""


class Limits(NamedTuple):
    """What the SLA's tier of now asks for, in ms and shares; None where it asks nothing."""

    p50_ms: float | None = None
    p95_ms: float | None = None
    p99_ms: float | None = None
    max_ms: float | None = None
    late_ratio: float | None = None
    loss_ratio: float | None = None

    @classmethod
    def of(cls, sla: Sla) -> Limits:
        """Read the limits from the verdict's rules; of several tiers met the highest counts.

        A document does not say which tier judges this very second.
        """
        rules = {rule.id: rule for rule in sla.rules}
        limits: dict[str, float] = {}
        for name in ("p50", "p95", "p99", "max"):
            if name in rules and rules[name].limits_ms:
                limits[f"{name}_ms"] = rules[name].limits_ms[-1]
        for name in ("late", "loss"):
            if name in rules:
                limits[f"{name}_ratio"] = rules[name].limit
        return cls(**limits)

    @property
    def scale_ms(self) -> float:
        """Return what a full cell of a sparkline stands for, the same for every call."""
        return self.max_ms or SCALE_MS


def grade(value: float | None, limit: float | None) -> Grade:
    """Tell how a figure stands to its limit, which it may reach."""
    if value is None or limit is None:
        return "none"
    if value > limit:
        return "fail"
    return "near" if value > 0 and value >= NEAR * limit else "ok"


def window_of(call: Call, window: int) -> Window | None:
    """Return the window of `window` seconds, None where the document has none."""
    return next((found for found in call.windows if found.seconds == window), None)


def mark_of(call: Call, limits: Limits, window: int = 0) -> Mark:
    """Mark a call by what the SLA judges, over the session (0) or the last `window` seconds.

    Packets overdue and interruptions break no rule, but are worth a look: `~`.
    """
    grades = set(_window_grades(call, limits, window) if window else _grades(call, limits))
    if "fail" in grades:
        return "!"
    suspicious = call.packets.overdue or (not window and call.packets.interruptions)
    if "near" in grades or suspicious:
        return "~"
    return " " if _has_data(call, window) else "?"


def _grades(call: Call, limits: Limits) -> list[Grade]:
    rtt = call.rtt_ms
    return [
        grade(rtt.p50, limits.p50_ms), grade(rtt.p95, limits.p95_ms),
        grade(rtt.p99, limits.p99_ms), grade(rtt.max, limits.max_ms),
        grade(call.late_ratio, limits.late_ratio), grade(call.loss_ratio, limits.loss_ratio),
    ]  # fmt: skip


def _window_grades(call: Call, limits: Limits, window: int) -> list[Grade]:
    found = window_of(call, window)
    if found is None:
        return []
    # a call's windows hold no percentiles
    return [
        grade(found.rtt_ms.max, limits.max_ms), grade(found.late_ratio, limits.late_ratio),
        grade(found.loss_ratio, limits.loss_ratio),
    ]  # fmt: skip


def _has_data(call: Call, window: int) -> bool:
    if not window:
        return call.rtt_ms.count > 0
    found = window_of(call, window)
    return found is not None and found.returned > 0
