"""A screen as text: what stands in it, and below it cell by cell in which style.

Colours go by the names that the theme gives them, so that a picture reads `sla-fail bold` where a
figure fails, and stays as it is when a theme's colour is tuned.
"""

from __future__ import annotations

from collections import Counter
from itertools import chain
from string import ascii_letters, digits
from typing import Any

from rich.cells import cell_len
from rich.color_triplet import ColorTriplet
from rich.style import Style
from textual.app import App
from textual.color import Color
from textual.strip import Strip

_NAMES = (
    "sla-fail",
    "sla-near",
    "sla-ok",
    "lost",
    "spark-hi",
    "spark-lo",
    "stale",
    "frozen",
    "foreground",
    "background",
    "surface",
    "panel",
    "primary",
    "border",
    "boost",
    "block-cursor-background",
    "block-cursor-blurred-background",
    "scrollbar",
    "scrollbar-background",
)
_ATTRIBUTES = ("bold", "dim", "italic", "underline", "reverse", "strike")
Names = dict[ColorTriplet | None, str]
_SIGNS = ascii_letters + digits


def picture(app: App[Any]) -> str:
    """Return the screen in front, a legend of its styles, and which cell has which.

    The style that most cells have is a blank.
    """
    strips = app.screen._compositor.render_strips()
    names = _names(app)
    cells = [_styles(strip, names) for strip in strips]
    common = [style for style, _ in Counter(chain(*cells)).most_common(1)]
    seen = [style for style in dict.fromkeys(chain(*cells)) if style not in common]
    signs = dict(zip(seen, _SIGNS, strict=False)) | dict.fromkeys(common, " ")
    assert len(signs) == len({*seen, *common}), "more styles than signs"
    legend = [f"{signs[style]} {style}" for style in (*common, *seen)]
    painted = ["".join(signs[style] for style in line) for line in cells]
    parts = [[strip.text for strip in strips], legend, painted]
    return "\n---\n".join("\n".join(line.rstrip() for line in part) for part in parts) + "\n"


def _names(app: App[Any]) -> Names:
    """Return the theme's names by colour; where two have the same one, the first of `_NAMES`."""
    variables = app.theme_variables
    found: Names = {}
    for name in _NAMES:
        value = variables.get(name, "")
        if value.startswith("#"):
            found.setdefault(Color.parse(value).rich_color.triplet, name)
    return found


def _styles(strip: Strip, names: Names) -> list[str]:
    return [
        style
        for segment in strip
        for style in [_told(segment.style or Style(), names)] * cell_len(segment.text)
    ]


def _told(style: Style, names: Names) -> str:
    """Return a style in words: `sla-fail on panel bold`."""
    words = [names.get(color.triplet, color.name) for color in [style.color] if color]
    words += [f"on {names.get(color.triplet, color.name)}" for color in [style.bgcolor] if color]
    words += [name for name in _ATTRIBUTES if getattr(style, name)]
    return " ".join(words) or "plain"
