"""A call's round trips as one line of text: a second a cell, on a scale that all rows share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

Kind = Literal["plain", "high", "lost", "over", "none"]
"""plain and high: below and above half the scale; lost: a packet of that second is lost; over:
above the scale; none: nothing was measured."""
Run = tuple[str, Kind]
"""Neighbouring cells of one kind."""

BLOCKS: Final = "▁▂▃▄▅▆▇█"
ASCII_LEVELS: Final = "_.:-=+*#"
LOST, ASCII_LOST, OVER = "×", "x", "^"


def spark(
    p95_us: Sequence[int | None],
    lost: Sequence[int | None],
    scale_ms: float,
    *,
    ascii: bool = False,  # noqa: A002  what the option is called
) -> list[Run]:
    """Draw one cell for each second, oldest first, merged into runs of one kind.

    `p95_us` is each second's 95th percentile, `lost` the packets lost of those sent in it; both are
    of one length, which is that of the texts together. A loss replaces the height, and differs in
    shape as well as colour. `scale_ms` is the top of the scale.
    """
    levels, cross = (ASCII_LEVELS, ASCII_LOST) if ascii else (BLOCKS, LOST)
    scale_us = scale_ms * 1000.0
    runs: list[Run] = []
    cells, cell = "", ""
    current: Kind = "none"
    kind: Kind
    for value, gone in zip(p95_us, lost, strict=True):
        if gone:
            cell, kind = cross, "lost"
        elif value is None:
            cell, kind = " ", "none"
        elif value > scale_us:
            cell, kind = OVER, "over"
        else:
            level = min(int(value * 8 / scale_us), 7)
            cell, kind = levels[level], "high" if level > 3 else "plain"
        if kind == current:
            cells += cell
        else:
            if cells:
                runs.append((cells, current))
            cells, current = cell, kind
    if cells:
        runs.append((cells, current))
    return runs


def heading(scale_ms: float) -> str:
    """Return the heading of the sparklines."""
    return f"RTT 0..{scale_ms:g}ms, 1 s a cell"
