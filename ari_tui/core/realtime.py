"""Realtime scheduling (sched(7)) of the processes that packets wait for: media worker, echo server.

SCHED_FIFO of the lowest priority, for this process alone (SCHED_RESET_ON_FORK). A loop that never
sleeps would lock out every ordinary process: RLIMIT_RTTIME sends SIGXCPU after BUSY_S of that, and
the process returns to ordinary scheduling. The kernel's own limit (sched_rt_runtime_us) stays on.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Sequence
from time import monotonic
from types import FrameType
from typing import Final, Literal

Wish = Literal["auto", "yes", "no"]
"""`media.realtime`: auto takes it where the system allows and no Asterisk runs on this host."""
PRIORITY: Final = 1
"""Below that of an Asterisk started with -p, which is 10."""
BUSY_S: Final = 0.1
_AGAIN_S: Final = 10.0
"""Wait before it is taken again by a loop that had not slept for BUSY_S."""
GRANTED: Final = f"SCHED_FIFO {PRIORITY}"
REFUSED: Final = (
    f"ordinary: not allowed (LimitRTPRIO={PRIORITY} and RestrictRealtime=no in the systemd unit, "
    f"rtprio {PRIORITY} in limits.conf, or CAP_SYS_NICE would give it)"
)
_BESIDE: Final = "ordinary: an Asterisk runs on this host (media.realtime = yes takes it)"
_BLIND: Final = "ordinary: whether an Asterisk runs here cannot be seen (media.realtime = yes)"
_UNKNOWN: Final = "ordinary: this system has no SCHED_FIFO"
_NOT_WANTED: Final = "ordinary (media.realtime = no)"
_GIVEN_BACK: Final = f"ordinary for now: it ran for {BUSY_S * 1000:.0f} ms without sleeping"


def asterisk_runs(proc: str = "/proc") -> bool | None:
    """Return whether an Asterisk runs on this host, also in a chroot.

    None when other users' processes are hidden (hidepid, ProtectProc), or there is no /proc.
    """
    try:
        _name_of(proc, "1")
        names = [entry for entry in os.listdir(proc) if entry.isdigit()]
    except OSError:
        return None
    for name in names:
        with contextlib.suppress(OSError):  # it has ended meanwhile
            if _name_of(proc, name) == b"asterisk":
                return True
    return False


def _name_of(proc: str, pid: str) -> bytes:
    with open(os.path.join(proc, pid, "comm"), "rb") as file:
        return file.read().strip()


def wish_of(arguments: Sequence[str]) -> Wish:
    """Return the wish in a process's arguments; "no" without one."""
    found: dict[str, Wish] = {"auto": "auto", "yes": "yes"}
    return found.get(arguments[0], "no") if arguments else "no"


class RealtimeScheduling:
    """The scheduling of this process's main thread, in which it must be used.

    Attributes: `text` says what was got, and why not more; `granted` whether it is realtime.
    """

    def __init__(self, wish: Wish, on_change: Callable[[str], None] | None = None) -> None:
        """Take what `wish` allows. `on_change` is told later changes of `text`."""
        self._on_change = on_change or (lambda _: None)
        self._renew_at: float | None = None
        self.granted, self.text = False, self._reason_against(wish)
        if not self.text:
            self._take()

    @property
    def refused(self) -> bool:
        """Return whether the system does not allow it."""
        return self.text == REFUSED

    def renew(self) -> None:
        """Take it again, some time after it was given back; to be called about once a second."""
        if self._renew_at is not None and monotonic() >= self._renew_at:
            self._renew_at = None
            self._take()
            self._on_change(self.text)

    def _reason_against(self, wish: Wish) -> str:
        if not hasattr(os, "SCHED_FIFO"):
            return _UNKNOWN
        if wish == "no":
            return _NOT_WANTED
        running = asterisk_runs() if wish == "auto" else False
        if running is None:
            return _BLIND
        return _BESIDE if running else ""

    def _take(self) -> None:
        try:
            _limit_busy_time()
            signal.signal(signal.SIGXCPU, self._give_back)
            _schedule(os.SCHED_FIFO, PRIORITY)
            # at its end Python takes the handler away: a signal then would kill
            atexit.unregister(_schedule)
            atexit.register(_schedule, os.SCHED_OTHER, 0)
            self.granted, self.text = True, GRANTED
        except (OSError, ValueError):
            self.granted, self.text = False, REFUSED

    def _give_back(self, _number: int, _frame: FrameType | None) -> None:
        _schedule(os.SCHED_OTHER, 0)
        self.granted, self.text = False, _GIVEN_BACK
        self._renew_at = monotonic() + _AGAIN_S
        self._on_change(self.text)


def _schedule(policy: int, priority: int) -> None:
    os.sched_setscheduler(0, policy | os.SCHED_RESET_ON_FORK, os.sched_param(priority))


def _limit_busy_time() -> None:
    """Limit the time without sleep, and use a permission that is granted but not taken yet."""
    if sys.platform != "linux":
        return
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_RTTIME)
    resource.setrlimit(resource.RLIMIT_RTTIME, (round(BUSY_S * 1e6), hard))
    soft, hard = resource.getrlimit(resource.RLIMIT_RTPRIO)
    if soft != resource.RLIM_INFINITY and soft < PRIORITY:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_RTPRIO, (PRIORITY, hard))
