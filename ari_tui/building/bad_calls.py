"""The calls of a session that were bad, worst first: what a final document names. Pure.

A call was bad where its diagnosis has a finding or trouble, where a round trip is above its limit,
where more was lost or late than chance explains at the limit, or where it failed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from ari_tui.core.binomial import lower_bound
from ari_tui.document.model import TRIP_RULES, Call, Sla

MOST: Final = 100
"""So many are named."""


class BadCalls(NamedTuple):
    """The worst calls, and how many more there are."""

    calls: list[Call]
    more: int


def bad_calls(calls: Iterable[Call], sla: Sla, most: int = MOST) -> BadCalls:
    """Return the bad ones of these calls by the limits of a verdict, each once."""
    limits = sla.rule_limits()
    ranked = []
    for call in {call.id: call for call in calls}.values():
        excess = _excess(call, limits)
        mark = _mark(call)
        if mark or excess > 1 or call.state == "failed":
            ranked.append(((mark, excess, call.packets.interruptions), call))
    ranked.sort(key=lambda pair: pair[0], reverse=True)
    worst = [call for _, call in ranked[:most]]
    return BadCalls(worst, len(ranked) - len(worst))


def _mark(call: Call) -> int:
    """Return 2 for a proved fault, 1 for one that is likely or whose place is not known, else 0."""
    where = call.where
    if where is None:
        return 0
    if where.findings:
        return 2 if where.mark == "!" else 1
    return int(any(unknown.text for unknown in where.unknown))


def _excess(call: Call, limits: Mapping[str, float]) -> float:
    """Return the worst figure as a multiple of its limit; 0 where nothing was measured.

    A share of packets counts by its exact lower bound: so much is proved.
    """
    settled = call.packets.sent - call.packets.in_flight
    found = [
        _proved(call.packets.late_echo, settled, limits.get("late_ratio")),
        _proved(call.packets.lost, settled, limits.get("loss_ratio")),
    ]
    for name in TRIP_RULES:
        value, limit = getattr(call.rtt_ms, name), limits.get(f"{name}_ms")
        found.append(value / limit if value is not None and limit else 0.0)
    return max(found)


def _proved(part: int, whole: int, limit: float | None) -> float:
    if not limit or not 0 < part <= whole or part <= limit * whole:
        return 0.0
    return lower_bound(part, whole) / limit
