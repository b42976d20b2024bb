"""."""

from __future__ import annotations

import asyncio
from random import Random

import pytest

from ari_tui.reflector.impairment import Impairment, parse_impairment
from ari_tui.sim.media import MediaPort, SimPhone, bind_rtp
from ari_tui.sim.media_path import MediaPath, Spoken
from ari_tui.sim.source import LONGEST_FRAME, SAMPLE_RATE, RtpSource, SourceClock, alaw, tone, ulaw
from tests import rtp_packets
from tests.sim.kit import Echo, echo, until


def _source(end: Echo, phone: SimPhone, number: int = 0, payload_type: int = 0) -> RtpSource:
    port = MediaPort(bind_rtp("127.0.0.1", None), ("127.0.0.1", end.port), payload_type)
    return RtpSource(number, phone, port, Random(number))


@pytest.mark.parametrize(("packet_ms", "payload_type"), [(20, 0), (30, 8)])
async def test_packets_follow_each_other_with_their_tone(packet_ms: int, payload_type: int) -> None:
    async with echo() as end:
        source = _source(end, SimPhone(440, packet_ms), payload_type=payload_type)
        packets = [source.next(0) or b"" for _ in range(100)]
        headers = [rtp_packets.parse(packet) for packet in packets]
        first, size = headers[0], packet_ms * 8
        assert [one.marker for one in headers] == [True] + [False] * 99
        assert {one.payload_type for one in headers} == {payload_type}
        assert [(one.sequence - first.sequence) & 0xFFFF for one in headers] == list(range(100))
        steps = [(one.timestamp - first.timestamp) & 0xFFFFFFFF for one in headers]
        assert steps == list(range(0, 100 * size, size))
        payload = b"".join(packet[12:] for packet in packets)
        second = tone(440, payload_type)[:8000]
        assert payload == (second * 4)[: 100 * size]
        source.port.close()


async def test_hold_stops_the_sequence_but_not_the_clock() -> None:
    async with echo() as end:
        phone = SimPhone(440)
        source = _source(end, phone)
        source.next(0)
        before = rtp_packets.parse(source.next(0) or b"")
        phone.on_hold = True
        assert [source.next(0) for _ in range(10)] == [None] * 10
        phone.on_hold = False
        after = rtp_packets.parse(source.next(0) or b"")
        assert after.marker
        assert (after.sequence - before.sequence) & 0xFFFF == 1
        assert (after.timestamp - before.timestamp) & 0xFFFFFFFF == 11 * 160
        source.port.close()


async def test_a_digit_leaves_out_packets_with_their_sequence_numbers() -> None:
    async with echo() as end:
        source = _source(end, SimPhone(440))
        before = rtp_packets.parse(source.next(0) or b"")
        source.skip = 6
        assert [source.next(0) for _ in range(6)] == [None] * 6
        after = rtp_packets.parse(source.next(0) or b"")
        assert not after.marker
        assert (after.sequence - before.sequence) & 0xFFFF == 7
        assert source.port.generated == 2
        source.port.close()


async def test_no_source_drifts_however_late_the_loop_is() -> None:
    async with echo() as end:
        clock = SourceClock(MediaPath(None, (), 1, 0))
        slow, fast = _source(end, SimPhone(440, 30), 0), _source(end, SimPhone(440, 20), 1)
        clock.start(slow, 0)
        clock.start(fast, 7)
        starts = slow.due_ns, fast.due_ns
        await until(lambda: fast.port.generated >= 30)
        clock.close()
        assert slow.due_ns == starts[0] + slow.port.generated * 30_000_000
        assert fast.due_ns == starts[1] + fast.port.generated * 20_000_000
        for source in (slow, fast):
            source.port.close()


async def test_a_stopped_source_sends_nothing_more_and_others_go_on() -> None:
    async with echo() as end:
        clock = SourceClock(MediaPath(None, (), 1, 0))
        one, other = _source(end, SimPhone(440), 0), _source(end, SimPhone(440), 1)
        clock.start(one, 0)
        clock.start(other, 0)
        await until(lambda: one.port.generated)
        clock.stop(one)
        stopped_at, goal = one.port.generated, other.port.generated + 5
        await until(lambda: other.port.generated >= goal)
        assert one.port.generated == stopped_at
        clock.close()
        one.port.close()
        other.port.close()


async def test_what_arrives_is_what_the_impairment_says() -> None:
    async with echo() as end:
        spec = parse_impairment("delay=30ms,jitter=5ms,loss=10%,dup=5%,reorder=5%")
        impairment: Impairment[int, Spoken] = Impairment(spec, 3)
        clock = SourceClock(MediaPath(impairment, (), 1, 0))
        sources = [_source(end, SimPhone(440), number) for number in range(20)]
        for source in sources:
            clock.start(source, source.number)
        await until(lambda: sum(source.port.generated for source in sources) >= 1000)
        for source in sources:
            clock.stop(source)
        await until(lambda: impairment.pending == 0)
        counts = impairment.counts
        assert counts.packets == sum(source.port.generated for source in sources)
        await until(lambda: len(end.received) == counts.packets - counts.lost + counts.duplicates)
        seen = {(one.ssrc, one.sequence) for one in end.headers()}
        assert len(seen) == counts.packets - counts.lost
        assert min(counts.lost, counts.duplicates, counts.reordered) > 0
        assert clock.path.undelivered == 0
        await asyncio.sleep(0)
        clock.close()
        for source in sources:
            source.port.close()


@pytest.mark.parametrize(
    ("payload_type", "milliwatt"),
    [(0, "1e0b0b1e9e8b8b9e"), (8, "34212134b4a1a1b4")],
    ids=["ulaw", "alaw"],
)
def test_a_kilohertz_is_the_digital_milliwatt_of_g711(payload_type: int, milliwatt: str) -> None:
    # G.711 tables 5 and 6 start half a period later: the sign bit is the other way round
    expected = bytes(byte ^ 0x80 for byte in bytes.fromhex(milliwatt))
    assert tone(1000, payload_type)[:8] == expected


def test_silence_and_the_extremes_have_their_own_codes() -> None:
    assert [ulaw(0), ulaw(32767), ulaw(-32768)] == [0xFF, 0x80, 0x00]
    assert [alaw(0), alaw(32767), alaw(-32768)] == [0xD5, 0xAA, 0x2A]


@pytest.mark.parametrize("encode", [ulaw, alaw])
def test_louder_samples_never_get_a_quieter_code(encode: object) -> None:
    assert callable(encode)
    codes = [encode(sample) for sample in range(0, 32768, 7)]
    distinct = list(dict.fromkeys(codes))
    assert len(distinct) == len(set(codes)) == 128  # no code comes back once it was left


def test_a_tone_goes_on_seamlessly_after_its_second() -> None:
    second = tone(440, 0)
    assert len(second) == SAMPLE_RATE + LONGEST_FRAME
    assert second[SAMPLE_RATE:] == second[:LONGEST_FRAME]
