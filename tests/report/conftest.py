"""Documents made by hand: a field is changed by its path, as `totals.rtt_ms.p50`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_type_hints

import msgspec
import pytest

from ari_tui.document import model

BLANKS: dict[Any, Any] = {str: "", int: 0, float: 0.0, bool: True}


def blank(struct: type) -> Any:
    """Make a struct of zeros, nulls and empty lists."""
    hints = get_type_hints(struct)
    fields = msgspec.structs.fields(struct)
    return struct(**{f.name: _blank_field(hints[f.name]) for f in fields if f.required})


def _blank_field(hint: Any) -> Any:
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return blank(hint)
    if str(hint).startswith("list["):
        return []
    if str(hint).startswith("dict["):
        return {}
    return BLANKS.get(hint)


def changed(part: Any, path: str, value: Any) -> Any:
    name, _, rest = path.partition(".")
    inner = changed(getattr(part, name), rest, value) if rest else value
    return msgspec.structs.replace(part, **{name: inner})


@pytest.fixture
def document() -> Callable[..., model.Document]:
    """Make a document; `__` in a keyword stands for the dot of a path."""

    def make(**fields: Any) -> model.Document:
        made = changed(blank(model.Document), "kind", "interval")
        for path, value in fields.items():
            made = changed(made, path.replace("__", "."), value)
        assert isinstance(made, model.Document)
        return made

    return make


@pytest.fixture
def call() -> Callable[..., model.Call]:
    def make(**fields: Any) -> model.Call:
        made = blank(model.Call)
        for path, value in fields.items():
            made = changed(made, path.replace("__", "."), value)
        assert isinstance(made, model.Call)
        return made

    return make


@pytest.fixture
def asterisk() -> Callable[..., model.AsteriskState]:
    def make(**fields: Any) -> model.AsteriskState:
        made = msgspec.structs.replace(blank(model.AsteriskState), **fields)
        assert isinstance(made, model.AsteriskState)
        return made

    return make
