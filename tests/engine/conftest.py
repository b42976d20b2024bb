"""Fixtures of the engine's tests."""

import os
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.engine.kit import EchoRun, Pbx, asterisk, echo_server, worker_pids


@pytest.fixture(autouse=True)
def sockets_are_apart(runtime_folder: Path) -> None:
    """Keep the HTTP server's sockets out of the user's folder."""


@pytest.fixture(autouse=True)
def no_worker_outlives_its_test() -> Iterator[None]:
    yield
    left = worker_pids()
    for pid in left:  # so that one failure is not everybody's
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    assert left == []


@pytest.fixture
def echo() -> Iterator[EchoRun]:
    """An echo server that works."""
    with echo_server() as run:
        yield run


@pytest.fixture
async def pbx() -> AsyncIterator[Pbx]:
    """A simulated Asterisk without callers."""
    async with asterisk() as running:
        yield running
