"""What a screen that repaints 200 calls does to the measurement: with it and without, in turns.

The load is the same in both: a generator and an echo in C, our worker between them, a capture of
the echo leg, and an engine's work on the worker's log (fold, documents, the stream that a screen
reads). The engine has no Asterisk: its log is kept here, to be held against the capture.
"""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from ari_tui.analysis.records import Records, from_bytes
from ari_tui.wire import record as r
from bench.bed import Generated, free_block, generate, running, worker_with
from bench.capture import captured, errors, frames
from bench.little_engine import LittleEngine
from bench.terminal import Terminal, cpu_s, private_home

ROUNDS: Final = 6
CALLS: Final = 200
SIZE: Final = (200, 50)
_LEAD_S: Final = 6
"""For a screen to start and fill; as long without one."""
_WINDOW_S: Final = 8
_TAIL_S: Final = 1
_HALF_NS: Final = 500_000_000
_ROW: Final = rb"PJSIP/\d"
_SCREEN: Final = "import ari_tui.cli.main, ari_tui.session.onscreen, ari_tui.ui.app"


class Turn(NamedTuple):
    """One turn's figures."""

    dwell_out_p99_us: float
    """Of half a second, in the middle one: each holds a repaint, few a stall from outside."""
    dwell_back_p99_us: float
    quiet_out_p99_us: float
    """The same, of the quarter that other programs of the machine disturbed least."""
    quiet_back_p99_us: float
    whole_out_p99_us: float
    """Of the whole window, stalls and all."""
    whole_back_p99_us: float
    error_p50_us: float
    error_p99_us: float
    uncertain_share: float
    records: float
    gen_lag_p99_us: float
    """The generator's own: how disturbed the machine was."""
    ui_cpu_share: float
    ui_bytes_s: float


class Screen:
    """The screen that is attached in every other turn, and what it uses."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._before = (0.0, 0)

    def begin(self) -> None:
        """Note what was used until now."""
        self._before = (cpu_s(self._terminal.process.pid), self._terminal.bytes)

    def used(self) -> tuple[float, float]:
        """Return CPU (share of a core) and bytes a second of the window; none is an error."""
        cpu, written = self._before
        used = cpu_s(self._terminal.process.pid) - cpu, self._terminal.bytes - written
        if not used[1]:
            raise RuntimeError("the screen did not repaint")
        return used[0] / _WINDOW_S, used[1] / _WINDOW_S


async def _turn(tools: Path, environment: dict[str, str], *, watched: bool) -> Turn:
    gen = free_block(2 * CALLS)
    media, socket = gen + CALLS, Path(environment["XDG_RUNTIME_DIR"]) / "bench.sock"
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        _, port = stack.enter_context(running(str(tools), "echo"))
        with captured(folder / "echo.pcapng", f"udp port {port}") as path:
            async with worker_with(CALLS, media, gen, int(port)) as worker:
                engine = LittleEngine(worker, CALLS)
                async with engine.serving(socket):
                    generating = asyncio.create_task(
                        generate(tools, CALLS, gen, media, _LEAD_S + _WINDOW_S + _TAIL_S)
                    )
                    begin_ns, end_ns, used = await _window(socket, environment, watched=watched)
                    generated = await generating
                engine.fold()
        wire = frames(path, int(port))
    log = from_bytes(b"".join(engine.log))
    return _figures(_between(log, begin_ns, end_ns), wire, generated, used)


async def _window(
    socket: Path, environment: dict[str, str], *, watched: bool
) -> tuple[int, int, tuple[float, float]]:
    """Wait, with a screen or without, until all is settled, and then for the window's length.

    Returns its begin and end (ns of CLOCK_REALTIME), and what the screen used in it.
    """
    lead = asyncio.create_task(asyncio.sleep(_LEAD_S))
    async with _attached(socket, environment) if watched else contextlib.nullcontext() as screen:
        await lead
        if screen:
            screen.begin()
        begin_ns = time.time_ns()
        await asyncio.sleep(_WINDOW_S)
        end_ns = time.time_ns()
        return begin_ns, end_ns, screen.used() if screen else (0.0, 0.0)


@contextlib.asynccontextmanager
async def _attached(socket: Path, environment: dict[str, str]) -> AsyncIterator[Screen]:
    command = [sys.executable, "-m", "ari_tui", "attach", str(socket), "--refresh", "2"]
    terminal = Terminal(command, environment, *SIZE)
    try:
        await asyncio.to_thread(terminal.wait_for, _ROW, _LEAD_S, plain=True)
        yield Screen(terminal)
    finally:
        await asyncio.to_thread(terminal.close)


def _between(log: Records, begin_ns: int, end_ns: int) -> Records:
    kept: Records = log[(log["rx_ns"] >= begin_ns) & (log["rx_ns"] < end_ns)]
    return kept


def _figures(
    log: Records,
    wire: Mapping[tuple[int, int, bool], int],
    generated: Generated,
    used: tuple[float, float],
) -> Turn:
    error, uncertain = errors(log, wire)
    out, back = (log[log["kind"] == kind] for kind in (r.KIND_MEDIA_IN, r.KIND_ECHO_IN))
    return Turn(
        *_dwell_p99_us(out, back, _HALF_NS, 50),
        *_dwell_p99_us(out, back, _HALF_NS, 25),
        *_dwell_p99_us(out, back, _WINDOW_S * 2 * _HALF_NS, 50),
        float(np.percentile(error, 50)),
        float(np.percentile(error, 99)),
        len(uncertain) / (len(error) + len(uncertain)),
        len(log),
        generated.lag_p99_us,
        *used,
    )


def _dwell_p99_us(
    out: Records, back: Records, slice_ns: int, quantile: float
) -> tuple[float, float]:
    """Return, for both ways, a percentile over slices of time of each one's 99th percentile."""

    def of_slices(log: Records) -> float:
        slices = (log["rx_ns"] - log["rx_ns"].min()) // slice_ns
        dwell_us = (log["tx_ns"] - log["rx_ns"]) / 1000
        found = [np.percentile(dwell_us[slices == n], 99) for n in np.unique(slices)]
        return float(np.percentile(found, quantile))

    return of_slices(out), of_slices(back)


async def measure(tools: Path, engine_loop: int = ROUNDS) -> list[dict[str, Any]]:
    """Return the medians without a screen and with one, and the ratio pair by pair."""
    turns: dict[bool, list[Turn]] = {False: [], True: []}
    with private_home() as environment:
        # compiled before the clock runs, as an installation is
        compiled = [sys.executable, "-c", _SCREEN]
        await asyncio.to_thread(subprocess.run, compiled, env=environment, check=True)
        for _ in range(engine_loop):
            for watched in (False, True):
                turns[watched].append(await _turn(tools, environment, watched=watched))
    ratios = [
        Turn(*(b / a if a else 0.0 for a, b in zip(without, watched, strict=True)))
        for without, watched in zip(turns[False], turns[True], strict=True)
    ]
    return [
        _row("without", turns[False]),
        _row("with", turns[True]),
        _row("ratio of pairs", ratios),
    ]


def _row(screen: str, turns: list[Turn]) -> dict[str, Any]:
    middle = Turn(*(statistics.median(values) for values in zip(*turns, strict=True)))
    spread = [turn.dwell_out_p99_us for turn in turns]
    return {
        "screen": screen,
        "turns": len(turns),
        "dwell_out_p99_us": round(middle.dwell_out_p99_us, 2),
        "min": round(min(spread), 2),
        "max": round(max(spread), 2),
        "dwell_back_p99_us": round(middle.dwell_back_p99_us, 2),
        "quiet_out_p99_us": round(middle.quiet_out_p99_us, 2),
        "quiet_back_p99_us": round(middle.quiet_back_p99_us, 2),
        "whole_out_p99_us": round(middle.whole_out_p99_us, 2),
        "whole_back_p99_us": round(middle.whole_back_p99_us, 2),
        "error_p50_us": round(middle.error_p50_us, 2),
        "error_p99_us": round(middle.error_p99_us, 2),
        "uncertain_share": round(middle.uncertain_share, 5),
        "gen_lag_p99_us": round(middle.gen_lag_p99_us, 2),
        "records": round(middle.records, 2),
        "ui_cpu_share": round(middle.ui_cpu_share, 3),
        "ui_bytes_s": round(middle.ui_bytes_s),
    }
