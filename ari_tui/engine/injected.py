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
from ari_tui.core.text import clean_text
from ari_tui.document.model import Injected, InjectedBy
from ari_tui.wire import status

VARIABLE: Final = "ARI_TUI_INJECTED"
_ANSWER_S: Final = 0.5
_SILENT: Final = "no answer to a status query: is it ari-tui echo, and running?"
_REMOTE: Final = "known once a call is up"


class _Query(asyncio.DatagramProtocol):
    def __init__(self, nonce: int) -> None:
        self.nonce = nonce
        self.answer: asyncio.Future[Injected | None] = asyncio.get_running_loop().create_future()
        self.refused = self.heard = False

    def datagram_received(self, data: bytes, _addr: object) -> None:
        self.heard = True  # a foreign echo server sends the query itself back
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

    def error_received(self, exc: Exception) -> None:
        self.refused = isinstance(exc, ConnectionRefusedError)
        if not self.answer.done():
            self.answer.set_result(None)


class InjectedCounts:
    """The newest counters."""

    def __init__(self, client: AriClient, echo_host: str, echo_port: int) -> None:
        self._client, self._echo = client, (echo_host, echo_port)
        # totals are answered to loopback only; from elsewhere a refusal is all there is to learn
        self._is_local = ipaddress.ip_address(echo_host).is_loopback
        self._ask_media = True
        self.newest = InjectedBy(echo=None, media=None)
        self.echo_answers: tuple[bool | None, str] = None, "not asked yet"
        """Whether the echo server answers, None while that is not known, and why."""

    async def refresh(self) -> None:
        """Query again; without an answer the last one stays."""
        echo = await self._from_echo()
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
        except OSError as error:
            self.echo_answers = False, clean_text(error.strerror or error)
            return None
        try:
            transport.sendto(status.build_query(status.StatusQuery(status.TOTALS_QUERY, 0, nonce)))
            found = await asyncio.wait_for(query.answer, _ANSWER_S)
            self.echo_answers = (False, "nothing listens there") if query.refused else (True, "")
            return found
        except asyncio.TimeoutError:
            silent = None, _SILENT if self._is_local else _REMOTE
            self.echo_answers = (True, "") if query.heard else silent
            return None
        finally:
            transport.close()
