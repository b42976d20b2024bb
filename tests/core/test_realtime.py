"""Realtime scheduling, tried in child processes where this system allows it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ari_tui.core import realtime
from ari_tui.core.realtime import GRANTED, REFUSED, RealtimeScheduling, asterisk_runs, wish_of

START = "import os\nfrom ari_tui.core.realtime import RealtimeScheduling\n"
POLICY = "os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK"


def run(code: str, **more: object) -> list[str]:
    """Return the lines that a child process prints."""
    done = subprocess.run(
        [sys.executable, "-c", START + code],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        **more,  # type: ignore[call-overload]  # of Popen
    )
    return str(done.stdout).splitlines()


@pytest.fixture
def allowed() -> None:
    """Skip where this user may not have it."""
    if run("print(RealtimeScheduling('yes').granted)") != ["True"]:
        pytest.skip("realtime scheduling is not allowed here")


@pytest.mark.usefixtures("allowed")
def test_it_is_the_lowest_priority_and_not_inherited() -> None:
    code = f"""
import subprocess, sys
print(RealtimeScheduling('yes').text)
print({POLICY} == os.SCHED_FIFO, os.sched_getparam(0).sched_priority, flush=True)
subprocess.run([sys.executable, '-c', 'import os; print(os.sched_getscheduler(0) == 0)'])
"""
    assert run(code) == [GRANTED, "True 1", "True"]


@pytest.mark.usefixtures("allowed")
def test_a_loop_that_never_sleeps_returns_to_ordinary_scheduling_and_says_so() -> None:
    code = f"""
import time
told = []
scheduling = RealtimeScheduling('yes', told.append)
end = time.monotonic() + 50
while scheduling.granted and time.monotonic() < end:
    pass
print({POLICY} == os.SCHED_OTHER, scheduling.granted, told == [scheduling.text], *told)
"""
    (line,) = run(code)
    assert line == "True False True ordinary for now: it ran for 100 ms without sleeping"


@pytest.mark.usefixtures("allowed")
def test_it_is_taken_again_later() -> None:
    code = f"""
from ari_tui.core import realtime
realtime._AGAIN_S = 0.0
told = []
scheduling = RealtimeScheduling('yes', told.append)
while scheduling.granted:
    pass
scheduling.renew()
print({POLICY} == os.SCHED_FIFO, told[-1])
"""
    assert run(code) == [f"True {GRANTED}"]


def test_without_permission_it_says_what_would_give_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "sched_setscheduler", refuse)
    monkeypatch.setattr(realtime, "_limit_busy_time", lambda: None)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    scheduling = RealtimeScheduling("yes")
    assert (scheduling.granted, scheduling.text) == (False, REFUSED)
    assert "LimitRTPRIO=1" in REFUSED
    assert "CAP_SYS_NICE" in REFUSED


def test_no_leaves_the_process_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_setscheduler")
    assert RealtimeScheduling("no").text == "ordinary (media.realtime = no)"


@pytest.mark.parametrize(
    ("names", "running"),
    [
        (["systemd", "bash"], False),
        (["systemd", "python3", "asterisk"], True),
        (["asterisk-sim", "x"], False),
    ],
)
def test_an_asterisk_is_told_by_the_name_of_its_process(
    names: list[str], running: bool, tmp_path: Path
) -> None:
    for pid, name in enumerate(names, 1):
        (tmp_path / str(pid)).mkdir()
        (tmp_path / str(pid) / "comm").write_text(f"{name}\n")
    (tmp_path / "7").mkdir()  # it has ended meanwhile
    assert asterisk_runs(str(tmp_path)) is running


def test_hidden_processes_are_not_taken_for_none(tmp_path: Path) -> None:
    assert asterisk_runs(str(tmp_path)) is None


@pytest.mark.parametrize(("seen", "word"), [(True, "an Asterisk runs"), (None, "cannot be seen")])
def test_auto_does_not_take_it_beside_an_asterisk(
    seen: bool | None, word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(realtime, "asterisk_runs", lambda: seen)
    scheduling = RealtimeScheduling("auto")
    assert not scheduling.granted
    assert word in scheduling.text
    assert "media.realtime = yes" in scheduling.text


def test_what_a_worker_is_told_is_read_back() -> None:
    assert [wish_of([wish]) for wish in ("auto", "yes", "no")] == ["auto", "yes", "no"]
    assert wish_of([]) == "no"
