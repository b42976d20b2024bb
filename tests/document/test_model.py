from __future__ import annotations

import inspect
import subprocess
import sys

import msgspec
import pytest

from ari_tui.analysis.store import Store
from ari_tui.building.build import EngineFacts, build
from ari_tui.building.detail import detail_of
from ari_tui.building.sla import Listener
from ari_tui.document import load_test as load
from ari_tui.document import model
from ari_tui.document.detail import CallDetail, CallerStatistics
from ari_tui.document.model import Base

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


def test_an_answer_reads_back_as_it_was_sent(store: Store) -> None:
    sent = detail_of(store, 1, "s.1", until_ns=1_700_000_001_000_000_000, events=[])
    assert msgspec.json.decode(msgspec.json.encode(sent), type=CallDetail) == sent


@pytest.mark.parametrize("kind", [CallDetail, CallerStatistics])
def test_an_answer_that_lacks_something_is_refused(kind: type[msgspec.Struct]) -> None:
    with pytest.raises(msgspec.ValidationError, match="missing required field"):
        msgspec.json.decode(b"{}", type=kind)


def test_the_screen_can_read_answers_without_numpy() -> None:
    program = "import sys, ari_tui.document.detail; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


REPORT_PARTS = [
    kind for _, kind in inspect.getmembers(load, inspect.isclass) if issubclass(kind, Base)
]


def test_every_part_of_a_report_is_frozen_and_named_by_keyword() -> None:
    assert len(REPORT_PARTS) > 6
    for part in REPORT_PARTS:
        assert part.__struct_config__.frozen, part
        with pytest.raises(TypeError):
            part("a value without its name")


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"schema":"ari-tui.stats/1"}'])
def test_what_is_no_report_is_refused(data: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        load.decode_load(data)


def test_the_steps_are_in_the_order_in_which_a_call_takes_them() -> None:
    assert load.STEPS == (
        "accepted",
        "ringing",
        "answered",
        "bridged",
        "media_out",
        "media_back",
    )
