"""A call taken away or hung up, on the overview and in its detail."""

from __future__ import annotations

import base64
import os
import stat
from pathlib import Path

import msgspec
import pytest

from ari_tui.client.source import ActionError
from ari_tui.ui.widgets.keybar import KeyBar
from tests.ui.stage import Play, a_source, calls, playing

WHERE = pytest.mark.parametrize("way", [[], ["enter"]], ids=["overview", "detail"])


def clipboard(play: Play) -> str:
    """Return what the terminal was told to put into its clipboard."""
    (sequence,) = (data for data in play.app.sent if data.startswith("\x1b]52;"))
    assert sequence.startswith("\x1b]52;c;")
    assert sequence.endswith("\x07")
    return base64.b64decode(sequence[7:-1], validate=True).decode()


@pytest.mark.parametrize(
    ("way", "key", "what"), [([], "y", "row"), ([], "Y", "incident"), (["enter"], "Y", "incident")]
)
async def test_a_copy_goes_to_the_clipboard_and_to_a_file_of_ones_own(
    way: list[str], key: str, what: str, tmp_path: Path
) -> None:
    async with playing(folder=tmp_path) as play:
        await play.press("down", *way, key)
        text = clipboard(play)
        (told,) = play.told
    path = tmp_path / f"ari-tui-{what}-20261122T120001Z.txt"
    assert path.read_text(encoding="utf-8") == text
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert "PJSIP/1002" in text
    assert "PJSIP/1003" not in text
    assert told == f"{what} copied; also in {path}"


async def test_an_incident_is_kept_where_one_works_and_a_row_out_of_the_way(
    bare_start: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(bare_start.parent / "state"))
    async with playing() as play:
        await play.press("y", "Y")
        copies = play.app.copies
    assert os.listdir(bare_start) == ["ari-tui-incident-20261122T120001Z.txt"]
    assert os.listdir(copies) == ["ari-tui-row-20261122T120001Z.txt"]
    assert bare_start not in copies.parents


async def test_what_may_keep_a_copy_from_the_terminal_is_told(tmp_path: Path) -> None:
    async with playing(folder=tmp_path, environment={"TMUX": "here"}) as play:
        await play.press("y")
        assert "set-clipboard" in play.told[0]


async def test_a_copy_is_made_though_no_file_can_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    async with playing(folder=tmp_path / "file") as play:
        await play.press("y")
        assert "PJSIP/1003" in clipboard(play)
        assert "cannot write" in play.told[0]


@WHERE
async def test_hanging_up_asks_first_and_then_the_engine(way: list[str]) -> None:
    source = a_source()
    async with playing(source) as play:
        await play.press("down", *way, "x")
        assert play.in_front == "HangUpDialog"
        assert "PJSIP/1002-00000002" in play.text
        assert "Caller 2 1002" in play.text
        await play.press("n")
        assert "hang_up" not in dict(source.asked)
        await play.press("x", "y")
        await play.app.workers.wait_for_complete()
        assert ("hang_up", {"call": "call-2"}) in source.asked
        assert play.told == ["PJSIP/1002-00000002 is hung up"]


async def test_the_call_that_was_asked_about_is_hung_up_whatever_is_selected_by_then() -> None:
    source = a_source()
    async with playing(source) as play:
        await play.press("x")
        await play.tick(calls()[:2])
        assert play.overview.table.selected == "call-2"
        await play.press("y")
        await play.app.workers.wait_for_complete()
        assert source.asked == [("hang_up", {"call": "call-3"})]


async def test_an_engine_that_refuses_is_quoted() -> None:
    source = a_source()
    source.answers["hang_up"] = ActionError("no call [b]call-3[/b] any more")
    async with playing(source) as play:
        await play.press("x", "y")
        await play.app.workers.wait_for_complete()
        assert play.told == ["no call [b]call-3[/b] any more"]


@WHERE
async def test_a_call_that_has_ended_is_not_hung_up(way: list[str]) -> None:
    (call,) = calls(1)
    over = msgspec.structs.replace(call, state="ended", ended_at="2026-11-22T12:00:00")
    async with playing([over]) as play:
        await play.press(*way, "x")
        assert play.told == ["PJSIP/1001-00000001 has ended already"]
        assert play.in_front != "HangUpDialog"


async def test_without_a_call_there_is_nothing_to_take() -> None:
    async with playing([]) as play:
        await play.press("y", "Y", "x")
        assert play.told == ["no call is selected"] * 3
        assert not any("]52;" in data for data in play.app.sent)


@WHERE
async def test_keys_that_both_screens_have_do_the_same_on_both(way: list[str]) -> None:
    async with playing() as play:
        await play.press(*way, "space")
        assert "FROZEN" in play.text
        await play.press("space", "t", "b")
        assert "FROZEN" not in play.text
        assert play.app.theme != "dark"
        assert play.told[-1] == "bell on"
        await play.press("question_mark")
        assert ("Back to the screen before" in await whole_help(play)) is bool(way)


async def whole_help(play: Play) -> str:
    """Return the help, page by page."""
    pages = [play.text]
    await play.press("end")
    return "\n".join([*pages, play.text])


@WHERE
async def test_no_key_is_promised_beside_a_dialog_or_the_palette(way: list[str]) -> None:
    async with playing(size=(200, 50)) as play:
        await play.press(*way)
        bar = play.app.screen.query_one(KeyBar)
        assert "^p palette" in bar.shown
        for opened in ("x", "question_mark", "ctrl+p"):
            await play.press(opened)
            assert play.app.screen.is_modal
            assert not bar.shown
            # a frame that comes meanwhile draws the screen behind, not its keys
            await play.tick()
            assert "^p palette" not in play.text
            await play.press("escape")
            await play.until(lambda: "^p palette" in bar.shown)
