"""Faults placed in the demo, each at its place: what the first line of its documents says then.

Real processes, sockets and clocks; the trial in virtual time is in tests/diagnosis.
"""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest

from ari_tui.document.where import Finding, Where
from tests.schemas import decode

pytestmark = pytest.mark.system

SECONDS = 28
JUDGED_FROM_S = 22
"""Faults begin in the fifth second; Asterisk's own counts tell 15 s later at the latest."""
AT_ONCE = 3


class Case(NamedTuple):
    """Faults, and the places that the first line may name."""

    faults: tuple[str, ...]
    places: tuple[str, ...]
    must_be_told: bool = True
    """The evidence exists: a first line of unknown place is not enough at the end."""


CASES = {
    "nothing": Case((), ()),
    "callers lose": Case(("caller-in:loss=6%,after=4s",), ("caller-in",)),
    "callers lose, transcoded": Case(
        ("caller-in:loss=6%,after=4s", "asterisk:transcode"), ("caller-in",)
    ),
    "the callers' trunk stalls": Case(
        ("caller-in:stall=400ms,every=3s,after=4s",), ("caller-in",), must_be_told=False
    ),
    "Asterisk stalls": Case(("asterisk:stall=400ms,every=3s,after=4s",), ("asterisk",)),
    "lost behind Asterisk": Case(
        ("asterisk-engine:loss=6%,after=4s",), ("asterisk-engine",), must_be_told=False
    ),
    "the worker stalls": Case(("engine:stall=300ms,every=3s,after=4s",), ("engine",)),
    # the forwarder between is late, too, on a busy machine: the path is right for each way of it
    "lost outward": Case(("echo-out:loss=6%,after=4s",), ("echo-out", "echo-path")),
    "lost on the way back": Case(("echo-back:loss=6%,after=4s",), ("echo-back", "echo-path")),
    "the path jitters": Case(("echo-path:jitter=40ms,after=4s",), ("echo-path",)),
    "the echo server stalls": Case(
        ("echo-server:stall=400ms,every=3s,after=4s",), ("echo-server",)
    ),
    "the callers hear losses": Case(("caller-out:loss=6%,rtcp=on,after=4s",), ("caller-out",)),
}


def lines_of(case: Case, file: Path) -> list[Where]:
    """Run the demo with the faults, and return the diagnoses of its late documents."""
    faults = [f"--fault={fault}" for fault in case.faults]
    command = [sys.executable, "-m", "ari_tui", "demo", "--headless", "--calls", "6", "--status=0"]
    output = ["--exit-zero", "--json", str(file), "--duration", str(SECONDS)]
    subprocess.run([*command, *output, *faults], check=True, timeout=120, capture_output=True)
    documents = [decode(line) for line in file.read_text().splitlines()]
    late = [one.where for one in documents if one.session.duration_s >= JUDGED_FROM_S]
    return [where for where in late if where is not None]


def wrong(case: Case, found: list[Where]) -> list[str]:
    """Return the first lines that name a wrong place, and at the end a fault that is not told."""
    firsts = [(where.line, where.findings[0]) for where in found if where.findings]
    lines = [line for line, first in firsts if not fits(case, first)]
    told = any(one.place in case.places for one in found[-1].findings)
    if case.must_be_told and case.places and not told:
        lines.append(f"at the end: {found[-1].line}")
    return lines


def fits(case: Case, finding: Finding) -> bool:
    """Return whether a finding is true: the fault's place, or what a busy machine did beside it.

    Our worker and the echo server measure how long they held each packet.
    """
    held = finding.place in ("engine", "echo-server") and finding.what.startswith("held")
    return finding.place in case.places or held


@pytest.mark.timeout(400)
def test_the_first_line_names_the_place_of_a_fault_or_none_and_never_a_wrong_one(
    tmp_path: Path,
) -> None:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        running = {
            name: pool.submit(lines_of, case, tmp_path / f"{number}.json")
            for number, (name, case) in enumerate(CASES.items())
        }
    found = {name: one.result() for name, one in running.items()}
    assert all(len(diagnoses) >= 3 for diagnoses in found.values())
    offences = {name: wrong(CASES[name], diagnoses) for name, diagnoses in found.items()}
    assert {name: lines for name, lines in offences.items() if lines} == {}
    lost = {name: {one.place for one in found[name][-1].findings} for name in found}
    assert "echo-out" in lost["lost outward"]
    assert "echo-back" in lost["lost on the way back"]
