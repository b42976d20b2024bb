"""A model of Asterisk and worker that holds what was really built, and a call machine before it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from ari_tui.ari import commands as do
from ari_tui.ari.call_machine import CallMachine
from ari_tui.ari.commands import CallState, Command, OnRelease
from ari_tui.ari.events import (
    BridgeDestroyed,
    ChannelDestroyed,
    ChannelEnteredBridge,
    ChannelLeftBridge,
    Event,
    StasisEnd,
    StasisStart,
)
from ari_tui.ari.ids import call_ids
from ari_tui.ari.models import Bridge, Channel
from ari_tui.core.errors import (
    AriConflictError,
    AriError,
    AriNotFoundError,
    AriUnreachableError,
    PortsExhaustedError,
    WorkerError,
)

IDS = call_ids("app", "5e55", 1)
ADDRESS = {"UNICASTRTP_LOCAL_ADDRESS": "127.0.0.1", "UNICASTRTP_LOCAL_PORT": "10000"}


class Pending(NamedTuple):
    """A command handed out; its outcome once the other side has done it."""

    command: Command
    outcome: object = None


class World:
    """Asterisk and worker as sets of what stands, and everything that is on its way."""

    def __init__(self, caller_state: str = "Ring", *, tells_address: bool = True) -> None:
        self.tells_address = tells_address
        self.caller_state = caller_state
        self.channels = {"caller": "stasis"}
        self.current = "caller"
        self.released: list[str] = []
        self.bridge: set[str] | None = None
        self.ports = False
        self.events: deque[Event] = deque()
        self.entering: list[str] = []

    def execute(self, command: Command) -> object:
        """Do a command; return its result or the error that Asterisk would answer."""
        return _EXECUTE[type(command)](self, command)

    def channel(self, channel_id: str) -> Channel:
        return Channel(channel_id, state=self.caller_state)

    def bridge_model(self) -> Bridge:
        members = sorted(self.bridge or ())
        return Bridge(IDS.bridge, technology="simple_bridge", channels=tuple(members))

    def enter(self) -> None:
        """Let our media channel enter Stasis, some time after its POST was answered."""
        channel_id = self.entering.pop()
        if channel_id in self.channels:
            self.channels[channel_id] = "stasis"
            self.events.append(StasisStart(channel=self.channel(channel_id)))

    def remove(self, channel_id: str, *, destroyed: bool) -> None:
        """Take a channel out of Stasis, and with `destroyed` out of Asterisk."""
        channel = self.channel(channel_id)
        if self.bridge is not None and channel_id in self.bridge:
            self.bridge.discard(channel_id)
            self.events.append(ChannelLeftBridge(bridge=self.bridge_model(), channel=channel))
        if self.channels.get(channel_id) == "stasis":
            self.events.append(StasisEnd(channel=channel))
        if destroyed:
            del self.channels[channel_id]
            self.events.append(ChannelDestroyed(channel=channel))
        else:
            self.channels[channel_id] = "dialplan"

    def destroy_bridge(self) -> None:
        model = self.bridge_model()
        self.bridge = None
        self.events.append(BridgeDestroyed(bridge=model))

    def take_caller_out(self) -> None:
        """Another client takes the caller out of our bridge; it stays in our application."""
        assert self.bridge is not None
        self.bridge.discard(self.current)
        channel = self.channel(self.current)
        self.events.append(ChannelLeftBridge(bridge=self.bridge_model(), channel=channel))

    def move_caller(self) -> None:
        """Another client puts the caller into its own bridge."""
        if self.bridge is not None and self.current in self.bridge:
            self.take_caller_out()
        channel = self.channel(self.current)
        theirs = Bridge("theirs", technology="softmix", channels=(self.current,))
        self.events.append(ChannelEnteredBridge(bridge=theirs, channel=channel))

    def replace_caller(self) -> None:
        """Transfer: a new channel in the old one's place, whose end follows."""
        old, new = self.current, self.current + "'"
        self.channels[new] = "stasis"
        self.current = new
        self.events.append(
            StasisStart(channel=self.channel(new), replace_channel=self.channel(old))
        )
        self.remove(old, destroyed=True)

    def _answer(self, command: do.AnswerChannel) -> object:
        if self.channels.get(command.channel_id) != "stasis":
            return AriNotFoundError("Channel not found", status=404)
        self.caller_state = "Up"
        return None

    def _add_media(self, _command: do.AddMedia) -> object:
        self.ports = True
        return do.MediaAdded("127.0.0.1:4500")

    def _create_media(self, command: do.CreateExternalMedia) -> object:
        assert self.ports, "external media needs a bound port"
        self.channels[command.channel_id] = "new"
        self.entering.append(command.channel_id)
        return Channel(command.channel_id, channelvars=ADDRESS if self.tells_address else {})

    def _get_variable(self, command: do.GetVariable) -> object:
        if command.channel_id not in self.channels:
            return AriNotFoundError("Channel not found", status=404)
        return ADDRESS[command.name]

    def _connect(self, _command: do.ConnectMedia) -> object:
        return None if self.ports else WorkerError("no such call")

    def _create_bridge(self, _command: do.CreateBridge) -> object:
        self.bridge = set()
        return self.bridge_model()

    def _add_to_bridge(self, command: do.AddToBridge) -> object:
        if self.bridge is None:
            return AriNotFoundError("Bridge not found", status=404)
        states = [self.channels.get(channel_id) for channel_id in command.channel_ids]
        if None in states:
            return AriError("Channel not found", status=400)
        if set(states) != {"stasis"}:
            return AriConflictError("Channel not in Stasis application", status=422)
        for channel_id in command.channel_ids:
            self.bridge.add(channel_id)
            channel = self.channel(channel_id)
            self.events.append(ChannelEnteredBridge(bridge=self.bridge_model(), channel=channel))
        return None

    def _get_bridge(self, _command: do.GetBridge) -> object:
        if self.bridge is None:
            return AriNotFoundError("Bridge not found", status=404)
        return self.bridge_model()

    def _delete_bridge(self, _command: do.DeleteBridge) -> object:
        if self.bridge is None:
            return AriNotFoundError("Bridge not found", status=404)
        self.destroy_bridge()
        return None

    def _hang_up(self, command: do.HangupChannel) -> object:
        channel_id = command.channel_id
        if channel_id not in self.channels:
            return AriNotFoundError("Channel not found", status=404)
        if self.channels[channel_id] == "stasis" and channel_id != IDS.media:
            self.released.append(f"hangup {channel_id}")
        self.remove(channel_id, destroyed=True)
        return None

    def _continue(self, command: do.ContinueChannel) -> object:
        if command.channel_id not in self.channels:
            return AriNotFoundError("Channel not found", status=404)
        if self.channels[command.channel_id] != "stasis":
            return AriConflictError("Channel not in Stasis application", status=409)
        self.released.append(f"continue {command.channel_id}")
        self.remove(command.channel_id, destroyed=False)
        return None

    def _drain(self, _command: do.DrainMedia) -> object:
        return None

    def _remove_media(self, _command: do.RemoveMedia) -> object:
        self.ports = False
        return None


_EXECUTE: dict[type, Callable[..., object]] = {
    do.AnswerChannel: World._answer,
    do.AddMedia: World._add_media,
    do.CreateExternalMedia: World._create_media,
    do.GetVariable: World._get_variable,
    do.ConnectMedia: World._connect,
    do.CreateBridge: World._create_bridge,
    do.AddToBridge: World._add_to_bridge,
    do.GetBridge: World._get_bridge,
    do.DeleteBridge: World._delete_bridge,
    do.HangupChannel: World._hang_up,
    do.ContinueChannel: World._continue,
    do.DrainMedia: World._drain,
    do.RemoveMedia: World._remove_media,
}


class Play:
    """A machine and its world; every step that may happen next is a named action."""

    def __init__(
        self,
        world: World | None = None,
        on_release: OnRelease = OnRelease.CONTINUE,
    ) -> None:
        self.world = world or World()
        caller = self.world.channel("caller")
        self.machine = CallMachine(1, IDS, caller, on_release=on_release)
        self.on_release = on_release
        self.pending: list[Pending] = []
        self.timers: list[str] = []
        self.log: list[Command] = []
        self.finished: do.Finished | None = None

    def take(self, commands: Sequence[Command]) -> None:
        for command in commands:
            assert self.finished is None, f"{command} after Finished"
            self.log.append(command)
            if isinstance(command, do.Finished):
                self.finished = command
            elif isinstance(command, do.StartTimer):
                self.timers.append(command.what)
            else:
                self.pending.append(Pending(command))

    def execute(self, index: int) -> None:
        """Let the other side do a command whose answer is still on its way."""
        command = self.pending[index].command
        self.pending[index] = Pending(command, Done(self.world.execute(command)))

    def deliver(self, index: int) -> None:
        """Hand the machine the outcome of a command, doing it first where that is open."""
        if self.pending[index].outcome is None:
            self.execute(index)
        command, outcome = self.pending.pop(index)
        assert isinstance(outcome, Done)
        if isinstance(outcome.result, Exception):
            self.take(self.machine.failed(command, outcome.result))
        else:
            self.take(self.machine.succeeded(command, outcome.result))

    def lose_answer(self, index: int) -> None:
        """Time out: whether the command was done stays as it is."""
        command = self.pending.pop(index).command
        self.take(self.machine.failed(command, AriUnreachableError("no answer within 5 s")))

    def refuse(self, index: int, error: Exception) -> None:
        command = self.pending.pop(index).command
        self.take(self.machine.failed(command, error))

    def fire(self, index: int) -> None:
        self.take(self.machine.timed_out(self.timers.pop(index)))

    def tell(self) -> None:
        self.take(self.machine.event(self.world.events.popleft()))

    def release(self) -> None:
        self.take(self.machine.release("a person asked"))

    def settle(self) -> None:
        """Let everything that is on its way arrive, until nothing moves."""
        for _ in range(1000):
            if self.pending:
                self.deliver(0)
            elif self.world.entering:
                self.world.enter()
            elif self.world.events:
                self.tell()
            elif self.timers:
                self.fire(0)
            else:
                return
        raise AssertionError("it never settles")

    def run_up(self) -> None:
        """Bring the call up without trouble."""
        self.take(self.machine.start())
        self.settle()
        assert self.machine.state is CallState.UP

    def actions(self) -> list[Callable[[], object]]:
        """Return everything that may happen next."""
        world = self.world
        found: list[Callable[[], object]] = []
        for index, pending in enumerate(self.pending):
            found += [partial(self.deliver, index), partial(self.lose_answer, index)]
            if pending.outcome is None:
                found.append(partial(self.execute, index))
                found += [partial(self.refuse, index, e) for e in refusals(pending.command)]
        found += [partial(self.fire, index) for index in range(len(self.timers))]
        if world.entering:
            found.append(world.enter)
        if world.events:
            found += [self.tell, world.events.popleft]  # the second: lost while away
        if world.channels.get(world.current) == "stasis":
            found.append(partial(world.remove, world.current, destroyed=True))
            found.append(partial(world.remove, world.current, destroyed=False))
            found.append(world.replace_caller)
        if IDS.media in world.channels:
            found.append(partial(world.remove, IDS.media, destroyed=True))
        if world.bridge is not None:
            found.append(world.destroy_bridge)
        found.append(self.release)
        return found


class Done(NamedTuple):
    result: object


def refusals(command: Command) -> list[Exception]:
    if isinstance(command, do.AddMedia):
        return [PortsExhaustedError("no port is left"), WorkerError("the worker died")]
    if isinstance(command, do.ConnectMedia | do.DrainMedia | do.RemoveMedia):
        return [WorkerError("the worker died")]
    return [AriError("server error", status=500), AriError("bad request", status=400)]
