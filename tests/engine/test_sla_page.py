"""`/sla` of a whole engine, and its alerts: from real packets to a real program and web service."""

from __future__ import annotations

import json
import stat
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ari_tui.analysis.sla_profiles import SEED_PROFILE
from ari_tui.engine.alerts import AlertStanding
from ari_tui.engine.sla_page import sla_page
from ari_tui.errors import ConfigError
from ari_tui.media.impair_spec import parse_impairment
from tests.engine.kit import EchoRun, Pbx, echo_server, engine, until
from tests.engine.test_alert_webhook import TOKEN, chat
from tests.engine.test_verdict import PATIENT, WIDE
from tests.snapshot.test_alert import a_document, standing


def test_the_page_is_the_documents_sla_with_limits_and_the_alert() -> None:
    document = a_document(standing("fail", failing={"loss": 2}))
    alert = AlertStanding(state="ok", since=None, told=0, doors=[], undelivered=0)
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


async def test_an_engine_that_loses_packets_tells_a_program_and_a_web_service_once(
    pbx: Pbx, tmp_path: Path
) -> None:
    notes = tmp_path / "notes"
    spec = parse_impairment("loss=20%")
    async with chat() as service:
        alerts: dict[str, Any] = {
            "command": (pager(tmp_path), str(notes)),
            "webhook": service.url(),
            "webhook_token": TOKEN,
            "after_s": 1.0,
            "min_calls": 2,
        }
        with echo_server(impairment=spec, seed=7) as echo:
            async with engine(pbx, echo.port, media=PATIENT, sla=WIDE, alerts=alerts) as run:
                async with run.door() as door:
                    async with door.get("http://engine/sla") as answer:
                        before = await answer.json()
                    pbx.call()
                    pbx.call()
                    await run.up(2)
                    await until(lambda: run.events("alert"))
                    await until(lambda: service.bodies and notes.exists())
                    async with door.get("http://engine/sla") as answer:
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
    assert service.headers[0]["Authorization"] == f"Bearer {TOKEN}"


async def test_a_program_that_is_not_there_stops_the_start(pbx: Pbx, echo: EchoRun) -> None:
    with pytest.raises(ConfigError, match=r"alerts\.command"):
        async with engine(pbx, echo.port, alerts={"command": ("/no/such/pager",)}):
            pass
