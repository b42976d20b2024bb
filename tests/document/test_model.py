from __future__ import annotations

import inspect

import msgspec
import pytest

from ari_tui.analysis.store import Store
from ari_tui.building.build import EngineFacts, build
from ari_tui.building.sla import Listener
from ari_tui.document import model

PARTS = [
    kind for _, kind in inspect.getmembers(model, inspect.isclass) if issubclass(kind, model.Base)
]


def test_every_part_of_a_document_is_frozen_and_named_by_keyword() -> None:
    assert len(PARTS) > 10
    for part in PARTS:
        assert part.__struct_config__.frozen, part
        with pytest.raises(TypeError):
            part("a value without its name")


def test_a_document_read_back_is_the_document(store: Store, engine_facts: EngineFacts) -> None:
    document = build(store, engine_facts._replace(histograms=True), Listener())
    line = model.encode(document)
    again = model.decode(line)
    assert again == document
    assert model.encode(again) == line
    assert model.decode(line.decode()) == document


def test_a_document_names_its_schema_first(store: Store, engine_facts: EngineFacts) -> None:
    assert model.encode(build(store, engine_facts, Listener())).startswith(
        b'{"schema":"ari-tui.stats/1"'
    )


def test_a_document_cannot_be_changed(store: Store, engine_facts: EngineFacts) -> None:
    document = build(store, engine_facts, Listener())
    with pytest.raises(AttributeError):
        document.kind = "final"  # type: ignore[misc]  # which is the point


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"null", b'{"schema":"x"}', b"\xff"])
def test_what_is_no_document_is_refused(data: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        model.decode(data)


def test_a_document_has_a_json_schema_without_loose_ends() -> None:
    schema = msgspec.json.schema(model.Document)
    definitions = schema["$defs"]
    assert {"Document", "Totals", "Call", "Packets", "Spread"} <= set(definitions)
    packets = definitions["Packets"]
    assert set(packets["required"]) == set(model.Packets.__struct_fields__)


def test_an_event_is_a_line_too() -> None:
    event = model.EventLine(
        time="t", level="warning", kind="step", call=None, channel=None, text="floor\nmoved"
    )
    line = model.encode(event)
    assert b"\n" not in line
    assert msgspec.json.decode(line, type=model.EventLine) == event
