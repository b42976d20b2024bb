"""Fixtures of the worker's tests."""

from collections.abc import Callable, Iterator

import pytest

from ari_tui.packet_log.ring import DEFAULT_CAPACITY
from tests.relay.kit import Phone, Rig, phones


@pytest.fixture
def start_rig() -> Iterator[Callable[..., Rig]]:
    """Start workers, each with a ring as large as asked; they are ended after the test."""
    rigs: list[Rig] = []

    def start(capacity: int = DEFAULT_CAPACITY) -> Rig:
        rigs.append(Rig(capacity))
        return rigs[-1]

    yield start
    for rig in rigs:
        rig.close()


@pytest.fixture
def rig(start_rig: Callable[..., Rig]) -> Rig:
    """One worker with the ordinary ring."""
    return start_rig()


@pytest.fixture
def asterisk() -> Iterator[Phone]:
    with phones(1) as (phone,):
        yield phone


@pytest.fixture
def echo_server() -> Iterator[Phone]:
    """A peer that answers only when the test makes it."""
    with phones(1) as (phone,):
        yield phone


@pytest.fixture
def stranger() -> Iterator[Phone]:
    with phones(1) as (phone,):
        yield phone
