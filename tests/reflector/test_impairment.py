from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ari_tui.reflector.impairment import (
    HOLD_NS,
    Impairment,
    ImpairmentCounts,
    ImpairmentSpec,
    parse_impairment,
)

MS = 1_000_000


class Packet(NamedTuple):
    """One packet as it arrives: its sequence is extended, the wire's is cut from it."""

    stream: int
    extended: int
    arrived_ns: int


class Seen(NamedTuple):
    """One packet as it is released."""

    due_ns: int
    packet: Packet


def run(
    spec: ImpairmentSpec, seed: int, packets: Iterable[Packet], polls: Iterable[int] = ()
) -> tuple[Impairment[int, Packet], list[Seen]]:
    """Push packets and poll at the given times, then drain by next_due_ns."""
    impairment: Impairment[int, Packet] = Impairment(spec, seed)
    seen: list[Seen] = []

    def poll(now_ns: int) -> None:
        released = impairment.pop_releases(now_ns)
        assert all(due_ns <= now_ns for due_ns, _ in released)
        seen.extend(Seen(*release) for release in released)

    waiting_polls = sorted(polls, reverse=True)
    for packet in packets:
        while waiting_polls and waiting_polls[-1] <= packet.arrived_ns:
            poll(waiting_polls.pop())
        impairment.push(packet.stream, packet.extended & 0xFFFF, packet, packet.arrived_ns)
    while (due_ns := impairment.next_due_ns()) is not None:
        before = len(seen)
        poll(due_ns)
        assert len(seen) > before
    return impairment, seen


def observe(pushed: list[Packet], seen: list[Seen]) -> ImpairmentCounts:
    """Count as MEASUREMENT defines it, from what arrives and nothing else."""
    arrivals = Counter(each.packet for each in seen)
    first_copies = list(dict.fromkeys(each.packet for each in seen))
    next_expected: dict[int, int] = {}
    reordered = 0
    for packet in first_copies:
        if packet.extended < next_expected.get(packet.stream, packet.extended):
            reordered += 1
        else:
            next_expected[packet.stream] = packet.extended + 1
    return ImpairmentCounts(
        packets=len(pushed),
        lost=sum(packet not in arrivals for packet in pushed),
        duplicates=sum(arrivals.values()) - len(arrivals),
        reordered=reordered,
    )


def steady(
    count: int, *, stream: int = 1, step_ns: int = 20 * MS, first: int = 65_000
) -> list[Packet]:
    return [Packet(stream, first + n, n * step_ns) for n in range(count)]


@st.composite
def specs(draw: st.DrawFn) -> ImpairmentSpec:
    loss = draw(st.sampled_from([0.0, 0.05, 0.3, 0.9]))
    return ImpairmentSpec(
        delay_ns=draw(st.integers(0, 300 * MS)),
        jitter_ns=draw(st.sampled_from([0, 1, 5 * MS, 200 * MS])),
        loss=loss,
        burst=draw(st.integers(1, 5)) if loss else 1,
        duplicate=draw(st.sampled_from([0.0, 0.1, 1.0])) * (1 - loss),
        reorder=draw(st.sampled_from([0.0, 0.1, 0.5])) * (1 - loss),
    )


@st.composite
def schedules(draw: st.DrawFn) -> list[Packet]:
    """Draw streams in sequence, with holes, wraps, bursts, stalls and simultaneous arrivals."""
    steps = st.tuples(
        st.integers(1, 3),
        st.sampled_from([1, 1, 1, 2, 700]),
        st.sampled_from([0, 1, 20 * MS, 30 * MS, HOLD_NS, 450 * MS]),
    )
    now_ns, packets = 10**9, list[Packet]()
    extended = {1: 0, 2: 65_530, 3: 30_000}
    for stream, skip, gap_ns in draw(st.lists(steps, max_size=60)):
        now_ns += gap_ns
        extended[stream] += skip
        packets.append(Packet(stream, extended[stream], now_ns))
    return packets


polls = st.lists(st.integers(10**9, 20 * 10**9), max_size=30)


@settings(deadline=None)
@given(specs(), st.integers(), schedules(), polls)
def test_an_observer_of_the_output_counts_exactly_what_was_done(
    spec: ImpairmentSpec, seed: int, packets: list[Packet], polls: list[int]
) -> None:
    impairment, seen = run(spec, seed, packets, polls)
    assert impairment.counts == observe(packets, seen)
    assert impairment.pending == 0
    for stream in (1, 2, 3):
        of_stream = [packet for packet in packets if packet.stream == stream]
        seen_of_stream = [each for each in seen if each.packet.stream == stream]
        assert impairment.counts_of(stream) == observe(of_stream, seen_of_stream)


@settings(deadline=None)
@given(specs(), st.integers(), schedules(), polls)
def test_nothing_is_released_before_arrival_plus_delay_or_out_of_time_order(
    spec: ImpairmentSpec, seed: int, packets: list[Packet], polls: list[int]
) -> None:
    _, seen = run(spec, seed, packets, polls)
    assert all(each.due_ns >= each.packet.arrived_ns + spec.delay_ns for each in seen)
    assert [each.due_ns for each in seen] == sorted(each.due_ns for each in seen)


@settings(deadline=None)
@given(specs(), st.integers(), schedules(), polls)
def test_what_happens_to_a_stream_depends_on_no_other_stream_and_on_no_polling(
    spec: ImpairmentSpec, seed: int, packets: list[Packet], polls: list[int]
) -> None:
    _, together = run(spec, seed, packets, polls)
    for stream in (1, 2, 3):
        _, alone = run(spec, seed, [packet for packet in packets if packet.stream == stream])
        assert alone == [each for each in together if each.packet.stream == stream]


@settings(deadline=None)
@given(specs(), st.integers(), schedules())
def test_a_copy_comes_directly_after_its_original_in_its_stream(
    spec: ImpairmentSpec, seed: int, packets: list[Packet]
) -> None:
    _, seen = run(spec, seed, packets)
    for stream in (1, 2, 3):
        order = [each.packet for each in seen if each.packet.stream == stream]
        runs = [packet for packet, _ in itertools.groupby(order)]
        assert len(runs) == len(set(runs))


@settings(deadline=None)
@given(specs(), st.integers(), schedules())
def test_the_counts_are_right_at_every_moment_for_what_has_been_released(
    spec: ImpairmentSpec, seed: int, packets: list[Packet]
) -> None:
    impairment: Impairment[int, Packet] = Impairment(spec, seed)
    seen: list[Seen] = []
    for packet in packets:
        impairment.push(packet.stream, packet.extended & 0xFFFF, packet, packet.arrived_ns)
        seen.extend(Seen(*each) for each in impairment.pop_releases(packet.arrived_ns))
        counts, observed = impairment.counts, observe(packets, seen)
        assert (counts.duplicates, counts.reordered) == (observed.duplicates, observed.reordered)
        waiting = {entry.item for _, _, entry in impairment._heap if not entry.cancelled}
        released = {each.packet for each in seen}
        assert counts.packets == counts.lost + len(waiting) + len(released)


@pytest.mark.parametrize("burst", [1, 2, 4, 10])
@pytest.mark.parametrize("loss", [0.005, 0.05, 0.4])
def test_the_loss_rate_stays_as_asked_whatever_the_burst(loss: float, burst: int) -> None:
    count = 100_000
    impairment, _ = run(ImpairmentSpec(loss=loss, burst=burst), 11, steady(count))
    deviation = (count * loss * (1 - loss) * burst) ** 0.5
    assert abs(impairment.counts.lost - count * loss) < 4 * deviation


def run_lengths(spec: ImpairmentSpec, count: int) -> list[int]:
    packets = steady(count)
    _, seen = run(spec, 5, packets)
    arrived = {each.packet for each in seen}
    return [
        len(list(group))
        for is_lost, group in itertools.groupby(packets, lambda packet: packet not in arrived)
        if is_lost
    ]


@pytest.mark.parametrize("burst", [2, 3, 4])
def test_losses_come_in_runs_of_the_burst_or_of_a_multiple_where_two_meet(burst: int) -> None:
    lengths = run_lengths(ImpairmentSpec(loss=0.05, burst=burst), 20_000)[:-1]
    assert {length % burst for length in lengths} == {0}
    assert lengths.count(burst) > 0.9 * len(lengths)


def test_without_a_burst_a_loss_says_nothing_about_the_next() -> None:
    lengths = run_lengths(ImpairmentSpec(loss=0.2), 100_000)
    assert sum(lengths) / len(lengths) == pytest.approx(1 / 0.8, rel=0.02)
    assert lengths.count(2) / len(lengths) == pytest.approx(0.2 * 0.8, rel=0.05)


def test_duplicates_and_reordering_are_shares_of_all_packets() -> None:
    spec = parse_impairment("loss=20%,dup=10%,reorder=10%")
    counts = run(spec, 3, steady(100_000))[0].counts
    assert counts.duplicates == pytest.approx(10_000, rel=0.04)
    assert counts.reordered == pytest.approx(10_000, rel=0.04)


def test_with_half_of_all_reordered_every_pair_is_swapped() -> None:
    _, seen = run(ImpairmentSpec(reorder=0.5), 1, steady(8, first=0))
    assert [each.packet.extended for each in seen] == [1, 0, 3, 2, 5, 4, 7, 6]


def test_a_changed_share_leaves_the_other_decisions_alone() -> None:
    packets = steady(5_000)
    _, plain = run(parse_impairment("loss=5%"), 7, packets)
    _, more = run(parse_impairment("loss=5%,dup=3%,reorder=2%,jitter=50ms"), 7, packets)
    assert {each.packet for each in plain} == {each.packet for each in more}


def test_another_seed_or_another_stream_decides_otherwise() -> None:
    spec = parse_impairment("loss=50%")
    kept = [
        [each.packet.extended for each in run(spec, seed, steady(100, stream=stream))[1]]
        for seed, stream in ((1, 1), (1, 1), (2, 1), (1, 2))
    ]
    assert kept[0] == kept[1]
    assert kept[0] != kept[2]
    assert kept[0] != kept[3]


def test_streams_of_one_name_share_their_fate_and_not_their_state() -> None:
    impairment: Impairment[tuple[str, int], int] = Impairment(
        parse_impairment("loss=50%"), 1, name=lambda stream: stream[1]
    )
    for n in range(200):
        impairment.push(("one", 9), n, n, n)
        impairment.push(("two", 9), n, n, n)
    assert impairment.counts_of(("one", 9)) == impairment.counts_of(("two", 9))
    assert impairment.counts.packets == 400


def test_jitter_spreads_over_its_whole_range_when_packets_do_not_queue() -> None:
    spec = parse_impairment("delay=10ms,jitter=8ms")
    _, seen = run(spec, 2, steady(5_000))
    extra = [each.due_ns - each.packet.arrived_ns - spec.delay_ns for each in seen]
    assert min(extra) < 8 * MS * 0.01
    assert 8 * MS * 0.99 < max(extra) <= 8 * MS
    assert sum(extra) / len(extra) == pytest.approx(4 * MS, rel=0.03)


def always_hold() -> Impairment[int, str]:
    """Return an impairment that chooses every packet that it may."""
    return Impairment(parse_impairment("delay=20ms,reorder=50%"), 1)


def test_a_held_packet_whose_stream_stops_goes_alone_and_is_not_counted() -> None:
    impairment = always_hold()
    impairment.push(1, 10, "held", 0)
    assert impairment.next_due_ns() == 20 * MS + HOLD_NS
    assert impairment.pop_due(20 * MS + HOLD_NS - 1) == []
    assert impairment.pop_due(20 * MS + HOLD_NS) == ["held"]
    assert impairment.counts == ImpairmentCounts(packets=1)


def test_a_packet_that_comes_after_the_hold_is_over_overtakes_nothing() -> None:
    impairment = always_hold()
    impairment.push(1, 10, "held", 0)
    impairment.push(1, 11, "next", 20 * MS + HOLD_NS)
    assert impairment.pop_due(10**9) == ["held", "next"]
    assert impairment.counts.reordered == 0


def test_a_held_packet_goes_directly_after_its_overtaker() -> None:
    impairment = always_hold()
    impairment.push(1, 65_535, "held", 0)
    impairment.push(1, 0, "next", 30 * MS)
    assert impairment.pop_releases(50 * MS) == [(50 * MS, "next"), (50 * MS, "held")]
    assert impairment.counts.reordered == 1
    assert impairment.next_due_ns() is None


def test_a_held_packet_passed_by_a_lower_sequence_is_not_counted() -> None:
    impairment = always_hold()
    impairment.push(1, 11, "higher", 0)
    impairment.push(1, 10, "lower", 1)
    assert impairment.pop_due(10**9) == ["lower", "higher"]
    assert impairment.counts.reordered == 0


def test_everything_can_be_lost() -> None:
    impairment, seen = run(parse_impairment("loss=100%,burst=3"), 1, steady(50))
    assert seen == []
    assert impairment.counts == ImpairmentCounts(packets=50, lost=50)


def test_all_that_is_due_is_returned_in_order_and_counted() -> None:
    impairment = Impairment[int, str](parse_impairment("delay=1s,dup=100%"), 1)
    impairment.push(1, 1, "a", 0)
    impairment.push(2, 1, "b", 1)
    assert impairment.pending == 4
    assert impairment.pop_due(10**10) == ["a", "a", "b", "b"]
    assert impairment.pending == 0
    assert impairment.pop_due(10**10) == []
    assert impairment.counts == ImpairmentCounts(packets=2, duplicates=2)


def test_a_forgotten_stream_stays_in_the_totals_and_releases_what_is_pending() -> None:
    impairment = Impairment[int, str](parse_impairment("delay=1s,dup=100%"), 1)
    impairment.push(1, 1, "a", 0)
    impairment.forget(1)
    assert impairment.pop_due(10**10) == ["a", "a"]
    assert impairment.counts == ImpairmentCounts(packets=1, duplicates=1)
    assert impairment.counts_of(1) == ImpairmentCounts()


def test_what_is_held_in_memory_does_not_grow_with_the_stream() -> None:
    impairment = Impairment[int, int](parse_impairment("delay=20ms,reorder=30%,dup=20%"), 1)
    for n in range(20_000):
        impairment.push(1, n & 0xFFFF, n, n * 20 * MS)
        impairment.pop_due(n * 20 * MS)
        assert len(impairment._heap) < 40


def test_the_packet_after_one_chosen_is_not_chosen_even_if_it_comes_too_late_to_overtake() -> None:
    _, seen = run(parse_impairment("delay=20ms,reorder=50%"), 1, steady(4, step_ns=450 * MS))
    waited = [each.due_ns - each.packet.arrived_ns - 20 * MS for each in seen]
    assert waited == [HOLD_NS, 0, HOLD_NS, 0]
