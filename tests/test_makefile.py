"""`make demo` ends plainly whatever the verdict; what failed is told by make too."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(shutil.which("make") is None, reason="there is no make"),
]


def make_demo(arguments: str, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    """Run `make demo` with this interpreter's ari-tui, and nothing to install."""
    program = tmp_path / "ari-tui"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m ari_tui "$@"\n')
    program.chmod(0o755)
    command = ["make", "demo", "STAMP=", f"BIN={tmp_path}", f"ARGS={arguments}"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)


def test_a_demo_too_short_for_a_verdict_ends_without_an_error(tmp_path: Path) -> None:
    ended = make_demo("--headless --calls 1 --duration 2", tmp_path)
    assert "inconclusive" in ended.stdout
    assert (ended.returncode, "Error" in ended.stderr) == (0, False), ended.stderr


def test_a_demo_that_cannot_start_is_an_error(tmp_path: Path) -> None:
    ended = make_demo("--headless --impair nonsense=1", tmp_path)
    assert ended.returncode != 0
    assert "Error 2" in ended.stderr
