"""The screen as a whole program in a terminal: how soon it shows calls, and what it costs.

`ari-tui` runs as a user starts it, in a pty, with the simulated Asterisk, the echo server and the
engine that a demo has; btop runs in a terminal of the same size in the same minute.
"""

from __future__ import annotations

import contextlib
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from bench.terminal import Terminal, cpu_s, family, private_home, stop

ROUNDS: Final = 5
SIZES: Final = ((80, 24), (200, 50))
CALLS: Final = 200
_CALLS_AT_START: Final = 20
_START_S: Final = 30.0
_RAMP_S: Final = 60.0
_SETTLE_S: Final = 3.0
_LOOK_S: Final = 0.002
_PROGRAM: Final = (sys.executable, "-m", "ari_tui")
_TAKEN: Final = rb"\x1b\[\?1049h"
"""The alternate screen."""
_CALL: Final = rb"PJSIP/\d"
"""A caller's channel; at 80x24 they stand in the table's rows only."""
_MEASURED: Final = rb"PJSIP/\S+ +\d+:\d\d +\d+\.\d"
"""A row with a round trip in it."""
_BTOP: Final = "update_ms = 500\ntruecolor = False\nshow_uptime = True\n"


class Started(NamedTuple):
    """When what was there, in s after the start of the process."""

    engine: float
    """The engine's socket; 0.0 where it was there before."""
    taken: float
    call: float
    measured: float
    cpu: float
    """Processor time of all processes of ours until then, in s: hardly moved by other load."""


def _socket_in(environment: Mapping[str, str]) -> Path | None:
    return next(Path(environment["XDG_RUNTIME_DIR"]).rglob("*.sock"), None)


def _wait_for_socket(environment: Mapping[str, str], process: subprocess.Popen[bytes]) -> Path:
    deadline = time.monotonic() + _START_S
    while (path := _socket_in(environment)) is None:
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"no engine came up (exit {process.poll()})")
        time.sleep(_LOOK_S)
    return path


@contextlib.contextmanager
def engine_with(calls: int, environment: Mapping[str, str]) -> Iterator[Path]:
    """Run a demo without a screen until the block is left; yields the engine's socket."""
    process = subprocess.Popen(
        [*_PROGRAM, "demo", "--headless", "--status", "0", "--calls", str(calls)],
        env=environment,
        cwd=environment["HOME"],
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield _wait_for_socket(environment, process)
    finally:
        stop(process)


def _first_paint(environment: Mapping[str, str], *arguments: str) -> Started:
    with Terminal([*_PROGRAM, *arguments], environment, *SIZES[0]) as terminal:
        engine = 0.0
        if arguments[0] == "demo":
            _wait_for_socket(environment, terminal.process)
            engine = time.monotonic() - terminal.started
        taken = terminal.wait_for(_TAKEN, _START_S)
        call = terminal.wait_for(_CALL, _START_S, plain=True)
        measured = terminal.wait_for(_MEASURED, _START_S, plain=True)
        cpu = sum(cpu_s(pid) for pid in family(terminal.process.pid))
    return Started(engine, taken, call, measured, cpu)


def first_paints() -> list[dict[str, Any]]:
    """Return medians of a demo's start, and of a screen's that joins an engine that runs."""
    demo = ("demo", "--calls", str(_CALLS_AT_START))
    with private_home() as environment:
        _first_paint(environment, *demo)  # compiles
        rows = [_medians("demo", [_first_paint(environment, *demo) for _ in range(ROUNDS)])]
        with engine_with(_CALLS_AT_START, environment) as socket:
            _first_paint(environment, "attach", str(socket))  # until all calls are there
            attached = [_first_paint(environment, "attach", str(socket)) for _ in range(ROUNDS)]
            rows.append(_medians("attach", attached))
    return rows


def _medians(what: str, found: list[Started]) -> dict[str, Any]:
    middle = Started(*(statistics.median(times) for times in zip(*found, strict=True)))
    calls = [one.call for one in found]
    return {
        "command": what,
        "starts": len(found),
        "engine_ms": round(middle.engine * 1000),
        "terminal_ms": round(middle.taken * 1000),
        "call_ms": round(middle.call * 1000),
        "call_min": round(min(calls) * 1000),
        "call_max": round(max(calls) * 1000),
        "rtt_ms": round(middle.measured * 1000),
        "cpu_ms": round(middle.cpu * 1000),
    }


class Used(NamedTuple):
    """What a program in a terminal has used so far."""

    cpu_s: float
    bytes: int
    repaints: int

    @classmethod
    def by(cls, terminal: Terminal) -> Used:
        """Read it."""
        return cls(cpu_s(terminal.process.pid), terminal.bytes, terminal.repaints)


def beside_btop(seconds: float) -> list[dict[str, Any]]:
    """Return CPU and bytes of the screen at 200 calls and of btop, both at 2 Hz, at two sizes."""
    with private_home() as environment, engine_with(CALLS, environment) as socket:
        attach = [*_PROGRAM, "attach", str(socket), "--refresh", "2"]
        with Terminal(attach, environment, *SIZES[0]) as terminal:
            terminal.wait_for(rf" {CALLS} calls".encode(), _RAMP_S, plain=True)
        return [_minute(attach, environment, size, seconds) for size in SIZES]


def _minute(
    attach: list[str], environment: dict[str, str], size: tuple[int, int], seconds: float
) -> dict[str, Any]:
    with contextlib.ExitStack() as stack:
        screen = stack.enter_context(Terminal(attach, environment, *size))
        terminals = [screen]
        if btop := shutil.which("btop"):
            _configure_btop(Path(environment["XDG_CONFIG_HOME"]))
            terminals.append(stack.enter_context(Terminal([btop], environment, *size)))
        screen.wait_for(_CALL, _START_S, plain=True)
        time.sleep(_SETTLE_S)
        before = [Used.by(terminal) for terminal in terminals]
        time.sleep(seconds)
        after = [Used.by(terminal) for terminal in terminals]
    row: dict[str, Any] = {"size": f"{size[0]}x{size[1]}", "calls": CALLS, "seconds": seconds}
    names = ("ui", "btop")
    for name, start, end in zip(names, before, after, strict=False):
        row |= _costs(name, start, end, seconds)
    if btop:
        row["ratio"] = round(row["ui_cpu_s"] / row["btop_cpu_s"], 2)
    return row


def _costs(name: str, before: Used, after: Used, seconds: float) -> dict[str, Any]:
    return {
        f"{name}_cpu_s": round(after.cpu_s - before.cpu_s, 2),
        f"{name}_bytes_s": round((after.bytes - before.bytes) / seconds),
        f"{name}_repaints_s": round((after.repaints - before.repaints) / seconds, 2),
    }


def _configure_btop(config: Path) -> None:
    folder = config / "btop"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "btop.conf").write_text(_BTOP)
