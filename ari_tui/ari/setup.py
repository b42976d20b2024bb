"""The setup of a call, sans-I/O: the states from NEW to UP.

Each state sends one command and waits for what ends it::

    state            command                    goes on when
    ANSWERING        AnswerChannel              answered; skipped for a channel that is Up
    ADDING_MEDIA     AddMedia                   the worker has bound the ports
    CREATING_MEDIA   CreateExternalMedia        answered with Asterisk's RTP address (else
                                                GetVariable), and StasisStart of the channel
    CONNECTING       ConnectMedia               the worker sends to that address
    BRIDGING         CreateBridge               created
    JOINING          AddToBridge                accepted, and both channels entered the bridge
    UP

Events can be lost while the WebSocket is disconnected, so no state waits for one forever: after
a missing StasisStart the join is tried anyway (422 until the channel has entered Stasis, then
retried), after missing ChannelEnteredBridge events the bridge itself is read (GetBridge).

What a step is about to build it registers in the call's `Teardown`. A step that cannot go on
raises StepFailedError.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from ari_tui.ari import commands as do
from ari_tui.ari.commands import AddToBridge, CallState, CallTiming, Command, StartTimer
from ari_tui.ari.ids import CallIds
from ari_tui.ari.models import Bridge, Channel
from ari_tui.ari.teardown import Resource, Teardown
from ari_tui.core.errors import (
    AriConflictError,
    AriNotFoundError,
    AriUnreachableError,
    StepFailedError,
)

JOIN_TIMER = "join"


class BridgeJoin:
    """The members of the call's bridge, and the current AddToBridge request."""

    def __init__(self, bridge_id: str, retries_s: tuple[float, ...]) -> None:
        self.technology: str | None = None
        """simple_bridge with two members, softmix from the third on; None before it is known."""
        self.members: set[str] = set()
        self._bridge_id, self._retries_s = bridge_id, retries_s
        self.request: AddToBridge | None = None
        """The current request; a transfer replaces it."""
        self.accepted = False
        """Whether the current request succeeded."""
        self._tries = 0
        self._waiting = False

    def join(self, channel_ids: Iterable[str]) -> AddToBridge:
        """Return the request that adds channels; it replaces an earlier one."""
        self.request = AddToBridge(self._bridge_id, tuple(channel_ids))
        self._tries, self._waiting, self.accepted = 0, False, False
        return self.request

    def refused(self, error: Exception) -> StartTimer | None:
        """Return the wait before a retry of the current request; None when that will not help.

        422 means that a channel has not entered Stasis yet; a request without an answer may be
        repeated, since adding a member again is harmless.
        """
        not_in_stasis_yet = isinstance(error, AriConflictError) and error.status == 422
        may_retry = not_in_stasis_yet or isinstance(error, AriUnreachableError)
        if not may_retry or self._tries >= len(self._retries_s):
            return None
        self._tries += 1
        self._waiting = True
        return StartTimer(JOIN_TIMER, self._retries_s[self._tries - 1])

    def retry(self) -> list[Command]:
        """Return the request again, if its retry timer is running."""
        if self.request is None or not self._waiting:
            return []
        self._waiting = False
        return [self.request]

    def update_technology(self, bridge: Bridge) -> None:
        """Read the technology of a bridge as Asterisk shows it."""
        if bridge.technology:
            self.technology = bridge.technology

    def complete(self, channel_ids: Iterable[str]) -> bool:
        """Return whether the request was accepted and these channels are in."""
        return self.accepted and self.members.issuperset(channel_ids)


LOCAL_ADDRESS: Final = "UNICASTRTP_LOCAL_ADDRESS"
LOCAL_PORT: Final = "UNICASTRTP_LOCAL_PORT"
_ANSWER_TIMER, _MEDIA_TIMER, _MEMBERS_TIMER = "answer", "media StasisStart", "bridge members"

_STEPS: Final[dict[type, CallState]] = {
    do.AnswerChannel: CallState.ANSWERING,
    do.AddMedia: CallState.ADDING_MEDIA,
    do.CreateExternalMedia: CallState.CREATING_MEDIA,
    do.GetVariable: CallState.CREATING_MEDIA,
    do.ConnectMedia: CallState.CONNECTING,
    do.CreateBridge: CallState.BRIDGING,
    do.AddToBridge: CallState.JOINING,
    do.GetBridge: CallState.JOINING,
}


class Setup:
    """The state of the setup, and its next command."""

    def __init__(
        self, ids: CallIds, caller: Channel, teardown: Teardown, timing: CallTiming
    ) -> None:
        self.state = CallState.NEW
        self.caller = caller
        self.bridge_join = BridgeJoin(ids.bridge, timing.join_retries_s)
        self._ids, self._teardown, self._timing = ids, teardown, timing
        self._answers = 0
        self._media_entered = False
        self._rtp_address: dict[str, str] = {}
        self._results: dict[type, Callable[[Command, object], list[Command]]] = {
            do.AnswerChannel: lambda *_: self._add_media(),
            do.AddMedia: self._on_media_added,
            do.CreateExternalMedia: self._on_media_created,
            do.GetVariable: self._on_variable,
            do.ConnectMedia: self._on_connected,
            do.CreateBridge: self._on_bridge_created,
            do.AddToBridge: self._on_joined,
            do.GetBridge: self._on_bridge_read,
        }

    def start(self) -> list[Command]:
        """Answer the caller, unless the channel is up."""
        if self.caller.state == "Up":
            return self._add_media()
        self.state = CallState.ANSWERING
        return [do.AnswerChannel(self.caller.id)]

    def succeeded(self, command: Command, result: object) -> list[Command]:
        """Continue after a command; an outdated one is ignored."""
        return self._results[type(command)](command, result) if self._is_awaited(command) else []

    def failed(self, command: Command, error: Exception) -> list[Command]:
        """Retry where that may help, else raise StepFailedError."""
        if not self._is_awaited(command):
            return []
        timer: StartTimer | None = None
        if isinstance(command, do.AnswerChannel):
            timer = self._answer_again(error)
        elif isinstance(command, do.AddToBridge):
            timer = self.bridge_join.refused(error)
        if timer is None:
            raise StepFailedError(_STEPS[type(command)], str(error))
        return [timer]

    def timed_out(self, what: str) -> list[Command]:
        """Continue after a timer; an outdated one is ignored."""
        if what == _ANSWER_TIMER and self.state is CallState.ANSWERING:
            return self.start()
        if what == _MEDIA_TIMER and self.state is CallState.CREATING_MEDIA:
            return self.media_entered()  # if the event was only lost, the join succeeds
        if what == JOIN_TIMER:
            return self.bridge_join.retry()
        members_wait = self.state is CallState.JOINING and self.bridge_join.accepted
        return [do.GetBridge(self._ids.bridge)] if what == _MEMBERS_TIMER and members_wait else []

    def media_entered(self) -> list[Command]:
        """Continue after the media channel's StasisStart; it may come before the POST's answer."""
        if self._media_entered:
            return []
        self._media_entered = True
        return self._connect() if len(self._rtp_address) == 2 else []

    def caller_replaced(self, caller: Channel) -> list[Command]:
        """Handle a transfer: the new channel joins the bridge in place of the old one."""
        self.bridge_join.members.discard(self.caller.id)
        self.caller = caller
        if self.state is CallState.UP:
            return [self.bridge_join.join((caller.id,))]
        if self.state is CallState.JOINING:
            missing = {self._ids.media} - self.bridge_join.members
            return [self.bridge_join.join((caller.id, *missing))]
        return []

    def members_changed(self) -> None:
        """Go to UP once both channels are in the bridge."""
        both = (self.caller.id, self._ids.media)
        if self.state is CallState.JOINING and self.bridge_join.complete(both):
            self.state = CallState.UP

    def _is_awaited(self, command: Command) -> bool:
        if isinstance(command, do.AddToBridge):
            return command == self.bridge_join.request
        return _STEPS.get(type(command)) is self.state

    def _answer_again(self, error: Exception) -> StartTimer | None:
        # a channel just created may be "not found" for a moment; answering twice is harmless
        may_retry = isinstance(error, AriNotFoundError | AriUnreachableError)
        if not may_retry or self._answers >= len(self._timing.answer_retries_s):
            return None
        self._answers += 1
        return StartTimer(_ANSWER_TIMER, self._timing.answer_retries_s[self._answers - 1])

    def _add_media(self) -> list[Command]:
        self.state = CallState.ADDING_MEDIA
        self._teardown.requested(Resource.PORT, do.RemoveMedia())
        return [do.AddMedia()]

    def _on_media_added(self, _command: Command, result: object) -> list[Command]:
        if not isinstance(result, do.MediaAdded):
            raise TypeError(f"AddMedia results in MediaAdded, not {type(result).__name__}")
        self.state = CallState.CREATING_MEDIA
        self._teardown.requested(Resource.MEDIA_CHANNEL, do.HangupChannel(self._ids.media))
        return [do.CreateExternalMedia(self._ids.media, result.external_host)]

    def _on_media_created(self, _command: Command, result: object) -> list[Command]:
        variables = result.channelvars if isinstance(result, Channel) else {}
        names = (LOCAL_ADDRESS, LOCAL_PORT)
        if not all(variables.get(name) for name in names):
            return [do.GetVariable(self._ids.media, name) for name in names]
        self._rtp_address = {name: str(variables[name]) for name in names}
        return self._connect_when_entered()

    def _on_variable(self, command: Command, result: object) -> list[Command]:
        if isinstance(command, do.GetVariable):
            self._rtp_address[command.name] = str(result)
        return self._connect_when_entered() if len(self._rtp_address) == 2 else []

    def _connect_when_entered(self) -> list[Command]:
        if self._media_entered:
            return self._connect()
        return [StartTimer(_MEDIA_TIMER, self._timing.media_enters_s)]

    def _connect(self) -> list[Command]:
        host, port = self._rtp_address[LOCAL_ADDRESS], self._rtp_address[LOCAL_PORT]
        if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
            text = f"Asterisk does not tell its RTP address (it says {host!r}:{port!r})"
            raise StepFailedError(self.state, text)
        self.state = CallState.CONNECTING
        self._teardown.requested(Resource.DRAIN, do.DrainMedia())
        return [do.ConnectMedia(host, int(port))]

    def _on_connected(self, _command: Command, _result: object) -> list[Command]:
        self.state = CallState.BRIDGING
        self._teardown.requested(Resource.BRIDGE, do.DeleteBridge(self._ids.bridge))
        return [do.CreateBridge(self._ids.bridge)]

    def _on_bridge_created(self, _command: Command, result: object) -> list[Command]:
        if isinstance(result, Bridge):
            self.bridge_join.update_technology(result)
        self.state = CallState.JOINING
        return [self.bridge_join.join((self.caller.id, self._ids.media))]

    def _on_joined(self, _command: Command, _result: object) -> list[Command]:
        self.bridge_join.accepted = True
        self.members_changed()
        up = self.state is CallState.UP
        return [] if up else [StartTimer(_MEMBERS_TIMER, self._timing.members_enter_s)]

    def _on_bridge_read(self, _command: Command, result: object) -> list[Command]:
        if isinstance(result, Bridge):
            self.bridge_join.update_technology(result)
            self.bridge_join.members |= set(result.channels)
        self.members_changed()
        if self.state is not CallState.UP:
            text = "caller and media channel did not both enter the bridge"
            raise StepFailedError(self.state, text)
        return []
