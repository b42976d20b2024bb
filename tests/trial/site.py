"""Everything that a fault is placed in: Asterisk, its callers, the echo server, the engine."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from tests.asterisk.lab import Asterisk, running_asterisk
from tests.trial import callers
from tests.trial.network import End, Network, Route, inside, network

Document = dict[str, Any]
_TREE = Path(__file__).parents[2]
_ARI, _ENGINE = "198.18.72.1", "198.18.72.2"
_ECHO_NEAR, _ECHO = "198.18.73.1", "198.18.73.2"
_ECHO_PORT = 4000
_READY_TIMEOUT_S = 30.0
_STOP_TIMEOUT_S = 20.0
ROUTES = (
    Route("caller", End("", callers.NEAR), End("caller", callers.FAR), (callers.SIP_PORT,)),
    Route("media", End("", _ARI), End("engine", _ENGINE)),
    Route("echo", End("engine", _ECHO_NEAR), End("echo", _ECHO)),
)
"""caller.out leads to the callers, media.out to the engine, echo.out to the echo server."""


class Setup(NamedTuple):
    """What a fault asks of the site."""

    calls: int = 4
    codec: str = "ulaw"
    """Of the callers; alaw is transcoded."""
    reports: bool = False
    """The callers send RTCP."""
    silent_s: float = 0.0
    """How long callers are silent in each ten seconds."""
    silent_from_s: float = 0.0


class Arrival(NamedTuple):
    """A document and when it came."""

    at_s: float
    document: Document


@dataclass
class Site:
    """All of it, running."""

    folder: Path
    network: Network
    asterisk: Asterisk
    setup: Setup
    settings: dict[str, str]
    echo: subprocess.Popen[bytes] | None = None
    engine: subprocess.Popen[bytes] | None = None
    arrivals: list[Arrival] = field(default_factory=list)
    _stack: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    _news: threading.Condition = field(default_factory=threading.Condition)

    def start_echo(self) -> None:
        """Start the echo server and wait until it listens."""
        arguments = ["echo", "--bind", _ECHO, "--port", str(_ECHO_PORT), "--allow", _ECHO_NEAR]
        arguments += ["--realtime", "yes"]  # it stands for a machine of its own
        self.echo = self._program("echo", arguments, None)
        self._stack.callback(self.stop_echo)
        rows = Path(f"/proc/{self.echo.pid}/net/udp")
        _await(lambda: f":{_ECHO_PORT:04X} " in rows.read_text(), "the echo server listens")

    def stop_echo(self) -> None:
        """Kill the echo server."""
        if self.echo is not None:
            _end(self.echo, signal.SIGKILL)

    def start_engine(self) -> None:
        """Start the engine, and take in its documents."""
        arguments = ["run", "--headless", "--json", "-", "--status", "0", "--exit-zero"]
        self.engine = self._program("engine", arguments, subprocess.PIPE)
        reader = threading.Thread(target=self._read, args=(self.engine,))
        reader.start()
        self._stack.callback(reader.join)
        self._stack.callback(_end, self.engine, signal.SIGTERM)

    @property
    def worker_pid(self) -> int:
        """Return the process of the engine's media worker."""
        assert self.engine is not None
        return _children(self.engine.pid)[0]

    def start_callers(self) -> None:
        """Place the calls; once more after others of before have gone."""
        setup = self.setup
        if setup.reports:
            placing = callers.asterisk_callers(
                self.asterisk, namespace="caller", calls=setup.calls, codec=setup.codec
            )
        else:
            placing = callers.sipp_callers(
                self.asterisk,
                self.folder / f"sipp-{time.monotonic_ns()}",
                namespace="caller",
                calls=setup.calls,
                codec=setup.codec,
                silent_s=setup.silent_s,
                silent_from_s=setup.silent_from_s,
            )
        self._callers = self._stack.enter_context(contextlib.ExitStack())
        self._callers.enter_context(placing)

    def stop_callers(self) -> None:
        """End the callers' side at once."""
        self._callers.close()

    def until(self, condition: Callable[[Document], bool], what: str) -> None:
        """Wait for a document that fulfils a condition."""
        with self._news:
            if not self._news.wait_for(
                lambda: bool(self.arrivals) and condition(self.arrivals[-1].document),
                _READY_TIMEOUT_S,
            ):
                said = (self.folder / "engine.log").read_text(errors="replace")[-2000:]
                raise RuntimeError(f"after {_READY_TIMEOUT_S:g} s still not: {what}\n{said}")

    def close(self) -> None:
        """End everything that was started here."""
        self._stack.close()

    def _read(self, engine: subprocess.Popen[bytes]) -> None:
        assert engine.stdout is not None
        for line in engine.stdout:
            with self._news:
                self.arrivals.append(Arrival(time.monotonic(), json.loads(line)))
                self._news.notify_all()

    def _program(
        self, namespace: str, arguments: list[str], stdout: int | None
    ) -> subprocess.Popen[bytes]:
        """Start ari-tui in a namespace; its log goes to a file."""
        with (self.folder / f"{namespace}.log").open("ab") as log:
            return subprocess.Popen(
                inside(namespace, sys.executable, "-m", "ari_tui", *arguments),
                cwd=self.folder,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL if stdout is None else stdout,
                stderr=log,
                start_new_session=True,
            )

    def _environment(self) -> dict[str, str]:
        """Return an environment without settings of the user's."""
        ours = {
            "asterisk.url": f"{_ARI}:{self.asterisk.http_port}",
            "asterisk.username": self.asterisk.username,
            "asterisk.password": self.asterisk.password,
            "media.bind": _ENGINE,
            "echo.host": _ECHO,
            "echo.port": str(_ECHO_PORT),
            **self.settings,
        }
        kept = ("PATH", "LANG", "HOME", "VIRTUAL_ENV")
        return {
            **{name: os.environ[name] for name in kept if name in os.environ},
            **{f"ARI_TUI_{key.replace('.', '_').upper()}": text for key, text in ours.items()},
            "XDG_CONFIG_HOME": str(self.folder),
            "XDG_RUNTIME_DIR": str(self.folder),
            "PYTHONPATH": str(_TREE),
        }


@contextlib.contextmanager
def running_site(
    root: Path, folder: Path, setup: Setup, *, seed: str, settings: dict[str, str]
) -> Iterator[Site]:
    """Start it all and wait until every call is measured; end it all when the block is left."""
    added = {
        "pjsip.conf": callers.NEAR_PJSIP,
        "http.conf": f"\n[general](+)\nbindaddr = {_ARI}\n",
    }
    with network(ROUTES, seed=seed) as up, running_asterisk(root, added=added) as asterisk:
        site = Site(folder, up, asterisk, setup, settings)
        try:
            site.start_echo()
            site.start_engine()
            site.until(lambda document: True, "the engine prints documents")
            site.start_callers()
            site.until(lambda document: _measured(document) >= setup.calls, "all calls are up")
            yield site
        finally:
            os.kill(asterisk.pid, signal.SIGCONT)  # a stopped one could not be asked to end
            site.close()


def _measured(document: Document) -> int:
    """Return how many calls send packets that come back."""
    return sum(call["packets"]["returned"] > 50 for call in document["calls"])


def _children(pid: int) -> list[int]:
    files = Path(f"/proc/{pid}/task").glob("*/children")
    return sorted(int(child) for file in files for child in file.read_text().split())


def _end(process: subprocess.Popen[bytes], number: int) -> None:
    """End a process by a signal; kill it when it does not."""
    for pid in (process.pid, *(_children(process.pid) if process.poll() is None else ())):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)
    process.send_signal(number)
    try:
        process.wait(_STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _await(condition: Callable[[], bool], what: str) -> None:
    deadline_s = time.monotonic() + _READY_TIMEOUT_S
    while not condition():
        if time.monotonic() > deadline_s:
            raise RuntimeError(f"after {_READY_TIMEOUT_S:g} s still not: {what}")
        time.sleep(0.05)
