"""CPU a packet and dwell: our worker beside a C relay of the same shape, in turns in one run.

Dwell is from the kernel's receive stamp to just before the send: waiting included.
"""

from __future__ import annotations

import contextlib
import statistics
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ari_tui.analysis.records import from_bytes
from bench.bed import cpu_ns, free_block, generate, running, worker_with

ROUNDS = 5
SECONDS = 4


class Relayed(NamedTuple):
    """One run of one relay."""

    ns_a_packet: float
    dwell_p50_us: float
    dwell_p99_us: float
    lag_p99_us: float
    """The generator's own lag."""


async def _c_floor(tools: Path, calls: int, echo: int) -> Relayed:
    gen = free_block(2 * calls)
    media = gen + calls
    with running(str(tools), "relay", str(calls), str(media), str(gen), str(echo)) as (process, _):
        before = cpu_ns(process.pid)
        found = await generate(tools, calls, gen, media, SECONDS)
        used = cpu_ns(process.pid) - before
        process.terminate()
        assert process.stdout is not None
        middle, high = (float(word) for word in process.stdout.readline().split())
    return Relayed(used / (found.sent + found.back), middle, high, found.lag_p99_us)


async def _ours(tools: Path, calls: int, echo: int) -> Relayed:
    gen = free_block(2 * calls)
    media = gen + calls
    async with worker_with(calls, media, gen, echo) as worker:
        before = cpu_ns(worker.process.pid)
        found = await generate(tools, calls, gen, media, SECONDS)
        used = cpu_ns(worker.process.pid) - before
        log = from_bytes(worker.ring.read())
    dwell = np.sort(log["tx_ns"] - log["rx_ns"]) / 1000
    middle, high = dwell[len(dwell) // 2], dwell[len(dwell) * 99 // 100]
    packets = found.sent + found.back
    return Relayed(used / packets, float(middle), float(high), found.lag_p99_us)


async def measure(tools: Path, calls: int) -> dict[str, Any]:
    """Return the medians of both, and the ratio pair by pair."""
    floor: list[Relayed] = []
    ours: list[Relayed] = []
    with contextlib.ExitStack() as stack:
        _, port = stack.enter_context(running(str(tools), "echo"))
        for _ in range(ROUNDS):
            floor.append(await _c_floor(tools, calls, int(port)))
            ours.append(await _ours(tools, calls, int(port)))
    ratios = [b.ns_a_packet / a.ns_a_packet for a, b in zip(floor, ours, strict=True)]
    middle = [
        [statistics.median(column) for column in zip(*side, strict=True)] for side in (floor, ours)
    ]
    return {
        "calls": calls,
        "c_floor_ns": round(middle[0][0]),
        "worker_ns": round(middle[1][0]),
        "ratio": round(statistics.median(ratios), 2),
        "ratio_min": round(min(ratios), 2),
        "ratio_max": round(max(ratios), 2),
        "c_dwell_p50_us": round(middle[0][1], 1),
        "dwell_p50_us": round(middle[1][1], 1),
        "c_dwell_p99_us": round(middle[0][2], 1),
        "dwell_p99_us": round(middle[1][2], 1),
        "gen_lag_p99_us": round(middle[1][3], 1),
    }
