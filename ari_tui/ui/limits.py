"""How single figures stand to the limits of the SLA; the row's mark is the diagnosis'."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

import msgspec

from ari_tui.core.binomial import exceeds
from ari_tui.document.model import Call, Sla, Window

Grade = Literal["ok", "near", "fail", "none"]
"""How a figure stands to its limit; none without a figure or a limit."""

MARKS: Final = {"ok": "", "near": "~", "fail": "!", "none": ""}
"""Mark after a figure, so that colour is not its only sign."""
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
        """Read the limits of the tier that judges now.

        A document of an older engine does not say which that is: then the limits are those of the
        verdict's rules, of several tiers met the highest.
        """
        if sla.now is not None:
            return cls(**msgspec.structs.asdict(sla.now.limits))
        return cls(**sla.rule_limits())

    @property
    def scale_ms(self) -> float:
        """Return what a full cell of a sparkline stands for, the same for every call."""
        return self.max_ms or SCALE_MS


def grade(value: float | None, limit: float | None) -> Grade:
    """Return how a figure stands to its limit, which it may reach."""
    if value is None or limit is None:
        return "none"
    if value > limit:
        return "fail"
    return "near" if value > 0 and value >= NEAR * limit else "ok"


def share_grade(part: int, whole: int, limit: float | None) -> Grade:
    """Return how a share of packets stands to its limit; above it is a failure once it is proven.

    One late packet of five hundred is above 0.1 % and proves nothing: by the same evidence as the
    SLA's verdict (Clopper-Pearson, 95 %) such a share is near its limit.
    """
    stands = grade(part / whole, limit) if whole > 0 else "none"
    if stands == "fail" and limit is not None and not exceeds(part, whole, limit):
        return "near"
    return stands


def late_grade(call: Call, limits: Limits, window: int = 0) -> Grade:
    """Return how a call's share of late packets stands, over the session (0) or a window."""
    if not window:
        return share_grade(call.packets.late_echo, _settled(call), limits.late_ratio)
    found = window_of(call, window)
    return (
        share_grade(found.late, found.returned + found.lost, limits.late_ratio)
        if found
        else ("none")
    )


def loss_grade(call: Call, limits: Limits, window: int = 0) -> Grade:
    """Return how a call's share of lost packets stands, over the session (0) or a window."""
    if not window:
        return share_grade(call.packets.lost, _settled(call), limits.loss_ratio)
    found = window_of(call, window)
    return (
        share_grade(found.lost, found.returned + found.lost, limits.loss_ratio)
        if found
        else ("none")
    )


def _settled(call: Call) -> int:
    return call.packets.sent - call.packets.in_flight


def window_of(call: Call, window: int) -> Window | None:
    """Return the window of `window` seconds, None where the document has none."""
    return next((found for found in call.windows if found.seconds == window), None)
