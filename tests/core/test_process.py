"""Parents and children: what is said on the pipes, and that nobody stays behind."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ari_tui.core import process
from ari_tui.core.cancellation import cancel_tasks
from ari_tui.core.errors import ChildFailedError
from ari_tui.core.exit_codes import SIGNAL_CODES
from ari_tui.core.process import Child, ParentLink
from ari_tui.core.signals import StopSignals

WAIT_S = 20
Script = Callable[[str], None]


class Pipes:
    """What a parent would have opened for a child in this process."""

    def __init__(self) -> None:
        self.ready_read, self.ready_write = os.pipe()
        self.life_read, self.life_write = os.pipe()

    def said(self) -> Any:
        with os.fdopen(self.ready_read, "rb") as ready:
            return [json.loads(line) for line in ready]


@pytest.fixture
def pipes() -> Iterator[Pipes]:
    made = Pipes()
    yield made
    for fd in (made.ready_read, made.ready_write, made.life_read, made.life_write):
        with contextlib.suppress(OSError):  # the test has closed it
            os.close(fd)


# -- the child's side --------------------------------------------------------------------


def test_without_a_parent_nothing_is_written_and_nothing_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("ARI_TUI_READY_FD", raising=False)
    monkeypatch.delenv("ARI_TUI_LIFELINE_FD", raising=False)
    link = ParentLink.from_environment()
    link.ready(port=1)
    link.failed("why", 3)
    assert not link.has_parent
    assert link.read_reason() == ""


async def test_without_a_parent_the_lifeline_never_ends() -> None:
    waiting = asyncio.create_task(ParentLink(None, None).lifeline_ended())
    done, _ = await asyncio.wait({waiting}, timeout=0.05)
    assert not done
    waiting.cancel()


def test_the_descriptors_are_taken_out_of_the_environment_and_not_inherited(
    pipes: Pipes, monkeypatch: pytest.MonkeyPatch
) -> None:
    for fd in (pipes.ready_write, pipes.life_read):
        os.set_inheritable(fd, True)
    monkeypatch.setenv("ARI_TUI_READY_FD", str(pipes.ready_write))
    monkeypatch.setenv("ARI_TUI_LIFELINE_FD", str(pipes.life_read))
    link = ParentLink.from_environment()
    assert not {"ARI_TUI_READY_FD", "ARI_TUI_LIFELINE_FD"} & os.environ.keys()
    assert not os.get_inheritable(pipes.ready_write)
    assert not os.get_inheritable(pipes.life_read)
    assert link.has_parent
    link.ready(port=5)
    assert pipes.said() == [{"ready": {"port": 5}}]


def test_a_child_writes_one_ready_line(pipes: Pipes) -> None:
    link = ParentLink(pipes.ready_write, pipes.life_read)
    link.failed("cannot bind", 3, "Try again?")
    link.ready(port=5)
    assert pipes.said() == [{"failed": "cannot bind", "exit_code": 3, "question": "Try again?"}]


def test_a_parent_that_is_gone_is_no_error(pipes: Pipes) -> None:
    os.close(pipes.ready_read)
    ParentLink(pipes.ready_write, pipes.life_read).ready()


@pytest.mark.parametrize("reason", ["SIGINT", ""])
async def test_a_child_reads_the_reason_and_the_end(reason: str, pipes: Pipes) -> None:
    link = ParentLink(None, pipes.life_read)
    waiting = asyncio.create_task(link.lifeline_ended())
    await asyncio.sleep(0)
    assert not waiting.done()
    if reason:
        os.write(pipes.life_write, reason.encode() + b"\n")
    os.close(pipes.life_write)
    assert await asyncio.wait_for(waiting, WAIT_S) == reason


# -- the parent's side -------------------------------------------------------------------

HEAD = """
import asyncio, os, signal, sys, time
from ari_tui.core.process import ParentLink
link = ParentLink.from_environment()
"""
OBEDIENT = """
link.ready(pid=os.getpid(), session=os.getsid(0), stdin=os.readlink("/proc/self/fd/0"))
reason = asyncio.run(link.lifeline_ended())
open(sys.argv[-1], "w").write(reason)
sys.exit(7)
"""
DEAF = """
link.ready()
signal.pause()
"""


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Script:
    """Put a program in the place of `python -m ari_tui`."""

    def write(body: str) -> None:
        folder = tmp_path / "stand_in" / "ari_tui"
        folder.mkdir(parents=True)
        (folder / "__init__.py").write_text("")
        (folder / "__main__.py").write_text(HEAD + body)
        (folder / "core").mkdir()
        for name in ("__init__", "process", "cancellation", "errors", "exit_codes"):
            source = Path(process.__file__).with_name(f"{name}.py")
            (folder / "core" / source.name).write_text(source.read_text())
        monkeypatch.chdir(folder.parent)

    return write


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


async def test_a_child_runs_in_a_session_of_its_own_and_ends_with_its_lifeline_for_a_reason(
    script: Script, tmp_path: Path
) -> None:
    script(OBEDIENT)
    child = await Child.spawn("stand-in", [str(tmp_path / "reason")])
    assert child.info["pid"] == child.process.pid
    assert child.info["session"] == child.process.pid != os.getsid(0)
    assert child.info["stdin"] == "/dev/null"
    assert child.running
    assert await child.stop("SIGHUP", timeout_s=WAIT_S) == 7
    assert (tmp_path / "reason").read_text() == "SIGHUP"
    assert child.process.returncode == 7
    # stopping what has ended is harmless, by either way
    assert await child.stop() == 7
    assert await child.kill() == 7


STAYING = """
async def main():
    waiting = asyncio.create_task(link.lifeline_ended())
    loop = asyncio.get_running_loop()
    asked = loop.create_future()
    loop.add_signal_handler(signal.SIGUSR1, asked.set_result, None)
    link.ready(pid=os.getpid())  # the signal may come from now on
    await asked
    open(sys.argv[-1], "w").write("gone" if waiting.done() else "waits")
asyncio.run(main())
"""
PARENT = """
import asyncio, sys
from ari_tui.core.process import Child

async def main():
    child = await Child.spawn("staying", sys.argv[1:], stdout=asyncio.subprocess.DEVNULL)
    print(child.process.pid, flush=True)
    child.detach()

asyncio.run(main())
"""


async def test_a_detached_child_outlives_its_parent(script: Script, tmp_path: Path) -> None:
    script(STAYING)
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, str(tmp_path / "told"), stdout=asyncio.subprocess.PIPE
    )
    told, _ = await asyncio.wait_for(parent.communicate(), WAIT_S)
    pid = int(told)
    assert parent.returncode == 0
    os.kill(pid, signal.SIGUSR1)
    for _ in range(WAIT_S * 100):
        if gone(pid):
            break
        await asyncio.sleep(0.01)
    assert (tmp_path / "told").read_text() == "waits"


LISTENING = """
sock = link.take_socket()
link.ready(port=sock.getsockname()[1], again=link.take_socket() is None)
connection, _ = sock.accept()
connection.sendall(b"served by the child")
"""


async def test_a_child_serves_the_socket_that_its_parent_has_bound(script: Script) -> None:
    script(LISTENING)
    sock = socket.create_server(("127.0.0.1", 0))
    port = sock.getsockname()[1]
    # who asks before the child is there waits in the socket
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    child = await Child.spawn("serving", [], sock=sock)
    assert sock.fileno() == -1
    assert child.info == {"port": port, "again": True}
    assert await asyncio.wait_for(reader.read(), WAIT_S) == b"served by the child"
    writer.close()
    assert await asyncio.wait_for(child.process.wait(), WAIT_S) == 0
    assert "ARI_TUI_SOCKET_FD" not in os.environ


HURRIED = """
signals = []
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda number, _: signals.append(number))
link.ready()
while len(signals) < 2:
    signal.pause() if not signals else time.sleep(0.01)
sys.exit(sum(signals))
"""


async def test_skipping_the_draining_sends_two_signals_and_none_to_an_ended_child(
    script: Script,
) -> None:
    script(HURRIED)
    child = await Child.spawn("hurried", [])
    child.skip_draining()
    code = await asyncio.wait_for(child.process.wait(), WAIT_S)
    assert code == signal.SIGINT + signal.SIGTERM
    child.skip_draining()


async def test_a_child_that_does_not_stop_is_killed(script: Script) -> None:
    script(DEAF)
    child = await Child.spawn("deaf", [])
    assert await child.stop("SIGINT", timeout_s=0.2) == -signal.SIGKILL
    assert gone(child.process.pid)


@pytest.mark.parametrize(
    ("body", "words", "code"),
    [
        ("link.failed('cannot bind 127.0.0.1:4000: in use', 2); sys.exit(2)", "cannot bind", 2),
        ("sys.exit(9)", r"stand-in ended \(exit 9\) before it was ready", 3),
        ("os.kill(os.getpid(), 9)", r"stand-in ended \(exit -9\) before it was ready", 3),
        ("os.write(link._ready_fd, b'{oops\\n'); signal.pause()", "stand-in said .*oops", 3),
        ("os.write(link._ready_fd, b'[1]\\n'); signal.pause()", "stand-in said .*1", 3),
        ("link.ready = None; signal.pause()", r"stand-in was not ready after 0\.5 s", 3),
        ("link.failed('no door', 3); signal.pause()", "no door", 3),
    ],
    ids=["says why", "exits", "is killed", "no JSON", "no object", "silent", "says why, stays"],
)
async def test_a_child_that_does_not_get_ready_is_reported_and_ended(
    body: str, words: str, code: int, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[asyncio.subprocess.Process] = []
    real = asyncio.create_subprocess_exec

    async def noting(*args: Any, **kwargs: Any) -> asyncio.subprocess.Process:
        started.append(await real(*args, **kwargs))
        return started[-1]

    monkeypatch.setattr(asyncio, "create_subprocess_exec", noting)
    monkeypatch.setattr(process, "_FAILED_EXIT_S", 0.2)
    script(body)
    before = len(os.listdir("/proc/self/fd"))
    silent = "not ready" in words
    with pytest.raises(ChildFailedError, match=words) as failure:
        await Child.spawn("stand-in", [], timeout_s=0.5 if silent else WAIT_S)
    assert failure.value.exit_code == code
    assert started[0].returncode is not None
    assert gone(started[0].pid)
    await asyncio.sleep(0)  # transports close in the loop's next turn
    assert len(os.listdir("/proc/self/fd")) <= before + 1  # asyncio's own child watcher


async def test_a_program_that_is_not_there_is_an_os_error_and_leaks_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = len(os.listdir("/proc/self/fd"))
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(FileNotFoundError):
        await Child.spawn("nobody", [])
    assert len(os.listdir("/proc/self/fd")) <= before + 1


async def test_waiting_for_a_child_can_be_cancelled_and_ends_it(
    script: Script, tmp_path: Path
) -> None:
    script(f"open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())); signal.pause()")
    spawning = asyncio.create_task(Child.spawn("silent", []))
    file = tmp_path / "pid"
    for _ in range(2000):
        if file.exists() and file.read_text():
            break
        await asyncio.sleep(0.005)
    spawning.cancel()
    with pytest.raises(asyncio.CancelledError):
        await spawning
    assert gone(int(file.read_text()))


async def test_a_child_that_is_about_to_exit_has_ended_before_a_cancellation_goes_on(
    script: Script, tmp_path: Path
) -> None:
    script(
        f"open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))\n"
        "link.failed('no door', 3)\nimport time\ntime.sleep(0.7)\nsys.exit(3)"
    )
    spawning = asyncio.create_task(Child.spawn("leaving", []))
    file = tmp_path / "pid"
    for _ in range(2000):
        if file.exists() and file.read_text():
            break
        await asyncio.sleep(0.005)
    await asyncio.wait({spawning}, timeout=0.2)
    await cancel_tasks([spawning])
    assert gone(int(file.read_text()))


async def test_children_do_not_hold_each_others_lifelines(script: Script, tmp_path: Path) -> None:
    script(OBEDIENT)
    first = await Child.spawn("first", [str(tmp_path / "1")])
    second = await Child.spawn("second", [str(tmp_path / "2")])
    first.close_lifeline("SIGTERM")
    assert await asyncio.wait_for(first.process.wait(), WAIT_S) == 7
    assert second.running
    assert await second.stop(timeout_s=WAIT_S) == 7
    assert [(tmp_path / name).read_text() for name in "12"] == ["SIGTERM", ""]


@pytest.mark.parametrize(("number", "code"), SIGNAL_CODES.items())
async def test_a_signal_sets_the_event_and_its_exit_code(number: int, code: int) -> None:
    with StopSignals() as signals:
        os.kill(os.getpid(), number)
        await asyncio.wait_for(signals.stop.wait(), 10)
    assert signals.exit_code == code


async def test_the_first_of_several_signals_decides_and_the_second_skips_draining() -> None:
    with StopSignals() as signals:
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(signals.stop.wait(), 10)
        assert not signals.again.is_set()
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.wait_for(signals.again.wait(), 10)
    assert (signals.name, signals.exit_code) == ("SIGTERM", 143)


async def test_without_a_signal_there_is_no_exit_code_and_handlers_are_restored() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with StopSignals() as signals:
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before
    assert not signals.stop.is_set()
    assert signals.exit_code == 0


async def test_a_second_sighup_of_a_closed_terminal_does_not_skip_draining() -> None:
    with StopSignals() as signals:
        os.kill(os.getpid(), signal.SIGHUP)
        await signals.stop.wait()
        os.kill(os.getpid(), signal.SIGHUP)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not signals.again.is_set()
        os.kill(os.getpid(), signal.SIGTERM)
        await signals.again.wait()
        assert (signals.name, signals.exit_code) == ("SIGHUP", 129)
