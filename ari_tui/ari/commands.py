"""The commands of the call machine, and the names of its states.

Commands are values: the engine runs each as a task and returns the outcome together with the
command (`CallMachine.succeeded`, `CallMachine.failed`). `StartTimer` is answered by
`CallMachine.timed_out`; `Finished` is the last and has no answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple


class OnRelease(str, Enum):
    """What to do with a caller who is still in our application when the call ends."""

    CONTINUE = "continue"
    HANGUP = "hangup"


class CallState(str, Enum):
    """The states of a call; also the name of the step that failed."""

    NEW = "new"
    ANSWERING = "answering"
    ADDING_MEDIA = "adding media"
    CREATING_MEDIA = "media"
    CONNECTING = "connecting"
    BRIDGING = "bridging"
    JOINING = "joining"
    UP = "up"
    DRAINING = "draining"
    """The call is over or released: the teardown runs, the last packets are waited for."""
    ENDED = "ended"
    FAILED = "failed"


class CallTiming(NamedTuple):
    """Time-outs and waits before retries, in seconds; as many retries as there are waits."""

    answer_retries_s: tuple[float, ...] = (0.1, 0.2, 0.4)
    join_retries_s: tuple[float, ...] = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
    media_enters_s: float = 3.0
    members_enter_s: float = 2.0
    undo_retries_s: tuple[float, ...] = (0.25, 1.0, 4.0)


@dataclass(frozen=True)
class AnswerChannel:
    """Answer the caller (POST /channels/{id}/answer)."""

    channel_id: str


@dataclass(frozen=True)
class AddMedia:
    """Bind the ports of this call in a worker; result: MediaAdded."""


@dataclass(frozen=True)
class MediaAdded:
    """Result of AddMedia: where Asterisk is to send its RTP, `address:port`."""

    external_host: str


@dataclass(frozen=True)
class CreateExternalMedia:
    """Create our media channel (POST /channels/externalMedia); result: Channel."""

    channel_id: str
    external_host: str


@dataclass(frozen=True)
class GetVariable:
    """Read a variable of a channel (GET /channels/{id}/variable); result: its text."""

    channel_id: str
    name: str


@dataclass(frozen=True)
class ConnectMedia:
    """Connect the media socket to Asterisk's RTP address and start the media leg."""

    host: str
    port: int


@dataclass(frozen=True)
class CreateBridge:
    """Create the mixing bridge (POST /bridges); result: Bridge."""

    bridge_id: str


@dataclass(frozen=True)
class AddToBridge:
    """Put channels into the bridge (POST /bridges/{id}/addChannel)."""

    bridge_id: str
    channel_ids: tuple[str, ...]


@dataclass(frozen=True)
class GetBridge:
    """Read the bridge (GET /bridges/{id}); result: Bridge."""

    bridge_id: str


@dataclass(frozen=True)
class DeleteBridge:
    """Delete the bridge (DELETE /bridges/{id}); 404 is success."""

    bridge_id: str


@dataclass(frozen=True)
class HangupChannel:
    """Hang up a channel (DELETE /channels/{id}); 404 is success."""

    channel_id: str


@dataclass(frozen=True)
class ContinueChannel:
    """Continue the caller in the dialplan (POST /channels/{id}/continue)."""

    channel_id: str


@dataclass(frozen=True)
class DrainMedia:
    """Stop the media leg, keep the echo leg until its last packet is back or lost."""


@dataclass(frozen=True)
class RemoveMedia:
    """Close the sockets of this call and free its ports; success where there are none."""


@dataclass(frozen=True)
class StartTimer:
    """Call `timed_out(what)` after `seconds`; a late one is ignored."""

    what: str
    seconds: float


@dataclass(frozen=True)
class Finished:
    """The last command: nothing of the call is left but what `leftovers` names."""

    state: CallState
    reason: str
    failed_step: CallState | None
    leftovers: tuple[str, ...]
    """What could not be undone, each with its error; the sweep tries again."""


Undo = DeleteBridge | HangupChannel | ContinueChannel | DrainMedia | RemoveMedia
Command = (
    AnswerChannel
    | AddMedia
    | CreateExternalMedia
    | GetVariable
    | ConnectMedia
    | CreateBridge
    | AddToBridge
    | GetBridge
    | Undo
    | StartTimer
    | Finished
)
