"""Opening the event WebSocket, and why that cannot be done, in words."""

from __future__ import annotations

import asyncio
import logging
from typing import Final, NamedTuple

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from ari_tui.ari.endpoint import AriEndpoint
from ari_tui.ari.text import clean_text
from ari_tui.errors import AriError, AriUnauthorizedError

FAILURES: Final = (OSError, asyncio.TimeoutError, InvalidHandshake, EOFError)
"""What opening may raise."""
FATAL_AT_FIRST: Final = frozenset({401, 403, 404})
"""Refusals that waiting does not mend, unless it was open before."""
_MAX_MESSAGE: Final = 16 * 1024 * 1024
_WIRE_LOG: Final = logging.getLogger("ari_tui.ari.websocket")
_WIRE_LOG.setLevel(logging.WARNING)  # at DEBUG, websockets logs the Authorization header
_KEEPALIVE_FAILED: Final = 1011


class Patience(NamedTuple):
    """How long, in seconds, opening may take, and a peer that says nothing counts as there."""

    open_s: float = 5.0
    ping_interval_s: float = 5.0
    ping_timeout_s: float = 5.0


def open_events(endpoint: AriEndpoint, app: str, patience: Patience) -> connect:
    """Return the connection to an application's events, to be entered; raises FAILURES then."""
    return _Connect(
        endpoint.events_url(app),
        additional_headers=endpoint.headers,
        ssl=endpoint.tls,
        proxy=None,
        compression=None,
        logger=_WIRE_LOG,
        max_size=_MAX_MESSAGE,
        max_queue=None,
        open_timeout=patience.open_s,
        close_timeout=1.0,
        ping_interval=patience.ping_interval_s,
        ping_timeout=patience.ping_timeout_s,
    )


class _Connect(connect):
    def process_redirect(self, exc: Exception) -> Exception | str:
        # a redirect would carry our credentials to wherever it points
        return exc


def was_silent(error: ConnectionClosed) -> bool:
    """Tell whether a connection was closed because the peer answered no ping."""
    return error.sent is not None and error.sent.code == _KEEPALIVE_FAILED


def explain(error: Exception, endpoint: AriEndpoint, patience: Patience) -> tuple[str, int | None]:
    """Return why opening failed, in words, and the HTTP status where there was an answer."""
    url, user = endpoint.url, clean_text(endpoint.username)
    if isinstance(error, InvalidStatus):
        status = error.response.status_code
        if status in (401, 403):
            return (
                f"Asterisk at {url} refused user '{user}' its events ({status}): check "
                "asterisk.username and asterisk.password (ari.conf)"
            ), status
        if status == 404:
            return (
                f"there are no ARI events at {url}: is it enabled? (http.conf enabled=yes, "
                "ari.conf enabled=yes)"
            ), status
        return f"{url} answered the event request with {status}", status
    if isinstance(error, ConnectionRefusedError):
        return f"nothing listens at {url}: is Asterisk running?", None
    if isinstance(error, asyncio.TimeoutError):
        return f"no event connection to {url} within {patience.open_s:g} s", None
    detail = clean_text(error) or type(error).__name__
    return f"no event connection to {url}: {detail}", None


def fatal(reason: str, status: int | None) -> AriError:
    """Return the error that a refusal at the first attempt is."""
    if status in (401, 403):
        return AriUnauthorizedError(reason, status=status)
    return AriError(reason, status=status)
