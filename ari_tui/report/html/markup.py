"""HTML and SVG built from elements: what is not markup already is escaped, always."""

from __future__ import annotations

import html
from collections.abc import Iterable

from ari_tui.core.text import escaped

Attribute = str | int | float | None


class Markup(str):
    """Text that is HTML already. Only this module makes it from anything else."""

    __slots__ = ()


Content = str | Iterable[str] | None


def escape(value: str) -> Markup:
    """Return a text so that it is text in HTML, in attributes too; controls are spelled out."""
    return value if isinstance(value, Markup) else Markup(html.escape(escaped(value), quote=True))


def join(*parts: Content) -> Markup:
    """Return parts one after the other; None is nothing."""
    return Markup("".join(_flat(parts)))


def _flat(parts: Iterable[Content]) -> Iterable[str]:
    for part in parts:
        if isinstance(part, str):
            yield escape(part)
        elif part is not None:
            yield from (escape(one) for one in part)


def element(tag: str, *content: Content, **attributes: Attribute) -> Markup:
    """Return an element; `class_` is class, `text_anchor` is text-anchor, None is left out."""
    return Markup(f"{_opened(tag, attributes)}{join(*content)}</{tag}>")


def void(tag: str, **attributes: Attribute) -> Markup:
    """Return an element of HTML that has no end, such as meta."""
    return Markup(_opened(tag, attributes))


def raw(trusted: str) -> Markup:
    """Return our own text that is to stand as it is, such as a style sheet."""
    return Markup(trusted)


def _opened(tag: str, attributes: dict[str, Attribute]) -> str:
    shown = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{_value(value)}"'
        for name, value in attributes.items()
        if value is not None
    )
    return f"<{tag}{shown}>"


def _value(value: str | int | float) -> str:
    # two decimals of a picture's own units are finer than any screen
    return escape(value) if isinstance(value, str) else f"{round(value, 2):g}"
