from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ari_tui.reflector.streams import AHEAD_LIMIT_NS, IDLE_NS, EchoStream, Pacer, StreamTable

MS = 1_000_000
SOURCE = ("127.0.0.1", 40_000)
START = 10**12


def table(limit: int = 3) -> tuple[StreamTable, list[int]]:
    evicted: list[int] = []
    return StreamTable(lambda stream: evicted.append(stream.ssrc), limit=limit), evicted


def test_a_stream_is_a_source_and_an_ssrc() -> None:
    streams, _ = table()
    one = streams.add(SOURCE, 1, START)
    assert streams.touch(SOURCE, 1, START) is one
    assert streams.touch(SOURCE, 2, START) is None
    assert streams.touch(("127.0.0.1", 40_001), 1, START) is None


def test_a_full_table_lets_the_stream_go_that_was_idle_for_longest() -> None:
    streams, evicted = table()
    for ssrc in (1, 2, 3):
        streams.add(SOURCE, ssrc, START + ssrc)
    streams.touch(SOURCE, 1, START + 4)
    streams.peek(SOURCE, 2)
    streams.add(SOURCE, 4, START + 5)
    assert evicted == [2]
    assert len(list(streams)) == 3
    assert streams.seen == 4


def test_a_stream_idle_for_a_minute_expires() -> None:
    streams, evicted = table()
    streams.add(SOURCE, 1, START)
    streams.add(SOURCE, 2, START)
    streams.touch(SOURCE, 1, START + 1)
    streams.expire(START + IDLE_NS - 1)
    assert evicted == []
    streams.expire(START + IDLE_NS)
    assert evicted == [2]
    streams.expire(START + IDLE_NS + 1)
    assert evicted == [2, 1]


def count(stream: EchoStream, received: int, dwell_ns: int) -> None:
    stream.tally.received += received
    stream.tally.dwell_sum_ns += dwell_ns
    stream.tally.dwell_max_ns = max(stream.tally.dwell_max_ns, dwell_ns)


def test_totals_add_up_all_streams_those_gone_and_what_those_gone_still_send() -> None:
    streams, _ = table(limit=1)
    gone = streams.add(SOURCE, 1, START)
    count(gone, 5, 70)
    count(streams.add(SOURCE, 2, START), 3, 50)
    count(gone, 1, 90)
    totals = streams.totals()
    assert (totals.received, totals.dwell_sum_ns, totals.dwell_max_ns) == (9, 210, 90)
    assert streams.totals().received == 9


def test_each_stream_is_paced_on_a_clock_of_its_own() -> None:
    streams = StreamTable(lambda stream: None, pace_clock_rate=8000)
    one, two = streams.add(SOURCE, 1, START), streams.add(SOURCE, 2, START)
    assert one.pacer is not None
    assert two.pacer is not None
    assert one.pacer.due_ns(0, START) == START
    assert two.pacer.due_ns(5_000, START + 7 * MS) == START + 7 * MS
    assert one.pacer.due_ns(160, START + 8 * MS) == START + 20 * MS
    assert two.pacer.due_ns(5_160, START + 8 * MS) == START + 27 * MS


def test_a_packet_is_due_at_its_place_on_the_clock_and_at_once_when_that_is_past() -> None:
    pacer = Pacer(8000)
    assert pacer.due_ns(1_000, START) == START
    assert pacer.due_ns(1_160, START + 5 * MS) == START + 20 * MS
    assert pacer.due_ns(1_320, START + 47 * MS) == START + 47 * MS
    assert pacer.due_ns(1_480, START + 48 * MS) == START + 60 * MS


def test_a_reordered_packet_keeps_its_place() -> None:
    pacer = Pacer(8000)
    pacer.due_ns(1_000, START)
    assert pacer.due_ns(1_320, START) == START + 40 * MS
    assert pacer.due_ns(1_160, START) == START + 20 * MS
    assert pacer.due_ns(1_480, START) == START + 60 * MS


def test_pacing_goes_on_across_the_wrap_of_the_timestamp_and_far_beyond() -> None:
    pacer = Pacer(8000)
    first = 2**32 - 80
    pacer.due_ns(first, START)
    assert pacer.due_ns(80, START) == START + 20 * MS
    step, now_ns = 2**20, START
    for n in range(1, 10_000):  # more than two full turns
        now_ns = START + n * step * 125_000 + 20 * MS
        due_ns = pacer.due_ns((80 + n * step) % 2**32, now_ns - 20 * MS)
        assert due_ns == now_ns


def test_after_a_stall_packets_go_at_once_until_the_stream_has_caught_up() -> None:
    pacer = Pacer(8000)
    pacer.due_ns(0, START)
    back = START + 3_000 * MS
    assert [pacer.due_ns(160 * n, back) for n in (1, 100, 150)] == [back] * 3
    assert pacer.due_ns(160 * 151, back) == START + 3_020 * MS


@pytest.mark.parametrize("jump", [8_000 * 60, -8_000 * 60, 2**31 - 1, -(2**31) + 1])
def test_a_jump_of_the_timestamp_starts_the_clock_anew(jump: int) -> None:
    pacer = Pacer(8000)
    pacer.due_ns(1_000, START)
    after = (1_160 + jump) % 2**32
    assert pacer.due_ns(after, START + 20 * MS) == START + 20 * MS
    assert pacer.due_ns((after + 160) % 2**32, START + 21 * MS) == START + 40 * MS


def test_silence_that_timestamp_and_arrival_agree_on_is_no_jump() -> None:
    pacer = Pacer(8000)
    pacer.due_ns(0, START)
    assert pacer.due_ns(80_000, START + 9_990 * MS) == START + 10_000 * MS


def test_the_clock_rate_scales_the_pace() -> None:
    pacer = Pacer(48_000)
    pacer.due_ns(0, START)
    assert pacer.due_ns(960, START) == START + 20 * MS


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 10**10)), max_size=50))
def test_no_packet_is_due_before_it_came_or_held_beyond_the_limit(
    steps: list[tuple[int, int]],
) -> None:
    pacer, now_ns = Pacer(8000), START
    for timestamp, gap_ns in steps:
        now_ns += gap_ns
        assert now_ns <= pacer.due_ns(timestamp, now_ns) <= now_ns + AHEAD_LIMIT_NS
