"""."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ari_tui.analysis.records import RECORD_DTYPE, Records
from ari_tui.analysis.stream.state import (
    EPOCH_ROOM,
    INTERRUPTION_NS,
    SLOTS,
    EchoLeg,
    ForeignPackets,
    MediaLeg,
    is_voice,
)


@pytest.fixture
def leg() -> MediaLeg:
    table = MediaLeg()
    table.grow(1)
    return table


def packet(sequence: int, ssrc: int = 1, payload_type: int = 0) -> Records:
    record = np.zeros(1, dtype=RECORD_DTYPE)
    record["sequence"], record["ssrc"], record["marker_pt"] = sequence, ssrc, payload_type
    return record[0]  # type: ignore[no-any-return]  # a record of the array


def test_an_epoch_begins_above_the_one_before_with_room_for_older_packets(leg: MediaLeg) -> None:
    leg.start_epoch(0, packet(65_535))
    assert leg.base_ext[0] == EPOCH_ROOM
    assert (leg.base_ext[0] - leg.offset[0]) & 0xFFFF == 65_535
    leg.max_ext[0], leg.distinct[0] = leg.base_ext[0] + 9, 7
    leg.start_epoch(0, packet(5, ssrc=2))
    assert leg.base_ext[0] == EPOCH_ROOM + 9 + 1 + EPOCH_ROOM
    assert (leg.old_ssrc[0], leg.ssrc[0], leg.epochs[0], leg.has_old[0]) == (1, 2, 2, True)
    assert leg.upstream_missing(0) == 3  # of the first epoch


@pytest.mark.parametrize(
    ("closed", "now", "gap"),
    [
        (0, INTERRUPTION_NS, 0),
        (0, INTERRUPTION_NS + 1, INTERRUPTION_NS + 1),
        (300_000_000, 900_000_000, 300_000_000),
        (10, 900_000_000, 0),
    ],
)
def test_silence_counts_until_the_leg_was_stopped(
    leg: MediaLeg, closed: int, now: int, gap: int
) -> None:
    leg.last_rx[0], leg.closed_ns[0] = 1000, closed and 1000 + closed
    assert leg.open_gap_ns(0, 1000 + now) == gap


def test_before_the_first_packet_there_is_no_silence(leg: MediaLeg) -> None:
    assert leg.open_gap_ns(0, 1 << 60) == 0
    assert leg.ptime_ms(0) is None


def test_voice_is_what_keeps_time(leg: MediaLeg) -> None:
    leg.start_epoch(0, packet(0, payload_type=107))
    types = np.array([0, 8, 13, 101, 107])
    found = is_voice(leg, np.zeros(5, dtype=np.int64), types)
    assert found.tolist() == [True, True, False, False, True]


def test_a_fresh_row_knows_no_round_trip() -> None:
    leg = EchoLeg()
    leg.grow(2)
    assert leg.rtt_count.tolist() == [0, 0]
    assert leg.rtt_min.tolist() == [np.iinfo(np.int64).max] * 2
    assert leg.order_max.tolist() == [-1, -1]


def test_extremes_sum_and_number_are_those_of_the_round_trips(bench: Any) -> None:
    log = bench.log()
    for n, rtt in enumerate((7, 30, 12)):
        log.media(20 * n, n)
        log.echo(20 * n + 0.05 + rtt, n)
    leg = bench.fold(log).store.echo
    assert (leg.rtt_min[0], leg.rtt_max[0]) == (7 * bench.ms, 30 * bench.ms)
    assert (leg.rtt_sum[0], leg.rtt_count[0]) == (49 * bench.ms, 3)
    leg.clear(0)
    assert (leg.rtt_count[0], leg.rtt[0].sum()) == (0, 0)


def test_a_packet_that_was_met_is_known_by_ssrc_and_sequence() -> None:
    foreign_packets = ForeignPackets()
    foreign_packets.add(0xFFFFFFFF, 65_535)
    assert foreign_packets.contains(0xFFFFFFFF, 65_535)
    assert not foreign_packets.contains(0xFFFFFFFE, 65_535)
    assert not foreign_packets.contains(0xFFFFFFFF, 65_535 - SLOTS)
    assert foreign_packets.met == 1


def test_nobody_is_known_before_anyone_was_met() -> None:
    foreign_packets = ForeignPackets()
    assert not any(foreign_packets.contains(ssrc, 0) for ssrc in (0, 1, 0xFFFFFFFF))
    assert (foreign_packets.met, foreign_packets.displaced_by(0, 0)) == (0, None)


def test_streams_of_one_numbering_do_not_push_each_other_out() -> None:
    foreign_packets = ForeignPackets()
    for ssrc in (1, 100):
        for sequence in range(50):
            foreign_packets.add(ssrc, sequence)
    assert all(foreign_packets.contains(ssrc, n) for ssrc in (1, 100) for n in range(50))


def test_a_stream_is_remembered_for_as_many_packets_as_there_are_slots() -> None:
    foreign_packets = ForeignPackets()
    for sequence in range(SLOTS + 10):
        foreign_packets.add(7, sequence)
    assert [n for n in range(SLOTS + 10) if not foreign_packets.contains(7, n)] == list(range(10))


@pytest.mark.parametrize(
    ("ssrc", "sequence", "pushed"),
    [(1, 5, None), (1, 6, None), (2, 5, None), (1, 5 + SLOTS, 5), (2, 4, 5)],
)
def test_whose_place_is_taken_is_said_beforehand(
    ssrc: int, sequence: int, pushed: int | None
) -> None:
    foreign_packets = ForeignPackets()
    foreign_packets.add(1, 5)
    assert foreign_packets.displaced_by(ssrc, sequence) == pushed
    assert foreign_packets.contains(1, 5)
