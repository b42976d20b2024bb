"""What impairments say of themselves, and what becomes of those that do not answer."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator

import pytest

from ari_tui.ari.client import AriClient
from ari_tui.document.model import Injected, InjectedBy
from ari_tui.engine.injected import InjectedCounts
from ari_tui.reflector.impairment_spec import parse_impairment
from tests import rtp_packets
from tests.engine.kit import EchoRun, Pbx, asterisk, echo_server, unused_udp_port

NOBODY = InjectedBy(echo=None, media=None)


@contextlib.asynccontextmanager
async def client(pbx: Pbx) -> AsyncIterator[AriClient]:
    async with AriClient(pbx.sim.url, "ari", "ari", timeout_s=1.0) as client:
        yield client


async def test_without_impairments_nothing_is_known(pbx: Pbx, echo: EchoRun) -> None:
    async with client(pbx) as ari:
        truth = InjectedCounts(ari, echo.host, echo.port)
        await truth.refresh()
        assert truth.newest == NOBODY
        asked = len(pbx.faults.requests)
        await truth.refresh()
        assert len(pbx.faults.requests) == asked  # an Asterisk without the variable is left alone


async def test_both_impairments_tell_what_they_did() -> None:
    async with asterisk(impair_media="loss=50%") as pbx, client(pbx) as ari:
        with echo_server(impairment=parse_impairment("loss=100%"), seed=3) as echo:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far:
                far.connect((echo.host, echo.port))
                for n in range(20):
                    far.send(
                        rtp_packets.build(b"\xff" * 160, sequence=n, timestamp=160 * n, ssrc=9)
                    )
            truth = InjectedCounts(ari, echo.host, echo.port)
            for _ in range(100):  # the packets are on their way
                await truth.refresh()
                if truth.newest.echo is not None and truth.newest.echo.lost == 20:
                    break
            assert truth.newest.echo == Injected(lost=20, duplicates=0, reordered=0)
            assert truth.newest.media is not None
            assert truth.newest.media.lost == 0


async def test_what_does_not_answer_keeps_its_last_answer(pbx: Pbx) -> None:
    port = unused_udp_port()
    spec = parse_impairment("loss=1%")
    async with client(pbx) as ari:
        truth = InjectedCounts(ari, "127.0.0.1", port)
        await truth.refresh()
        assert truth.newest == NOBODY
        with echo_server(port, impairment=spec):
            await truth.refresh()
        known = truth.newest
        assert known.echo is not None
        pbx.faults.add("GET", "/ari/asterisk/variable", 500)
        await truth.refresh()
        assert truth.newest == known


async def test_a_foreign_echo_server_is_no_witness(pbx: Pbx) -> None:
    class Foreign(asyncio.DatagramProtocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = transport

        def datagram_received(self, data: bytes, addr: object) -> None:
            self.transport.sendto(data, addr)  # type: ignore[attr-defined]  # a datagram one
            for answer in (b"", b"\x80" * 40, b"x" * 2000):
                self.transport.sendto(answer, addr)  # type: ignore[attr-defined]

    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Foreign, ("127.0.0.1", 0))
    try:
        async with client(pbx) as ari:
            truth = InjectedCounts(ari, "127.0.0.1", transport.get_extra_info("sockname")[1])
            await truth.refresh()
            assert truth.newest == NOBODY
            assert truth.echo_answers == (True, ""), "it is an echo server all the same"
    finally:
        transport.close()


@pytest.mark.parametrize(
    "value", ["[]", "{}", "no", json.dumps({"lost": "many", "duplicates": 0, "reordered": 0})]
)
async def test_a_variable_that_says_something_else_is_not_believed(
    value: str, pbx: Pbx, monkeypatch: pytest.MonkeyPatch, echo: EchoRun
) -> None:
    async def said(_name: str) -> str:
        return value

    async with client(pbx) as ari:
        monkeypatch.setattr(ari, "global_variable", said)
        truth = InjectedCounts(ari, echo.host, echo.port)
        await truth.refresh()
        assert truth.newest.media is None


async def test_an_echo_server_elsewhere_that_is_silent_is_not_known(pbx: Pbx) -> None:
    async with client(pbx) as ari:
        truth = InjectedCounts(ari, "198.51.100.1", 4000)
        await asyncio.wait_for(truth.refresh(), 5)
        assert truth.newest == NOBODY
        assert truth.echo_answers[0] is not True


async def test_an_echo_address_that_cannot_be_reached_is_no_error(pbx: Pbx) -> None:
    async with client(pbx) as ari:
        truth = InjectedCounts(ari, "127.0.0.1", 4000)
        truth._echo = ("::1%nowhere", 4000)
        await truth.refresh()
        assert truth.newest == NOBODY


async def test_whether_an_echo_server_answers_is_known_from_its_status(pbx: Pbx) -> None:
    port = unused_udp_port()
    async with client(pbx) as ari:
        truth = InjectedCounts(ari, "127.0.0.1", port)
        assert truth.echo_answers[0] is None
        await truth.refresh()
        assert truth.echo_answers == (False, "nothing listens there")
        with echo_server(port):
            await truth.refresh()
            assert truth.echo_answers == (True, "")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
            silent.bind(("127.0.0.1", port))
            await truth.refresh()
            assert truth.echo_answers[0] is None
