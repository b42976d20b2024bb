"""An app with themes: reloads one when its file is written, and has no colour with NO_COLOR."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache

from rich.segment import Segment
from rich.style import Style
from textual.app import App, ReturnType
from textual.color import Color
from textual.command import CommandPalette
from textual.filter import LineFilter, Monochrome

from ari_tui.ui.bindings import Keymap
from ari_tui.ui.theme_variables import DARK_VARIABLES, PLAIN, plain_theme
from ari_tui.ui.themes import Themes


def plain(environ: Mapping[str, str]) -> bool:
    """Return whether colours are off: NO_COLOR is set and not empty (no-color.org)."""
    return bool(environ.get("NO_COLOR"))


@lru_cache(1024)
def _without_color(style: Style) -> Style:
    return style.without_color


class Colorless(LineFilter):
    """Removes all colours from what is drawn; bold, dim, underline and reverse stay.

    Textual's own `NoColor` writes the default colours' codes (39 and 49), its `Monochrome` greys.
    """

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002  Textual's signature
        """Return the segments without colours."""
        return [
            Segment(text, None if style is None else _without_color(style), control)
            for text, style, control in segments
        ]


class ThemedApp(App[ReturnType]):
    """An app in one of `themes`; with `plain_output` in no colour at all."""

    keymap: Keymap = {}
    """Keys given in ui.keys, for the dialogs that show them."""
    # without colour, styles show what colour would
    DEFAULT_CSS = """
    ThemedApp {
        /* the palette: no sign that fonts lack, and room for commands at 40x12 */
        CommandPalette SearchIcon { display: none; }
        CommandPalette > #--container { margin-top: 0; }
        CommandPalette #--input { border: hkey $border; }
        CommandPalette #--input CommandInput { padding: 0 1; height: 1; border: none; }
        CommandPalette .command-palette--help-text { color: $foreground; text-style: not bold; }
        CommandList:nocolor > .option-list--option-highlighted { text-style: underline; }
        &.-ascii {
            Toast { border-left: none; }
            CommandPalette #--input { border: ascii $border; }
            CommandList { border: none; scrollbar-size-vertical: 0; }
        }
        ChannelTable:nocolor > .table--selected { text-style: reverse; }
        ChannelTable:nocolor > .table--near { text-style: underline; }
        ChannelTable:nocolor > .table--stale { text-style: dim; }
        Pane:nocolor > .pane--dim { text-style: dim; }
        Pane:nocolor > .pane--near { text-style: underline; }
        Pane:nocolor > .pane--frozen { text-style: reverse; }
        Pane:nocolor > .pane--stale { text-style: reverse; }
    }
    """

    def __init__(
        self, themes: Themes, theme: str, *, plain_output: bool = False, ascii_only: bool = False
    ) -> None:
        self.themes = themes
        self.ascii_only = ascii_only
        self.plain = plain_output
        self._colorless = [Colorless()]
        super().__init__(ansi_color=True if plain_output else None)
        # Textual takes an empty NO_COLOR for one, which it is not
        self.no_color = plain_output
        self.set_class(ascii_only, "-ascii")
        self._register_themes()
        self.use_theme(theme)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Return the variables that a theme may leave out."""
        return dict(DARK_VARIABLES)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Return the filters of all lines, without the monochrome one of Textual."""
        if self.plain:
            return self._colorless
        return [each for each in super().get_line_filters() if not isinstance(each, Monochrome)]

    def use_theme(self, name: str) -> None:
        """Switch to a theme, or the default if it is unknown; to none with NO_COLOR."""
        found = None if self.plain else self.themes.get(name)
        # without any theme file that can be read, the terminal's own two colours are left
        self.theme = found.name if found else PLAIN

    def reload_themes(self) -> list[str] | None:
        """Reload changed theme files; return their problems, None when nothing changed.

        Cheap enough for once a second. A theme that is gone or invalid is replaced by the default.
        """
        if not self.themes.changed():
            return None
        current = self.theme
        self._register_themes()
        self.use_theme(current)
        if self.theme == current:
            # Textual sees no change in the same name, though the colours are new
            self.mutate_reactive(ThemedApp.theme)
        return self.themes.problems

    def more_commands(self) -> Iterable[tuple[str, str, Callable[[], object]]]:
        """Return what the palette offers beside bindings and themes: name, help, what to call."""
        return ()

    def action_command_palette(self) -> None:
        """Show the palette, with a placeholder in ASCII unlike Textual's."""
        if not isinstance(self.screen, CommandPalette):
            self.push_screen(
                CommandPalette(id="--command-palette", placeholder="Search for commands")
            )

    def action_next_theme(self) -> None:
        """Switch to the next theme; with NO_COLOR there is none."""
        if self.plain:
            self.notify("NO_COLOR is set: there are no themes", timeout=3, markup=False)
            return
        self.use_theme(self.themes.after(self.theme))
        self.notify(f"theme {self.theme}", timeout=2, markup=False)

    def _register_themes(self) -> None:
        self.register_theme(plain_theme())
        for file in self.themes.files.values():
            self.register_theme(file.theme)
