"""The variables of a theme, and the theme without colour, whose parts differ by styles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from textual.theme import Theme

PLAIN: Final = "plain"
"""The name of the theme for NO_COLOR; no file may have it."""
DARK_VARIABLES: Final[Mapping[str, str]] = {
    "sla-ok": "#7ccf85",
    "sla-near": "#efc15f",
    "sla-fail": "#ff9088",
    "lost": "#ff9be0",
    "spark-lo": "#85b8e8",
    "spark-hi": "#efc15f",
    "stale": "#d2c08a",
    "frozen": "#8fd3f0",
}
"""The colours of our widgets, where a dark theme sets no other."""
LIGHT_VARIABLES: Final[Mapping[str, str]] = {
    "sla-ok": "#125c24",
    "sla-near": "#744a00",
    "sla-fail": "#a3160f",
    "lost": "#86168c",
    "spark-lo": "#1d578f",
    "spark-hi": "#744a00",
    "stale": "#5c5122",
    "frozen": "#00566b",
}
"""The same for light themes."""
_NONE: Final = "ansi_default"
ANSI_VARIABLES: Final = dict.fromkeys(
    [*DARK_VARIABLES, "ansi-background", "ansi-foreground"], _NONE
)
"""The same for ANSI themes: the terminal's default colours.

Textual generates the last two for all other themes.
"""


def plain_theme() -> Theme:
    """Return the theme for NO_COLOR: the terminal's own two colours, styles for the rest."""
    styles = {
        "block-cursor-text-style": "bold underline",
        "block-cursor-blurred-text-style": "bold underline",
        "input-cursor-text-style": "reverse",
    }
    cursor = dict.fromkeys(("block-cursor-foreground", "block-cursor-background"), _NONE)
    return Theme(
        name=PLAIN,
        ansi=True,
        primary=_NONE,
        foreground=_NONE,
        background=_NONE,
        variables={**ANSI_VARIABLES, **cursor, **styles},
    )
