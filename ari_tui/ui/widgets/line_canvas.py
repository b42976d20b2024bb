"""Lines of styled text, clipped to a box of cells.

Styles are names: `pane` maps them to component classes, which the theme colours. With ASCII only,
our own characters are replaced by ASCII ones before anything is measured.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Final, Literal, NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from ari_tui.core.text import escaped

Style = Literal[
    "",
    "title",
    "dim",
    "strong",
    "ok",
    "near",
    "fail",
    "lost",
    "low",
    "high",
    "stale",
    "frozen",
    "key",
]
Part = tuple[str, Style]
Parts = Sequence[Part]

_PLAIN: Final = str.maketrans(
    "—–─│┊╌└┴├┤●○■‖×·−µ▲▼█▁▂▃▄▅▆▇", "---|:-+++|*o#=x.-u^v#..::++#"
) | str.maketrans(
    {
        "…": "...",
        "≤": "<=",
        "≥": ">=",
        "⏎": "Enter",
        "←": "Left",
        "→": "Right",
        "↑": "Up",
        "↓": "Down",
        "␣": "Space",
    }
)


def plain(text: str, *, ascii_only: bool = False) -> str:
    """Return a text as one printable line; with ASCII only, foreign letters become `?`."""
    text = escaped(text)
    if not text.isprintable():
        # without zero-width characters; white space of other kinds becomes a space
        text = "".join(c if c.isprintable() else " " * c.isspace() for c in text)
    if not ascii_only or text.isascii():
        return text
    return text.translate(_PLAIN).encode("ascii", "replace").decode("ascii")


class Variant(NamedTuple):
    """One way to write an item of a line."""

    rank: int
    """0 is the last to be left out."""
    parts: Parts


LineItem = Sequence[Variant]
"""An item of a line in its variants, the shortest first, which has the lowest rank."""


def line_item(rank: int, *parts: Part) -> LineItem:
    """Return an item of one variant."""
    return (Variant(rank, parts),)


def fit_line(
    items: Sequence[LineItem], width: int, *, gap: int = 2, ascii_only: bool = False
) -> list[Part]:
    """Return the items that fit into `width` cells, in their order, the last one right-aligned.

    In order of rank, variants replace shorter ones of their item where there is room. An item that
    does not fit at all keeps out new items of higher rank.
    """
    chosen: dict[int, Variant] = {}
    room, is_full = width + gap, False
    ranked = sorted((v.rank, index, v) for index, item in enumerate(items) for v in item)
    for _, index, variant in ranked:
        if index not in chosen and is_full:
            continue
        taken = _cells(chosen[index].parts, ascii_only) if index in chosen else -gap
        more = _cells(variant.parts, ascii_only) - taken
        if more <= room:
            chosen[index] = variant
            room -= more
        elif index not in chosen:
            is_full = True
    return _joined(items, chosen, gap, room)


def _joined(
    items: Sequence[LineItem], chosen: dict[int, Variant], gap: int, room: int
) -> list[Part]:
    parts: list[Part] = []
    for index in sorted(chosen):
        if parts:
            at_the_edge = index == len(items) - 1
            parts.append((" " * (gap + room * at_the_edge), ""))
        parts += chosen[index].parts
    return parts


def _cells(parts: Parts, ascii_only: bool) -> int:
    return sum(cell_len(plain(text, ascii_only=ascii_only)) for text, _ in parts)


def merge_adjacent(parts: Iterable[Part]) -> list[Part]:
    """Join neighbours of one style."""
    return [
        ("".join(text for text, _ in group), style)
        for style, group in groupby(parts, key=itemgetter(1))
    ]


class LineCanvas:
    """Collects the lines of a box of `width` times `height` cells."""

    def __init__(self, width: int, height: int, *, ascii_only: bool = False) -> None:
        self.width, self.height = max(0, width), max(0, height)
        self.ascii_only = ascii_only
        self._lines: list[Text] = []

    @property
    def room(self) -> int:
        """Return how many lines are free."""
        return self.height - len(self._lines)

    def plain(self, text: str) -> str:
        """Return a text as it will be drawn."""
        return plain(text, ascii_only=self.ascii_only)

    @property
    def more(self) -> str:
        """Return the ellipsis."""
        return "+" if self.ascii_only else "…"

    def left(self, text: str, cells: int) -> str:
        """Return a text in so many cells, left-aligned; a cut one ends with an ellipsis."""
        text = self.plain(text)
        if cell_len(text) > cells:
            return set_cell_size(text, max(0, cells - 1)) + self.more if cells > 0 else ""
        return set_cell_size(text, cells)

    def right(self, text: str, cells: int) -> str:
        """Return a text in so many cells, right-aligned; a cut one ends with an ellipsis."""
        text = self.plain(text)
        missing = cells - cell_len(text)
        return " " * missing + text if missing >= 0 else self.left(text, cells)

    def line(self, *parts: str | Part) -> None:
        """Add a line, cut to the width; none is added where there is no room."""
        if self.room < 1:
            return
        line = Text(no_wrap=True, end="")
        for part in parts:
            text, style = (part, "") if isinstance(part, str) else part
            line.append(self.plain(text), style or None)
        line.rstrip()
        self._cut(line)
        self._lines.append(line)

    def _cut(self, line: Text) -> None:
        if line.cell_len <= self.width:
            return
        line.truncate(max(0, self.width - 1), overflow="crop")
        if self.width:
            line.append(self.more)

    def heading(self, name: str, *parts: str | Part) -> None:
        """Add a pane's title, parts beside it, and a rule up to the edge."""
        shown: list[str | Part] = [(name, "title"), *([" ", *parts] if parts else [])]
        used = sum(cell_len(self.plain(p if isinstance(p, str) else p[0])) for p in shown)
        missing = self.width - used - 1
        if missing > 0:
            shown.append((" " + "─" * missing, "dim"))
        self.line(*shown)

    def text(self) -> Text:
        """Return the collected lines."""
        return Text("\n", no_wrap=True, end="").join(self._lines)
