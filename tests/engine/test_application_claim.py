"""An application of another client is not taken over unasked; a killed engine's own is."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession

from ari_tui.ari.client import AriClient
from ari_tui.ari.registration import registration
from ari_tui.config.run_options import RunOptions
from ari_tui.core.errors import AriReplacedError, AriTakenError
from ari_tui.engine.application_claim import SessionNote, claim_application
from tests.engine.kit import APP, VERDICTS, EchoRun, Pbx, engine, until

TAKE_OVER = RunOptions(headless=True, take_over=True)


@contextlib.asynccontextmanager
async def rival(pbx: Pbx, app: str = APP) -> AsyncIterator[AriClient]:
    """Be the connected client of an application."""
    async with (
        AriClient(pbx.sim.url, "ari", "ari") as ari,
        ClientSession(headers=dict(ari.endpoint.headers)) as session,
        session.ws_connect(f"{pbx.sim.url}/ari/events?app={app}"),
    ):
        yield ari


async def disconnected(pbx: Pbx) -> None:
    await until(lambda: not pbx.sim.pbx.hub.connected(APP))


async def test_an_application_without_a_client_and_without_calls_is_free(pbx: Pbx) -> None:
    async with rival(pbx) as ari:
        assert await registration(ari, "nobody") is None
        pbx.call()
    await disconnected(pbx)
    pbx.control.hang_up(0)
    assert APP in pbx.sim.pbx.hub.applications  # as Asterisk has it
    async with AriClient(pbx.sim.url, "ari", "ari") as ari:
        assert await registration(ari, APP) is None
    assert pbx.sim.pbx.hub.applications == {}


async def test_with_calls_it_is_not_known_whether_the_client_is_connected(pbx: Pbx) -> None:
    async with rival(pbx) as ari:
        empty = await registration(ari, APP)
        assert empty is not None
        assert (empty.channels, empty.connected) == ((), True)
        caller = pbx.call()
        held = await registration(ari, APP)
        assert held is not None
        assert (held.channels, held.connected, held.sessions) == ((caller,), False, frozenset())


@pytest.mark.parametrize("calls", [0, 2])
async def test_an_application_of_another_client_is_refused_and_nothing_is_started(
    calls: int, pbx: Pbx, echo: EchoRun
) -> None:
    async with rival(pbx):
        callers = [pbx.call() for _ in range(calls)]
        with pytest.raises(AriTakenError) as refused:
            async with engine(pbx, echo.port):
                pass
        assert pbx.sim.pbx.hub.connected(APP)
        assert sorted(pbx.channels) == sorted(callers)
        assert [one for one in pbx.faults.requests if one[0] in ("POST", "PUT", "DELETE")] == []
    assert refused.value.exit_code == 3
    text = str(refused.value)
    assert "\n" not in text
    for told in (f"'{APP}'", pbx.sim.url, f"{calls} channels", "--take-over"):
        assert told in text
    assert "Asterisk 22.10.1" in refused.value.question
    assert refused.value.question.endswith("Take it over?")


async def test_take_over_takes_it_and_its_callers(pbx: Pbx, echo: EchoRun) -> None:
    async with rival(pbx):
        caller = pbx.call()
        async with engine(pbx, echo.port, options=TAKE_OVER) as run:
            (call,) = await run.up(1)
            assert call.machine.caller.id == caller


async def test_an_engine_that_ended_in_order_leaves_no_note_and_a_free_application(
    pbx: Pbx, echo: EchoRun, runtime_folder: Path
) -> None:
    notes = runtime_folder.parent / "state" / "ari-tui"
    for _ in range(2):
        async with engine(pbx, echo.port) as run:
            pbx.call()
            await run.up(1)
            (note,) = notes.iterdir()
            assert note.read_text() == run.parts.session
            assert note.stat().st_mode & 0o777 == 0o600
            assert await run.end() in VERDICTS
        assert list(notes.iterdir()) == []


async def test_one_who_was_replaced_does_not_take_the_application_back(
    pbx: Pbx, echo: EchoRun
) -> None:
    async with engine(pbx, echo.port) as run:
        pbx.call()
        await run.up(1)
        async with rival(pbx):
            with pytest.raises(AriReplacedError):
                await run.ended()
            with pytest.raises(AriTakenError):
                async with engine(pbx, echo.port):
                    pass


async def test_what_our_killed_session_holds_is_taken_back_unless_others_are_in_it(
    pbx: Pbx, tmp_path: Path
) -> None:
    async with rival(pbx) as ari:
        pbx.call()
        media = f"ari-tui.{APP}.deadbeef.1.media"
        await ari.external_media(media, app=APP, external_host="127.0.0.1:9")
        await until(lambda: pbx.sim.pbx.channels[media].stasis == APP)
    await disconnected(pbx)
    async with AriClient(pbx.sim.url, "ari", "ari") as ari:

        async def claim(*unfinished: str) -> None:
            note = SessionNote("url", APP, tmp_path)
            note.open()
            note.unfinished = unfinished or note.unfinished
            try:
                await claim_application(ari, APP, note, version=None, take_over=False)
            finally:
                note.close(finished=False)

        with pytest.raises(AriTakenError):  # we never were its client
            await claim()
        killed = SessionNote("url", APP, tmp_path)
        killed.open()
        killed.write("deadbeef")
        with pytest.raises(AriTakenError):  # it lives, and holds its note
            await claim()
        killed.close(finished=False)
        await claim()
        with pytest.raises(AriTakenError):  # an engine elsewhere has calls in it
            await claim("0badcafe")


def test_a_note_keeps_the_sessions_of_engines_that_were_killed_again(tmp_path: Path) -> None:
    for number in range(10):
        note = SessionNote("url", APP, tmp_path)
        note.open()
        note.write(f"session{number}")
        note.close(finished=False)
    note.open()
    assert note.unfinished == tuple(f"session{number}" for number in range(2, 10))
    note.close(finished=True)
    assert list(tmp_path.iterdir()) == []


def test_without_a_state_folder_there_is_no_note(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    note = SessionNote("url", APP, tmp_path / "file")
    note.open()
    note.write("session")
    note.close(finished=False)
    assert note.unfinished == ()
    assert os.listdir(tmp_path) == ["file"]


async def test_refused_claims_leave_the_note_of_a_killed_session(pbx: Pbx, tmp_path: Path) -> None:
    note = SessionNote("url", APP, tmp_path)
    note.open()
    note.write("deadbeef")
    note.close(finished=False)
    note.open()
    async with rival(pbx) as ari:
        with pytest.raises(AriTakenError):  # connected for certain: no call is in it
            await claim_application(ari, APP, note, version=None, take_over=False)
    note.close(finished=False)
    note.open()
    assert note.unfinished == ("deadbeef",)
    note.close(finished=True)
