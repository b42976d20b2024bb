"""One measured call as a state machine: events and outcomes in, commands out.

Sans-I/O: it reads no clock and opens nothing. Its owner runs each command
(`ari_tui.ari.commands`) as a task and feeds the outcome back::

    NEW --start()--> ANSWERING -> ADDING_MEDIA -> CREATING_MEDIA -> CONNECTING -> BRIDGING
                                                                                     |
                                                             UP <--- JOINING <-------+
    any of these --release(), caller gone, step failed--> DRAINING -> ENDED or FAILED

Inputs: `start`, `event`, `succeeded`, `failed`, `timed_out`, `release`, `caller_gone`. Each
returns the commands to run next. `ari_tui.ari.setup` is the upper row, state by state;
`ari_tui.ari.teardown` is DRAINING, which undoes what was built in reverse order.

* DRAINING starts once, from any state: the caller left, `release` was called, our channel or
  bridge was destroyed by another client, or a step failed (the call then ends as FAILED).
* A caller who is still in our application continues in the dialplan or is hung up
  (`on_release`).
* `Finished` is the last command: everything is undone or given up, and the counts are final.
* A caller whom another client has put into another bridge is that client's: the call ends, and
  the caller is neither continued nor hung up. One who was only taken out of our bridge, and is not
  back in time, is released.
* A transfer sends StasisStart with `replace_channel`: the new channel takes the place of the
  old one, whose end does not end the call.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ari_tui.ari import commands as do
from ari_tui.ari import hangup
from ari_tui.ari.commands import CallState, CallTiming, Command, OnRelease, Undo
from ari_tui.ari.events import (
    BridgeDestroyed,
    ChannelCallerId,
    ChannelDestroyed,
    ChannelEnteredBridge,
    ChannelHangupRequest,
    ChannelLeftBridge,
    ChannelStateChange,
    Event,
    StasisEnd,
    StasisStart,
)
from ari_tui.ari.ids import CallIds
from ari_tui.ari.models import Channel
from ari_tui.ari.setup import Setup
from ari_tui.ari.sweep import MOVED, LiveCall
from ari_tui.ari.teardown import Resource, Teardown
from ari_tui.core.errors import StepFailedError
from ari_tui.core.text import clean_text

HUNG_UP_HERE: Final = "hung up from here"
MEDIA_TAKEN: Final = "our media channel was taken away by somebody else"
LEFT: Final = "caller left the application"
RELEASED_HERE: Final = "released from here"
TAKEN_OUT: Final = "taken out of our bridge by another client"
_BACK_TIMER: Final = "back in the bridge: "


class CallEnd:
    """Who ended the caller's channel: we, the caller or others. Inputs come in any order."""

    def __init__(self) -> None:
        self._requested: list[str] = []
        self._soft: dict[str, bool] = {}
        """By channel, whether its first ChannelHangupRequest was soft: from within Asterisk."""
        self._told: dict[str, str] = {}
        """By channel, who that first one was from."""

    def hangup_requested(self, channel_id: str) -> None:
        """Note that we are about to ask Asterisk to hang up a channel."""
        self._requested.append(channel_id)

    def hangup_refused(self, channel_id: str) -> None:
        """Note that Asterisk refused the hangup, or no longer had the channel."""
        if channel_id in self._requested:
            self._requested.remove(channel_id)

    def hangup_event(self, channel_id: str, *, soft: bool, cause: int | None = None) -> None:
        """Note a ChannelHangupRequest."""
        self._soft.setdefault(channel_id, soft)
        self._told.setdefault(channel_id, hangup.requested(cause, soft=soft))

    def shut_down(self, channel_id: str) -> bool:
        """Return whether Asterisk hung up a channel because it shuts down."""
        return self._told.get(channel_id) == hangup.SHUT_DOWN

    def hung_up_here(self, channel_id: str) -> bool:
        """Return whether we hung up a channel that is gone; the first request counts."""
        return channel_id in self._requested and self._soft.get(channel_id, True)

    def reason(self, channel_id: str, *, destroyed: bool, cause: int = 0) -> str:
        """Return the text of why a channel left our application; `cause` is Q.850's."""
        if self.hung_up_here(channel_id):
            return HUNG_UP_HERE
        told = self._told.get(channel_id)
        if told is not None and not (told == hangup.HUNG_UP_BY_CALLER and cause):
            return told
        return hangup.ended(cause) if destroyed or told else LEFT


_RESOURCES: dict[type, Resource] = {
    do.AddMedia: Resource.PORT,
    do.CreateExternalMedia: Resource.MEDIA_CHANNEL,
    do.ConnectMedia: Resource.DRAIN,
    do.CreateBridge: Resource.BRIDGE,
}


class CallMachine:
    """One call. Every input returns the commands to run; after `Finished` there are none."""

    def __init__(
        self,
        number: int,
        ids: CallIds,
        caller: Channel,
        *,
        on_release: OnRelease = OnRelease.CONTINUE,
        timing: CallTiming | None = None,
    ) -> None:
        """Measure `caller`, a channel in Stasis; `number` is unique in the session."""
        timing = timing or CallTiming()
        self.number, self.ids, self.on_release = number, ids, on_release
        self.reason = ""
        """Why the call ended, is ending, or failed; empty before."""
        self.failed_step: CallState | None = None
        """The state of the setup in which a step failed; None when none did."""
        self.finished = False
        self._teardown = Teardown(timing.undo_retries_s)
        self._teardown.built(Resource.CALLER, self._release_of(caller))
        self._setup = Setup(ids, caller, self._teardown, timing)
        self._back_s = timing.members_enter_s
        self._releasing = False
        self.call_end = CallEnd()
        """To be notified of requests to hang up the caller: the end then counts as ours."""

    @property
    def state(self) -> CallState:
        """Return the state."""
        if self.finished:
            return CallState.FAILED if self.failed_step else CallState.ENDED
        return CallState.DRAINING if self._releasing else self._setup.state

    @property
    def caller(self) -> Channel:
        """Return the caller's channel as of its last event; after a transfer the new one."""
        return self._setup.caller

    @property
    def caller_present(self) -> bool:
        """Return whether the caller is still in our application, as far as we know."""
        return self._teardown.holds(Resource.CALLER)

    @property
    def bridge_technology(self) -> str | None:
        """Return how Asterisk mixes: simple_bridge, or softmix from the third member on."""
        return self._setup.bridge_join.technology

    @property
    def live(self) -> LiveCall:
        """Return what must exist in Asterisk now, for the sweep."""
        up = self.state is CallState.UP
        media_id, bridge_id = (self.ids.media, self.ids.bridge) if up else (None, None)
        return LiveCall(self.number, self.caller.id, not self._releasing, media_id, bridge_id)

    def start(self) -> list[Command]:
        """Begin; once, and not after a release."""
        return self._setup.start() if self.state is CallState.NEW else []

    def succeeded(self, command: Command, result: object = None) -> list[Command]:
        """Continue after a command succeeded; `result` is what the command's docstring names."""
        return self._done(command, None, lambda: self._setup.succeeded(command, result))

    def failed(self, command: Command, error: Exception) -> list[Command]:
        """Continue after a command failed; a time-out counts as one (AriUnreachableError)."""
        return self._done(command, error, lambda: self._setup.failed(command, error))

    def _done(
        self, command: Command, error: Exception | None, next_step: Callable[[], list[Command]]
    ) -> list[Command]:
        if self.finished:
            return []
        if isinstance(command, Undo):
            return self._and_finished(self._teardown.undone(command, error))
        resource = _RESOURCES.get(type(command))
        if resource is not None and error is None:
            self._teardown.built(resource)
        elif resource is not None and error is not None:
            self._teardown.request_failed(resource, error)
        if self._releasing:
            return self._and_finished(self._teardown.advance())
        return self._set_up(next_step)

    def timed_out(self, what: str) -> list[Command]:
        """Continue after a StartTimer; a late one is ignored."""
        if self.finished:
            return []
        if self._releasing:
            return self._teardown.timed_out(what)
        if what.startswith(_BACK_TIMER):
            out = what == _BACK_TIMER + self.caller.id and not self._in_bridge(self.caller.id)
            return self._and_finished(self._taken_away(TAKEN_OUT)) if out else []
        return self._set_up(lambda: self._setup.timed_out(what))

    def release(self, reason: str) -> list[Command]:
        """End the call from our side. Idempotent."""
        return [] if self.finished else self._and_finished(self._release(reason))

    def caller_gone(self, reason: str) -> list[Command]:
        """End the call because the caller is known to have left although no event said so."""
        if self.finished:
            return []
        self._teardown.gone(Resource.CALLER)
        from_here = self.call_end.hung_up_here(self.caller.id)
        return self._and_finished(self._release(HUNG_UP_HERE if from_here else reason))

    def concerns(self, event: Event) -> bool:
        """Return whether an event is about this call.

        A StasisStart of a foreign channel that concerns no call is a new caller.
        """
        if self.finished:
            return False
        if isinstance(event, ChannelEnteredBridge | ChannelLeftBridge | BridgeDestroyed):
            return event.bridge.id == self.ids.bridge or self._was_moved(event)
        if isinstance(event, StasisStart) and event.replace_channel is not None:
            return self._is_caller(event.replace_channel)
        channel = getattr(event, "channel", None)
        return isinstance(channel, Channel) and (
            channel.id == self.ids.media or self._is_caller(channel)
        )

    def event(self, event: Event) -> list[Command]:
        """Continue after an event; one that does not concern this call is ignored."""
        handler = _HANDLERS.get(type(event))
        if handler is None or not self.concerns(event):
            return []
        return self._and_finished(handler(self, event))

    def _set_up(self, step: Callable[[], list[Command]]) -> list[Command]:
        try:
            return step()
        except StepFailedError as error:
            return self._and_finished(self._fail(CallState(error.step), str(error)))

    def _fail(self, step: CallState, reason: str) -> list[Command]:
        if not self._releasing:
            self.failed_step = step
        return self._release(reason)

    def _taken_away(self, reason: str) -> list[Command]:
        state = self._setup.state
        return self._release(reason) if state is CallState.UP else self._fail(state, reason)

    def _release(self, reason: str) -> list[Command]:
        if self._releasing:
            return self._teardown.advance()
        self._releasing = True
        self.reason = clean_text(reason, 300)
        return self._teardown.start()

    def _release_of(self, caller: Channel) -> Undo:
        hangup = self.on_release is OnRelease.HANGUP
        return do.HangupChannel(caller.id) if hangup else do.ContinueChannel(caller.id)

    def _and_finished(self, commands: list[Command]) -> list[Command]:
        if self.finished or not self._teardown.closed:
            return commands
        self.finished = True
        leftovers = self._teardown.leftovers
        return [*commands, do.Finished(self.state, self.reason, self.failed_step, leftovers)]

    def _is_caller(self, channel: Channel) -> bool:
        return channel.id == self.caller.id and self.caller_present

    def _on_stasis_start(self, event: StasisStart) -> list[Command]:
        if event.replace_channel is not None:
            self._teardown.built(Resource.CALLER, self._release_of(event.channel))
            commands = self._setup.caller_replaced(event.channel)
            return self._teardown.advance() if self._releasing else commands
        if event.channel.id != self.ids.media:
            return []
        self._teardown.appeared(Resource.MEDIA_CHANNEL)
        if self._releasing:
            return self._teardown.advance()
        return self._set_up(self._setup.media_entered)

    def _on_channel_ended(self, event: StasisEnd | ChannelDestroyed) -> list[Command]:
        destroyed = isinstance(event, ChannelDestroyed)
        if event.channel.id == self.ids.media:
            if destroyed:
                self._teardown.gone(Resource.MEDIA_CHANNEL)
            # a shutdown takes all channels at once, in any order
            shut_down = self.call_end.shut_down(event.channel.id)
            return self._taken_away(hangup.SHUT_DOWN if shut_down else MEDIA_TAKEN)
        self._teardown.gone(Resource.CALLER)
        cause = event.cause if isinstance(event, ChannelDestroyed) else 0
        reason = self.call_end.reason(event.channel.id, destroyed=destroyed, cause=cause)
        return self._release(reason)

    def _on_hangup_request(self, event: ChannelHangupRequest) -> list[Command]:
        self.call_end.hangup_event(event.channel.id, soft=event.soft is True, cause=event.cause)
        return []

    def _on_caller_changed(self, event: ChannelStateChange | ChannelCallerId) -> list[Command]:
        if self._is_caller(event.channel):
            self._setup.caller = event.channel
        return []

    def _was_moved(self, event: Event) -> bool:
        """Return whether the caller entered a bridge that is not ours."""
        return (
            isinstance(event, ChannelEnteredBridge)
            and event.bridge.id != self.ids.bridge
            and event.channel is not None
            and self._is_caller(event.channel)
        )

    def _in_bridge(self, channel_id: str) -> bool:
        return channel_id in self._setup.bridge_join.members

    def _on_members(self, event: ChannelEnteredBridge | ChannelLeftBridge) -> list[Command]:
        if self._was_moved(event):
            self._teardown.gone(Resource.CALLER)
            return self._taken_away(MOVED)
        bridge_join = self._setup.bridge_join
        bridge_join.update_technology(event.bridge)
        if isinstance(event, ChannelLeftBridge):
            bridge_join.members.discard(event.channel.id)
            return self._await_back(event.channel)
        if event.channel is not None:
            bridge_join.members.add(event.channel.id)
        self._setup.members_changed()
        return []

    def _await_back(self, channel: Channel) -> list[Command]:
        """Give a caller who has left the bridge, but not our application, time to come back."""
        if self.state is not CallState.UP or not self._is_caller(channel):
            return []
        return [do.StartTimer(_BACK_TIMER + channel.id, self._back_s)]

    def _on_bridge_destroyed(self, _event: BridgeDestroyed) -> list[Command]:
        self._teardown.gone(Resource.BRIDGE)
        return self._taken_away("our bridge was destroyed by somebody else")


# each handler takes exactly its key's type, which the type of a dict cannot express
_HANDLERS: dict[type[Event], Callable[..., list[Command]]] = {
    StasisStart: CallMachine._on_stasis_start,
    StasisEnd: CallMachine._on_channel_ended,
    ChannelDestroyed: CallMachine._on_channel_ended,
    ChannelHangupRequest: CallMachine._on_hangup_request,
    ChannelStateChange: CallMachine._on_caller_changed,
    ChannelCallerId: CallMachine._on_caller_changed,
    ChannelEnteredBridge: CallMachine._on_members,
    ChannelLeftBridge: CallMachine._on_members,
    BridgeDestroyed: CallMachine._on_bridge_destroyed,
}
