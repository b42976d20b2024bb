"""One exception tree; operating-system and HTTP errors are translated into it at the border.

A message says what failed, on what, and what to do about it. `exit_code` is what the command
line returns when the error ends the program.
"""

from __future__ import annotations


class AriTuiError(Exception):
    """Base of every error that a person may be shown as one line."""

    exit_code = 3


class ConfigError(AriTuiError):
    """Wrong use or configuration; the message names the key, variable or flag."""

    exit_code = 2


class BindError(AriTuiError):
    """A socket could not be bound; the message names address, port and cause."""


class PortsExhaustedError(AriTuiError):
    """No RTP port is left in the configured range."""


class WorkerError(AriTuiError):
    """A media worker refused a request, or died."""


class ChildFailedError(AriTuiError):
    """A child process ended before it was ready; carries its own message and exit code."""

    def __init__(self, message: str, exit_code: int = 3) -> None:
        super().__init__(message)
        self.exit_code = exit_code


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

    Wrong use, therefore: whoever starts us again by itself must not, or the two would throw each
    other out for ever.
    """

    exit_code = 2
