"""Level-triggered readiness: epoll, or `selectors` on systems without it."""

from __future__ import annotations

import select
import selectors
from collections.abc import Sequence
from typing import Protocol


class Poller(Protocol):
    """The part of epoll that the worker uses."""

    def register(self, fd: int) -> None:
        """Watch a descriptor for reading (and for errors)."""

    def unregister(self, fd: int) -> None:
        """Stop watching a descriptor."""

    def poll(self, timeout: float) -> Sequence[tuple[int, int]]:
        """Return the ready descriptors, each with its event mask; wait at most `timeout` s."""

    def close(self) -> None:
        """Close."""


class _Selector:
    """The same over `selectors`, for systems without epoll."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()

    def register(self, fd: int) -> None:
        self._selector.register(fd, selectors.EVENT_READ)

    def unregister(self, fd: int) -> None:
        self._selector.unregister(fd)

    def poll(self, timeout: float) -> list[tuple[int, int]]:
        return [(key.fd, mask) for key, mask in self._selector.select(timeout)]

    def close(self) -> None:
        self._selector.close()


class _Epoll:
    """epoll, watching for input; errors (EPOLLERR) are always reported."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self.poll = self._epoll.poll
        self.unregister = self._epoll.unregister
        self.close = self._epoll.close

    def register(self, fd: int) -> None:
        self._epoll.register(fd, select.EPOLLIN)


def new_poller() -> Poller:
    """Make the system's poller."""
    return _Epoll() if hasattr(select, "epoll") else _Selector()
