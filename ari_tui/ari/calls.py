"""One measured call as a sans-I/O state machine: events and outcomes in, commands out.

It reads no clock and does no I/O; whoever owns it runs the commands (`ari_tui.ari.commands`),
each as a task, and feeds back every outcome. The way up (`ari_tui.ari.setup`)::

    answer → add media (ports) → external media channel → connect media → bridge → join → up

The media channel's answer and its own StasisStart are awaited both, in either order, for
`addChannel` gives 422 before the channel has entered Stasis. Each wait has a timer with a way
on, because events are lost while the WebSocket is away: after a missing StasisStart the join is
tried anyway (and again on 422), after missing bridge events the bridge itself is read.

The way down (`ari_tui.ari.teardown`) starts from any state, once: when the caller leaves, when
the shell calls `release`, when somebody else takes away our channel or bridge, or when a step
fails. A caller who is still ours continues in the dialplan or is hung up, as `on_release` says.
`Finished` comes when all is undone and the counts are closed.

A transfer brings a StasisStart with `replace_channel`: the new channel takes the old one's
place, and the old one's end is not the call's.
"""

from __future__ import annotations

from collections.abc import Callable

from ari_tui.ari.commands import Command
from ari_tui.ari.event_models import (
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
from ari_tui.ari.lifecycle import CallLife
from ari_tui.ari.models import Channel
from ari_tui.ari.teardown import Thing


class CallMachine(CallLife):
    """One call and what Asterisk tells of it. After `Finished` no input returns commands."""

    def concerns(self, event: Event) -> bool:
        """Tell whether an event is about this call.

        A StasisStart that concerns no call and is not of a channel of ours is a new caller.
        """
        if self.finished:
            return False
        if isinstance(event, ChannelEnteredBridge | ChannelLeftBridge | BridgeDestroyed):
            return event.bridge.id == self.ids.bridge
        if isinstance(event, StasisStart) and event.replace_channel is not None:
            return self._is_caller(event.replace_channel)
        channel = getattr(event, "channel", None)
        return isinstance(channel, Channel) and (
            channel.id == self.ids.media or self._is_caller(channel)
        )

    def event(self, event: Event) -> list[Command]:
        """Take an event of the stream; one that does not concern this call is ignored."""
        handler = _HANDLERS.get(type(event))
        if handler is None or not self.concerns(event):
            return []
        return self._closing(handler(self, event))

    def _is_caller(self, channel: Channel) -> bool:
        return channel.id == self.caller.id and self.caller_present

    def _on_stasis_start(self, event: StasisStart) -> list[Command]:
        if event.replace_channel is not None:
            self._teardown.built(Thing.CALLER, self._release_of(event.channel))
            commands = self._setup.caller_replaced(event.channel)
            return self._teardown.advance() if self._releasing else commands
        if event.channel.id != self.ids.media:
            return []
        self._teardown.appeared(Thing.MEDIA_CHANNEL)
        if self._releasing:
            return self._teardown.advance()
        return self._climb(self._setup.media_entered)

    def _on_channel_ended(self, event: StasisEnd | ChannelDestroyed) -> list[Command]:
        destroyed = isinstance(event, ChannelDestroyed)
        if event.channel.id == self.ids.media:
            if destroyed:
                self._teardown.gone(Thing.MEDIA_CHANNEL)
            return self._lost("our media channel was taken away by somebody else")
        self._teardown.gone(Thing.CALLER)
        return self._release(self._parting.reason(event.channel.id, destroyed=destroyed))

    def _on_hangup_request(self, event: ChannelHangupRequest) -> list[Command]:
        self._parting.requested(event.channel.id, soft=event.soft is True)
        return []

    def _on_caller_changed(self, event: ChannelStateChange | ChannelCallerId) -> list[Command]:
        if self._is_caller(event.channel):
            self._setup.caller = event.channel
        return []

    def _on_members(self, event: ChannelEnteredBridge | ChannelLeftBridge) -> list[Command]:
        joining = self._setup.joining
        joining.learn(event.bridge)
        if isinstance(event, ChannelLeftBridge):
            joining.members.discard(event.channel.id)
        elif event.channel is not None:
            joining.members.add(event.channel.id)
        self._setup.members_changed()
        return []

    def _on_bridge_destroyed(self, _event: BridgeDestroyed) -> list[Command]:
        self._teardown.gone(Thing.BRIDGE)
        return self._lost("our bridge was destroyed by somebody else")


# keyed by the very type that each handler takes, which a dict's type cannot say
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
