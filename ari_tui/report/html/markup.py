"""Builds HTML and SVG from elements; text that is not `Markup` is always escaped."""

from __future__ import annotations

import html
from collections.abc import Iterable

from ari_tui.core.text import escaped

Attribute = str | int | float | None


class Markup(str):
    """Text that is HTML already. Only this module creates it."""

    __slots__ = ()


Content = str | Iterable[str] | None


def escape(value: str) -> Markup:
    """Escape a text for HTML and attributes; control characters become visible escapes."""
    return value if isinstance(value, Markup) else Markup(html.escape(escaped(value), quote=True))


def join(*parts: Content) -> Markup:
    """Concatenate parts; None is left out."""
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
    """Return an HTML element without content or end tag, such as meta."""
    return Markup(_opened(tag, attributes))


def raw(trusted: str) -> Markup:
    """Return our own text unescaped, such as a style sheet."""
    return Markup(trusted)


def _opened(tag: str, attributes: dict[str, Attribute]) -> str:
    shown = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{_value(value)}"'
        for name, value in attributes.items()
        if value is not None
    )
    return f"<{tag}{shown}>"


def _value(value: str | int | float) -> str:
    # two decimals of an SVG unit are enough for any screen
    return escape(value) if isinstance(value, str) else f"{round(value, 2):g}"
