"""The pool of RTP ports towards Asterisk: one port a call."""

from __future__ import annotations

from collections import deque

from ari_tui.errors import PortsExhaustedError


class PortPool:
    """Allocates and releases ports of an inclusive range, each in constant time.

    The port released last is given out last, so that a packet still on its way to an ended call
    does not meet a new one. The range is handed out in order first and is never copied whole.
    """

    def __init__(self, first: int, last: int, *, name: str = "media.ports") -> None:
        if not 1 <= first <= last <= 65535:
            raise ValueError(f"port range {first}-{last}")
        self.first, self.last, self._name = first, last, name
        self._next = first
        self._released: deque[int] = deque()
        self._used: set[int] = set()

    def allocate(self) -> int:
        """Take a port. Raises PortsExhaustedError, naming the range, when none is left."""
        if self._next <= self.last:
            port = self._next
            self._next += 1
        elif self._released:
            port = self._released.popleft()
        else:
            raise PortsExhaustedError(
                f"no RTP port left in {self._name} {self.first}-{self.last}: "
                f"all {len(self._used)} in use (widen the range, or take fewer calls)"
            )
        self._used.add(port)
        return port

    def release(self, port: int) -> None:
        """Give a port back. Raises ValueError for one that is not in use."""
        if port not in self._used:
            raise ValueError(f"port {port} is not in use")
        self._used.remove(port)
        self._released.append(port)

    @property
    def size(self) -> int:
        """How many ports the range has."""
        return self.last - self.first + 1

    @property
    def in_use(self) -> int:
        """How many are given out."""
        return len(self._used)
