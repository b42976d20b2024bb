"""Messages of the stream: ours are read, a newer engine's are let be, others are told in words."""

import json
from typing import Any

import msgspec
import pytest

from ari_tui.client.messages import Answer, Bye, EventNotice, Hello, Snapshot, decode
from ari_tui.core.errors import UnknownMessageError
from ari_tui.document.live import Live
from tests.ui.kit import a_call, a_course, a_document, a_live, an_event

DOCUMENT = a_document([a_call(1)])
LIVE: Live = a_live({"call-1": a_course()})


def said(kind: str, **fields: Any) -> bytes:
    return msgspec.json.encode({"type": kind, **fields})


def a_hello(**changed: Any) -> bytes:
    fields = {"schema": "ari-tui.stats/1", "session": "s", "document": DOCUMENT, "live": LIVE}
    return said("hello", **{**fields, "events": [an_event("x")], **changed})


def test_every_message_is_read_by_its_type() -> None:
    assert decode(a_hello()) == Hello(
        schema="ari-tui.stats/1", session="s", document=DOCUMENT, live=LIVE, events=[an_event("x")]
    )
    found = decode(said("snapshot", document=DOCUMENT, live=LIVE))
    assert found == Snapshot(document=DOCUMENT, live=LIVE)
    assert decode(said("event", event=an_event("y"))) == EventNotice(event=an_event("y"))
    assert decode(said("answer", id=3, ok=True, result=[1])) == Answer(id=3, ok=True, result=[1])
    refused = decode(said("answer", id=None, ok=False, error="no"))
    assert refused == Answer(id=None, ok=False, error="no")
    assert decode(said("bye")) == Bye()


def test_what_a_newer_engine_adds_does_no_harm() -> None:
    assert decode(said("weather", sunny=True)) is None
    assert decode(said("bye", reason="tired")) == Bye()


@pytest.mark.parametrize(
    "data", [b"", b"hi", b"[]", b"{}", b'{"type": 5}', b"\xff\xfe", b'{"kind": "hello"}']
)
def test_what_is_not_ours_is_told(data: bytes) -> None:
    with pytest.raises(UnknownMessageError, match=r"is no ari-tui engine"):
        decode(data)


def test_another_version_is_named() -> None:
    with pytest.raises(UnknownMessageError, match=r"speaks ari-tui\.stats/2, we ari-tui\.stats/1"):
        decode(a_hello(schema="ari-tui.stats/2", document={"new": "shape"}))


def test_a_document_that_cannot_be_read_is_told_with_the_place() -> None:
    broken = json.loads(a_hello())
    del broken["document"]["sla"]
    with pytest.raises(UnknownMessageError, match="use the same version") as told:
        decode(json.dumps(broken).encode())
    assert "document" in str(told.value)


def test_names_from_outside_in_words_are_cleaned() -> None:
    with pytest.raises(UnknownMessageError) as told:
        decode(a_hello(schema="\x1b[31m" + "x" * 9999, document=None))
    assert str(told.value).isprintable()
    assert len(str(told.value)) < 120
