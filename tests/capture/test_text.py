"""The text: a line a stream, details where asked for, and no number where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ari_tui.capture.text import streams_text

if TYPE_CHECKING:
    from tests.capture.conftest import Kit
import json

import msgspec

from ari_tui.capture.model import SCHEMA, StreamsDocument
from ari_tui.document.model import encode


def test_the_table_has_a_line_for_each_stream_in_columns(kit: Kit) -> None:
    wire = kit.wire()
    wire.stream(20, ssrc=1)
    wire.stream(20, ssrc=2, source=kit.bob, to=kit.alice)
    lines = streams_text(kit.analyze(wire)).splitlines()
    assert lines[0].startswith(
        "test.pcapng: pcapng, 40 packets, 0.4 s from 2023-11-14T22:13:20.123"
    )
    assert lines[1] == "2 streams of 40 RTP packets"
    head, first, second = lines[3:]
    for line in (first, second):
        assert line.index("0x0000000") == head.index("SSRC")
        assert line.rindex("20") + 2 == head.index("RECV") + 4
    assert "SENT" not in head


def test_what_was_passed_over_and_a_damaged_file_are_told(kit: Kit) -> None:
    wire = kit.wire()
    wire.stream(1)
    wire.datagram(3, b"INVITE")
    document = kit.analyze(wire)
    text = streams_text(document)
    assert "0 streams of 0 RTP packets; passed over: 1 perhaps RTP" in text
    assert "1 other UDP" in text
    assert "SOURCE" not in text


def test_an_echo_path_gets_columns_and_other_streams_dashes_in_them(kit: Kit) -> None:
    wire = kit.wire()
    for seq in range(20):
        wire.rtp(20 * seq, seq, to=kit.echo)
        wire.rtp(20 * seq + 8, seq, source=kit.echo, to=kit.alice)
    wire.stream(20, ssrc=9)
    lines = streams_text(kit.analyze(wire, kit.options(echo=True))).splitlines()
    assert "echo server 10.0.0.9:4567: 1 paired with what came back" in lines
    paired = next(line for line in lines if "10.0.0.9:4567" in line and "0x" in line)
    other = next(line for line in lines if "0x00000009" in line)
    assert paired.split()[-6:] == ["20", "20", "0", "8.00ms", "8.00ms", "8.00ms"]
    assert other.split()[-6:] == ["—"] * 6


def test_details_tell_the_books_and_the_events(kit: Kit) -> None:
    wire = kit.wire()
    wire.stream(20, to=kit.echo)
    wire.stream(20, first=40, to=kit.echo)
    document = kit.analyze(wire, kit.options(echo=True))
    text = streams_text(document, details=True)
    assert "10.0.0.1:4000 → 10.0.0.9:4567 0x00000007" in text
    assert "received 40 = distinct 40 + duplicates 0 + stray 0" in text
    assert "sent 40 = returned 0 + lost 0 + in flight 40; loss —" in text
    assert "no packet for 420 ms, 20 packets missing" in text
    assert "  gaps        missing 1\n" in text
    assert "DSCP 46" in text
    assert text.count("\n") > streams_text(document).count("\n")


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
