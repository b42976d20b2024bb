"""The limits that a call is marked by: `!` breaks one, `~` is near one, `?` has no data."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

Mark = Literal["!", "~", "?", " "]
NEAR: Final = 0.8
"""From this share of a limit on a figure is near it."""


class Limits(NamedTuple):
    """What the SLA's tier of now asks for, in ms and shares; None where it asks nothing."""

    p50_ms: float | None = None
    p95_ms: float | None = None
    p99_ms: float | None = None
    max_ms: float | None = None
    late_ratio: float | None = None
    loss_ratio: float | None = None
