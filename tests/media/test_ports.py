from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_tui.errors import PortsExhaustedError
from ari_tui.media.ports import PortPool, ephemeral_overlap


def test_ports_are_given_out_in_order_and_the_released_one_last() -> None:
    pool = PortPool(10_000, 10_002)
    first = [pool.allocate(), pool.allocate()]
    pool.release(first[0])
    assert [*first, pool.allocate(), pool.allocate()] == [10_000, 10_001, 10_002, 10_000]


def test_an_empty_pool_says_which_and_what_to_do() -> None:
    pool = PortPool(5000, 5000, name="media.echo_ports")
    pool.allocate()
    with pytest.raises(PortsExhaustedError) as refusal:
        pool.allocate()
    assert str(refusal.value) == (
        "no RTP port left in media.echo_ports 5000-5000: all 1 in use "
        "(widen the range, or take fewer calls)"
    )
    pool.release(5000)
    assert pool.allocate() == 5000


@pytest.mark.parametrize("port", [4999, 5000, 5001, 0])
def test_a_port_that_is_not_in_use_cannot_be_released(port: int) -> None:
    pool = PortPool(5000, 5001)
    with pytest.raises(ValueError, match=str(port)):
        pool.release(port)


def test_a_port_cannot_be_released_twice() -> None:
    pool = PortPool(5000, 5001)
    port = pool.allocate()
    pool.release(port)
    with pytest.raises(ValueError, match="not in use"):
        pool.release(port)
    assert pool.in_use == 0


@pytest.mark.parametrize(("first", "last"), [(0, 5), (6, 5), (5, 65_536), (-1, 5)])
def test_a_range_that_cannot_be_is_refused(first: int, last: int) -> None:
    with pytest.raises(ValueError, match=f"{first}-{last}"):
        PortPool(first, last)


@given(st.integers(1, 6), st.lists(st.booleans() | st.integers(0, 5), max_size=60))
def test_no_port_is_ever_given_out_twice_and_none_is_lost(size: int, steps: list[int]) -> None:
    pool, used = PortPool(7000, 7000 + size - 1), list[int]()
    for step in steps:
        if isinstance(step, bool):
            if len(used) == size:
                with pytest.raises(PortsExhaustedError):
                    pool.allocate()
            else:
                port = pool.allocate()
                assert port not in used
                assert 7000 <= port < 7000 + size
                used.append(port)
        elif used:
            pool.release(used.pop(step % len(used)))
        assert (pool.in_use, pool.size) == (len(used), size)


def ephemeral(monkeypatch: pytest.MonkeyPatch, text: str | None) -> None:
    def read_text(_: Path) -> str:
        if text is None:
            raise FileNotFoundError
        return text

    monkeypatch.setattr(Path, "read_text", read_text)


@pytest.mark.parametrize(
    ("first", "last", "overlaps"),
    [
        (4500, 50_000, True),
        (10_000, 32_767, False),
        (10_000, 32_768, True),
        (60_999, 61_000, True),
        (61_000, 65_535, False),
        (40_000, 40_001, True),
    ],
)
def test_a_range_that_the_kernel_uses_too_is_told(
    first: int, last: int, overlaps: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    ephemeral(monkeypatch, "32768\t60999\n")
    assert ephemeral_overlap(first, last) == ((32_768, 60_999) if overlaps else None)


def test_where_the_system_does_not_tell_there_is_no_overlap(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ephemeral(monkeypatch, None)
    assert ephemeral_overlap(1, 65_535) is None
