"""What a call machine may ask of its shell, and the names of its states.

Commands are values: the shell runs each as a task of its own and feeds the outcome back with the
very command (`CallMachine.succeeded`, `CallMachine.failed`). `StartTimer` is answered by
`CallMachine.timed_out`; `Finished` is answered by nothing, it is the last.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple


class OnRelease(str, Enum):
    """What becomes of the caller when a call ends while the caller is still ours."""

    CONTINUE = "continue"
    HANGUP = "hangup"


class CallState(str, Enum):
    """Where a call is in its life; also the name of the step that failed."""

    NEW = "new"
    ANSWERING = "answering"
    ADDING_MEDIA = "adding media"
    CREATING_MEDIA = "media"
    CONNECTING = "connecting"
    BRIDGING = "bridging"
    JOINING = "joining"
    UP = "up"
    DRAINING = "draining"
    """The call is over or released; what was built is being taken down, counts are closing."""
    ENDED = "ended"
    FAILED = "failed"


class CallTiming(NamedTuple):
    """Waits of a call's way up and down, in seconds; as many retries as there are waits."""

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
    """Result of AddMedia: where Asterisk shall send its RTP, `address:port`, as it sees us."""

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
    """Delete the bridge; its not being there is success."""

    bridge_id: str


@dataclass(frozen=True)
class HangupChannel:
    """Hang up a channel (DELETE /channels/{id}); its not being there is success."""

    channel_id: str


@dataclass(frozen=True)
class ContinueChannel:
    """Let the caller go on in its dialplan (POST /channels/{id}/continue)."""

    channel_id: str


@dataclass(frozen=True)
class DrainMedia:
    """Stop the media leg, keep the echo leg until the books are closed; then succeed."""


@dataclass(frozen=True)
class RemoveMedia:
    """Close the sockets of this call and free its ports; their not being there is success."""


@dataclass(frozen=True)
class StartTimer:
    """Call `timed_out(what)` after `seconds`; one that is late is ignored."""

    what: str
    seconds: float


@dataclass(frozen=True)
class Finished:
    """The last command: nothing of this call is left but what `leftovers` names."""

    state: CallState
    reason: str
    failed_step: CallState | None
    leftovers: tuple[str, ...]
    """What could not be undone, each with its error; the sweep tries again later."""


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
