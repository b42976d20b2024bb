"""What the forwarder does to packets, at hand-made times."""

from __future__ import annotations

import struct

from tests.trial.impairment import Direction, Impairment

SIP = 5060


def packet(number: int, *, source: int = 10_000, protocol: int = 17) -> bytes:
    """An IPv4 packet with ports and a number."""
    header = struct.pack(
        "!BBHHHBBH4s4s", 0x45, 0, 30, 0, 0, 64, protocol, 0, b"\x7f001", b"\x7f002"
    )
    return header + struct.pack("!HHHHH", source, 20_000, 10, 0, number)


def number_of(data: bytes) -> int:
    return int.from_bytes(data[-2:], "big")


def play(direction: Direction, count: int, *, source: int = 10_000) -> list[tuple[int, float]]:
    """Send a packet every 20 ms; return the numbers of what comes out, with its times."""
    came: list[tuple[int, float]] = []
    for millisecond in range(count * 20 + 1000):
        now_s = millisecond / 1000
        if millisecond % 20 == 0 and millisecond // 20 < count:
            direction.take(packet(millisecond // 20, source=source), now_s)
        came += [(number_of(data), now_s) for data in direction.due(now_s)]
    return came


def test_without_impairment_every_packet_passes_at_once_and_in_order() -> None:
    came = play(Direction("seed"), 100)
    assert came == [(number, number * 20 / 1000) for number in range(100)]


def test_the_same_seed_loses_the_same_packets_and_counts_them() -> None:
    def lost(seed: str) -> list[int]:
        direction = Direction(seed)
        direction.set(Impairment(loss=0.05), 0.0)
        numbers = [number for number, _ in play(direction, 2000)]
        assert direction.counts.taken == 2000
        assert direction.counts.lost == 2000 - len(numbers)
        return numbers

    assert lost("a") == lost("a") != lost("b")
    assert 50 < 2000 - len(lost("a")) < 150


def test_jitter_delays_without_changing_the_order() -> None:
    direction = Direction("seed")
    direction.set(Impairment(delay_s=0.01, jitter_s=0.06), 0.0)
    came = play(direction, 500)
    assert [number for number, _ in came] == list(range(500))
    late = [at_s - number * 0.02 for number, at_s in came]
    assert min(late) >= 0.01
    assert max(late) > 0.04


def test_swapped_packets_arrive_behind_later_ones_and_none_is_lost() -> None:
    direction = Direction("seed")
    direction.set(Impairment(swap=0.1), 0.0)
    numbers = [number for number, _ in play(direction, 500)]
    assert sorted(numbers) == list(range(500)) != numbers
    assert direction.counts.swapped > 20
    assert direction.counts.lost == 0


def test_a_hold_lets_nothing_through_until_its_end_and_then_all_at_once() -> None:
    direction = Direction("seed")
    direction.set(Impairment(hold_s=0.3, every_s=2.0), 0.0)
    came = play(direction, 100)
    assert {round(at_s, 3) for number, at_s in came if number < 15} == {0.3}
    assert [number for number, _ in came] == list(range(100))


def test_a_cut_loses_all_of_its_time_and_nothing_else() -> None:
    direction = Direction("seed")
    direction.set(Impairment(cut_s=0.5, every_s=1.0), 0.0)
    came = {number for number, _ in play(direction, 100)}
    assert came == {number for number in range(100) if number * 20 % 1000 >= 500}


def test_signalling_and_other_protocols_are_never_impaired() -> None:
    direction = Direction("seed", frozenset({SIP}))
    direction.set(Impairment(loss=1.0), 0.0)
    direction.take(packet(1, source=SIP), 0.0)
    direction.take(packet(2, protocol=6), 0.0)
    direction.take(packet(3), 0.0)
    assert [number_of(data) for data in direction.due(0.0)] == [1, 2]


def test_only_the_first_flows_are_impaired_where_it_says_so() -> None:
    direction = Direction("seed")
    direction.set(Impairment(loss=1.0, flows=1), 0.0)
    direction.take(packet(1, source=10_000), 0.0)
    direction.take(packet(2, source=10_002), 0.0)
    assert [number_of(data) for data in direction.due(0.0)] == [2]
