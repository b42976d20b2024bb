"""The keys at the bottom."""

from ari_tui.ui.widgets.keybar import KeyBar, render_keys
from tests.ui.widgets.frames import SIZES, PaneApp, assert_fits, style_of

KEYS = [("?", "help"), ("/", "filter"), ("space", "freeze"), ("⏎", "detail"), ("q", "quit")]


def test_keys_stand_side_by_side_in_their_order() -> None:
    text = render_keys(KEYS, 80, 1)
    assert text.plain == "? help  / filter  space freeze  ⏎ detail  q quit"
    assert style_of(text, "space") == "key"


def test_the_last_go_first() -> None:
    assert render_keys(KEYS, 20, 1).plain == "? help  / filter"


def test_keys_have_names_in_ascii() -> None:
    assert "Enter detail" in render_keys(KEYS, 80, 1, ascii_only=True).plain


def test_no_box_is_too_small() -> None:
    for width, height in SIZES:
        for ascii_only in (False, True):
            text = render_keys([*KEYS, ("名", "前" * 50)], width, height, ascii_only=ascii_only)
            assert_fits(text, width, height, ascii_only=ascii_only)


async def test_the_bar_needs_no_frame() -> None:
    pane = KeyBar(KEYS)
    async with PaneApp(pane).run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert pane.size.height == 1
        assert pane.shown.endswith("q quit")


async def test_a_muted_bar_promises_no_keys() -> None:
    pane = KeyBar(KEYS)
    async with PaneApp(pane).run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        whole = pane.shown
        pane.mute(True)
        assert pane.shown == ""
        pane.mute(False)
        assert pane.shown == whole
