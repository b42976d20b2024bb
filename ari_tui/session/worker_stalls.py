"""Stalls of an engine's media workers, placed on purpose: SIGSTOP, and SIGCONT after a time."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ari_tui.core.cancellation import cancel_tasks
from ari_tui.core.errors import ConfigError
from ari_tui.reflector.fault_spec import FaultSpec

_PROC: Final = Path("/proc")
_WORKER: Final = b"ari_tui.relay.worker"


def worker_pids(engine_pid: int) -> list[int]:
    """Return the media workers of an engine: its children that run the worker's module."""
    found = []
    for folder in _PROC.iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):  # it has ended meanwhile
                parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
                runs = _WORKER in (folder / "cmdline").read_bytes().split(b"\0")
                if int(parent) == engine_pid and runs:
                    found.append(int(folder.name))
    return found


class WorkerStalls:
    """`async with WorkerStalls(engine_pid, faults):` runs the stalls of place `engine`.

    Raises ConfigError where there is no /proc to find the workers in.
    """

    def __init__(self, engine_pid: int, faults: Sequence[FaultSpec]) -> None:
        self._engine_pid = engine_pid
        self._faults = [fault for fault in faults if fault.place == "engine"]
        if self._faults and not (_PROC / "self" / "stat").exists():
            raise ConfigError("--fault engine: media workers are found in /proc, which is Linux's")
        self._started_ns = time.monotonic_ns()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> WorkerStalls:
        self._tasks = [asyncio.ensure_future(self._run(fault)) for fault in self._faults]
        return self

    async def __aexit__(self, *error: object) -> None:
        await cancel_tasks(self._tasks)

    async def _run(self, fault: FaultSpec) -> None:
        begin_ns = fault.next_episode(0)
        while begin_ns is not None:
            await asyncio.sleep((begin_ns - self._elapsed_ns()) / 1e9)
            await self._stall(fault.stall_ns / 1e9)
            begin_ns = fault.next_episode(max(begin_ns + 1, self._elapsed_ns()))

    def _elapsed_ns(self) -> int:
        return time.monotonic_ns() - self._started_ns

    async def _stall(self, length_s: float) -> None:
        """Stop the workers for a time; they continue whatever happens to us meanwhile."""
        pids = worker_pids(self._engine_pid)
        try:
            _signal(pids, signal.SIGSTOP)
            await asyncio.sleep(length_s)
        finally:
            _signal(pids, signal.SIGCONT)


def _signal(pids: Sequence[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
