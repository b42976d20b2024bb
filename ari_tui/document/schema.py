"""JSON Schema (2020-12) of the documents that we write, generated from their structs.

The files in `ari_tui/document/schemas/` are its output; a test checks that they are equal. Within
`/1` every key keeps its type, unit and meaning. New keys may be added, so objects are open; they
are not in `required`, since older documents lack them. New values may be added where a string is a
state, a reason or a kind. Any other change makes a `/2`.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from itertools import pairwise
from typing import Any, Final

import msgspec

from ari_tui.document.alert import Alert
from ari_tui.document.load_test import LoadReport
from ari_tui.document.metrics import METRICS
from ari_tui.document.model import Base, Document, Figures, Packets

DOCUMENTS: Final[dict[str, type[Base]]] = {
    "stats": Document,
    "loadtest": LoadReport,
    "alert": Alert,
}
"""The documents by short name: `stats` is `ari-tui.stats/1`."""
_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def schema_id(name: str) -> str:
    """Return the `schema` of documents of this kind."""
    schema = _own_schema(DOCUMENTS[name])
    if schema is None:
        raise TypeError(f"{name} does not say its schema")
    return schema


def _own_schema(struct: type[Base]) -> str | None:
    """Return a struct's `schema`; None for a struct within a document."""
    defaults = {field.name: field.default for field in msgspec.structs.fields(struct)}
    return str(defaults["schema"]) if "schema" in defaults else None


def json_schema(name: str) -> dict[str, Any]:
    """Return the JSON Schema of a kind of document, with descriptions from the docstrings."""
    kind = DOCUMENTS[name]
    generated = msgspec.json.schema(kind)
    definitions: dict[str, Any] = generated["$defs"]
    for struct in _structs(kind):
        definition = definitions[struct.__name__]
        # the indentation of further lines depends on the version of msgspec
        definition["description"] = " ".join(definition["description"].split())
        for field, text in _field_texts(struct).items():
            # 2020-12 allows other keywords beside a $ref
            definition["properties"][field]["description"] = text
        own_schema = _own_schema(struct)
        if own_schema is not None:
            definition["properties"]["schema"] = {"const": own_schema}
            definition["required"] = ["schema", *definition["required"]]
    return {
        "$schema": _DIALECT,
        "title": schema_id(name),
        **generated,
        "$defs": dict(sorted(definitions.items())),
    }


def _structs(kind: type[Base]) -> list[type[Base]]:
    """Return a struct and all structs within it, each once."""
    found: list[type[Base]] = []
    waiting: list[Any] = [kind]
    while waiting:
        info = msgspec.inspect.type_info(waiting.pop())
        for struct in _within(info):
            if struct not in found:
                found.append(struct)
                waiting += [field.type for field in msgspec.structs.fields(struct)]
    return found


def _within(info: msgspec.inspect.Type) -> list[type[Base]]:
    if isinstance(info, msgspec.inspect.StructType):
        return [info.cls] if issubclass(info.cls, Base) else []
    if isinstance(info, msgspec.inspect.UnionType):
        parts = list(info.types)
    elif isinstance(info, msgspec.inspect.ListType):
        parts = [info.item_type]
    elif isinstance(info, msgspec.inspect.DictType):
        parts = [info.value_type]
    else:
        parts = []
    return [struct for part in parts for struct in _within(part)]


def _field_texts(struct: type[Base]) -> dict[str, str]:
    """Return the descriptions of fields: their docstrings, or the help of their metrics."""
    texts: dict[str, str] = {}
    if issubclass(struct, Packets):
        texts = {m.path.partition(".")[2]: m.help for m in METRICS if m.path.startswith("packets.")}
    elif issubclass(struct, Figures):
        texts = {m.path: m.help for m in METRICS if "." not in m.path}
    for part in reversed(struct.__mro__):
        if issubclass(part, Base):
            texts.update(_docstrings(part))
    return {name: text for name, text in texts.items() if name in struct.__struct_fields__}


def _docstrings(struct: type[Base]) -> dict[str, str]:
    """Return the docstrings of a class's fields, each on one line.

    The compiler drops them, so they are read from the source.
    """
    (node,) = ast.parse(textwrap.dedent(inspect.getsource(struct))).body
    body = node.body if isinstance(node, ast.ClassDef) else []
    found = {}
    for field, below in pairwise(body):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(below, ast.Expr)
            and isinstance(below.value, ast.Constant)
            and isinstance(below.value.value, str)
        ):
            found[field.target.id] = " ".join(below.value.value.split())
    return found
