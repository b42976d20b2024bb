"""CPU a packet: our worker beside a C relay of the same shape, in turns in one run."""

from __future__ import annotations

import contextlib
import statistics
from pathlib import Path
from typing import Any

from bench.bed import cpu_ns, free_block, generate, running, worker_with

ROUNDS = 5
SECONDS = 4


async def _c_floor(tools: Path, calls: int, echo: int) -> float:
    gen = free_block(2 * calls)
    media = gen + calls
    with running(str(tools), "relay", str(calls), str(media), str(gen), str(echo)) as (process, _):
        before = cpu_ns(process.pid)
        found = await generate(tools, calls, gen, media, SECONDS)
        used = cpu_ns(process.pid) - before
    return used / (found.sent + found.back)


async def _ours(tools: Path, calls: int, echo: int) -> float:
    gen = free_block(2 * calls)
    media = gen + calls
    async with worker_with(calls, media, gen, echo) as worker:
        before = cpu_ns(worker.process.pid)
        found = await generate(tools, calls, gen, media, SECONDS)
        used = cpu_ns(worker.process.pid) - before
    return used / (found.sent + found.back)


async def measure(tools: Path, calls: int) -> dict[str, Any]:
    """Return the medians in ns a packet, and the ratio pair by pair."""
    floor, ours = [], []
    with contextlib.ExitStack() as stack:
        _, port = stack.enter_context(running(str(tools), "echo"))
        for _ in range(ROUNDS):
            floor.append(await _c_floor(tools, calls, int(port)))
            ours.append(await _ours(tools, calls, int(port)))
    ratios = [b / a for a, b in zip(floor, ours, strict=True)]
    return {
        "calls": calls,
        "c_floor_ns": round(statistics.median(floor)),
        "worker_ns": round(statistics.median(ours)),
        "ratio": round(statistics.median(ratios), 2),
        "ratio_min": round(min(ratios), 2),
        "ratio_max": round(max(ratios), 2),
    }
