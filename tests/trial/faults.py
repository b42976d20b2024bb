"""The faults: where each is placed, and which place is right."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass

from tests.trial.impairment import NONE, Impairment
from tests.trial.network import inside
from tests.trial.site import Setup, Site

CLEAN = "clean"
"""Stands for no place: nothing is wrong."""
WARM_S = 12.0
"""How long all is well before a fault begins."""
Placing = Callable[[Site], AbstractContextManager[object]]


@dataclass(frozen=True)
class Fault:
    """Something bad, placed on purpose."""

    name: str
    text: str
    right: frozenset[str]
    """Codes of ari_tui.document.where.PLACES that are right as the first; or CLEAN."""
    place: Placing
    setup: Setup
    vague: frozenset[str]
    """Codes that say less while direction or end are not told apart: not known, not wrong."""


def lane(name: str, **how: float) -> Placing:
    """Impair one direction of one path."""

    @contextlib.contextmanager
    def placed(site: Site) -> Iterator[None]:
        site.network.impair(name, Impairment(**how))  # type: ignore[arg-type]  # flows is a count
        try:
            yield
        finally:
            site.network.impair(name, NONE)

    return placed


def stopped(
    pid_of: Callable[[Site], int], stop_s: float, *, every_s: float, times: int = 1000
) -> Placing:
    """Stop a process by its id (SIGSTOP), again and again."""

    @contextlib.contextmanager
    def placed(site: Site) -> Iterator[None]:
        over = threading.Event()
        pid = pid_of(site)

        def stop_and_go() -> None:
            with contextlib.suppress(ProcessLookupError):  # the engine replaces a dead worker
                for _ in range(times):
                    os.kill(pid, signal.SIGSTOP)
                    over.wait(stop_s)
                    os.kill(pid, signal.SIGCONT)
                    if over.wait(every_s - stop_s):
                        return

        thread = threading.Thread(target=stop_and_go)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    return placed


def asterisk(site: Site) -> int:
    """Return Asterisk's process."""
    return site.asterisk.pid


def worker(site: Site) -> int:
    """Return the media worker's process."""
    return site.worker_pid


def echo(site: Site) -> int:
    """Return the echo server's process."""
    assert site.echo is not None
    return site.echo.pid


def echo_killed(away_s: float | None) -> Placing:
    """Kill the echo server; start it again after so long, or not at all."""

    @contextlib.contextmanager
    def placed(site: Site) -> Iterator[None]:
        site.stop_echo()
        if away_s is not None:
            time.sleep(away_s)
            site.start_echo()
        yield

    return placed


@contextlib.contextmanager
def asterisk_restarted(site: Site) -> Iterator[None]:
    """Restart Asterisk at once; its callers call again."""
    with contextlib.suppress(RuntimeError):  # it goes while it answers
        site.asterisk.rx("core restart now")
    site.stop_callers()
    deadline_s = time.monotonic() + 20
    while time.monotonic() < deadline_s:
        with contextlib.suppress(RuntimeError):
            site.asterisk.rx("core waitfullybooted")
            break
        time.sleep(0.2)
    site.start_callers()
    yield


_SPIN = "while True: pass"
_STEAL = """
import os, time
os.sched_setaffinity(0, {%d})
os.nice(-20)
while True:
    until = time.monotonic() + 0.1
    while time.monotonic() < until: pass
    time.sleep(0.9)
"""


def busy(*programs: str) -> Placing:
    """Run Python programs beside."""

    @contextlib.contextmanager
    def placed(site: Site) -> Iterator[None]:
        loops = [
            subprocess.Popen(inside("", sys.executable, "-c", text), start_new_session=True)
            for text in programs
        ]
        try:
            yield
        finally:
            for loop in loops:
                loop.kill()
                loop.wait()

    return placed


def both(*placings: Placing) -> Placing:
    """Place two faults at once."""

    @contextlib.contextmanager
    def placed(site: Site) -> Iterator[None]:
        with contextlib.ExitStack() as stack:
            for placing in placings:
                stack.enter_context(placing(site))
            yield

    return placed


def stealing() -> Placing:
    """Take the processors from Asterisk and the engine for a tenth of each second.

    Not from what stands for other machines, which has realtime scheduling: callers, echo server.
    """
    return busy(*(_STEAL % cpu for cpu in sorted(os.sched_getaffinity(0))))


_PLAIN = Setup()
_REPORTS = Setup(reports=True)
_ALAW = Setup(codec="alaw")


def fault(
    name: str, text: str, right: str, place: Placing, setup: Setup = _PLAIN, *, vague: str = ""
) -> Fault:
    """Return a fault; right and vague places are separated by spaces."""
    return Fault(name, text, frozenset(right.split()), place, setup, vague=frozenset(vague.split()))


FAULTS = (
    fault("none", "none", CLEAN, busy()),
    fault("none-alaw", "none, transcoded", CLEAN, busy(), _ALAW),
    fault("none-reports", "none, callers with RTCP", CLEAN, busy(), _REPORTS),
    fault("none-busy", "none, beside two busy loops", CLEAN, busy(_SPIN, _SPIN)),
    fault("in-loss", "3 % lost before Asterisk", "caller-in", lane("caller.back", loss=0.03)),
    fault(
        "in-loss-alaw",
        "3 % lost before Asterisk, transcoded",
        "caller-in",
        lane("caller.back", loss=0.03),
        _ALAW,
    ),
    fault(
        "in-jitter",
        "60 ms jitter before Asterisk, one caller",
        "caller-in",
        lane("caller.back", jitter_s=0.06, flows=1),
    ),
    fault("in-swap", "5 % swapped before Asterisk", "caller-in", lane("caller.back", swap=0.05)),
    fault(
        "in-silence",
        "callers silent 2 s of 10",
        "caller-in",
        busy(),
        Setup(silent_s=2.0, silent_from_s=WARM_S + 4),
    ),
    fault(
        "in-trunk",
        "the trunk of all callers held 250 ms every 3 s",
        "caller-in",
        lane("caller.back", hold_s=0.25, every_s=3.0),
    ),
    fault(
        "in-cut",
        "the trunk of all callers cut 1 s of 8",
        "caller-in",
        lane("caller.back", cut_s=1.0, every_s=8.0),
    ),
    fault(
        "asterisk-stall",
        "Asterisk stopped 300 ms every 2 s",
        "asterisk",
        stopped(asterisk, 0.3, every_s=2.0),
    ),
    fault("asterisk-restart", "Asterisk restarted", "asterisk", asterisk_restarted),
    fault(
        "media-loss",
        "3 % lost between Asterisk and the engine",
        "asterisk-engine",
        lane("media.out", loss=0.03),
    ),
    fault(
        "worker-stall",
        "worker stopped 300 ms every 2 s",
        "engine",
        stopped(worker, 0.3, every_s=2.0),
    ),
    fault(
        "worker-once",
        "worker stopped 3 s once",
        "engine",
        stopped(worker, 3.0, every_s=4.0, times=1),
    ),
    fault(
        "out-loss",
        "5 % lost to the echo server",
        "echo-out",
        lane("echo.out", loss=0.05),
        vague="echo-path",
    ),
    fault(
        "back-loss",
        "5 % lost from the echo server",
        "echo-back",
        lane("echo.back", loss=0.05),
        vague="echo-path",
    ),
    fault(
        "echo-jitter",
        "20 ms and 40 ms jitter to the echo server",
        "echo-path echo-out",
        lane("echo.out", delay_s=0.02, jitter_s=0.04),
    ),
    fault(
        "echo-stall",
        "echo server stopped 300 ms every 2 s",
        "echo-server",
        stopped(echo, 0.3, every_s=2.0),
    ),
    fault(
        "echo-restart",
        "echo server killed, started after 3 s",
        "echo-server",
        echo_killed(3.0),
        vague="echo-path",
    ),
    fault(
        "echo-gone", "echo server not running", "echo-server", echo_killed(None), vague="echo-path"
    ),
    fault(
        "caller-out",
        "5 % lost to the callers, who send RTCP",
        "caller-out",
        lane("caller.out", loss=0.05),
        _REPORTS,
    ),
    fault(
        "back-loss-reports",
        "5 % lost from the echo server, callers with RTCP",
        "echo-back",
        lane("echo.back", loss=0.05),
        _REPORTS,
        vague="echo-path",
    ),
    fault("stolen", "processors taken away 100 ms each second", f"{CLEAN} engine", stealing()),
    fault(
        "pair-in-out",
        "3 % lost before Asterisk and 5 % to the echo server",
        "caller-in echo-out",
        both(lane("caller.back", loss=0.03), lane("echo.out", loss=0.05)),
        vague="echo-path",
    ),
    fault(
        "pair-stalls",
        "Asterisk stopped 300 ms every 2 s, echo server every 2.7 s",
        "asterisk echo-server",
        both(stopped(asterisk, 0.3, every_s=2.0), stopped(echo, 0.3, every_s=2.7)),
    ),
)
