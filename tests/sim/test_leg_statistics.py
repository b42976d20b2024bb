"""."""

from __future__ import annotations

import pytest

from ari_tui.sim.leg_statistics import REPORT_NS, ReceiverStatistics
from tests import rtp_packets

MS = 1_000_000


def packet(number: int, ssrc: int = 1) -> bytes:
    return rtp_packets.build(
        b"", sequence=(65_530 + number) & 0xFFFF, timestamp=160 * number, ssrc=ssrc
    )


def test_losses_stand_in_the_reports_alone_and_the_rest_at_once() -> None:
    heard = ReceiverStatistics()
    for number in range(600):
        if number % 10 != 9:
            heard.receive(packet(number), number * 20 * MS)
    assert heard.received == 540
    # the report of 10 s: 500 were due, and the last of them, a lost one, is not known yet
    assert heard.reported_lost(2 * REPORT_NS) == 49
    other = ReceiverStatistics()
    other.receive(packet(0), 0)
    assert other.reported_lost(REPORT_NS - 1) is None
    other.receive(packet(3), 60 * MS)
    assert other.reported_lost(REPORT_NS) == 2


def test_reordered_packets_are_not_lost_and_another_stream_goes_on_counting() -> None:
    heard = ReceiverStatistics()
    for number in (0, 2, 1, 3):
        heard.receive(packet(number), number * 20 * MS)
    assert heard.reported_lost(REPORT_NS) == 0
    heard.receive(packet(10), 200 * MS)
    heard.receive(packet(500, ssrc=2), 300 * MS)
    heard.receive(packet(502, ssrc=2), 340 * MS)
    assert heard.reported_lost(3 * REPORT_NS) == 6 + 1
    assert heard.received == 7


def test_the_jitter_follows_rfc_3550() -> None:
    heard = ReceiverStatistics()
    heard.receive(packet(0), 0)
    heard.receive(packet(1), 36 * MS)
    assert heard.jitter_ns == pytest.approx(MS)
