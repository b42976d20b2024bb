from __future__ import annotations

import numpy as np
import pytest

from ari_tui.analysis.media_state import EPOCH_ROOM, INTERRUPTION_NS, MediaLeg, is_voice
from ari_tui.analysis.records import RECORD_DTYPE, Records


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
