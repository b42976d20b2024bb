"""Notifies a service manager: ready, watchdog, status, stopping (sd_notify).

Follows sd_notify(3) and sd_watchdog_enabled(3): a datagram of `NAME=value` lines to the socket
that $NOTIFY_SOCKET names. Without it nothing is sent. Nothing here raises: a manager that cannot
be reached is logged once.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable

from ari_tui.core import log

_SEND_TIMEOUT_S = 1.0
"""How long READY and STOPPING may wait for a manager whose queue is full."""
_WATCHDOGS = 3
"""How many WATCHDOG=1 within the watchdog's time; sd_watchdog_enabled(3) asks for 2."""
_LONGEST_STATUS = 200
_log = log.get("notify")


class NotifySocket:
    """Sends notifications to the service manager; without an address nothing is sent.

    `address` is a socket's path, or `@name` for an abstract one; `watchdog_s` is the time without
    WATCHDOG=1 after which the manager ends us, None without a watchdog.
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
        self._next_watchdog = clock()
        self._status = ""
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) if address else None

    @classmethod
    def from_environment(cls) -> NotifySocket:
        """Take the manager's variables out of the environment: children must not inherit them."""
        address = os.environ.pop("NOTIFY_SOCKET", "")
        period_us = os.environ.pop("WATCHDOG_USEC", "")
        watched = os.environ.pop("WATCHDOG_PID", "")
        if not address.startswith(("/", "@")):
            return cls()
        ours = watched in ("", str(os.getpid()))
        usable = ours and period_us.isdigit() and int(period_us) > 0
        return cls(address, int(period_us) / 1e6 if usable else None)

    def ready(self) -> None:
        """Send READY=1: start-up is complete."""
        self._send("READY=1", timeout_s=_SEND_TIMEOUT_S)

    def watchdog(self) -> None:
        """Send WATCHDOG=1 if it is due; may be called at any rate."""
        now = self._clock()
        if self.watchdog_s is not None and now >= self._next_watchdog:
            self._next_watchdog = now + self.watchdog_s / _WATCHDOGS
            self._send("WATCHDOG=1")

    def status(self, text: str) -> None:
        """Send a status of one line, unless it is the last one again."""
        line = " ".join(text.split())[:_LONGEST_STATUS]
        if line != self._status and self._send(f"STATUS={line}"):
            self._status = line

    def stopping(self) -> None:
        """Send STOPPING=1: the watchdog ends with it."""
        self._send("STOPPING=1", timeout_s=_SEND_TIMEOUT_S)

    def close(self) -> None:
        """Close the socket: nothing more is sent."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _send(self, text: str, *, timeout_s: float = 0.0) -> bool:
        """Send a datagram; without a time-out it does not wait for a full queue."""
        if self._socket is None:
            return False
        self._socket.settimeout(timeout_s)
        try:
            self._socket.sendto(text.encode(errors="replace"), self._address)
        except (BlockingIOError, TimeoutError):
            return False
        except OSError as error:
            _log.warning("the service manager cannot be reached", reason=error.strerror)
            self.close()
            return False
        return True
