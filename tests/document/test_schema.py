"""The JSON Schemas: shipped as generated, with words, and what a document may and may not be."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator, ValidationError

from ari_tui.analysis.store import Store
from ari_tui.building.build import EngineFacts, build
from ari_tui.building.sla import Listener
from ari_tui.document.model import Document, encode
from ari_tui.document.schema import DOCUMENTS, json_schema, schema_id
from tests.schemas import FOLDER, decode, file_name, shipped, to_the_letter


@pytest.fixture
def written(store: Store, engine_facts: EngineFacts) -> dict[str, Any]:
    line = encode(build(store, engine_facts._replace(histograms=True), Listener()))
    found: dict[str, Any] = json.loads(line)
    return found


@pytest.mark.parametrize("name", DOCUMENTS)
def test_what_is_shipped_is_what_is_generated(name: str) -> None:
    told = f"run: ari-tui config schema {name} > ari_tui/schema/{file_name(name)}"
    assert shipped(name) == json_schema(name), told


def test_no_file_is_shipped_that_nothing_is_written_by() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {file_name(name) for name in DOCUMENTS}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_schema_is_a_schema_and_says_which(name: str) -> None:
    schema = shipped(name)
    Draft202012Validator.check_schema(schema)
    assert schema["title"] == schema_id(name)
    assert schema_id(name) == f"ari-tui.{name}/1"
    top = schema["$defs"][schema["$ref"].rpartition("/")[2]]
    assert top["properties"]["schema"] == {"const": schema_id(name)}
    assert "schema" in top["required"]


def test_every_object_and_every_counter_has_words() -> None:
    definitions = shipped("stats")["$defs"]
    assert all(definition["description"] for definition in definitions.values())
    assert all(field["description"] for field in definitions["Packets"]["properties"].values())
    lost = definitions["Packets"]["properties"]["lost"]
    assert lost["description"] == "Packets not back within the loss time-out"
    # inherited from Figures, whose words they are
    gone = definitions["Call"]["properties"]["gone_ratio"]["description"]
    assert gone == "Lost, or back too late for the assumed jitter buffer, of settled packets."
    assert definitions["Document"]["properties"]["window"]["description"].startswith("The last ten")


def test_a_document_is_what_its_schema_says_to_the_letter(written: dict[str, Any]) -> None:
    to_the_letter("stats").validate(written)
    assert isinstance(decode(json.dumps(written)), Document)


def _without(document: dict[str, Any]) -> None:
    del document["totals"]["packets"]["lost"]


def _as_text(document: dict[str, Any]) -> None:
    document["totals"]["packets"]["lost"] = "7"


def _another_schema(document: dict[str, Any]) -> None:
    document["schema"] = "ari-tui.stats/2"


def _no_schema(document: dict[str, Any]) -> None:
    del document["schema"]


@pytest.mark.parametrize("spoil", [_without, _as_text, _another_schema, _no_schema])
def test_a_document_that_breaks_the_promise_is_refused(
    spoil: Callable[[dict[str, Any]], None], written: dict[str, Any]
) -> None:
    validator = Draft202012Validator(shipped("stats"))
    validator.validate(written)
    spoiled = copy.deepcopy(written)
    spoil(spoiled)
    with pytest.raises(ValidationError):
        validator.validate(spoiled)


def test_what_may_come_within_one_version_breaks_no_reader(written: dict[str, Any]) -> None:
    written["totals"]["new"] = written["calls"][0]["packets"]["new"] = 1
    written["sla"]["verdict"] = "another"
    Draft202012Validator(shipped("stats")).validate(written)
    assert msgspec.convert(written, Document).sla.verdict == "another"
    with pytest.raises(ValidationError):
        to_the_letter("stats").validate(written)
