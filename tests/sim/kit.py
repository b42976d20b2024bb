"""What the simulator's tests share: a running one with a client, an echo, a bounded wait."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from typing import Any, cast

from ari_tui.sim.config import SimConfig
from ari_tui.sim.server import SimulatedAsterisk
from ari_tui.wire import rtp
from tests import rtp_packets
from tests.sim.contract import WAIT_S, Client, Target, client
from tests.sim.control import SimControl


class Echo(asyncio.DatagramProtocol):
    """An external host that keeps every datagram, and returns it as long as it is told to."""

    def __init__(self) -> None:
        self.received: list[bytes] = []
        self.returns = True
        self.port = 0
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # before 3.12 the selector's transport is no subclass of DatagramTransport
        self._transport = cast("asyncio.DatagramTransport", transport)
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.received.append(data)
        if self.returns:
            self.send(data, addr)

    def send(self, data: bytes, addr: Any) -> None:
        assert self._transport is not None
        self._transport.sendto(data, addr)

    def headers(self) -> list[rtp_packets.RtpHeader]:
        return [
            rtp_packets.parse(packet) for packet in self.received if rtp.classify(packet) == rtp.OK
        ]


@contextlib.asynccontextmanager
async def echo() -> AsyncIterator[Echo]:
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(Echo, ("127.0.0.1", 0))
    try:
        yield protocol
    finally:
        transport.close()


@dataclass
class Lab:
    sim: SimulatedAsterisk
    control: SimControl
    ari: Client

    async def caller(self) -> str:
        """Let one more caller ring in, and wait until the client has heard of it."""
        channel = self.control.place_call()
        assert channel is not None
        await self.ari.event("StasisStart", channel)
        return channel

    async def connect(self, caller: str, end: Echo, **query: str) -> str:
        """Answer a caller and bridge it with a media channel towards `end`; return that one."""
        assert (await self.ari.call("POST", f"/channels/{caller}/answer"))[0] == 204
        media = f"{caller}-media"
        status, _ = await self.ari.external_media(end.port, channelId=media, **query)
        assert status == 200
        await self.ari.event("StasisStart", media)
        await self.ari.bridge(caller, media)
        return media


@contextlib.asynccontextmanager
async def lab(config: SimConfig | None = None, **changes: Any) -> AsyncIterator[Lab]:
    """Run a simulated Asterisk with its application's client connected."""
    settled = replace(config or SimConfig(dtmf_share=0), **changes)
    async with SimulatedAsterisk(settled) as sim:
        target = Target(sim.url, settled.user, settled.password)
        async with client(target, app=settled.app) as ari:
            yield Lab(sim, SimControl(sim), ari)


async def until(condition: Callable[[], object]) -> None:
    """Wait until a condition holds."""

    async def poll() -> None:
        while not condition():  # noqa: ASYNC110  counters have no events
            await asyncio.sleep(0.005)

    await asyncio.wait_for(poll(), WAIT_S)
