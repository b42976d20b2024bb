"""Streams of hand-made captures, with answers worked out by hand."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from ari_tui import __version__
from ari_tui.analysis.store import Store
from ari_tui.capture import streams
from ari_tui.capture.streams import analyze_file
from ari_tui.core.errors import ConfigError

if TYPE_CHECKING:
    from tests.capture.conftest import Kit


def only(document: Any) -> Any:
    (stream,) = document.streams
    return stream


def test_a_plain_stream_is_whole_and_in_time(kit: Kit) -> None:
    wire = kit.wire()
    wire.stream(601)
    found = only(kit.analyze(wire))
    packets = found.packets
    assert (packets.received, packets.distinct, packets.expected) == (601, 601, 601)
    assert (packets.missing, packets.duplicates, packets.reordered, packets.late) == (0, 0, 0, 0)
    assert (found.source, found.destination) == ("10.0.0.1:4000", "10.0.0.2:5000")
    assert (found.ssrc, found.codec, found.payload_types) == ("0x00000007", "ulaw", [0])
    assert (found.ptime_ms, found.dscp, found.duration_s) == (20.0, 46, 12.0)
    assert (found.jitter_ms.last, found.skew_ppm) == (0.0, 0.0)
    assert (found.longest_interruption_ms, found.dead_air_s, found.events) == (None, 0.0, [])
    assert found.echo is None


def test_loss_duplicates_and_order_are_counted_as_in_a_live_call(kit: Kit) -> None:
    wire = kit.wire()
    for seq in range(100):
        if seq not in (30, 31, 60):  # three missing
            wire.rtp(20 * seq + (45 if seq == 80 else 0), seq)  # 80 comes after 82
    wire.rtp(20 * 50 + 1, 50)
    wire.rtp(20 * 51 + 1, 51)
    found = only(kit.analyze(wire))
    packets = found.packets
    assert (packets.received, packets.distinct, packets.expected) == (99, 97, 100)
    assert (packets.missing, packets.duplicates, packets.reordered) == (3, 2, 1)
    assert packets.late == 1
    assert (found.loss_ratio, found.late_ratio) == (0.03, round(1 / 97, 8))


def test_wraps_of_sequence_and_timestamp_are_no_loss(kit: Kit) -> None:
    wire = kit.wire()
    for i in range(100):
        wire.rtp(20 * i, 65_500 + i, ts=2**32 - 4000 + 160 * i)
    packets = only(kit.analyze(wire)).packets
    assert (packets.received, packets.missing, packets.late, packets.restarts) == (100, 0, 0, 0)


def test_a_slow_sender_shows_as_skew(kit: Kit) -> None:
    wire = kit.wire()
    wire.stream(2000, ptime_ms=20.0 * 1.0002)
    assert only(kit.analyze(wire)).skew_ppm == pytest.approx(200, abs=1)


def test_an_interruption_is_told_with_its_length_and_what_is_missing(kit: Kit) -> None:
    wire = kit.wire()
    wire.stream(50)
    wire.stream(50, first=75)
    found = only(kit.analyze(wire))
    assert (found.packets.interruptions, found.longest_interruption_ms) == (1, 520.0)
    assert (found.dead_air_s, found.packets.missing) == (0.52, 25)
    (event,) = found.events
    assert event.kind == "interruption"
    assert event.text == "no packet for 520 ms, 25 packets missing"
    assert {kind: count for kind, count in found.gaps.items() if count} == {"missing": 1}


def test_a_timestamp_that_jumps_and_stays_is_a_new_anchor_and_no_lateness(kit: Kit) -> None:
    wire = kit.wire()
    for i in range(200):
        wire.rtp(20 * i, i, ts=160 * i + (80_000 if i >= 100 else 0))
    found = only(kit.analyze(wire))
    assert [event.kind for event in found.events] == ["reanchor"]
    assert found.events[0].text == "the timestamp jumped by 10000 ms and stayed there"
    assert found.packets.late is not None
    assert found.packets.late <= 5


def test_what_comes_after_the_last_packet_is_no_dead_air(kit: Kit) -> None:
    wire = kit.wire()
    wire.stream(50)
    wire.stream(500, ssrc=8, source=kit.echo)
    assert [s.packets.interruptions for s in kit.analyze(wire).streams] == [0, 0]


def test_streams_of_one_ssrc_between_other_ends_are_streams_of_their_own(kit: Kit) -> None:
    wire = kit.wire()
    wire.stream(50, source=kit.alice, to=kit.bob)
    wire.stream(40, source=kit.bob, to=kit.alice)
    wire.stream(30, source=kit.alice, to=kit.bob, ssrc=8)
    found = kit.analyze(wire)
    assert sorted(s.packets.received for s in found.streams) == [30, 40, 50]
    assert found.frames.rtp == found.file.frames == 120


def test_a_sequence_that_begins_anew_is_a_restart_and_no_loss(kit: Kit) -> None:
    wire = kit.wire()
    wire.stream(100)
    for i in range(100):
        wire.rtp(2000 + 20 * i, 40_000 + i, ts=16_000 + 160 * i)
    found = only(kit.analyze(wire))
    packets = found.packets
    # the first packet after the jump proves nothing yet
    assert (packets.restarts, packets.missing, packets.stray, packets.distinct) == (1, 0, 1, 199)
    assert [event.kind for event in found.events] == ["restart"]


def test_every_frame_is_accounted_for(kit: Kit) -> None:
    wire = kit.wire()
    wire.stream(20)
    wire.rtp(1, 5, ssrc=99)  # one packet proves nothing
    wire.datagram(2, b"\x80\xc8" + bytes(26))  # RTCP
    wire.datagram(3, b"INVITE sip:bob SIP/2.0")
    wire.raw(4, kit.ipv4(bytes(20), protocol=6))
    wire.raw(5, kit.ipv4(kit.udp(bytes(30)), fragment=0x2000))
    found = kit.analyze(wire)
    frames = found.frames
    assert (frames.rtp, frames.unproven, frames.rtcp, frames.other_udp) == (20, 1, 1, 1)
    assert (frames.not_udp, frames.fragments, frames.filtered) == (1, 1, 0)
    assert sum(getattr(frames, name) for name in frames.__struct_fields__) == found.file.frames


def test_a_restriction_leaves_the_rest_out_and_counts_it(kit: Kit) -> None:
    wire = kit.wire()
    wire.stream(20, ssrc=7)
    wire.stream(30, ssrc=8, source=kit.bob, to=kit.echo)
    by_port = kit.analyze(wire, kit.options(ports=[4000]))
    by_ssrc = kit.analyze(wire, kit.options(ssrcs=[8]))
    assert [s.ssrc for s in by_port.streams] == ["0x00000007"]
    assert [s.ssrc for s in by_ssrc.streams] == ["0x00000008"]
    assert (by_port.frames.filtered, by_ssrc.frames.filtered) == (30, 20)


def echoed(kit: Kit) -> Any:
    """A stream to the echo server and back: 1 of 100 lost, 1 twice, 1 late, 1 order changed."""
    wire = kit.wire()
    for seq in range(100):
        wire.rtp(20 * seq, seq, to=kit.echo)
        back_ms = 20 * seq + {40: 15, 50: 35}.get(seq, 10)
        if seq != 60:
            wire.rtp(back_ms, seq, source=kit.echo, to=kit.alice)
    wire.rtp(20 * 70 + 10.5, 70, source=kit.echo, to=kit.alice)
    wire.stream(400, ssrc=9)  # so that the books of the other are closed
    return wire


def test_an_echo_server_s_two_directions_are_sent_and_returned(kit: Kit) -> None:
    found = kit.analyze(echoed(kit), kit.options(echo=True))
    paired, other = found.streams
    assert paired.echo is not None
    echo = paired.echo
    assert found.echo == "10.0.0.9:4567"
    assert (other.ssrc, other.echo) == ("0x00000009", None)
    assert (paired.packets.received, paired.packets.missing) == (100, 0)
    assert (echo.sent, echo.returned, echo.lost, echo.in_flight) == (100, 99, 1, 0)
    assert (echo.duplicates, echo.reordered, echo.late) == (1, 1, 2)
    assert (echo.rtt_ms.count, echo.rtt_ms.min, echo.rtt_ms.max) == (99, 10.0, 35.0)
    assert echo.rtt_ms.p50 == pytest.approx(10.0, rel=0.01)
    assert (echo.loss_ratio, echo.late_ratio) == (0.01, 0.02)


def test_without_an_echo_server_named_both_directions_are_streams(kit: Kit) -> None:
    found = kit.analyze(echoed(kit))
    assert [s.echo for s in found.streams] == [None, None, None]
    assert sum(s.packets.duplicates for s in found.streams) == 1


def test_what_is_out_as_a_capture_ends_stays_in_flight(kit: Kit) -> None:
    wire = kit.wire()
    wire.stream(10, to=kit.echo)
    echo = only(kit.analyze(wire, kit.options(echo=True))).echo
    assert (echo.sent, echo.returned, echo.lost, echo.in_flight) == (10, 0, 0, 10)
    assert (echo.loss_ratio, echo.rtt_ms.p50) == (None, None)


def test_what_returns_of_packets_sent_before_the_capture_is_not_told_of_the_stream(
    kit: Kit,
) -> None:
    wire = kit.wire()
    for seq in range(50):
        wire.rtp(20 * seq + 5, seq, source=kit.echo, to=kit.alice)
        if seq >= 10:
            wire.rtp(20 * seq, seq, to=kit.echo)
    found = only(kit.analyze(wire, kit.options(echo=True)))
    assert (found.packets.received, found.packets.stray, found.packets.distinct) == (40, 0, 40)
    assert (found.echo.sent, found.echo.returned) == (40, 40)


@pytest.mark.parametrize("batch", [1, 7, 100])
def test_the_answer_does_not_depend_on_the_batches(
    kit: Kit, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    dice = random.Random(3)
    wire = kit.wire()
    for seq in range(300):
        sent_ms = 20 * seq + 30 * dice.random()
        wire.rtp(sent_ms, seq, to=kit.echo)
        for _ in range(dice.choice((0, 1, 1, 1, 2))):
            wire.rtp(sent_ms + 50 * dice.random(), seq, source=kit.echo, to=kit.alice)
    whole = kit.analyze(wire, kit.options(echo=True))
    monkeypatch.setattr(streams, "BATCH", batch)
    assert kit.analyze(wire, kit.options(echo=True)) == whole


def test_a_stream_silent_for_long_has_ended_and_frees_its_row(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    stores = []

    def kept(**settings: Any) -> Any:
        stores.append(Store(**settings))
        return stores[-1]

    monkeypatch.setattr(streams, "Store", kept)
    wire = kit.wire()
    for number in range(40):  # one after the other, 400 s apart
        for i in range(10):
            wire.rtp(400_000 * number + 20 * i, i, ssrc=number % 2)
    found = kit.analyze(wire)
    assert [s.packets.received for s in found.streams] == [10] * 40
    assert sum(s.packets.interruptions for s in found.streams) == 0
    assert stores[0].capacity == 16


@pytest.mark.parametrize(("rate", "step"), [(8000, 160), (16000, 320), (48000, 960)])
def test_the_rate_of_a_dynamic_payload_type_is_guessed_and_said_to_be(
    kit: Kit, rate: int, step: int
) -> None:
    wire = kit.wire()
    for i in range(100):
        wire.rtp(20 * i, i, ts=i * step, pt=111)
    found = only(kit.analyze(wire))
    assert (found.codec, found.clock_rate, found.clock_rate_known) == ("111", rate, False)
    assert (found.ptime_ms, found.jitter_ms.last, found.packets.late) == (20.0, 0.0, 0)


def test_a_rate_that_cannot_be_guessed_leaves_all_timing_open(kit: Kit) -> None:
    wire = kit.wire()
    for i in range(100):
        wire.rtp(20 * i, i, ts=i * 200, pt=111)  # 10 kHz
    found = only(kit.analyze(wire))
    assert (found.ptime_ms, found.jitter_ms.last, found.packets.late) == (None, None, None)
    assert (found.skew_ppm, found.late_ratio) == (None, None)
    assert found.packets.received == 100


def test_a_stream_of_telephone_events_alone_has_no_timing(kit: Kit) -> None:
    wire = kit.wire()
    for i in range(10):
        wire.rtp(20 * i, i, ts=4000, pt=101, size=4)
    found = only(kit.analyze(wire))
    assert (found.codec, found.jitter_ms.last, found.packets.late) == (
        "telephone-event",
        None,
        None,
    )


def test_events_within_a_stream_stand_among_its_payload_types(kit: Kit) -> None:
    wire = kit.wire()
    for i in range(100):
        event = 50 <= i < 55
        wire.rtp(20 * i, i, ts=8000 if event else 160 * i, pt=101 if event else 0)
    found = only(kit.analyze(wire))
    assert (found.payload_types, found.codec) == ([0, 101], "ulaw")
    assert (found.packets.late, found.packets.missing) == (0, 0)


def test_only_the_first_events_are_kept(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "EVENTS", 3)
    wire = kit.wire()
    for part in range(10):
        wire.stream(5, first=20 * part)
    found = only(kit.analyze(wire))
    assert (found.packets.interruptions, len(found.events)) == (9, 3)


def test_an_empty_capture_has_no_streams_and_no_times(kit: Kit) -> None:
    found = kit.analyze(kit.wire())
    assert (found.streams, found.file.frames) == ([], 0)
    assert (found.file.first_at, found.file.duration_s) == (None, None)


def test_the_file_is_described(kit: Kit) -> None:
    wire = kit.wire()
    wire.stream(51)
    found = kit.analyze(wire)
    assert (found.version, found.late_ms, found.loss_timeout_ms) == (__version__, 3.0, 3000.0)
    file = found.file
    assert (file.name, file.format, file.frames) == ("test.pcapng", "pcapng", 51)
    assert file.first_at == "2023-11-14T22:13:20.123+00:00"
    assert (file.duration_s, file.damage) == (1.0, None)


def test_a_file_that_breaks_off_is_read_up_to_there(kit: Kit) -> None:
    wire = kit.wire()
    wire.stream(51)
    path = kit.folder / "cut.pcapng"
    path.write_bytes(kit.writer.pcapng(wire.frames)[:-10])
    found = analyze_file(path, kit.options())
    assert found.streams[0].packets.received == 50
    assert "cut short at byte" in str(found.file.damage)


def test_a_file_that_is_not_there_or_a_folder_is_told_with_its_name(kit: Kit) -> None:
    for path, why in ((kit.folder / "none.pcap", "No such file"), (kit.folder, "Is a directory")):
        with pytest.raises(ConfigError, match=f"cannot read {path}: {why}") as caught:
            analyze_file(path, kit.options())
        assert caught.value.exit_code == 2


def test_a_file_s_name_cannot_command_a_terminal(kit: Kit) -> None:
    path = kit.folder / "a\x1b[2J\nb.pcap"
    path.write_bytes(kit.writer.pcap([]))
    assert analyze_file(path, kit.options()).file.name == "a b.pcap"
