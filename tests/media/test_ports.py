from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_tui.errors import PortsExhaustedError
from ari_tui.media.ports import PortPool


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
