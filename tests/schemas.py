"""Documents held against the JSON Schemas that are shipped, to the letter."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

import ari_tui
from ari_tui.document import model
from ari_tui.document.load_test import LoadReport, decode_load
from ari_tui.document.schema import schema_id

FOLDER = Path(ari_tui.__file__).parent / "document" / "schemas"


def file_name(name: str) -> str:
    """Return the name of a shipped file: `ari-tui.stats-1.json`."""
    return schema_id(name).replace("/", "-") + ".json"


@functools.lru_cache
def shipped(name: str) -> dict[str, Any]:
    """Return a schema as it is shipped; not to be changed."""
    found: dict[str, Any] = json.loads((FOLDER / file_name(name)).read_text(encoding="utf-8"))
    return found


@functools.lru_cache
def to_the_letter(name: str) -> Draft202012Validator:
    """Return what takes a document only when it holds all keys and no other."""
    schema = json.loads(json.dumps(shipped(name)))
    for definition in schema["$defs"].values():
        definition["additionalProperties"] = False
        definition["required"] = sorted(definition["properties"])
    return Draft202012Validator(schema)


def decode(data: bytes | str) -> model.Document:
    """Read a document as `model.decode` does, once it has been held against its schema."""
    to_the_letter("stats").validate(json.loads(data))
    return model.decode(data)


def decode_report(data: bytes | str) -> LoadReport:
    """Read a load test's report, once it has been held against its schema."""
    to_the_letter("loadtest").validate(json.loads(data))
    return decode_load(data)
