"""Reads the counters of impairments: the simulator's by a variable, the echo server's by status.

A real Asterisk does not have the variable and a foreign echo server does not answer; the
documents then have null.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import json
import secrets
from typing import Final

from ari_tui.ari.client import AriClient
from ari_tui.core.errors import AriError
from ari_tui.document.model import Injected, InjectedBy
from ari_tui.wire import status

VARIABLE: Final = "ARI_TUI_INJECTED"
_ANSWER_S: Final = 0.5


class _Query(asyncio.DatagramProtocol):
    def __init__(self, nonce: int) -> None:
        self.nonce = nonce
        self.answer: asyncio.Future[Injected | None] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, _addr: object) -> None:
        reply = status.parse_reply(data)
        if reply is None or reply.query.nonce != self.nonce or self.answer.done():
            return
        counters = reply.counters
        self.answer.set_result(
            Injected(
                lost=counters.impaired_lost,
                duplicates=counters.impaired_duplicates,
                reordered=counters.impaired_reordered,
            )
            if reply.impaired
            else None
        )

    def error_received(self, _exc: Exception) -> None:
        if not self.answer.done():
            self.answer.set_result(None)


class InjectedCounts:
    """The newest counters."""

    def __init__(self, client: AriClient, echo_host: str, echo_port: int) -> None:
        self._client, self._echo = client, (echo_host, echo_port)
        # totals are answered to loopback only
        self._ask_echo = ipaddress.ip_address(echo_host).is_loopback
        self._ask_media = True
        self.newest = InjectedBy(echo=None, media=None)

    async def refresh(self) -> None:
        """Query again; without an answer the last one stays."""
        echo = await self._from_echo() if self._ask_echo else None
        media = await self._from_simulator() if self._ask_media else None
        self.newest = InjectedBy(echo=echo or self.newest.echo, media=media or self.newest.media)

    async def _from_simulator(self) -> Injected | None:
        with contextlib.suppress(AriError, ValueError, TypeError, KeyError):
            text = await self._client.global_variable(VARIABLE)
            self._ask_media = bool(text)
            found = json.loads(text)
            return Injected(
                lost=int(found["lost"]),
                duplicates=int(found["duplicates"]),
                reordered=int(found["reordered"]),
            )
        return None

    async def _from_echo(self) -> Injected | None:
        loop = asyncio.get_running_loop()
        nonce = secrets.randbits(63)
        try:
            transport, query = await loop.create_datagram_endpoint(
                lambda: _Query(nonce), remote_addr=self._echo
            )
        except OSError:
            return None
        try:
            transport.sendto(status.build_query(status.StatusQuery(status.TOTALS_QUERY, 0, nonce)))
            return await asyncio.wait_for(query.answer, _ANSWER_S)
        except asyncio.TimeoutError:
            return None
        finally:
            transport.close()
