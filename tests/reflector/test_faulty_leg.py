"""."""

from __future__ import annotations

from ari_tui.reflector.fault_spec import parse_fault
from ari_tui.reflector.faulty_leg import FaultyLeg, leg_of

MS = 1_000_000
START = 77_000 * MS


def leg(*texts: str) -> FaultyLeg[int, int]:
    return FaultyLeg([parse_fault(text) for text in texts], 1, START)


def carried(
    under_test: FaultyLeg[int, int], times_ms: list[int], stream: int = 1
) -> dict[int, int]:
    """Push a packet at each time, and return when each comes out, asked every millisecond."""
    found = {}
    for now_ms in range(max(times_ms) + 2000):
        now_ns = START + now_ms * MS
        if now_ms in times_ms:
            under_test.push(stream, now_ms & 0xFFFF, now_ms, now_ns)
        due_ns = under_test.next_due_ns()
        if due_ns is not None and due_ns <= now_ns:
            found.update(dict.fromkeys(under_test.pop_due(now_ns), now_ms))
    return found


def test_what_comes_in_a_stall_leaves_at_its_end_in_order() -> None:
    out = carried(leg("caller-in:stall=100ms,every=1s,after=50ms"), [40, 60, 80, 149, 150, 1060])
    assert out == {40: 40, 60: 150, 80: 150, 149: 150, 150: 150, 1060: 1150}
    assert list(out) == sorted(out)


def test_what_comes_in_a_silence_is_lost_and_counted() -> None:
    one = leg("echo-out:silence=100ms,every=1s,after=50ms,for=200ms")
    assert list(carried(one, [40, 60, 140, 160, 1070])) == [40, 160, 1070]
    assert one.lost == 2


def test_an_impairment_lasts_as_long_as_its_fault() -> None:
    one = leg("echo-back:loss=100%,after=100ms,for=100ms")
    assert list(carried(one, [50, 100, 150, 199, 200])) == [50, 200]
    assert one.lost == 3


def test_faults_of_a_leg_follow_each_other() -> None:
    out = carried(leg("echo-out:delay=30ms", "echo-path:stall=100ms,after=20ms"), [0, 200])
    assert out == {0: 120, 200: 230}


def test_a_fault_of_so_many_calls_leaves_the_later_ones_alone() -> None:
    one = leg("caller-in:loss=100%,calls=1")
    assert carried(one, [0, 10], stream=1) == {}
    assert carried(one, [0, 10], stream=2) == {0: 0, 10: 10}


def test_the_same_seed_loses_the_same_packets_and_a_forgotten_stream_begins_anew() -> None:
    times = list(range(0, 2000, 20))
    first, second = leg("caller-in:loss=20%"), leg("caller-in:loss=20%")
    kept = list(carried(first, times))
    assert kept == list(carried(second, times))
    assert 60 < len(kept) < 95
    first.forget(1)
    assert kept == list(carried(first, times))


def test_a_place_without_packet_faults_has_no_leg() -> None:
    faults = [parse_fault("caller-out:rtcp=off"), parse_fault("caller-in:loss=1%")]
    assert leg_of(["caller-out"], faults, 1, START) is None
    found: FaultyLeg[int, int] | None = leg_of(["caller-in"], faults, 1, START)
    assert found is not None
