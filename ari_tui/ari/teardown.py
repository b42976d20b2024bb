"""The teardown of what a call has built: in reverse order, even after failures. Sans-I/O.

States of each resource::

    requested() --built()--> BUILT --start(), its turn--> UNDOING --done--> SETTLED
    REQUESTED                                              |   ^
        |                                           failed v   | timer
        +--refused, or gone()--> SETTLED                 WAITING --too often--> GIVEN_UP

A request that was not answered counts as built: deleting what does not exist costs nothing,
leaving it costs a port or a channel forever. A resource in REQUESTED is undone once its
request is answered, because a DELETE that overtakes its POST deletes nothing.

The order::

    bridge  ->  media channel  ->  caller released      (each once the one before was tried)
    drain                                               (at once, in parallel)
    port    after the drain and the media channel: else the port's next call would receive the
            RTP of this one

A failed undo is retried after a wait (StartTimer) without delaying the others, and named in
`leftovers` when it keeps failing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from ari_tui.ari.commands import Command, ContinueChannel, DrainMedia, StartTimer, Undo
from ari_tui.core.errors import (
    AriConflictError,
    AriError,
    AriNotFoundError,
    BindError,
    PortsExhaustedError,
)
from ari_tui.core.text import clean_text

_TIMER_PREFIX: Final = "undo "


class Resource(str, Enum):
    """What a call can have built, in the order of the teardown."""

    BRIDGE = "bridge"
    MEDIA_CHANNEL = "media channel"
    CALLER = "caller"
    DRAIN = "drain"
    PORT = "media port"


class _Status(Enum):
    REQUESTED = 1
    BUILT = 2
    UNDOING = 3
    WAITING = 4
    SETTLED = 5
    GIVEN_UP = 6


_AFTER_TRY: Final = {
    Resource.MEDIA_CHANNEL: (Resource.BRIDGE,),
    Resource.CALLER: (Resource.BRIDGE, Resource.MEDIA_CHANNEL),
}
_AFTER_END: Final = {Resource.PORT: (Resource.DRAIN, Resource.MEDIA_CHANNEL)}
_OVER: Final = frozenset({_Status.SETTLED, _Status.GIVEN_UP})


@dataclass
class _ResourceEntry:
    undo: Undo
    status: _Status
    tries: int = 0
    was_missing: bool = False
    error: str = ""


class Teardown:
    """The resources of one call and the commands that undo them."""

    def __init__(self, retry_delays_s: tuple[float, ...]) -> None:
        self._retry_delays_s = retry_delays_s
        self._entries: dict[Resource, _ResourceEntry] = {}
        self._started = False

    @property
    def closed(self) -> bool:
        """Return whether everything is undone, or given up."""
        return self._started and all(entry.status in _OVER for entry in self._entries.values())

    @property
    def leftovers(self) -> tuple[str, ...]:
        """Return what could not be undone, each with its error."""
        return tuple(
            f"{resource.value}: {entry.error}"
            for resource, entry in self._entries.items()
            if entry.status is _Status.GIVEN_UP
        )

    def holds(self, resource: Resource) -> bool:
        """Return whether a resource exists, may exist, or is being undone."""
        entry = self._entries.get(resource)
        return entry is not None and entry.status is not _Status.SETTLED

    def requested(self, resource: Resource, undo: Undo) -> None:
        """Note that the command that builds a resource is about to run."""
        self._entries[resource] = _ResourceEntry(undo, _Status.REQUESTED)

    def built(self, resource: Resource, undo: Undo | None = None) -> None:
        """Note that a resource exists, or may exist; with `undo`, it replaces another."""
        if undo is not None:
            self._entries[resource] = _ResourceEntry(undo, _Status.BUILT)
            return
        entry = self._entries[resource]
        # its end may have been an event before the POST was answered
        if entry.status is _Status.REQUESTED:
            entry.status = _Status.BUILT

    def request_failed(self, resource: Resource, error: Exception) -> None:
        """Note that the command that builds a resource failed; unless refused, it may exist."""
        if _was_refused(error):
            self.gone(resource)
        else:
            self.built(resource)

    def gone(self, resource: Resource) -> None:
        """Note that a resource does not exist: never built, or destroyed by another client."""
        if entry := self._entries.get(resource):
            entry.status = _Status.SETTLED

    def appeared(self, resource: Resource) -> None:
        """Note that a resource exists although its undo had not found it."""
        entry = self._entries.get(resource)
        if entry is not None and entry.status is _Status.SETTLED and entry.was_missing:
            entry.status, entry.was_missing = _Status.BUILT, False

    def start(self) -> list[Command]:
        """Start the teardown."""
        self._started = True
        return self.advance()

    def advance(self) -> list[Command]:
        """Return the undo commands whose turn has come; none before `start`."""
        if not self._started:
            return []
        commands: list[Command] = []
        for resource in Resource:
            entry = self._entries.get(resource)
            if entry is not None and entry.status is _Status.BUILT and self._may_start(resource):
                entry.status = _Status.UNDOING
                commands.append(entry.undo)
        return commands

    def undone(self, command: Command, error: Exception | None) -> list[Command]:
        """Note the outcome of an undo; an outdated one is ignored."""
        for resource, entry in self._entries.items():
            if entry.undo == command and entry.status is _Status.UNDOING:
                entry.tries += 1
                entry.was_missing = isinstance(error, AriNotFoundError)
                if error is None or _is_done_anyway(command, error):
                    entry.status = _Status.SETTLED
                    return self.advance()
                return [*self._retry(resource, entry, error), *self.advance()]
        return self.advance()

    def timed_out(self, what: str) -> list[Command]:
        """Retry a failed undo; other timers are ignored."""
        for resource, entry in self._entries.items():
            if what == _TIMER_PREFIX + resource.value and entry.status is _Status.WAITING:
                entry.status = _Status.UNDOING
                return [entry.undo]
        return []

    def _retry(self, resource: Resource, entry: _ResourceEntry, error: Exception) -> list[Command]:
        if entry.tries > len(self._retry_delays_s):
            entry.status = _Status.GIVEN_UP
            entry.error = clean_text(error, 300)
            return []
        entry.status = _Status.WAITING
        return [StartTimer(_TIMER_PREFIX + resource.value, self._retry_delays_s[entry.tries - 1])]

    def _may_start(self, resource: Resource) -> bool:
        return all(self._was_tried(other) for other in _AFTER_TRY.get(resource, ())) and all(
            self._is_over(other) for other in _AFTER_END.get(resource, ())
        )

    def _was_tried(self, resource: Resource) -> bool:
        entry = self._entries.get(resource)
        if entry is None or entry.tries > 0:
            return True
        return entry.status is _Status.REQUESTED or entry.status in _OVER

    def _is_over(self, resource: Resource) -> bool:
        entry = self._entries.get(resource)
        return entry is None or entry.status in _OVER


def _was_refused(error: Exception) -> bool:
    """Return whether a request certainly built nothing; 409, 5xx and silence leave it open."""
    if isinstance(error, AriError):
        return error.status is not None and 400 <= error.status < 500 and error.status != 409
    return isinstance(error, BindError | PortsExhaustedError)


def _is_done_anyway(command: Command, error: Exception) -> bool:
    # a drain fails when the worker has ended, and with it what was in flight
    if isinstance(command, DrainMedia) or isinstance(error, AriNotFoundError):
        return True
    # 409: the caller is not in Stasis any more
    conflict = isinstance(error, AriConflictError) and error.status == 409
    return conflict and isinstance(command, ContinueChannel)
