"""An engine is assembled whole or not at all, and its parts are wired to each other."""

import contextlib
import json
import os
import signal
import socket
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import unix_connect

from ari_tui.analysis.sla.profiles import SEED_PROFILE
from ari_tui.analysis.store import Store
from ari_tui.config.settings import SlaSettings
from ari_tui.core.errors import AriTuiError, BindError, ConfigError
from ari_tui.engine.assembly import EngineParts, profile_of
from tests.engine.kit import (
    APP,
    VERDICTS,
    EchoRun,
    Pbx,
    engine,
    settings,
    texts,
    until,
    worker_pids,
)


def in_folder(folder: Path) -> list[Path]:
    return sorted(folder.glob("*"))


async def refusal(pbx: Pbx, folder: Path, **changes: Any) -> AriTuiError:
    """Fail to assemble; nothing is left of the attempt."""
    before = in_folder(folder)
    with pytest.raises(AriTuiError) as refused:
        async with contextlib.AsyncExitStack() as stack:
            await EngineParts(settings(pbx, 4000, **changes), stack).assemble()
    assert worker_pids() == []
    assert in_folder(folder) == before
    assert "\n" not in str(refused.value)
    return refused.value


async def test_a_taken_tcp_port_leaves_nothing_half_started(pbx: Pbx, runtime_folder: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        bind = f"127.0.0.1:{other.getsockname()[1]}"
        error = await refusal(pbx, runtime_folder, http={"bind": bind})
    assert isinstance(error, BindError)
    assert error.exit_code == 3
    assert bind in str(error)


async def test_a_second_engine_of_an_application_is_refused_and_the_first_goes_on(
    pbx: Pbx, echo: EchoRun, runtime_folder: Path
) -> None:
    async with engine(pbx, echo.port) as run:
        pbx.call()
        (call,) = await run.up(1)
        mine = worker_pids()
        with pytest.raises(BindError, match="already runs"):
            async with contextlib.AsyncExitStack() as stack:
                await EngineParts(settings(pbx, echo.port), stack).assemble()
        assert worker_pids() == mine
        await run.flows(call.number)
        async with run.http_server() as http_server, http_server.get("/health") as response:
            assert response.status == 200
        await run.end()
    run.assert_nothing_left()


async def test_beyond_loopback_without_a_token_nothing_is_even_tried(
    pbx: Pbx, runtime_folder: Path
) -> None:
    error = await refusal(pbx, runtime_folder, http={"bind": "0.0.0.0:0"})
    assert isinstance(error, ConfigError)
    assert pbx.faults.requests == []


async def test_an_echo_name_that_is_not_known_is_told_by_its_key(
    pbx: Pbx, runtime_folder: Path
) -> None:
    error = await refusal(pbx, runtime_folder, echo={"host": "no-such-name.invalid"})
    assert "echo.host 'no-such-name.invalid'" in str(error)


@pytest.mark.parametrize(
    ("asterisk", "words"),
    [
        ({"url": "127.0.0.1:1"}, "nothing listens at http://127.0.0.1:1"),
        ({"password": "wrong"}, "refused user 'ari'"),
    ],
)
async def test_an_asterisk_that_cannot_be_used_is_told_before_anything_is_started(
    asterisk: dict[str, str], words: str, pbx: Pbx, runtime_folder: Path
) -> None:
    error = await refusal(pbx, runtime_folder, asterisk=asterisk)
    assert words in str(error)
    assert error.exit_code == 3
    assert "wrong" not in str(error)


async def test_workers_that_cannot_start_are_told(
    pbx: Pbx, runtime_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ari_tui.engine.media_worker.sys.executable", "/nowhere/python")
    assert "worker 1 could not be started" in str(await refusal(pbx, runtime_folder))


async def test_calls_go_on_after_their_worker_was_killed_and_events_tell(
    pbx: Pbx, echo: EchoRun
) -> None:
    async with (
        engine(pbx, echo.port, media={"workers": 2}) as run,
        run.http_server() as http_server,
    ):
        for _ in range(4):
            pbx.call()
        calls = await run.up(4)
        ports = [call.port for call in calls]
        os.kill(worker_pids()[0], signal.SIGKILL)
        await until(lambda: run.parts.worker_pool.restarts == 1 and run.parts.worker_pool.healthy)
        await run.flows(*(call.number for call in calls))
        assert run.calls == calls
        assert [call.port for call in calls] == ports
        said = texts(run.events("worker"))
        assert "restarting it" in said[0]
        await until(lambda: len(run.events("worker")) == 2)
        async with http_server.get("/health") as response:
            assert (await response.json())["workers_alive"] is True
        await run.end()
    assert run.final.instrument.worker_restarts == 1
    assert run.final.totals.calls.failed == 0
    run.assert_nothing_left()


async def test_without_its_sockets_a_call_ends_and_its_caller_is_released(
    pbx: Pbx, echo: EchoRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with engine(pbx, echo.port) as run, run.http_server() as http_server:
        pbx.call()
        await run.up(1)
        monkeypatch.setattr("ari_tui.engine.media_worker.sys.executable", "/nowhere/python")
        os.kill(worker_pids()[0], signal.SIGKILL)
        await until(lambda: not run.calls)
        assert pbx.channels == []
        async with http_server.get("/health") as response:
            assert response.status == 503
            assert (await response.json())["workers_alive"] is False
        await run.end()
    assert "cannot be restarted" in str(run.final.calls[0].reason)
    run.assert_nothing_left()


async def test_a_program_follows_and_steers_the_engine_over_its_stream(
    pbx: Pbx, echo: EchoRun
) -> None:
    async with engine(pbx, echo.port) as run:
        keep, drop, end = pbx.call(), pbx.call(), pbx.call()
        await run.up(3)
        names = {call.machine.caller.id: call.id for call in run.calls}
        uri = "ws://engine/stream"
        async with unix_connect(str(run.socket), uri, max_size=1 << 26) as reader:
            hello = json.loads(await reader.recv())
            assert (hello["type"], hello["session"]) == ("hello", run.parts.session)
            assert hello["schema"] == "ari-tui.stats/1"
            assert set(hello["live"]["calls"]) == set(names.values())
            assert hello["live"]["seconds"] == 300
            assert {line["kind"] for line in hello["events"]} >= {"call", "call_up"}
            kinds: list[str] = []

            async def answer(action: str, **args: object) -> dict[str, Any]:
                await reader.send(json.dumps({"id": action, "action": action, "args": args}))
                while True:
                    message: dict[str, Any] = json.loads(await reader.recv())
                    kinds.append(message["type"])
                    if message["type"] == "answer":
                        assert message["id"] == action
                        return message

            assert (await answer("release", call=names[drop]))["result"] == names[drop]
            assert (await answer("hang_up", call=names[end]))["result"] == names[end]
            for wrong in ("nobody", None, {"a": 1}, "x" * 5000):
                refused = await answer("release", call=wrong)
                assert refused["ok"] is False
                assert refused["error"].startswith("no call ")
                assert len(refused["error"]) < 100
            await until(lambda: len(run.calls) == 1)
            assert run.calls[0].machine.caller.id == keep
            assert pbx.faults.was_asked("POST", f"{drop}/continue")
            assert pbx.faults.was_asked("DELETE", f"/ari/channels/{end}")
            pbx.faults.add("DELETE", f"/ari/channels/{keep}", 500)
            assert "500" in (await answer("hang_up", call=names[keep]))["error"]
            assert (await answer("quit"))["result"] == "draining"
            kinds += [json.loads(text)["type"] async for text in reader]
        assert await run.ended() in VERDICTS
    assert kinds[-2:] == ["snapshot", "bye"]
    assert {"event", "snapshot"} <= set(kinds)
    assert run.final.session.end_reason == "quit"
    run.assert_nothing_left()


async def test_media_is_bound_to_our_address_towards_asterisk(pbx: Pbx, echo: EchoRun) -> None:
    async with engine(pbx, echo.port) as run:
        assert run.parts.calls.media.bind == "127.0.0.1"
        assert run.socket.name == f"{APP}.sock"
        await run.end()


def test_the_defaults_are_the_original_systems_limits() -> None:
    assert profile_of(SlaSettings()) == SEED_PROFILE


def test_every_key_reaches_the_profile() -> None:
    own = SlaSettings(
        profile="carrier",
        tiers=("10:1/2/3", "20:1.5/2.5/3.5"),
        max_ms=50,
        max_budget_s=2,
        late_ratio=0.02,
        loss_ratio=0.03,
    )
    found = profile_of(own)
    assert (found.name, found.max_ms, found.max_budget_s) == ("carrier", 50, 2)
    assert (found.late_ratio, found.loss_ratio) == (0.02, 0.03)
    limits = [(t.calls_up_to, t.p50_ms, t.p95_ms, t.p99_ms) for t in found.tiers]
    assert limits == [(10, 1, 2, 3), (20, 1.5, 2.5, 3.5)]


def test_changed_limits_do_not_go_by_the_original_name() -> None:
    assert profile_of(SlaSettings(loss_ratio=0.01)).name == "seed (changed)"


@pytest.mark.parametrize(
    ("sla", "words"),
    [
        (SlaSettings(tiers=()), "tiers is empty"),
        (SlaSettings(tiers=("30:9/8/18",)), "p50_ms = 9 is above p95_ms = 8"),
        (SlaSettings(tiers=("30:8/12/18", "30:8/12/18")), "calls_up_to = 30 is not above"),
        (SlaSettings(max_ms=10), "p99_ms = 18 is above max_ms = 10"),
        (
            SlaSettings(tiers=tuple(f"{n}:{n}/{n}.3/{n}.6" for n in range(1, 6))),
            "16 different round-trip limits; at most 13",
        ),
    ],
)
def test_limits_that_contradict_one_another_are_told_in_words(sla: SlaSettings, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        profile_of(sla)


def test_four_tiers_of_their_own_limits_fit_into_the_counters() -> None:
    own = SlaSettings(profile="own", tiers=tuple(f"{n}:{n}/{n}.3/{n}.6" for n in range(1, 5)))
    profile = profile_of(own)
    assert len(profile.thresholds_ms()) == 13
    Store(loss_timeout_ns=10**9, late_ns=3_000_000, profile=profile)
