"""The palette: what it offers on a screen, what it finds, and that a command does its work."""

from collections.abc import Callable, Iterable

from textual.command import CommandPalette
from textual.widgets import OptionList

from ari_tui.ui.bindings import keymap
from ari_tui.ui.palette import Commands
from tests.ui.wearing import Front, Wearing


class Listening(Front):
    def action_reverse(self) -> None:
        assert isinstance(self.app, Wearing)
        self.app.heard.append("reverse")


class Palettes(Wearing):
    def get_default_screen(self) -> Listening:
        return Listening()

    def more_commands(self) -> Iterable[tuple[str, str, Callable[[], object]]]:
        yield "drain [now]", "No new calls", lambda: self.heard.append("drain")


async def offered(app: Wearing) -> dict[str, str]:
    found = Commands(app.screen)
    return {command.name: command.help for command in found.commands()}


async def test_it_offers_bindings_with_their_keys_themes_and_what_the_app_adds() -> None:
    app = Palettes()
    app.keymap = keymap(["reverse=f5,f6", "export="])
    async with app.run_test():
        commands = await offered(app)
    assert commands["reverse"] == "Reverse the order (f5, f6)"
    assert commands["export"] == "Write what is shown to a CSV and a JSON file"
    assert commands["stop"].endswith("(^c)")
    assert commands["theme light"] == "Dark text on a light ground"
    assert "drain [now]" in commands
    # neither itself, nor what moves within a table, nor what other screens have
    assert not {"palette", "row up", "back", "yes"} & commands.keys()


async def test_without_color_it_offers_no_themes() -> None:
    app = Palettes(no_color=True)
    async with app.run_test():
        assert not [name for name in await offered(app) if name.startswith("theme ")]


async def test_a_name_goes_before_a_help_that_only_holds_the_word() -> None:
    app = Palettes()
    async with app.run_test():
        found = Commands(app.screen)
        hits = [hit async for hit in found.search("order")]
    by_name = {str(getattr(hit, "match_display", "")): hit.score for hit in hits}
    assert by_name["lock order"] > by_name["reverse"] > 0
    assert "freeze" not in by_name


async def test_a_chosen_command_acts_on_the_screen_that_called() -> None:
    app = Palettes()
    async with app.run_test(size=(40, 12)) as pilot:
        await pilot.press("ctrl+p", *"reverse")
        palette = app.screen
        assert isinstance(palette, CommandPalette)
        await app.workers.wait_for_complete()
        while not palette.query_one(OptionList).option_count:
            await pilot.pause()
        await pilot.press("enter")
        while app.screen is palette:
            await pilot.pause()
        await pilot.pause()
    assert app.heard == ["reverse"]


async def test_a_theme_is_worn_and_a_command_of_the_app_is_called() -> None:
    app = Palettes()
    async with app.run_test() as pilot:
        for command in Commands(app.screen).commands():
            if command.name in {"theme light", "drain [now]"}:
                command.run()
        await pilot.pause()
        assert app.theme == "light"
    assert app.heard == ["drain"]


async def test_what_looks_like_markup_is_shown_as_it_is() -> None:
    app = Palettes()
    async with app.run_test():
        names = [str(hit.prompt) async for hit in Commands(app.screen).discover()]
    assert "drain \\[now]" in names


async def test_with_ascii_alone_it_and_toasts_are_drawn_so() -> None:
    app = Palettes(ascii_only=True)
    async with app.run_test(size=(80, 24)) as pilot:
        app.notify("a toast", markup=False)
        await pilot.press("ctrl+p")
        palette = app.screen
        while not palette.query_one(OptionList).option_count:
            await pilot.pause()
        await pilot.pause()
        # its placeholder ends in three dots of Textual's
        lines = [strip.text.replace("…", "") for strip in palette._compositor.render_strips()]
    assert any("freeze" in line for line in lines)
    box = [line for line in lines if "PJSIP" not in line]
    assert all(line.isascii() for line in box), box
