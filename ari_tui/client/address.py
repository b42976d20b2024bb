"""The address of an engine, a Unix socket or a URL, and the text of connection errors."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from ari_tui.core.errors import ConfigError
from ari_tui.core.sockets import endpoint_text
from ari_tui.core.text import escaped

DEFAULT_PORT: Final = 9090
"""Of http and ws; of https and wss it is 443."""
_SCHEMES: Final = {"http": "ws", "ws": "ws", "https": "wss", "wss": "wss"}
_KEEPALIVE_FAILED: Final = 1011
_TOO_BIG: Final = 1009


class Target(NamedTuple):
    """The address of an engine's `/stream`."""

    uri: str
    path: str | None
    """The Unix socket; None for TCP."""
    shown: str
    """The address as shown."""


def parse_target(text: str) -> Target:
    """Parse a socket's path, `host:port`, or an http, https, ws or wss URL.

    A path holds a slash or ends in `.sock`; `~` is the user's home. Raises ConfigError for anything
    else, and for a URL with credentials or a query: tokens are sent in a header.
    """
    text = text.strip()
    if "://" not in text and ("/" in text or text.endswith(".sock")):
        path = str(Path(text).expanduser())
        return Target("ws://engine/stream", path, escaped(path))
    return _parse_url(text)


def _parse_url(text: str) -> Target:
    if "@" in text:
        raise ConfigError("an engine's URL must not hold credentials: use http.token_file")
    shown = escaped(text, 200)
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ConfigError(f"{shown!r} is no address of an engine: {escaped(str(error))}") from None
    if parts.query or parts.fragment:  # not shown: it may be a token
        raise ConfigError("an engine's URL has no query: the token comes from http.token_file")
    scheme = _SCHEMES.get(parts.scheme)
    if scheme is None or not host or port == 0 or ("://" not in text and port is None):
        raise ConfigError(
            f"{shown!r} is no address of an engine: give its socket's path, host:port or a URL"
        )
    port = port or (DEFAULT_PORT if scheme == "ws" else 443)
    place = endpoint_text(host, port)
    prefix = parts.path.rstrip("/").removesuffix("/stream")
    return Target(f"{scheme}://{place}{prefix}/stream", None, f"{scheme}://{place}{prefix}")


def explain(error: BaseException, target: Target, *, token: bool, open_s: float) -> str:
    """Return why an engine was not reached, as text; `token`: one was sent."""
    where = target.shown
    if isinstance(error, InvalidStatus):
        status = error.response.status_code
        if status == 401:
            what = "refused our token" if token else "wants a token"
            return f"{where} {what}: set http.token_file as the engine has it"
        return f"{where} answers, but is no ari-tui engine (status {status})"
    if isinstance(error, (InvalidHandshake, EOFError)):
        return f"{where} answers, but is no ari-tui engine ({escaped(str(error), 120)})"
    if isinstance(error, (asyncio.TimeoutError, TimeoutError)):  # distinct before Python 3.11
        return f"no answer from {where} within {open_s:g} s"
    if isinstance(error, ssl.SSLError):
        return f"{where} cannot be trusted: {escaped(str(error.reason or error), 120)}"
    if isinstance(error, FileNotFoundError):
        return f"no engine at {where}: there is no such socket (is ari-tui running?)"
    if isinstance(error, ConnectionRefusedError):
        return f"nothing listens at {where}: the engine is not running"
    if isinstance(error, PermissionError):
        return f"{where} is not ours to open: the engine is another user's"
    why = error.strerror if isinstance(error, OSError) else None
    return f"{where} cannot be reached: {escaped(why or str(error) or type(error).__name__, 120)}"


def explain_closed(error: ConnectionClosed, target: Target) -> str:
    """Return why an open connection was closed, as text."""
    if error.sent is not None and error.sent.code == _KEEPALIVE_FAILED:
        return f"no sign of life from {target.shown}"
    if error.sent is not None and error.sent.code == _TOO_BIG:
        return f"{target.shown} sent more than can be read at once"
    return f"the connection to {target.shown} broke off"
