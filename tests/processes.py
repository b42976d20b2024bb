"""What tests ask about processes, from /proc."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

WAIT_S = 40


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait until something holds, and not for ever."""
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline, f"waited {WAIT_S} s for {what}"
        time.sleep(0.01)


def stat_of(pid: int) -> list[str]:
    """Return state, parent and so on of a process; empty when it has gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def descendants(pid: int) -> list[int]:
    """Return children, their children, and so on."""
    pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    children = [child for child in pids if stat_of(child)[1:2] == [str(pid)]]
    return children + [one for child in children for one in descendants(child)]


def gone(pid: int) -> bool:
    """Tell whether a process has ended."""
    return stat_of(pid)[:1] in ([], ["Z"])


def stopped(pid: int) -> bool:
    """Tell whether a process is stopped, as by Ctrl-Z."""
    return stat_of(pid)[:1] == ["T"]
