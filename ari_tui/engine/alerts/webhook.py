"""Posts an alert as JSON to a URL. The URL may be a secret: no log and no error contains it."""

from __future__ import annotations

import asyncio
from typing import Final
from urllib.parse import urlsplit

import aiohttp

from ari_tui.core.errors import DeliveryError
from ari_tui.document.alert import Alert
from ari_tui.document.model import encode

PAUSES_S: Final = (1.0, 5.0)
"""Before the second and the third try."""
_SERVER_ERROR: Final = 500
_TOO_MANY: Final = 429


class _PassingError(DeliveryError):
    """A failure that may pass: the post is retried."""


class AlertWebhook:
    """A URL that takes a POST of JSON."""

    def __init__(
        self,
        url: str,
        *,
        token: str = "",
        verify_tls: bool = True,
        timeout_s: float = 10.0,
        pauses_s: tuple[float, ...] = PAUSES_S,
    ) -> None:
        self.name = f"webhook {urlsplit(url).hostname}"
        self._url, self._verify_tls, self._pauses_s = url, verify_tls, pauses_s
        self._timeout_s = timeout_s
        self._headers = {"Content-Type": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"

    async def deliver(self, alert: Alert) -> None:
        """Post the alert; retry failures that may pass. Raises DeliveryError."""
        body = encode(alert)
        for pause_s in self._pauses_s:
            try:
                await self._post(body)
            except _PassingError:  # noqa: PERF203  that is what the loop is for
                await asyncio.sleep(pause_s)
            else:
                return
        await self._post(body)

    async def _post(self, body: bytes) -> None:
        timeout = aiohttp.ClientTimeout(total=self._timeout_s)
        try:
            # a redirect would send the token elsewhere
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.post(
                    self._url,
                    data=body,
                    headers=self._headers,
                    allow_redirects=False,
                    ssl=self._verify_tls,
                ) as response,
            ):
                status = response.status
        except asyncio.TimeoutError:
            raise _PassingError(f"no answer within {self._timeout_s:g} s") from None
        except aiohttp.ClientConnectorCertificateError:
            raise DeliveryError("its certificate is not trusted") from None
        except aiohttp.ClientConnectorError as error:
            why = error.os_error.strerror or type(error.os_error).__name__
            raise _PassingError(f"no connection: {why}") from None
        except (aiohttp.ClientError, OSError) as error:
            raise _PassingError(f"the connection failed ({type(error).__name__})") from None
        if not 200 <= status < 300:
            passing = status >= _SERVER_ERROR or status == _TOO_MANY
            kind = _PassingError if passing else DeliveryError
            raise kind(f"it answered {status}")
