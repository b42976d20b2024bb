"""What each command of a call machine means: a request to Asterisk, or one to the call's media."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from ari_tui.ari import commands as do
from ari_tui.ari.client import AriClient
from ari_tui.engine.call_media import CallMedia
from ari_tui.engine.calls import MeasuredCall


class Orders:
    """Carries out commands; those that ask for nothing (timers, the end) are the shell's."""

    def __init__(self, client: AriClient, media: CallMedia, app: str) -> None:
        self._client, self._media, self._app = client, media, app

    def execute(self, call: MeasuredCall, command: do.Command) -> Coroutine[Any, Any, object]:
        """Return the work of a command; it raises AriTuiError when that cannot be done."""
        client = self._client
        if isinstance(command, do.Answer):
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
