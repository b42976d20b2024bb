"""What demo and load test share; how a demo lives and ends is test_demo's matter."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pytest

from ari_tui.config.run_options import DemoOptions, RunOptions
from ari_tui.config.settings import AsteriskSettings, MediaSettings, Settings
from ari_tui.core.errors import ChildFailedError
from ari_tui.core.process import ParentLink
from ari_tui.document.load_test import decode_load
from ari_tui.document.model import Document, Packets
from ari_tui.session.loopback import _isolated_settings, run_demo, run_on_loopback
from tests.processes import WAIT_S, descendants, gone, until
from tests.schemas import decode

ECHO, SIM = ["echo", "--port", "0", "--quiet"], ["sim", "--port", "0", "--calls", "0", "--quiet"]


def test_settings_of_its_own_leave_nothing_of_the_users_asterisk() -> None:
    given = Settings(
        asterisk=AsteriskSettings(
            app="live", username="me", password="mine", media_address="192.0.2.1"
        ),
        media=MediaSettings(bind="192.0.2.2", advertise="192.0.2.3", workers=3),
    )
    own, other = _isolated_settings(given, "load"), _isolated_settings(given, "load")
    assert own.asterisk.app.startswith("load-")
    assert own.asterisk.app != other.asterisk.app
    assert own.asterisk.password not in ("mine", other.asterisk.password)
    assert (own.asterisk.media_address, own.media.bind, own.media.advertise) == ("", "", "")
    assert own.media.workers == 3


async def test_a_command_that_does_not_start_is_told_by_name() -> None:
    with pytest.raises(ChildFailedError, match=r"simulated Asterisk: .*--no-such-flag"):
        await run_on_loopback(
            Settings(),
            ParentLink(None, None),
            echo=ECHO,
            sim=[*SIM, "--no-such-flag"],
            engine=["run", "--headless"],
            stay=False,
            app="test",
        )


async def test_a_load_test_of_processes_ends_by_ctrl_c_with_its_report(tmp_path: Path) -> None:
    report, json_lines = tmp_path / "r.json", tmp_path / "d.json"
    flags = ["--calls=2", "--duration=600", "--report", str(report), "--json", str(json_lines)]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "ari_tui",
        "loadtest",
        "--sim",
        "--headless",
        *flags,
        env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        await asyncio.wait_for(_until_up(json_lines), 30)
        process.send_signal(signal.SIGINT)
        assert await asyncio.wait_for(process.wait(), 30) == 130
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    found = decode_load(report.read_bytes())
    assert found.end_reason == "SIGINT"
    assert found.plan.simulated
    assert [call.outcome for call in found.calls] == ["good", "good"]
    assert found.document.kind == "final"


async def _until_up(path: Path) -> None:
    while not (path.exists() and b'"up":2' in path.read_bytes()):  # noqa: ASYNC110, ASYNC240  another process writes a small file
        await asyncio.sleep(0.1)


pytestmark = [pytest.mark.usefixtures("bare_start"), pytest.mark.system]
VERDICTS = (0, 1, 4)
"""Exit codes of a run that ended in order; which one, a busy machine decides too."""
HEADLESS = ("-m", "ari_tui", "demo", "--headless", "--calls", "3")
TAKE_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""
ROLES = {"echo", "sim", "run", "ari_tui.relay.worker"}


def role_of(pid: int) -> str:
    words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    return words[3] if words[2] == "ari_tui" else words[2]


class Demo:
    """A demo that runs, its documents so far, and its children by role."""

    def __init__(self, folder: Path, name: str, *arguments: str) -> None:
        self.documents: list[Document] = []
        self.family: dict[str, int] = {}
        self._stderr = folder / f"{name}.err"
        with self._stderr.open("wb") as stderr:
            self.process = subprocess.Popen(
                [sys.executable, *HEADLESS, "--json", "-", "--interval", "0.5", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
            )

    @property
    def _stdout(self) -> IO[bytes]:
        assert self.process.stdout is not None
        return self.process.stdout

    @property
    def told(self) -> str:
        return self._stderr.read_text()

    def until_measured(self) -> None:
        """Read documents until every call has had packets back; note the family."""
        while True:
            line = self._stdout.readline()
            assert line, self.told
            self.documents.append(decode(line))
            calls = self.documents[-1].calls
            if len(calls) == 3 and all(call.packets.returned > 20 for call in calls):
                break
        self.family = {role_of(pid): pid for pid in descendants(self.process.pid)}
        assert self.family.keys() == ROLES

    def end(self) -> int:
        """Wait for the end; every line on stdout is a document."""
        out, _ = self.process.communicate(timeout=WAIT_S)
        self.documents += [decode(line) for line in out.splitlines()]
        return self.process.returncode

    def assert_nobody_left(self) -> None:
        until(lambda: all(map(gone, self.family.values())), f"the end of {self.family}")

    def close(self) -> None:
        """End what a failed test has left; the children notice by their lifelines."""
        self.process.kill()
        self.process.communicate(timeout=WAIT_S)


Start = Callable[..., Demo]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    with contextlib.ExitStack() as stack:

        def make(*arguments: str, name: str = "demo") -> Demo:
            demo = Demo(tmp_path, name, *arguments)
            stack.callback(demo.close)
            return demo

        yield make


def closed(packets: Packets) -> bool:
    return packets.sent == packets.returned + packets.lost + packets.in_flight


def assert_books_closed(documents: list[Document], *, drained: bool = True) -> None:
    for document in documents:
        assert all(closed(call.packets) for call in document.calls)
        assert closed(document.totals.packets)
    assert [document.kind for document in documents[:-1]] == ["interval"] * (len(documents) - 1)
    final = documents[-1]
    assert final.kind == "final"
    assert final.totals.packets.in_flight == 0 or not drained
    assert sum(call.packets.sent for call in final.calls) == final.totals.packets.sent > 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_drains_and_reports_and_nobody_is_left(
    number: signal.Signals, code: int, start: Start
) -> None:
    demo = start()
    demo.until_measured()
    demo.process.send_signal(number)
    assert demo.end() == code
    assert_books_closed(demo.documents)
    final = demo.documents[-1]
    assert final.session.end_reason == number.name
    assert final.totals.packets.lost == 0
    assert {call.state for call in final.calls} == {"ended"}
    assert f"ended by {number.name}" in demo.told
    demo.assert_nobody_left()


def test_a_terminal_that_goes_away_leaves_a_final_document_in_the_file(tmp_path: Path) -> None:
    file = tmp_path / "stats.json"
    master, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", TAKE_TERMINAL, *HEADLESS, "--json", file],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
    )
    os.close(terminal)
    try:
        until(lambda: file.exists() and file.read_bytes().count(b"\n") >= 2, "documents")
        os.close(master)
        assert process.wait(WAIT_S) == 129
    finally:
        process.kill()
        process.wait(WAIT_S)
    documents = [decode(line) for line in file.read_bytes().splitlines()]
    assert_books_closed(documents)
    assert documents[-1].session.end_reason == "SIGHUP"


def test_a_second_ctrl_c_skips_the_draining_and_still_reports(start: Start) -> None:
    demo = start("--impair", "loss=20%", "--seed", "3")
    demo.until_measured()
    demo.process.send_signal(signal.SIGINT)
    until(lambda: "stopping reason=SIGINT" in demo.told, "the first signal's effect")
    demo.process.send_signal(signal.SIGINT)
    assert demo.end() == 130
    assert_books_closed(demo.documents, drained=False)
    final = demo.documents[-1]
    assert final.session.end_reason == "SIGINT"
    assert final.totals.packets.in_flight > 0
    assert {call.state for call in final.calls} == {"draining"}
    assert "draining skipped by a second signal" in demo.told
    assert "ended by SIGINT" in demo.told
    demo.assert_nobody_left()


def test_a_killed_engine_is_inconclusive_and_takes_everyone_with_it(start: Start) -> None:
    demo = start()
    demo.until_measured()
    os.kill(demo.family["run"], signal.SIGKILL)
    assert demo.end() == 4
    assert "the engine was killed: there is no final report signal=9" in demo.told
    assert "Traceback" not in demo.told
    assert {document.kind for document in demo.documents} == {"interval"}
    demo.assert_nobody_left()


def test_a_killed_parent_leaves_nobody_behind_and_the_engine_still_reports(start: Start) -> None:
    demo = start()
    demo.until_measured()
    demo.process.kill()
    assert demo.end() == -signal.SIGKILL
    demo.assert_nobody_left()
    assert_books_closed(demo.documents)
    assert demo.documents[-1].session.end_reason == "parent gone"


def test_what_is_measured_is_exactly_what_was_injected_and_fails_by_it(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    # no stall of this machine is to leave too few clean seconds to tell
    monkeypatch.setenv("ARI_TUI_MEDIA_LATE_MS", "10000")
    shared = ("--seed", "7", "--duration", "4", "--status", "1")
    demos = [
        start("--impair", f"loss=5%,dup=1%,reorder=1%,delay=20ms{more}", *shared, name=f"demo{n}")
        for n, more in enumerate(["", ",burst=4"])
    ]
    for demo in demos:
        assert demo.end() == 1, demo.told
        assert_books_closed(demo.documents)
        final = demo.documents[-1]
        injected, measured = final.injected.echo, final.totals.packets
        assert injected is not None
        assert (measured.lost, measured.duplicates_echo, measured.reordered_echo) == (
            injected.lost,
            injected.duplicates,
            injected.reordered,
        )
        assert min(injected.lost, injected.duplicates, injected.reordered) > 0
        assert final.totals.rtt_ms.min is not None
        # what the echo server held beyond that is subtracted, by clocks read one after the other
        assert final.totals.rtt_ms.min >= 19.9
        assert final.session.end_reason == "duration"
        assert "late_ratio=" in demo.told
        assert " sla=fail" in demo.told
        assert {rule.id: rule.verdict for rule in final.sla.rules}["loss"] == "fail"
        found = final.totals.loss_directions
        assert found is not None
        assert (found.outward, found.at_echo, found.back) == (0, injected.lost, 0)


async def test_a_child_that_does_not_start_is_named_with_its_own_words_and_code(
    tmp_path: Path,
) -> None:
    options = DemoOptions(
        settings=Settings(), run=RunOptions(headless=True), impair_media="nonsense=1"
    )
    others = descendants(os.getpid())  # such as an Asterisk that other tests share
    with pytest.raises(ChildFailedError, match=r"^simulated Asterisk: .*nonsense") as failure:
        await run_demo(options, ParentLink(None, None))
    assert failure.value.exit_code == 2
    assert [pid for pid in descendants(os.getpid()) if pid not in others and not gone(pid)] == []


def test_a_reader_of_the_documents_that_is_stuck_holds_up_neither_measuring_nor_the_end(
    start: Start,
) -> None:
    demo = start("--interval", "0.25", "--histograms", "--duration", "6", "--status", "0.5")
    demo.until_measured()
    # from here on nobody reads, and a pipe holds 64 KiB
    until(lambda: demo.process.poll() is not None, "the end")
    assert demo.process.returncode in VERDICTS, demo.told
    assert demo.told.count("p50=") > 8
    assert "ended by duration" in demo.told
    assert "the reader of the output did not keep up" in demo.told
    demo.assert_nobody_left()
