"""Notifies a service manager: ready, watchdog, status, stopping (sd_notify).

Follows sd_notify(3) and sd_watchdog_enabled(3): a datagram of `NAME=value` lines to the socket
that $NOTIFY_SOCKET names. Without it nothing is sent. Nothing here raises: a
manager that cannot be reached is logged, once.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable

from ari_tui.core import log

_PATIENCE_S = 1.0
"""How long what is said once may wait for a manager whose queue is full."""
_SIGNS = 3
"""Signs of life in the time after which the manager ends us; sd_watchdog_enabled asks for 2."""
_LONGEST_STATUS = 200
_log = log.get("notify")


class NotifySocket:
    """Speaks to the service manager; without an address it is mute.

    `address` is a socket's path, or `@name` for an abstract one; `watchdog_s` is the time without
    a sign of life after which the manager ends us, None when it does not watch.
    """

    def __init__(
        self,
        address: str = "",
        watchdog_s: float | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.watchdog_s = watchdog_s
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._clock = clock
        self._next_sign = clock()
        self._status = ""
        self._socket: socket.socket | None = None
        if address:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)

    @classmethod
    def from_environment(cls) -> NotifySocket:
        """Take the manager's variables, and take them out of the environment for our children."""
        address = os.environ.pop("NOTIFY_SOCKET", "")
        period_us = os.environ.pop("WATCHDOG_USEC", "")
        watched = os.environ.pop("WATCHDOG_PID", "")
        if not address.startswith(("/", "@")):
            return cls()
        ours = watched in ("", str(os.getpid()))
        usable = ours and period_us.isdigit() and int(period_us) > 0
        return cls(address, int(period_us) / 1e6 if usable else None)

    @property
    def heard(self) -> bool:
        """Return whether there is a manager that we speak to."""
        return self._socket is not None

    def ready(self) -> None:
        """Say that we stand."""
        self._say("READY=1", patience_s=_PATIENCE_S)

    def alive(self) -> None:
        """Give a sign of life where one is due; call it as often as you like."""
        now = self._clock()
        if self.watchdog_s is not None and now >= self._next_sign:
            self._next_sign = now + self.watchdog_s / _SIGNS
            self._say("WATCHDOG=1")

    def status(self, text: str) -> None:
        """Say in one line how we are; the same line twice is said once."""
        line = " ".join(text.split())[:_LONGEST_STATUS]
        if line != self._status and self._say(f"STATUS={line}"):
            self._status = line

    def stopping(self) -> None:
        """Say that we have begun to stop: from now on we are not watched."""
        self._say("STOPPING=1", patience_s=_PATIENCE_S)

    def close(self) -> None:
        """Say nothing more."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _say(self, text: str, *, patience_s: float = 0.0) -> bool:
        """Send a datagram; what is said again and again does not wait for a full queue."""
        if self._socket is None:
            return False
        self._socket.settimeout(patience_s)
        try:
            self._socket.sendto(text.encode(errors="replace"), self._address)
        except (BlockingIOError, TimeoutError):
            return False
        except OSError as error:
            _log.warning("the service manager cannot be reached", reason=error.strerror)
            self.close()
            return False
        return True
