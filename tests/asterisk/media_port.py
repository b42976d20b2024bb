"""A plain UDP port that stands where our media socket would."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import cast

from tests import rtp_packets

_TIMEOUT_S = 10.0


class MediaPort(asyncio.DatagramProtocol):
    """Collects packets, and sends RTP."""

    def __init__(self) -> None:
        self._packets: asyncio.Queue[tuple[bytes, tuple[str, int]]] = asyncio.Queue()
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the socket."""
        # Before Python 3.12 the transport that asyncio gives is no DatagramTransport by class.
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Keep a packet and its source."""
        self._packets.put_nowait((data, addr))

    @property
    def address(self) -> str:
        """Return host:port, as external_host wants it."""
        assert self._transport is not None
        host, port = self._transport.get_extra_info("sockname")
        return f"{host}:{port}"

    def send(self, data: bytes, to: tuple[str, int]) -> None:
        """Send one datagram."""
        assert self._transport is not None
        self._transport.sendto(data, to)

    async def receive(self) -> tuple[bytes, tuple[str, int]]:
        """Return the next packet and its source."""
        return await asyncio.wait_for(self._packets.get(), _TIMEOUT_S)

    async def receive_rtp(self, count: int) -> list[tuple[rtp_packets.RtpHeader, bytes]]:
        """Return the next `count` RTP packets: header and payload."""
        packets: list[tuple[rtp_packets.RtpHeader, bytes]] = []
        while len(packets) < count:
            data, _ = await self.receive()
            header = rtp_packets.parse(data)
            packets.append((header, data[header.payload_start : header.payload_end]))
        return packets


@contextlib.asynccontextmanager
async def media_port() -> AsyncIterator[MediaPort]:
    """Open a port on loopback."""
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(
        MediaPort, local_addr=("127.0.0.1", 0)
    )
    try:
        yield protocol
    finally:
        transport.close()
