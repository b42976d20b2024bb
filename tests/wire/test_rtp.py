"""."""

import struct

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ari_tui.wire import rtp
from ari_tui.wire.rtp import SEQUENCE_BITS, TIMESTAMP_BITS, signed_difference
from tests import rtp_packets

# G.711 mu-law, 20 ms, laid out byte by byte after RFC 3550 section 5.1
BY_HAND = bytes.fromhex("8000 1f3a 0000 05a0 4c62 0d11") + b"\xff" * 160


def header(first: int = 0x80, second: int = 0, rest: bytes = b"") -> bytes:
    return struct.pack("!BBHII", first, second, 7, 160, 9) + rest


def test_a_packet_laid_out_by_hand_is_read_field_by_field() -> None:
    assert rtp_packets.parse(BY_HAND) == rtp_packets.RtpHeader(
        marker=False,
        payload_type=0,
        sequence=0x1F3A,
        timestamp=1440,
        ssrc=0x4C620D11,
        payload_start=12,
        payload_end=172,
    )


@given(
    payload=st.binary(max_size=200),
    sequence=st.integers(0, 0xFFFF),
    timestamp=st.integers(0, 0xFFFFFFFF),
    ssrc=st.integers(0, 0xFFFFFFFF),
    payload_type=st.integers(0, 63) | st.integers(96, 127),
    marker=st.booleans(),
)
def test_what_is_built_is_read_back(
    payload: bytes, sequence: int, timestamp: int, ssrc: int, payload_type: int, marker: bool
) -> None:
    packet = rtp_packets.build(
        payload,
        sequence=sequence,
        timestamp=timestamp,
        ssrc=ssrc,
        payload_type=payload_type,
        marker=marker,
    )
    found = rtp_packets.parse(packet)
    assert found[:5] == (marker, payload_type, sequence, timestamp, ssrc)
    assert packet[found.payload_start : found.payload_end] == payload


def test_sequence_and_timestamp_wrap_when_built() -> None:
    found = rtp_packets.parse(
        rtp_packets.build(b"", sequence=0x10002, timestamp=(1 << 32) + 5, ssrc=1)
    )
    assert (found.sequence, found.timestamp) == (2, 5)


def test_contributing_sources_extension_and_padding_are_not_payload() -> None:
    extension = struct.pack("!HH", 0xBEDE, 2) + b"e" * 8
    packet = header(0x80 | 0x20 | 0x10 | 3, rest=b"c" * 12 + extension + b"voice" + b"\0\0\x03")
    found = rtp_packets.parse(packet)
    assert packet[found.payload_start : found.payload_end] == b"voice"


@pytest.mark.parametrize(
    ("packet", "why"),
    [
        (b"", "nothing"),
        (b"\x00", "version 0"),
        (b"\x40" + b"\0" * 171, "version 1"),
        (b"\xc0" + b"\0" * 171, "version 3"),
        (bytes.fromhex("000100002112a442") + b"\0" * 12, "STUN"),
        (bytes.fromhex("16fefd0000000000000000"), "DTLS"),
        (b"OPTIONS sip:a@b SIP/2.0\r\n\r\n", "SIP"),
        (header(second=200), "RTCP sender report"),
        (header(0x81, 201), "RTCP receiver report"),
        (b"\x80\xc8", "RTCP, cut"),
        (header(second=192), "first RTCP type"),
        (header(second=223), "last RTCP type"),
    ],
)
def test_another_protocol_is_not_rtp(packet: bytes, why: str) -> None:
    assert rtp.classify(packet) == rtp.NOT_RTP, why


@pytest.mark.parametrize(
    ("packet", "why"),
    [
        (b"\x80", "one byte"),
        (header()[:11], "one byte short of a header"),
        (header(0x81, rest=b"\0\0\0"), "one byte short of its contributing source"),
        (header(0x8F, rest=b"\0" * 59), "one byte short of fifteen sources"),
        (header(0x90, rest=b"\0\0\0"), "no room for the extension's length"),
        (header(0x90, rest=b"\0\0\0\x01" + b"\0" * 3), "extension longer than the packet"),
        (header(0x90, rest=b"\0\0\xff\xff" + b"\0" * 400), "extension of 256 KB"),
        (header(0xA0), "padding without a payload, counted in the SSRC's last byte"),
        (header(0xA0, rest=b"abc\0"), "padding of nothing"),
        (header(0xA0, rest=b"abc\x05"), "padding longer than the payload"),
        (header(0xB0, rest=b"\0\0\0\x01" + b"\0\0\0\x01"), "padding inside the extension"),
    ],
)
def test_rtp_that_contradicts_itself_is_malformed(packet: bytes, why: str) -> None:
    assert rtp.classify(packet) == rtp.MALFORMED, why


@pytest.mark.parametrize(
    "packet",
    [
        header(),
        header(second=191),
        header(second=224),
        header(0x81, rest=b"\0" * 4),
        header(0x90, rest=b"\0" * 4),
        header(0xA0, rest=b"\x01"),
        header(0xA0, rest=b"abc\x04"),
    ],
)
def test_what_just_fits_is_rtp(packet: bytes) -> None:
    assert rtp.classify(packet) == rtp.OK
    found = rtp_packets.parse(packet)
    assert 12 <= found.payload_start <= found.payload_end <= len(packet)


def test_a_refusal_says_what_came() -> None:
    with pytest.raises(ValueError, match=r"not RTP: 6 bytes starting 53495021"):
        rtp_packets.parse(b"SIP!\r\n")
    with pytest.raises(ValueError, match=r"malformed RTP: 3 bytes starting 800001"):
        rtp_packets.parse(b"\x80\x00\x01")
    with pytest.raises(ValueError, match="0 bytes"):
        rtp_packets.parse(b"")


@given(st.binary(max_size=120) | st.binary(max_size=120).map(lambda tail: b"\xb1\x00" + tail))
@example(b"\xff")
@example(b"\x80\xc8\x00")
def test_no_datagram_breaks_the_reader_and_bounds_stay_inside(data: bytes) -> None:
    verdict = rtp.classify(data)
    assert rtp.classify(memoryview(data)) == verdict
    if verdict == rtp.OK:
        found = rtp_packets.parse(memoryview(data))
        assert rtp.HEADER_SIZE <= found.payload_start <= found.payload_end <= len(data)
    else:
        with pytest.raises(ValueError):
            rtp_packets.parse(data)


def test_every_named_codec_has_a_clock_but_a_clock_needs_no_name() -> None:
    assert rtp.CODEC_NAMES.keys() <= rtp.CLOCK_RATES.keys()
    # RFC 3551 4.5.2: G.722 samples at 16 kHz and keeps an 8 kHz RTP clock
    assert rtp.CLOCK_RATES[9] == 8000


BITS = st.sampled_from([SEQUENCE_BITS, TIMESTAMP_BITS])


@pytest.mark.parametrize(
    ("later", "earlier", "difference"),
    [
        (1, 0, 1),
        (0, 1, -1),
        (0, 65_535, 1),
        (65_535, 0, -1),
        (32_767, 0, 32_767),
        (32_768, 0, -32_768),
        (0, 32_768, -32_768),
        (7, 7, 0),
    ],
)
def test_differences_of_sequence_numbers_by_hand(later: int, earlier: int, difference: int) -> None:
    assert signed_difference(later, earlier, SEQUENCE_BITS) == difference


def test_a_timestamp_across_its_wrap_is_one_packet_further() -> None:
    before, after = (1 << 32) - 80, 80
    assert signed_difference(after, before, TIMESTAMP_BITS) == 160


@given(bits=BITS, start=st.integers(0, 1 << 40), data=st.data())
def test_a_step_of_less_than_half_a_circle_is_told_wherever_it_starts(
    bits: int, start: int, data: st.DataObject
) -> None:
    half, circle = 1 << (bits - 1), 1 << bits
    step = data.draw(st.integers(-half, half - 1))
    assert signed_difference((start + step) % circle, start % circle, bits) == step


@given(bits=BITS, later=st.integers(min_value=0), earlier=st.integers(min_value=0))
def test_a_difference_leads_from_one_to_the_other_by_the_shorter_way(
    bits: int, later: int, earlier: int
) -> None:
    later, earlier = later % (1 << bits), earlier % (1 << bits)
    difference = signed_difference(later, earlier, bits)
    assert (earlier + difference) % (1 << bits) == later
    assert -(1 << (bits - 1)) <= difference < 1 << (bits - 1)


def test_a_day_of_packets_goes_round_many_times() -> None:
    reached = 65_000
    for true in range(65_000, 65_000 + 200_000, 97):
        reached += signed_difference(true & 0xFFFF, reached & 0xFFFF, SEQUENCE_BITS)
        assert reached == true
