"""The one tree of errors; those of the system, HTTP and libraries are translated at the border.

A message says what failed, on what, and what to do about it. `exit_code` is what the command line
returns when the error ends the program::

    AriTuiError                 3
    ├── UsageError              2   wrong use
    │   ├── ConfigError             a key, variable or flag of the configuration
    │   ├── FilterError             the screen's filter
    │   ├── CompareError            one comparison in it
    │   └── ReportFileError         a file that no report can be made from
    ├── BindError                   a socket
    │   └── PortInUseError          another program's port
    ├── PortsExhaustedError         the range of RTP ports
    ├── WorkerError                 a media worker
    ├── ChildFailedError            a child process; with its own exit code
    ├── AriError                    a REST request
    │   ├── AriUnreachableError     no connection, no answer
    │   ├── AriUnauthorizedError    401, 403
    │   ├── AriNotFoundError        404
    │   ├── AriConflictError        409, 422
    │   ├── AriReplacedError    2   another client has taken our Stasis application over
    │   ├── AriTakenError           another client had the Stasis application before us
    │   └── MalformedEventError        an event that cannot be read
    ├── StepFailedError             a step of a call's set-up
    ├── DeliveryError               an alert
    ├── ActionFailedError           an action, in the engine
    ├── ActionError                 the same, as its client gets it
    ├── UnknownMessageError         a message of `/stream`
    ├── EngineDownError             no engine answers
    ├── NotReachedError             it is not known whether one runs
    ├── ExportError                 a file of the screen
    ├── DamagedCaptureError         a capture file, from some byte on
    └── SimRefusalError             a request that the simulated Asterisk refuses
"""

from __future__ import annotations

from ari_tui.core.exit_codes import UNREACHABLE, WRONG_USE


class AriTuiError(Exception):
    """Base of all errors; each is shown as one line."""

    exit_code = UNREACHABLE


class UsageError(AriTuiError):
    """Wrong use; the message names what was wrong and what would be right."""

    exit_code = WRONG_USE


class ConfigError(UsageError):
    """Wrong configuration; the message names the key, variable or flag."""


class FilterError(UsageError):
    """A filter is wrong at `position` (from 0); the text says what would be right."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(f"at {position + 1}: {message}")
        self.position = position


class CompareError(UsageError):
    """A comparison is wrong; the text says why, and what would be right."""


class ReportFileError(UsageError):
    """A file cannot be read, or no report can be made from it."""


class BindError(AriTuiError):
    """A socket could not be bound; the message names address, port and cause."""


class PortInUseError(BindError):
    """Another program holds the port."""


class PortsExhaustedError(AriTuiError):
    """No RTP port is left in the configured range."""


class WorkerError(AriTuiError):
    """A media worker refused a request, or died."""


class ChildFailedError(AriTuiError):
    """A child process ended before it was ready; carries its own message and exit code."""

    def __init__(self, message: str, exit_code: int = UNREACHABLE, *, question: str = "") -> None:
        super().__init__(message)
        self.exit_code = exit_code
        self.question = question
        """What to ask a person, whose yes would let it start: AriTakenError's."""


class AriError(AriTuiError):
    """Asterisk answered a REST request with an error, or did not answer."""

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class AriUnreachableError(AriError):
    """No connection to Asterisk, or no answer within the time-out."""


class AriUnauthorizedError(AriError):
    """401 or 403: wrong user, wrong password, or a read-only user."""


class AriNotFoundError(AriError):
    """404: the channel, bridge or application is not (or no longer) there."""


class AriConflictError(AriError):
    """409 or 422: the object is there but not in the state that the request needs."""


class AriReplacedError(AriError):
    """Another client took over our Stasis application: two programs are set up for it.

    Counts as wrong use: a service manager must not restart us, or both would replace each other
    endlessly.
    """

    exit_code = WRONG_USE


class AriTakenError(AriError):
    """Another client holds the Stasis application, and we were not told to take it over.

    Its exit code is that of a port in use: the name may be free again later.
    """

    def __init__(self, message: str, *, question: str) -> None:
        super().__init__(message)
        self.question = question
        """What to ask a person, whose yes means --take-over."""


class MalformedEventError(AriError):
    """An event of a known type has a body that cannot be read; the stream goes on."""


class StepFailedError(AriTuiError):
    """A step of a call's set-up cannot be done; `step` is the state (`ari.commands.CallState`)."""

    def __init__(self, step: str, reason: str) -> None:
        super().__init__(reason)
        self.step = step


class DeliveryError(AriTuiError):
    """An alert was not delivered; the text says why."""


class ActionFailedError(AriTuiError):
    """An action could not be done; the text is shown to its user."""


class ActionError(AriTuiError):
    """The engine refused an action or failed in it; the text says why."""


class UnknownMessageError(AriTuiError):
    """A message of `/stream` cannot be read; the text says why."""


class EngineDownError(AriTuiError):
    """No engine answers where one should."""


class NotReachedError(AriTuiError):
    """Something else answers, or access is denied: it is not known whether an engine runs."""


class ExportError(AriTuiError):
    """A file could not be written; the text names it and says why."""


class DamagedCaptureError(AriTuiError):
    """A capture file cannot be read beyond this point."""


class SimRefusalError(AriTuiError):
    """A request that the simulated Asterisk refuses: HTTP status and the words of its answer."""

    def __init__(self, status: int, message: str, *, key: str = "message") -> None:
        super().__init__(message)
        self.status = status
        self.key = key
        """The key under which Asterisk says it; "error" when an allocation failed."""
