"""What a service manager hears of an engine, from its start to its end."""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from ari_tui.core.systemd import NotifySocket
from ari_tui.engine.service_status import SystemdNotifier, status_of
from tests.engine.kit import EchoRun, Pbx, call_facts, document, engine, until


class Manager:
    """A service manager that listens."""

    def __init__(self, ear: socket.socket) -> None:
        self._ear = ear
        self._heard: list[str] = []

    @property
    def heard(self) -> list[str]:
        """Return all that was said so far."""
        with contextlib.suppress(BlockingIOError):
            while True:
                self._heard.append(self._ear.recv(4096).decode())
        return self._heard

    def forget(self) -> None:
        """Begin anew."""
        self.heard.clear()


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Manager]:
    """A manager whom the next engine speaks to, and who expects a sign of life every 0.6 s."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(tmp_path / "notify"))
        ear.settimeout(0)
        monkeypatch.setenv("NOTIFY_SOCKET", ear.getsockname())
        monkeypatch.setenv("WATCHDOG_USEC", "600000")
        yield Manager(ear)


async def test_a_manager_hears_start_life_and_end(
    pbx: Pbx, echo: EchoRun, manager: Manager
) -> None:
    async with engine(pbx, echo.port) as run:
        await until(lambda: "READY=1" in manager.heard)
        assert manager.heard[:2] == [f"STATUS=looking for Asterisk at {pbx.sim.url}", "READY=1"]
        pbx.call()
        await until(lambda: any(line.startswith("STATUS=1 call, SLA ") for line in manager.heard))
        await until(lambda: manager.heard.count("WATCHDOG=1") > 3)
        os.kill(os.getpid(), signal.SIGTERM)
        assert await run.ended() == 143
    end = manager.heard.index("STOPPING=1")
    assert manager.heard[end + 1] == "STATUS=stopping (SIGTERM): 1 call to release"
    assert {line.partition("=")[0] for line in manager.heard[end + 2 :]} <= {"WATCHDOG"}


async def test_an_engine_whose_worker_cannot_be_mended_gives_no_sign_of_life(
    pbx: Pbx, echo: EchoRun, manager: Manager, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with engine(pbx, echo.port) as run:
        monkeypatch.setattr("ari_tui.engine.media_worker.sys.executable", "/bin/false")
        os.kill(run.parts.worker_pool.workers[0].process.pid, signal.SIGKILL)
        await until(lambda: not run.parts.worker_pool.healthy)
        manager.forget()
        count = len(run.documents)
        await until(lambda: len(run.documents) >= count + 2)  # it goes on, and is not well
        assert "WATCHDOG=1" not in manager.heard


async def test_an_asterisk_that_is_away_is_told_and_is_no_reason_to_be_ended(
    pbx: Pbx, echo: EchoRun, manager: Manager
) -> None:
    async with engine(pbx, echo.port):
        await until(lambda: "READY=1" in manager.heard)
        await pbx.control.go_away()
        await until(lambda: any("no connection to" in line for line in manager.heard))
        manager.forget()
        await until(lambda: manager.heard.count("WATCHDOG=1") > 2)
        await pbx.control.come_back()
        await until(lambda: any(", Asterisk " in line for line in manager.heard))


async def test_the_workers_know_nothing_of_the_manager(
    pbx: Pbx, echo: EchoRun, manager: Manager
) -> None:
    async with engine(pbx, echo.port) as run:
        pid = run.parts.worker_pool.workers[0].process.pid
        environment = await asyncio.to_thread(Path(f"/proc/{pid}/environ").read_bytes)
        assert environment
        assert b"NOTIFY_SOCKET" not in environment
        assert b"WATCHDOG" not in environment


def test_the_status_tells_calls_verdict_and_asterisk() -> None:
    assert status_of(document(call_facts(1))).startswith("1 call, SLA ")
    assert status_of(document(call_facts(1), call_facts(2))).startswith("2 calls, SLA ")


def test_without_a_manager_nothing_is_said() -> None:
    notifier = SystemdNotifier(NotifySocket())
    notifier.starting("localhost:8088")
    notifier.ready()
    notifier.watchdog(healthy=True)
    notifier.status(document())
    notifier.stopping("SIGTERM", 0)
    notifier.close()
