"""The life of one call, whatever ends it: up by its steps, down in reverse, finished once.

It takes what we set about ourselves: the outcomes of commands, timers, releases. What Asterisk's
events mean to it is `ari_tui.ari.calls`.
"""

from __future__ import annotations

from collections.abc import Callable

from ari_tui.ari import commands as do
from ari_tui.ari.commands import CallState, CallTiming, Command, OnRelease, Undo
from ari_tui.ari.ids import CallIds
from ari_tui.ari.models import Channel
from ari_tui.ari.parting import HUNG_UP_HERE, Parting
from ari_tui.ari.setup import Setup, StepFailedError
from ari_tui.ari.sweep import LiveCall
from ari_tui.ari.teardown import Teardown, Thing
from ari_tui.ari.text import clean_text

_BUILDS: dict[type, Thing] = {
    do.AddMedia: Thing.PORT,
    do.CreateExternalMedia: Thing.MEDIA_CHANNEL,
    do.ConnectMedia: Thing.DRAIN,
    do.CreateBridge: Thing.BRIDGE,
}


class CallLife:
    """One call's way up and down. Every input returns the commands to run."""

    def __init__(
        self,
        number: int,
        ids: CallIds,
        caller: Channel,
        *,
        on_release: OnRelease = OnRelease.CONTINUE,
        mode: str = "takeover",
        timing: CallTiming | None = None,
    ) -> None:
        """Take up `caller`, a channel that is in Stasis; `number` is unique in the session."""
        timing = timing or CallTiming()
        self.number = number
        self.ids = ids
        self.on_release = on_release
        self.mode = mode
        self.reason = ""
        """Why the call ended, is ending, or failed; empty before."""
        self.failed_step: CallState | None = None
        """The step of the way up that failed; None when none did."""
        self.finished = False
        self._teardown = Teardown(timing.undo_retries_s)
        self._teardown.built(Thing.CALLER, self._release_of(caller))
        self._setup = Setup(ids, caller, self._teardown, timing)
        self._releasing = False
        self._parting = Parting()

    @property
    def state(self) -> CallState:
        """Return where the call is in its life."""
        if self.finished:
            return CallState.FAILED if self.failed_step else CallState.ENDED
        return CallState.DRAINING if self._releasing else self._setup.state

    @property
    def caller(self) -> Channel:
        """Return the caller's channel as last told; after a transfer the new one."""
        return self._setup.caller

    @property
    def caller_present(self) -> bool:
        """Tell whether the caller is, for all we know, still in our application."""
        return self._teardown.holds(Thing.CALLER)

    @property
    def bridge_technology(self) -> str | None:
        """Return how Asterisk mixes: simple_bridge, or softmix from the third member on."""
        return self._setup.joining.technology

    @property
    def external_host(self) -> str | None:
        """Return where Asterisk sends RTP to us, `address:port`; None before it is known."""
        return self._setup.external_host

    @property
    def media_address(self) -> tuple[str, int] | None:
        """Return where Asterisk's RTP comes from, as it reports; None before it is known."""
        return self._setup.media_address

    @property
    def live(self) -> LiveCall:
        """Return what must stand in Asterisk at this moment, for the sweep."""
        up = self.state is CallState.UP
        media_id, bridge_id = (self.ids.media, self.ids.bridge) if up else (None, None)
        return LiveCall(self.number, self.caller.id, not self._releasing, media_id, bridge_id)

    def start(self) -> list[Command]:
        """Begin; once, and not after a release."""
        return self._setup.start() if self.state is CallState.NEW else []

    def succeeded(self, command: Command, result: object = None) -> list[Command]:
        """Take the success of a command, with its result where the command names one."""
        if self.finished:
            return []
        if isinstance(command, Undo):
            return self._closing(self._teardown.undone(command, None))
        thing = _BUILDS.get(type(command))
        if thing is not None:
            self._teardown.built(thing)
        if self._releasing:
            return self._closing(self._teardown.advance())
        return self._climb(lambda: self._setup.succeeded(command, result))

    def failed(self, command: Command, error: Exception) -> list[Command]:
        """Take the failure of a command; no answer in time is one (AriUnreachableError)."""
        if self.finished:
            return []
        if isinstance(command, Undo):
            return self._closing(self._teardown.undone(command, error))
        thing = _BUILDS.get(type(command))
        if thing is not None:
            self._teardown.not_built(thing, error)
        if self._releasing:
            return self._closing(self._teardown.advance())
        return self._climb(lambda: self._setup.failed(command, error))

    def timed_out(self, what: str) -> list[Command]:
        """Take the end of a timer; one that is late is ignored."""
        if self.finished:
            return []
        if self._releasing:
            return self._teardown.timed_out(what)
        return self._climb(lambda: self._setup.timed_out(what))

    def release(self, reason: str) -> list[Command]:
        """End the call from our side: the engine stops, or a person asks. Idempotent."""
        return [] if self.finished else self._closing(self._release(reason))

    def caller_gone(self, reason: str) -> list[Command]:
        """End the call because the caller is known to have left, although no event told."""
        if self.finished:
            return []
        self._teardown.gone(Thing.CALLER)
        from_here = self._parting.from_here(self.caller.id)
        return self._closing(self._release(HUNG_UP_HERE if from_here else reason))

    def hanging_up(self, channel_id: str) -> None:
        """Take note that the shell is about to hang the caller up: its end is then our doing."""
        self._parting.ask(channel_id)

    def not_hung_up(self, channel_id: str) -> None:
        """Take note that Asterisk refused to, or had the channel no more."""
        self._parting.refused(channel_id)

    def _climb(self, step: Callable[[], list[Command]]) -> list[Command]:
        try:
            return step()
        except StepFailedError as error:
            return self._closing(self._fail(error.step, str(error)))

    def _fail(self, step: CallState, reason: str) -> list[Command]:
        if not self._releasing:
            self.failed_step = step
        return self._release(reason)

    def _lost(self, reason: str) -> list[Command]:
        state = self._setup.state
        return self._release(reason) if state is CallState.UP else self._fail(state, reason)

    def _release(self, reason: str) -> list[Command]:
        if self._releasing:
            return self._teardown.advance()
        self._releasing = True
        self.reason = clean_text(reason, 300)
        return self._teardown.begin()

    def _release_of(self, caller: Channel) -> Undo:
        if self.on_release is OnRelease.HANGUP:
            return do.HangupChannel(caller.id)
        return do.ContinueChannel(caller.id)

    def _closing(self, commands: list[Command]) -> list[Command]:
        if self.finished or not self._teardown.closed:
            return commands
        self.finished = True
        leftovers = self._teardown.leftovers
        return [*commands, do.Finished(self.state, self.reason, self.failed_step, leftovers)]
