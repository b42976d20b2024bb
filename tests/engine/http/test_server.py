"""The HTTP server: who may connect where, what is answered, all sockets open or none."""

from __future__ import annotations

import contextlib
import json
import socket
import stat
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from ari_tui.analysis.sla.profiles import SEED_PROFILE
from ari_tui.analysis.store import Store
from ari_tui.config.settings import HttpSettings
from ari_tui.core.errors import BindError, ConfigError
from ari_tui.core.runtime_folder import bind_unix
from ari_tui.document.model import Document
from ari_tui.engine.alerts.watcher import AlertState
from ari_tui.engine.http.server import Health, HttpServer, check_exposure, sla_page
from ari_tui.engine.http.stream import DocumentStream
from ari_tui.reflector.impairment_spec import parse_impairment
from tests.document.kit import a_document, sla_now
from tests.engine.alerts.test_webhook import TOKEN as WEBHOOK_TOKEN
from tests.engine.alerts.test_webhook import chat
from tests.engine.kit import EchoRun, Pbx, call_facts, document, echo_server, engine, until
from tests.engine.test_verdict import NEVER_LATE, WIDE

TOKEN = "a-token-of-the-tests"
CLOSED = ("/sla", "/snapshot", "/calls", "/calls/170.1", "/stream", "/nowhere")


class House:
    """A stub engine behind a real HTTP server."""

    def __init__(self, path: Path, settings: HttpSettings) -> None:
        self.path, self.ok = path, True
        store = Store(loss_timeout_ns=10**9, late_ns=3_000_000)
        for number in (1, 2):
            store.add_call(number)
        self.document: Document = document(call_facts(1), call_facts(2), store=store)
        self.http_server = HttpServer(
            settings,
            newest=lambda: self.document,
            round_trips=store.buckets.read,
            health=self.health,
            stream=DocumentStream(lambda: {"document": self.document}, {}),
            sla=lambda: self.document.sla,
        )

    def health(self) -> Health:
        return Health(
            ok=self.ok, asterisk_connected=self.ok, workers_alive=True, calls=2, version="1"
        )

    @property
    def tcp(self) -> str:
        assert self.http_server.tcp_address is not None
        return "http://{}:{}".format(*self.http_server.tcp_address)


@contextlib.asynccontextmanager
async def opened(tmp_path: Path, **http: Any) -> AsyncIterator[House]:
    house = House(tmp_path / "d.sock", HttpSettings(**http))
    await house.http_server.open(house.path)
    try:
        yield house
    finally:
        await house.http_server.close()
        assert not house.path.exists()


@contextlib.asynccontextmanager
async def inside(house: House) -> AsyncIterator[aiohttp.ClientSession]:
    connector = aiohttp.UnixConnector(str(house.path))
    async with aiohttp.ClientSession("http://engine", connector=connector) as session:
        yield session


@contextlib.asynccontextmanager
async def outside(house: House, token: str = "") -> AsyncIterator[aiohttp.ClientSession]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with aiohttp.ClientSession(house.tcp, headers=headers) as session:
        yield session


async def get(session: aiohttp.ClientSession, path: str) -> tuple[int, Any]:
    async with session.get(path) as response:
        assert response.content_type == "application/json"
        return response.status, await response.json()


async def test_the_unix_socket_answers_everything_without_a_token(tmp_path: Path) -> None:
    async with opened(tmp_path) as house, inside(house) as session:
        assert house.http_server.tcp_address is None
        status, body = await get(session, "/snapshot")
        assert (status, body["schema"]) == (200, "ari-tui.stats/1")
        status, sla = await get(session, "/sla")
        assert (status, sla["verdict"]) == (200, "inconclusive")
        status, calls = await get(session, "/calls")
        assert [call["id"] for call in calls] == ["0123abcd.1", "0123abcd.2"]
        for name in ("0123abcd.2", "170.2"):
            assert (await get(session, f"/calls/{name}"))[1]["id"] == "0123abcd.2"
        assert await get(session, "/calls/3") == (404, {"error": "no such call"})
        assert (await get(session, "/nowhere"))[0] == 404
        async with session.post("/calls") as response:
            assert response.status == 405


async def test_health_says_503_with_the_reason_in_its_body(tmp_path: Path) -> None:
    async with opened(tmp_path) as house, inside(house) as session:
        assert (await get(session, "/health"))[0] == 200
        house.ok = False
        status, body = await get(session, "/health")
        assert status == 503
        assert body == {
            "ok": False,
            "asterisk_connected": False,
            "workers_alive": True,
            "calls": 2,
            "version": "1",
        }


async def test_metrics_are_text_for_prometheus(tmp_path: Path) -> None:
    async with (
        opened(tmp_path) as house,
        inside(house) as session,
        session.get("/metrics") as response,
    ):
        assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        text = await response.text()
    names = {family.name for family in text_string_to_metric_families(text)}
    assert {"ari_tui_packets_sent", "ari_tui_calls_active"} <= names


@pytest.mark.parametrize("path", CLOSED)
async def test_on_tcp_a_token_is_needed(path: str, tmp_path: Path) -> None:
    async with opened(tmp_path, bind="127.0.0.1:0", token=TOKEN) as house:
        for wrong in ("", "wrong", TOKEN + "x", TOKEN[:-1], "Ünicode"):
            async with outside(house, wrong) as session, session.get(path) as response:
                assert response.status == 401
                assert response.headers["WWW-Authenticate"] == "Bearer"
                assert TOKEN not in await response.text()
        async with outside(house, TOKEN) as session, session.get(path) as response:
            assert response.status != 401


async def test_without_a_token_nothing_but_the_open_pages_is_on_tcp(tmp_path: Path) -> None:
    async with opened(tmp_path, bind="127.0.0.1:0") as house:
        for given in ("", "None", "x"):
            async with outside(house, given) as session:
                for path in CLOSED:
                    assert (await session.get(path)).status == 401


async def test_health_and_metrics_are_open_on_tcp_and_name_no_caller(tmp_path: Path) -> None:
    http = {"bind": "127.0.0.1:0", "token": TOKEN}
    async with opened(tmp_path, **http) as house, outside(house) as session:
        for path in ("/health", "/metrics"):
            async with session.get(path) as response:
                assert response.status == 200
                text = await response.text()
                assert not any(name in text for name in ("Ann", "PJSIP", "170.1"))


async def test_the_stream_is_open_on_tcp_with_the_token(tmp_path: Path) -> None:
    async with (
        opened(tmp_path, bind="127.0.0.1:0", token=TOKEN) as house,
        outside(house, TOKEN) as session,
        session.ws_connect("/stream") as reader,
    ):
        assert json.loads(await reader.receive_bytes())["type"] == "hello"


@pytest.mark.parametrize("bind", ["192.0.2.1:9090", "0.0.0.0:9090", "[::]:9090", "pbx:9090"])
def test_beyond_loopback_a_token_is_a_must(bind: str) -> None:
    with pytest.raises(ConfigError, match=r"beyond loopback and needs a token"):
        check_exposure(HttpSettings(bind=bind))
    check_exposure(HttpSettings(bind=bind, token=TOKEN))


@pytest.mark.parametrize("bind", ["127.0.0.1:9090", "127.8.8.8:1", "[::1]:9090", "localhost:9", ""])
def test_loopback_needs_none(bind: str) -> None:
    check_exposure(HttpSettings(bind=bind))


async def test_a_tcp_port_in_use_leaves_no_socket_behind(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        bind = f"127.0.0.1:{other.getsockname()[1]}"
        house = House(tmp_path / "d.sock", HttpSettings(bind=bind))
        with pytest.raises(BindError, match=rf"cannot bind http\.bind {bind}: .*in use") as refused:
            await house.http_server.open(house.path)
    assert "\n" not in str(refused.value)
    assert refused.value.exit_code == 3
    assert not house.path.exists()


@pytest.mark.parametrize("bind", ["198.51.100.7:0", "no-such-name.invalid:0"])
async def test_an_address_that_is_not_ours_is_one_clear_line(bind: str, tmp_path: Path) -> None:
    house = House(tmp_path / "d.sock", HttpSettings(bind=bind, token=TOKEN))
    with pytest.raises(BindError, match=r"cannot bind http\.bind"):
        await house.http_server.open(house.path)
    assert not house.path.exists()


async def test_a_living_engines_socket_is_not_taken_away(tmp_path: Path) -> None:
    path = tmp_path / "d.sock"
    with bind_unix(path):
        house = House(path, HttpSettings())
        with pytest.raises(BindError, match="already runs"):
            await house.http_server.open(path)
        assert path.is_socket()
        await house.http_server.close()
        assert path.is_socket()


def test_the_page_is_the_documents_sla_with_limits_and_the_alert() -> None:
    document = a_document(sla_now("fail", failing={"loss": 2}))
    alert = AlertState(state="ok", since=None, told=0, receivers=[], undelivered=0)
    page = sla_page(document, SEED_PROFILE, alert)
    body = msgspec.json.decode(msgspec.json.encode(page))
    assert body["profile"] == body["limits"]["name"] == "seed"
    assert body["limits"]["tiers"][1]["calls_up_to"] == 100
    assert (body["state"], body["now"]["state"]) == ("no_traffic", "fail")
    assert body["now"]["failing"] == {"loss": 2}
    assert [rule["id"] for rule in body["rules"]] == ["p50", "p95", "p99", "late", "loss", "max"]
    assert all("violated_s" in rule for rule in body["rules"])
    assert body["alert"]["state"] == "ok"
    assert (body["calls"], body["session"]) == (2, "0123abcd")


def pager(folder: Path) -> str:
    path = folder / "pager"
    path.write_text(f"#!{sys.executable}\n" + PAGER)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


PAGER = """
import os, sys
with open(sys.argv[1], "a") as notes:
    notes.write(os.environ["ARI_TUI_ALERT_STATE"] + " " + sys.stdin.readline())
"""


@pytest.mark.slow
async def test_an_engine_that_loses_packets_tells_a_program_and_a_web_service_once(
    pbx: Pbx, tmp_path: Path
) -> None:
    notes = tmp_path / "notes"
    spec = parse_impairment("loss=20%")
    async with chat() as service:
        alerts: dict[str, Any] = {
            "command": (pager(tmp_path), str(notes)),
            "webhook": service.url(),
            "webhook_token": WEBHOOK_TOKEN,
            "after_s": 1.0,
            "min_calls": 2,
        }
        with echo_server(impairment=spec, seed=7) as echo:
            async with engine(pbx, echo.port, media=NEVER_LATE, sla=WIDE, alerts=alerts) as run:
                async with run.http_server() as http_server:
                    async with http_server.get("http://engine/sla") as answer:
                        before = await answer.json()
                    pbx.call()
                    pbx.call()
                    await run.up(2)
                    await until(lambda: run.events("alert"))
                    await until(lambda: service.bodies and notes.exists())
                    async with http_server.get("http://engine/sla") as answer:
                        after = await answer.json()
                await run.end()
    assert (before["state"], before["alert"]["told"]) == ("no_traffic", 0)
    assert (after["now"]["state"], after["alert"]["state"]) == ("fail", "fail")
    assert after["now"]["failing"] == {"loss": 2}
    assert [line.level for line in run.events("alert")] == ["error"]
    assert run.events("alert_undelivered") == []
    (told,) = notes.read_text().splitlines()
    state, _, body = told.partition(" ")
    assert (state, json.loads(body)) == ("fail", service.bodies[0])
    assert len(service.bodies) == 1
    assert service.headers[0]["Authorization"] == f"Bearer {WEBHOOK_TOKEN}"


async def test_a_program_that_is_not_there_stops_the_start(pbx: Pbx, echo: EchoRun) -> None:
    with pytest.raises(ConfigError, match=r"alerts\.command"):
        async with engine(pbx, echo.port, alerts={"command": ("/no/such/pager",)}):
            pass
