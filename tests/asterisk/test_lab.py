"""The laboratory itself: it starts, twice, and leaves nothing, even when it is killed."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from pathlib import Path

import pytest

from tests.asterisk.lab import Asterisk, running_asterisk
from tests.asterisk.rootfs import chosen_release
from tests.asterisk.tools import wait_until

pytestmark = [pytest.mark.asterisk, pytest.mark.timeout(600)]


def test_the_version_is_the_one_that_was_asked_for(asterisk: Asterisk) -> None:
    assert asterisk.major == chosen_release().major, asterisk.version


def test_every_module_that_was_asked_for_runs(asterisk: Asterisk) -> None:
    conf = (asterisk.outside / "modules.conf").read_text()
    wanted = {line.split()[-1] for line in conf.splitlines() if line.startswith("load")}
    rows = (line.split() for line in asterisk.rx("module show").splitlines())
    running = {row[0] for row in rows if "Running" in row}
    assert wanted
    assert not wanted - running


def test_it_listens_on_loopback_only(asterisk: Asterisk) -> None:
    assert f"127.0.0.1:{asterisk.sip_port}" in asterisk.rx("pjsip show transports")
    assert f"127.0.0.1:{asterisk.http_port}" in asterisk.rx("http show status")


def test_a_second_run_beside_the_first_leaves_nothing(asterisk: Asterisk) -> None:
    for _ in range(2):
        with running_asterisk(asterisk.root) as second:
            assert second.folder != asterisk.folder
            assert second.channels() == []
            assert second.leftovers()  # its processes: the look finds what is there
        assert second.leftovers() == []
        assert not second.outside.exists()
    assert asterisk.rx("core show uptime")


def test_a_killed_run_takes_asterisk_with_it_and_the_next_one_tidies(asterisk: Asterisk) -> None:
    program = (
        "import sys, pathlib\n"
        "from tests.asterisk.lab import running_asterisk\n"
        "with running_asterisk(pathlib.Path(sys.argv[1])) as asterisk:\n"
        "    print(asterisk.folder, flush=True)\n"
        "    sys.stdin.read()\n"
    )
    victim = subprocess.Popen(
        [sys.executable, "-c", program, str(asterisk.root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    with victim:
        assert victim.stdout is not None
        assert select.select([victim.stdout], [], [], 60)[0], "the run did not start"
        folder = Path(victim.stdout.readline().strip())
        killed = Asterisk(asterisk.root, folder, http_port=0, sip_port=0, rtp_ports=range(0))
        assert killed.leftovers()
        victim.kill()
    wait_until(lambda: not killed.leftovers(), "Asterisk ended with the process that was killed")
    assert killed.outside.exists()
    with running_asterisk(asterisk.root):
        assert not killed.outside.exists()
