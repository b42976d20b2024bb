"""Faults of the simulated Asterisk itself: it stalls, or ends and starts anew."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from ari_tui.core.cancellation import cancel_tasks
from ari_tui.reflector.fault_spec import FaultSpec


class Restartable(Protocol):
    """What can be ended and started anew."""

    async def listen(self) -> None:
        """Serve ARI."""

    async def stop_listening(self) -> None:
        """Stop serving ARI."""

    def restart_core(self) -> None:
        """Lose all channels and bridges."""


class AsteriskFaults:
    """Runs the stalls and restarts of place `asterisk`; `started_ns` is their zero (monotonic)."""

    def __init__(self, asterisk: Restartable, faults: Sequence[FaultSpec], started_ns: int) -> None:
        self._asterisk, self._started_ns = asterisk, started_ns
        self._faults = [fault for fault in faults if fault.place == "asterisk"]
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Start the faults' clocks."""
        stalls = [self._stall(fault) for fault in self._faults if fault.stall_ns]
        restarts = [self._restart(fault) for fault in self._faults if fault.restart_ns]
        self._tasks = [asyncio.ensure_future(one) for one in (*stalls, *restarts)]

    async def stop(self) -> None:
        """End them, in whatever they do."""
        await cancel_tasks(self._tasks)

    async def _stall(self, fault: FaultSpec) -> None:
        async for _ in self._episodes(fault):
            # the whole process stands still, as Asterisk does: media, HTTP and events
            time.sleep(fault.stall_ns / 1e9)  # noqa: ASYNC251  blocking is the fault

    async def _restart(self, fault: FaultSpec) -> None:
        async for _ in self._episodes(fault):
            await self._asterisk.stop_listening()
            self._asterisk.restart_core()
            await asyncio.sleep(fault.restart_ns / 1e9)
            await self._asterisk.listen()

    async def _episodes(self, fault: FaultSpec) -> AsyncIterator[None]:
        """Yield when each episode begins; one whose begin was missed is left out."""
        begin_ns = fault.next_episode(0)
        while begin_ns is not None:
            await asyncio.sleep((begin_ns - self._elapsed_ns()) / 1e9)
            yield
            begin_ns = fault.next_episode(max(begin_ns + 1, self._elapsed_ns()))

    def _elapsed_ns(self) -> int:
        return time.monotonic_ns() - self._started_ns
