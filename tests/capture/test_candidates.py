"""What proves that datagrams are RTP, and what does not."""

from __future__ import annotations

import random

import pytest

from ari_tui.analysis.store import Store
from ari_tui.building.figures import SKEW_BLOCKS
from ari_tui.capture import candidates as c
from ari_tui.capture.candidates import Key, Packet
from ari_tui.capture.description import StreamFacts, describe, endpoint
from tests import rtp_packets

KEY = c.Key(b"\x0a\0\0\1", 4000, b"\x0a\0\0\2", 5000, 7)


def packet(sequence: int, *, returned: bool = False) -> c.Packet:
    return c.Packet(sequence, 0, sequence & 0xFFFF, 0, 172, 0, 64, returned)


def proof(sequences: list[int]) -> int | None:
    """Return which packet proved the stream, None when none did."""
    found = c.Candidates()
    for i, sequence in enumerate(sequences):
        if found.take(KEY, packet(sequence)) is not None:
            return i
    return None


@pytest.mark.parametrize(
    ("sequences", "at"),
    [
        ([5, 6, 7, 8], 3),
        ([65534, 65535, 0, 1], 3),
        ([5, 5, 6, 6, 7, 7, 8], 6),  # each captured twice
        ([1, 2, 3, 9, 10, 11, 12], 6),  # a loss begins the run anew
        ([1, 3, 5, 7, 9, 11], None),
        ([256] * 20, None),  # DNS: what stands there does not count up
        ([4, 3, 2, 1], None),
    ],
)
def test_a_run_of_sequence_numbers_proves_a_stream(sequences: list[int], at: int | None) -> None:
    assert proof(sequences) == at


def test_all_that_waited_comes_out_in_its_order() -> None:
    found = c.Candidates()
    given = [packet(1), packet(1, returned=True), packet(2), packet(3), packet(2, returned=True)]
    assert [found.take(KEY, p) for p in given] == [None] * 5
    assert found.take(KEY, packet(4)) == [*given, packet(4)]
    assert found.close() == 0


def test_what_comes_back_proves_nothing() -> None:
    found = c.Candidates()
    assert all(found.take(KEY, packet(i, returned=True)) is None for i in range(20))
    assert found.close() == 20


def test_a_candidate_that_never_proves_itself_keeps_few_packets_and_counts_all() -> None:
    found = c.Candidates()
    for i in range(1000):
        assert found.take(KEY, packet(2 * i)) is None
    assert found.dropped == 1000 - c.WAITING
    assert found.close() == 1000


def test_candidates_are_bounded_and_all_their_packets_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(c, "CANDIDATES", 10)
    found = c.Candidates()
    for ssrc in range(100, 200):
        found.take(KEY._replace(ssrc=ssrc), packet(1))
        found.take(KEY, packet(2 * ssrc))  # seen last, so it stays
    assert found.dropped == (100 - 9) + (100 - c.WAITING)
    assert [found.take(KEY, packet(number)) for number in (399, 400)] == [None, None]
    assert found.take(KEY, packet(401)) is not None


@pytest.mark.parametrize(
    ("payload", "kind"),
    [
        (rtp_packets.build(b"x" * 160, sequence=1, timestamp=1, ssrc=1), c.MAYBE),
        (rtp_packets.build(b"", sequence=1, timestamp=1, ssrc=1, payload_type=127), c.MAYBE),
        (rtp_packets.build(b"", sequence=1, timestamp=1, ssrc=1, payload_type=77), c.NOT_RTP),
        (b"\x80\xc8" + bytes(26), c.RTCP),
        (b"\x81\xcb" + bytes(6), c.RTCP),  # BYE, shorter than any RTP
        (b"\x80\x00" + bytes(9), c.NOT_RTP),
        (b"\x00\x01\x00\x00" + b"\x21\x12\xa4\x42" + bytes(12), c.NOT_RTP),  # STUN
        (b"\x16\xfe\xfd" + bytes(20), c.NOT_RTP),  # DTLS
        (b"INVITE sip:x SIP/2.0\r\n", c.NOT_RTP),
        (b"\x90\x00" + bytes(10), c.NOT_RTP),  # announces an extension that is not there
        (b"", c.NOT_RTP),
    ],
)
def test_what_a_datagram_may_be_shows_in_its_first_bytes(payload: bytes, kind: str) -> None:
    assert c.kind_of(payload, len(payload)) == kind


def test_a_packet_that_the_capture_cut_is_not_held_against_its_header() -> None:
    extended = b"\x90\x00" + bytes(10)
    assert c.kind_of(extended, len(extended) + 160) == c.MAYBE


def test_random_datagrams_never_prove_a_stream() -> None:
    dice = random.Random(1)
    found = c.Candidates()
    for _ in range(20_000):
        payload = bytes([0x80]) + dice.randbytes(19)
        if c.kind_of(payload, 20) == c.MAYBE:
            header = rtp_packets.parse(payload)
            key = KEY._replace(ssrc=header.ssrc & 0xF)  # few sources, so that runs may happen
            assert found.take(key, packet(header.sequence)) is None


IPV6_KEY = Key(b"\x7f\0\0\1", 4000, bytes(15) + b"\1", 5000, 0xDEADBEEF)


def described(payload_type: int = 0) -> StreamFacts:
    return StreamFacts(IPV6_KEY, Packet(10**18, payload_type, 1, 160, 172, 0, 64, returned=False))


@pytest.fixture
def store() -> Store:
    made = Store(loss_timeout_ns=3 * 10**9, late_ns=3 * 10**6)
    made.add_call(1)
    return made


def test_an_endpoint_of_ipv6_stands_in_brackets() -> None:
    assert endpoint(IPV6_KEY.source, IPV6_KEY.source_port) == "127.0.0.1:4000"
    assert endpoint(IPV6_KEY.destination, IPV6_KEY.destination_port) == "[::1]:5000"


def test_without_samples_figures_are_null_and_not_nought(store: Store) -> None:
    found = describe(store, 1, described(), 10**18, paired=True)
    assert (found.loss_ratio, found.late_ratio, found.ptime_ms, found.dscp) == (None,) * 4
    assert (found.jitter_ms.last, found.skew_ppm) == (None, None)
    assert found.echo is not None
    assert (found.echo.loss_ratio, found.echo.jitter_ms, found.echo.rtt_ms.p50) == (None,) * 3


def test_a_skew_is_told_from_enough_seconds_on(store: Store) -> None:
    row = store.row_of[1]
    store.media_floor.slope[row] = 150e-6
    store.media_floor.mins[row, : SKEW_BLOCKS - 1] = 0.0
    assert describe(store, 1, described(), 10**18, paired=False).skew_ppm is None
    store.media_floor.mins[row, SKEW_BLOCKS - 1] = 0.0
    assert describe(store, 1, described(), 10**18, paired=False).skew_ppm == 150.0


@pytest.mark.parametrize(
    ("payload_type", "codec", "known"), [(8, "alaw", True), (9, "g722", True), (111, "111", False)]
)
def test_a_codec_is_named_by_its_static_payload_type(
    store: Store, payload_type: int, codec: str, known: bool
) -> None:
    stream = described(payload_type)
    stream.longest = 172
    found = describe(store, 1, stream, 10**18, paired=False)
    assert (found.codec, found.clock_rate_known) == (codec, known)
