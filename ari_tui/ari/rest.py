"""REST requests to one Asterisk: connection pool, time-outs, bounded retries, error texts.

http.conf allows 100 sessions and keeps an idle one for 15 s: the pool has at most 32 connections
and closes an idle one earlier, so that no request is written into a socket that Asterisk is
closing. Only idempotent requests are retried, on a lost connection or a 503: a POST that was
not answered may have been executed. `ari_tui.ari.client` defines the operations.
"""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import time
from collections import deque
from collections.abc import Mapping
from typing import Any, Final, TypeVar

import aiohttp
import msgspec
from yarl import URL

from ari_tui.ari.endpoint import AriEndpoint, join_path
from ari_tui.core.errors import (
    AriConflictError,
    AriError,
    AriNotFoundError,
    AriUnauthorizedError,
    AriUnreachableError,
)
from ari_tui.core.text import clean_text

T = TypeVar("T")
Path = tuple[str, ...]

POOL_SIZE: Final = 32
KEEP_ALIVE_S: Final = 10.0
_IDEMPOTENT: Final = frozenset({"GET", "PUT", "DELETE"})
_RETRY_DELAYS_S: Final = (0.1, 0.4)
_LATENCIES_KEPT: Final = 64
_CONFLICTS: Final = frozenset({409, 412, 422})


class _Message(msgspec.Struct, frozen=True):
    message: str = ""
    error: str = ""


class RestSession:
    """One pool of connections to one Asterisk; for one event loop."""

    def __init__(
        self,
        endpoint: AriEndpoint,
        *,
        timeout_s: float = 5.0,
        pool_size: int = POOL_SIZE,
        retry_delays_s: tuple[float, ...] = _RETRY_DELAYS_S,
    ) -> None:
        """Prepare; nothing is opened before the first request.

        `timeout_s` bounds each attempt, its wait for a free connection included.
        """
        self.endpoint = endpoint
        self._timeout_s, self._retry_delays_s = timeout_s, retry_delays_s
        self._pool_size = min(pool_size, POOL_SIZE)
        self._session: aiohttp.ClientSession | None = None
        self._latencies_ms: deque[float] = deque(maxlen=_LATENCIES_KEPT)

    @property
    def latency_ms(self) -> float | None:
        """Return the median time of the last 64 answered requests; None before the first."""
        return statistics.median(self._latencies_ms) if self._latencies_ms else None

    async def close(self) -> None:
        """Close all connections; the next request opens new ones."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def request(
        self,
        method: str,
        path: Path,
        query: Mapping[str, str] | None = None,
        *,
        body: Mapping[str, Any] | None = None,
    ) -> bytes:
        """Send one request and return the body of its answer.

        Raises an AriError: AriUnreachableError when there was no answer (a POST may still have
        been executed), AriUnauthorizedError, AriNotFoundError, AriConflictError, else AriError
        with its `status`.
        """
        delays = self._retry_delays_s if method in _IDEMPOTENT else ()
        for delay in delays:
            with contextlib.suppress(_LostConnectionError):
                status, kind, data = await self._attempt(method, path, query, body)
                if status != 503:
                    return self._checked(method, path, status, kind, data)
            await asyncio.sleep(delay)
        return self._checked(method, path, *await self._attempt(method, path, query, body))

    async def read(
        self,
        kind: type[T],
        method: str,
        path: Path,
        query: Mapping[str, str] | None = None,
        *,
        body: Mapping[str, Any] | None = None,
    ) -> T:
        """Send one request and decode its answer; raise AriError too when it is not a `kind`."""
        data = await self.request(method, path, query, body=body)
        try:
            return msgspec.json.decode(data.decode("utf-8", "replace"), type=kind)
        except (msgspec.MsgspecError, RecursionError) as error:
            name = getattr(kind, "__name__", str(kind))
            raise AriError(
                f"{self._what(method, path)}: the answer is no {name}: {clean_text(error)}"
            ) from None

    async def _attempt(
        self,
        method: str,
        path: Path,
        query: Mapping[str, str] | None,
        body: Mapping[str, Any] | None,
    ) -> tuple[int, str, bytes]:
        url = URL(self.endpoint.rest_url(path, query), encoded=True)
        started = time.perf_counter()
        try:
            async with self._open().request(
                method, url, json=body, allow_redirects=False
            ) as response:
                data = await response.read()
        except asyncio.TimeoutError:
            raise AriUnreachableError(
                f"{self._what(method, path)}: no answer within {self._timeout_s:g} s: "
                "is Asterisk overloaded, or a firewall in between?"
            ) from None
        except aiohttp.ClientConnectorError as error:
            raise AriUnreachableError(self._refusal(error)) from None
        except (aiohttp.ClientError, OSError) as error:
            reason = clean_text(error) or type(error).__name__
            raise _LostConnectionError(
                f"{self._what(method, path)}: the connection was lost: {reason}"
            ) from None
        self._latencies_ms.append((time.perf_counter() - started) * 1e3)
        return response.status, response.content_type, data

    def _open(self) -> aiohttp.ClientSession:
        # created inside the running loop
        if self._session is None:
            connector = aiohttp.TCPConnector(
                limit=self._pool_size, keepalive_timeout=KEEP_ALIVE_S, ssl=self.endpoint.tls or True
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                headers=dict(self.endpoint.headers),
                timeout=aiohttp.ClientTimeout(total=self._timeout_s),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,  # no proxy of the environment
            )
        return self._session

    def _checked(self, method: str, path: Path, status: int, kind: str, data: bytes) -> bytes:
        if 200 <= status < 300:
            return data
        error: type[AriError] = AriError
        url, user = self.endpoint.url, clean_text(self.endpoint.username)
        message = _message_of(data) if kind == "application/json" else ""
        what = f"{self._what(method, path)}: {status} {message}".rstrip()
        if status == 401:
            error = AriUnauthorizedError
            what = (
                f"Asterisk at {url} refused user '{user}': check asterisk.username and "
                "asterisk.password (ari.conf)"
            )
        elif status == 403:
            error = AriUnauthorizedError
            what += f": user '{user}' may not do this: is it read_only in ari.conf?"
        elif status == 404 and kind != "application/json":
            what += f": there is no ARI at {url}: is it enabled? (http.conf enabled=yes, "
            what += "ari.conf enabled=yes)"
        elif status == 404:
            error = AriNotFoundError
        elif status in _CONFLICTS:
            error = AriConflictError
        elif 300 <= status < 400:
            what += ": a redirect is not followed: give the final address as asterisk.url"
        raise error(what, status=status)

    def _what(self, method: str, path: Path) -> str:
        return f"{method} {self.endpoint.url}/ari/{join_path(path)}"

    def _refusal(self, error: aiohttp.ClientConnectorError) -> str:
        url = self.endpoint.url
        if isinstance(error, aiohttp.ClientConnectorCertificateError):
            return (
                f"the certificate of {url} is not trusted: {clean_text(error.certificate_error)} "
                "(asterisk.verify_tls = false accepts any)"
            )
        if isinstance(error, aiohttp.ClientConnectorDNSError):
            return f"{url}: the name cannot be resolved: check asterisk.url"
        if isinstance(error, aiohttp.ClientSSLError):
            return f"no TLS at {url}: {clean_text(error.os_error)}: is it http, or another port?"
        if isinstance(error.os_error, ConnectionRefusedError):
            return (
                f"nothing listens at {url}: is Asterisk running, and its HTTP server enabled "
                "(http.conf enabled=yes, bindaddr, bindport)?"
            )
        return f"cannot connect to {url}: {clean_text(error.os_error)}"


class _LostConnectionError(AriUnreachableError):
    """The connection broke after it was open: an idempotent request may be repeated."""


def _message_of(data: bytes) -> str:
    try:
        body = msgspec.json.decode(data.decode("utf-8", "replace"), type=_Message)
    except (msgspec.MsgspecError, RecursionError):
        return ""
    return clean_text(body.message or body.error)
