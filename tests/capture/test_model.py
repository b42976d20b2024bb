"""The document as JSON: its schema's name, and what is null."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec

from ari_tui.capture.model import SCHEMA, StreamsDocument
from ari_tui.document.model import encode

if TYPE_CHECKING:
    from tests.capture.conftest import Kit


def test_a_document_survives_its_json(kit: Kit) -> None:
    wire = kit.wire()
    wire.stream(20, to=kit.echo)
    document = kit.analyze(wire, kit.options(echo=True))
    line = encode(document)
    assert msgspec.json.decode(line, type=StreamsDocument) == document
    assert json.loads(line)["schema"] == SCHEMA == "ari-tui.streams/1"
    assert b"\n" not in line


def test_its_schema_can_be_made() -> None:
    schema = msgspec.json.schema(StreamsDocument)
    assert set(schema["$defs"]["RtpStream"]["required"]) >= {"ssrc", "packets", "jitter_ms"}
