"""Runs the commands of call machines, each as a task, and feeds back their outcomes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from ari_tui.ari import commands as do
from ari_tui.ari.client import AriClient
from ari_tui.core import log
from ari_tui.core.errors import AriTuiError
from ari_tui.core.tasks import Tasks
from ari_tui.engine.call_media import CallMedia
from ari_tui.engine.measured_call import MeasuredCall


class CommandHandlers:
    """Executes commands by ARI requests and media workers; not StartTimer and Finished."""

    def __init__(self, client: AriClient, media: CallMedia, app: str) -> None:
        self._client, self._media, self._app = client, media, app

    def execute(self, call: MeasuredCall, command: do.Command) -> Coroutine[Any, Any, object]:
        """Return the coroutine that executes a command; it raises AriTuiError on failure."""
        client = self._client
        if isinstance(command, do.AnswerChannel):
            return client.answer(command.channel_id)
        if isinstance(command, do.CreateExternalMedia):
            return client.external_media(
                command.channel_id,
                app=self._app,
                external_host=command.external_host,
                media_format=self._media.media.format,
            )
        if isinstance(command, do.GetVariable):
            return client.channel_variable(command.channel_id, command.name)
        if isinstance(command, do.CreateBridge):
            return client.create_bridge(command.bridge_id)
        if isinstance(command, do.AddToBridge):
            return client.add_to_bridge(command.bridge_id, command.channel_ids)
        if isinstance(command, do.GetBridge):
            return client.bridge(command.bridge_id)
        if isinstance(command, do.DeleteBridge):
            return client.delete_bridge(command.bridge_id)
        if isinstance(command, do.HangupChannel):
            return client.hang_up(command.channel_id)
        if isinstance(command, do.ContinueChannel):
            return client.continue_in_dialplan(command.channel_id)
        return self._execute_media(call, command)

    def _execute_media(
        self, call: MeasuredCall, command: do.Command
    ) -> Coroutine[Any, Any, object]:
        if isinstance(command, do.AddMedia):
            return self._media.add(call)
        if isinstance(command, do.ConnectMedia):
            return self._media.connect(call, command.host, command.port)
        if isinstance(command, do.DrainMedia):
            return self._media.drain(call)
        if isinstance(command, do.RemoveMedia):
            return self._media.remove(call)
        raise TypeError(f"no way to run {command}")


_log = log.get("engine")


class CommandExecutor:
    """Runs commands as tasks. `on_step` is called after every input to a call machine."""

    def __init__(
        self,
        handlers: CommandHandlers,
        tasks: Tasks,
        *,
        on_step: Callable[[MeasuredCall], None],
        on_finished: Callable[[MeasuredCall, do.Finished], None],
    ) -> None:
        self._handlers, self._tasks = handlers, tasks
        self._on_step, self._on_finished = on_step, on_finished

    def run(self, call: MeasuredCall, commands: list[do.Command]) -> None:
        """Start the commands of a call's machine."""
        for command in commands:
            if isinstance(command, do.StartTimer):
                self._tasks.spawn(self._run_timer(call, command))
            elif isinstance(command, do.Finished):
                self._on_finished(call, command)
            else:
                self._tasks.spawn(self._run_command(call, command))
        self._on_step(call)

    async def _run_timer(self, call: MeasuredCall, timer: do.StartTimer) -> None:
        await asyncio.sleep(timer.seconds)
        self.run(call, call.machine.timed_out(timer.what))

    async def _run_command(self, call: MeasuredCall, command: do.Command) -> None:
        try:
            result = await self._handlers.execute(call, command)
        except AriTuiError as error:
            self.run(call, call.machine.failed(command, error))
        except Exception as error:
            # a programming error must not leave the caller, the ports and the stop waiting forever
            what = f"internal error: {type(error).__name__}: {error}"
            _log.error(what, command=type(command).__name__, exc_info=error)
            self.run(call, call.machine.failed(command, AriTuiError(what)))
        else:
            self.run(call, call.machine.succeeded(command, result))
