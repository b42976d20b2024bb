"""Realtime scheduling of media worker and echo server beside two busy loops: with it and without.

The whole demo runs in turns, once with `media.realtime = yes` and once with `no`; what it measured
of itself is in its final document. The busy loops are ordinary processes, one for each of two
cores.
"""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

ROUNDS: Final = 3
CALLS: Final = 60
DURATION_S: Final = 21
LOOPS: Final = 2
_VERDICTS: Final = (0, 1, 4)
"""Exit codes of a demo that ran to its end: pass, fail, inconclusive."""


class Turn(NamedTuple):
    """One run of the demo; times in µs."""

    dwell_out_p99_us: float
    dwell_back_p99_us: float
    limited_s: float
    of_s: float
    late_share: float
    """Late packets of all, those of limited seconds included."""
    echo_held: float
    """Packets that the echo server held for more than 0.5 ms."""
    failed: float
    """1 when the verdict was FAIL: there was nothing but this machine to fail by."""


@contextlib.contextmanager
def _busy(loops: int) -> Iterator[None]:
    """Run busy loops until the block ends."""
    command = [sys.executable, "-c", "while True: pass"]
    processes = [subprocess.Popen(command) for _ in range(loops)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def _turn(realtime: str, calls: int) -> tuple[Turn, str]:
    """Run the demo once; return its figures, and the scheduling that its worker had."""
    with tempfile.TemporaryDirectory() as folder, _busy(LOOPS):
        path = Path(folder) / "documents.json"
        flags = f"--calls {calls} --duration {DURATION_S} --headless --status 0 --json {path}"
        command = [sys.executable, "-m", "ari_tui", "demo", *flags.split(), "--log-level", "error"]
        environment = {**os.environ, "ARI_TUI_MEDIA_REALTIME": realtime, "XDG_RUNTIME_DIR": folder}
        done = subprocess.run(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False
        )
        if done.returncode not in _VERDICTS:
            raise RuntimeError(f"the demo ended with {done.returncode}: {done.stderr.decode()}")
        final = json.loads(path.read_text().splitlines()[-1])
    return _figures(final), str(final["instrument"]["realtime"]["worker"])


def _figures(final: dict[str, Any]) -> Turn:
    found, totals, sla = final["instrument"], final["totals"], final["sla"]
    return Turn(
        found["dwell_out_us"]["p99"],
        found["dwell_back_us"]["p99"],
        found["limited_s"],
        sla["of_s"],
        totals["late_ratio"] or 0.0,
        found["echo_holds"]["held"],
        float(sla["verdict"] == "fail"),
    )


def measure(rounds: int = ROUNDS, calls: int = CALLS) -> list[dict[str, Any]]:
    """Return the medians without and with it, and of the ratio turn by turn."""
    turns: dict[str, list[Turn]] = {"no": [], "yes": []}
    had: dict[str, str] = {}
    for _ in range(rounds):
        for realtime, taken in turns.items():
            turn, had[realtime] = _turn(realtime, calls)
            taken.append(turn)
    ratios = [
        Turn(*(b / a if a else 0.0 for a, b in zip(without, given, strict=True)))
        for without, given in zip(turns["no"], turns["yes"], strict=True)
    ]
    return [
        _row("no", had["no"], turns["no"]),
        _row("yes", had["yes"], turns["yes"]),
        _row("ratio of pairs", "", ratios),
    ]


def _row(realtime: str, had: str, turns: list[Turn]) -> dict[str, Any]:
    middle = Turn(*(statistics.median(values) for values in zip(*turns, strict=True)))
    return {
        "realtime": realtime,
        "worker": had.partition(":")[0],
        "turns": len(turns),
        **{name: round(value, 4) for name, value in middle._asdict().items()},
    }
