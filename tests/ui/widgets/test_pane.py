"""A box that draws only what has changed."""

import subprocess
import sys

import pytest
from rich.text import Text
from textual.color import Color

from ari_tui.ui.frame import Frame
from ari_tui.ui.widgets.pane import NAMES, Pane
from tests.ui.widgets.frames import PaneApp, a_frame


class Echo(Pane):
    """Shows a text that the test sets; the box's size behind its first line."""

    DEFAULT_CSS = "Echo { height: 3; }"
    text = "one\ntwo\nthree\nfour"

    def draw(self, frame: Frame, width: int, height: int) -> Text:
        head, _, rest = self.text.partition("\n")
        return Text(f"{head} {width}x{height}\n{rest}")


class Colours(Pane):
    """Shows the name of each style in that style."""

    def draw(self, frame: Frame, width: int, height: int) -> Text:
        return Text("\n").join(Text(name, style=name) for name in NAMES)


async def test_only_lines_that_have_changed_are_drawn_again() -> None:
    pane = Echo()
    async with PaneApp(pane).run_test(size=(20, 6)) as pilot:
        pane.show(a_frame())
        await pilot.pause()
        assert pane.shown == "one 20x3\ntwo\nthree"
        before = pane.drawn
        pane.show(a_frame())
        await pilot.pause()
        assert pane.drawn == before
        pane.text = "one\nother\nthree"
        pane.show(a_frame())
        await pilot.pause()
        assert pane.drawn == before + 1
        assert pane.shown == "one 20x3\nother\nthree"
        pane.text = "one"
        pane.show(a_frame())
        await pilot.pause()
        assert [pane.render_line(y).text.rstrip() for y in range(3)] == ["one 20x3", "", ""]


async def test_a_frame_shown_before_there_is_a_size_is_drawn_once_there_is_one() -> None:
    pane = Echo()
    pane.show(a_frame())
    async with PaneApp(pane).run_test(size=(20, 6)) as pilot:
        await pilot.pause()
        assert pane.shown.startswith("one 20x3")
        await pilot.resize_terminal(33, 5)
        await pilot.pause()
        assert pane.shown.startswith("one 33x")


async def test_what_nobody_sees_is_not_drawn_until_it_is_seen() -> None:
    pane = Echo()
    async with PaneApp(pane).run_test(size=(20, 6)) as pilot:
        pane.show(a_frame())
        await pilot.pause()
        pane.display = False
        await pilot.pause()
        pane.text = "news"
        pane.show(a_frame())
        assert pane.shown.startswith("one")
        pane.display = True
        await pilot.pause()
        assert pane.shown.startswith("news")


async def test_styles_are_the_theme_s_and_follow_it() -> None:
    pane = Colours()
    app = PaneApp(pane)
    async with app.run_test(size=(20, 20)) as pilot:
        pane.show(a_frame())
        await pilot.pause()
        assert colour_of(pane, "fail") == app.theme_variables["sla-fail"].lower()
        assert colour_of(pane, "low") == app.theme_variables["spark-lo"].lower()
        dark = colour_of(pane, "fail")
        app.use_theme("light")
        await pilot.pause()
        assert colour_of(pane, "fail") == app.theme_variables["sla-fail"].lower() != dark


def colour_of(pane: Pane, name: str) -> str:
    style = next(iter(pane.render_line(NAMES.index(name)))).style
    assert style is not None
    assert style.color is not None
    return Color.from_rich_color(style.color).hex.lower()


async def test_no_colour_reaches_the_terminal_where_none_is_wanted() -> None:
    pane = Colours()
    app = PaneApp(pane, plain_output=True)
    async with app.run_test(size=(20, 20)) as pilot:
        pane.show(a_frame())
        await pilot.pause()
        lines = app.screen._compositor.render_strips()
    styles = [segment.style for line in lines for segment in line if segment.style]
    assert styles
    assert all(style.color is None and style.bgcolor is None for style in styles)


@pytest.mark.parametrize("theme", ["dark", "light", "ansi", "high-contrast", "deuteranopia"])
async def test_every_style_has_a_look_in_every_theme(theme: str) -> None:
    pane = Colours()
    async with PaneApp(pane, theme=theme).run_test(size=(20, 20)) as pilot:
        pane.show(a_frame())
        await pilot.pause()
        looks = {name: next(iter(pane.render_line(NAMES.index(name)))).style for name in NAMES}
    plain = looks.pop("strong")
    assert looks["fail"] != looks["ok"] != plain
    assert looks["lost"] != plain


def test_panes_need_neither_numpy_nor_aiohttp() -> None:
    names = ("banner", "events", "header", "histogram", "instrument", "keybar")
    source = "import sys\n"
    for name in (*names, "rules", "loss_runs", "trend"):
        source += f"import ari_tui.ui.widgets.{name}\n"
    source += "print([name for name in ('numpy', 'aiohttp', 'plotext') if name in sys.modules])"
    answer = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, timeout=50, check=True
    )
    assert answer.stdout.strip() == "[]"
