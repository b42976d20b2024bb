"""Runs the commands of call machines, each as a task, and feeds back what became of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ari_tui import log
from ari_tui.ari import commands as do
from ari_tui.engine.calls import MeasuredCall
from ari_tui.engine.orders import Orders
from ari_tui.engine.tasks import Tasks
from ari_tui.errors import AriTuiError

_log = log.get("engine")


class Runner:
    """The I/O between a machine's decisions. `moved` hears of every call that took a step."""

    def __init__(
        self,
        orders: Orders,
        tasks: Tasks,
        *,
        moved: Callable[[MeasuredCall], None],
        finished: Callable[[MeasuredCall, do.Finished], None],
    ) -> None:
        self._orders, self._tasks = orders, tasks
        self._moved, self._finished = moved, finished

    def run(self, call: MeasuredCall, commands: list[do.Command]) -> None:
        """Set out to do what a call's machine asks for."""
        for command in commands:
            if isinstance(command, do.StartTimer):
                self._tasks.spawn(self._ring(call, command))
            elif isinstance(command, do.Finished):
                self._finished(call, command)
            else:
                self._tasks.spawn(self._perform(call, command))
        self._moved(call)

    async def _ring(self, call: MeasuredCall, timer: do.StartTimer) -> None:
        await asyncio.sleep(timer.seconds)
        self.run(call, call.machine.timed_out(timer.what))

    async def _perform(self, call: MeasuredCall, command: do.Command) -> None:
        try:
            result = await self._orders.execute(call, command)
        except AriTuiError as error:
            self.run(call, call.machine.failed(command, error))
        except Exception as error:
            # a mistake of ours must not leave the caller, the ports and the stop waiting for ever
            what = f"internal error: {type(error).__name__}: {error}"
            _log.error(what, command=type(command).__name__, exc_info=error)
            self.run(call, call.machine.failed(command, AriTuiError(what)))
        else:
            self.run(call, call.machine.succeeded(command, result))
