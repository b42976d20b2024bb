"""Runs the benchmarks and prints a table; `--json FILE` writes the figures too."""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

from bench import capture, disturbing, folding, irtt, realtime, relay, screen, starting
from bench.bed import built_tools

CALLS = (10, 50, 150)
_BENCHES = ("relay", "fold", "start", "ui", "capture", "irtt", "screen", "disturb", "realtime")


def _table(title: str, rows: list[dict[str, Any]]) -> None:
    print(f"\n{title}")
    names = list(rows[0])
    cells = [names, *[[str(row[name]) for name in names] for row in rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(names))]
    for row in cells:
        print("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)))


def _there(*programs: str) -> bool:
    return all(shutil.which(program) for program in programs)


def _steal() -> float:
    """Return the processor time that other machines took from this one so far, in seconds."""
    return int(Path("/proc/stat").read_text().splitlines()[0].split()[8]) / 100


async def _run(chosen: list[str], seconds: float) -> dict[str, Any]:
    found: dict[str, Any] = {}
    before = _steal()
    with built_tools() as tools:
        if "relay" in chosen:
            found["relay"] = [await relay.measure(tools, calls) for calls in CALLS]
            _table("CPU a packet: C relay of the same shape, our worker", found["relay"])
        if "fold" in chosen:
            found["fold"] = [folding.measure(calls) for calls in (*CALLS, 1000)]
            _table("Fold", found["fold"])
        if "start" in chosen:
            found["start"] = [starting.start_ups()]
            _table("Start-up, medians", found["start"])
            found["document"] = [starting.documents()]
            _table("One document", found["document"])
        if "ui" in chosen:
            from bench import ui  # Textual reads its settings when it is imported

            found["ui"] = await ui.tables()
            _table("One frame of the table of calls, beside a DataTable", found["ui"])
        if "capture" in chosen:
            if not _there("dumpcap", "tshark"):
                print("\ncapture: skipped, needs dumpcap and tshark (Debian package tshark)")
            else:
                found["capture"] = [await capture.measure(tools, calls, 10) for calls in CALLS]
                _table("RTT against the capture", found["capture"])
        if "irtt" in chosen:
            if not _there("irtt", "dumpcap", "tshark"):
                print("\nirtt: skipped, needs irtt, dumpcap and tshark (Debian: irtt, tshark)")
            else:
                found["irtt"] = [await irtt.compare(tools)]
                _table("RTT error beside irtt's, each against its own capture", found["irtt"])
        await _screen(chosen, found, tools, seconds)
    found["steal_s"] = round(_steal() - before, 2)
    print(f"\nsteal time during the run: {found['steal_s']} s")
    return found


async def _screen(chosen: list[str], found: dict[str, Any], tools: Path, seconds: float) -> None:
    if "screen" in chosen:
        found["paint"] = screen.first_paints()
        _table("The screen's start until calls are painted, medians", found["paint"])
        if not _there("btop"):
            print("\nbtop: left out, it is not installed (Debian package btop)")
        found["beside_btop"] = screen.beside_btop(seconds)
        _table("The screen beside btop, both at 2 Hz", found["beside_btop"])
    if "disturb" in chosen:
        if not _there("dumpcap", "tshark"):
            print("\ndisturb: skipped, needs dumpcap and tshark (Debian package tshark)")
        else:
            found["disturb"] = await disturbing.measure(tools)
            _table("The worker without a screen and with one, in turns", found["disturb"])
    if "realtime" in chosen:
        found["realtime"] = realtime.measure()
        title = f"The demo beside {realtime.LOOPS} busy loops, by media.realtime, in turns"
        _table(title, found["realtime"])


def main() -> None:
    """Read the arguments, run, print."""
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("names", nargs="*", choices=[*_BENCHES, []], help="which (default: all)")
    parser.add_argument("--json", type=Path, help="write the figures to a file")
    parser.add_argument(
        "--seconds", type=float, default=60.0, help="how long beside btop, for each size"
    )
    arguments = parser.parse_args()
    found = asyncio.run(_run(arguments.names or list(_BENCHES), arguments.seconds))
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
