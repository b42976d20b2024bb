"""A real HTTP server on loopback that takes alerts, or makes it hard to give them."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from ari_tui.core.errors import DeliveryError
from ari_tui.engine.alerts.webhook import PAUSES_S, AlertWebhook
from tests.engine.alerts.test_command import an_alert

TOKEN = "t0ken-of-the-tests"
SECRET = "services-T000-B000-XXXX"


class Chat:
    """What a chat service heard, and how it answers, one status after the other."""

    def __init__(self, statuses: tuple[int, ...]) -> None:
        self.statuses = list(statuses)
        self.bodies: list[Any] = []
        self.headers: list[Any] = []
        self.paths: list[str] = []
        self.released = asyncio.Event()
        self.port = 0
        self.hangs = False

    async def handle(self, request: web.Request) -> web.Response:
        self.bodies.append(await request.json())
        self.headers.append(request.headers)
        self.paths.append(request.path)
        if self.hangs:
            await self.released.wait()
        status = self.statuses.pop(0) if self.statuses else 200
        location = {"Location": "/elsewhere"} if status in (301, 307) else {}
        return web.Response(status=status, headers=location)

    def url(self, scheme: str = "http") -> str:
        return f"{scheme}://127.0.0.1:{self.port}/{SECRET}"


@contextlib.asynccontextmanager
async def chat(*statuses: int, context: ssl.SSLContext | None = None) -> AsyncIterator[Chat]:
    made = Chat(statuses)
    app = web.Application()
    app.router.add_post("/{path}", made.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    made.port = runner.addresses[0][1]
    try:
        yield made
    finally:
        made.released.set()
        await runner.cleanup()


async def test_an_alert_is_posted_as_json_with_the_bearer_token() -> None:
    async with chat() as service:
        await AlertWebhook(service.url(), token=TOKEN).deliver(an_alert())
    (body,) = service.bodies
    assert body["text"] == an_alert().text
    assert (body["schema"], body["state"]) == ("ari-tui.alert/1", "fail")
    assert service.headers[0]["Authorization"] == f"Bearer {TOKEN}"
    assert service.headers[0]["Content-Type"] == "application/json"


async def test_without_a_token_there_is_no_such_header() -> None:
    async with chat(204) as service:
        await AlertWebhook(service.url()).deliver(an_alert())
    assert "Authorization" not in service.headers[0]


async def test_what_may_pass_is_tried_again_and_delivered_once() -> None:
    async with chat(503, 429, 200) as service:
        await AlertWebhook(service.url(), pauses_s=(0.0, 0.0)).deliver(an_alert())
    assert len(service.bodies) == 3


@pytest.mark.parametrize(("status", "tries"), [(404, 1), (401, 1), (400, 1), (500, 3)])
async def test_what_does_not_pass_is_told(status: int, tries: int) -> None:
    async with chat(*[status] * 5) as service:
        with pytest.raises(DeliveryError, match=f"^it answered {status}$"):
            await AlertWebhook(service.url(), pauses_s=(0.0, 0.0)).deliver(an_alert())
    assert len(service.bodies) == tries


async def test_a_redirect_is_not_followed_with_our_token() -> None:
    async with chat(307, 200) as service:
        with pytest.raises(DeliveryError, match=r"^it answered 307$"):
            await AlertWebhook(service.url(), token=TOKEN).deliver(an_alert())
    assert service.paths == [f"/{SECRET}"]


async def test_a_service_that_does_not_answer_is_given_up() -> None:
    async with chat() as service:
        service.hangs = True
        webhook = AlertWebhook(service.url(), timeout_s=0.3, pauses_s=(0.0,))
        with pytest.raises(DeliveryError, match=r"^no answer within 0\.3 s$"):
            await webhook.deliver(an_alert())
        assert len(service.bodies) == 2


async def test_nobody_there_is_told_in_words_without_the_secret_url() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}/{SECRET}"
        webhook = AlertWebhook(url, pauses_s=(0.0,))
        with pytest.raises(DeliveryError, match=r"^no connection: ") as told:
            await webhook.deliver(an_alert())
    assert SECRET not in str(told.value) + webhook.name
    assert told.value.__cause__ is None


async def test_one_that_speaks_no_tls_is_told_in_words() -> None:
    async with chat() as service:
        with pytest.raises(DeliveryError) as told:
            await AlertWebhook(service.url("https"), pauses_s=()).deliver(an_alert())
    assert SECRET not in str(told.value)


async def test_one_that_hangs_up_in_the_middle_is_tried_again() -> None:
    dropped: list[int] = []

    async def drop(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        dropped.append(1)
        writer.close()

    server = await asyncio.start_server(drop, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        webhook = AlertWebhook(f"http://127.0.0.1:{port}/", pauses_s=(0.0,))
        with pytest.raises(DeliveryError, match=r"^the connection failed"):
            await webhook.deliver(an_alert())
    assert len(dropped) >= 2


@pytest.fixture
def certified(tmp_path: Path) -> ssl.SSLContext:
    """Return a server's side of TLS, with a certificate that nobody has vouched for."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-subj",
            "/CN=127.0.0.1",
            "-days",
            "2",
            "-keyout",
            key,
            "-out",
            certificate,
        ],
        check=True,
        capture_output=True,
        timeout=30,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")
async def test_a_certificate_that_is_not_trusted_gets_nothing_unless_told_so(
    certified: ssl.SSLContext,
) -> None:
    async with chat(context=certified) as service:
        url = service.url("https")
        with pytest.raises(DeliveryError, match=r"^its certificate is not trusted$"):
            await AlertWebhook(url, token=TOKEN).deliver(an_alert())
        assert service.bodies == []
        await AlertWebhook(url, token=TOKEN, verify_tls=False).deliver(an_alert())
    assert len(service.bodies) == 1


def test_between_tries_some_time_passes() -> None:
    assert AlertWebhook("https://chat.example/x")._pauses_s == PAUSES_S == (1.0, 5.0)
