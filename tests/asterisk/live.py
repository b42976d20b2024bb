"""The real program as its users start it: an echo server and a headless run, as processes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import secrets
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ari_tui.core.process import Child
from tests.asterisk.lab import Asterisk, free_port
from tests.schemas import to_the_letter

Document = dict[str, Any]
_MARK = "LIVE_TEST_OF_ARI"
_PORTS_EACH = 100
MEDIA_BLOCKS = range(14_000, 20_000, _PORTS_EACH)
"""Where the media ports of these runs begin: below the ephemeral range, beside the lab's."""
_OURS = ("ARI_", "ASTERISK_", "APP_NAME", "BIND_IP", "PORT_RANGE", "ECHO_", "SERVICE_PORT")


def media_ports() -> range:
    """Return ports that a run on the real Asterisk may use for its media."""
    first = random.choice(MEDIA_BLOCKS)
    return range(first, first + _PORTS_EACH)


@dataclass
class LiveRun:
    """A headless run and its echo server, and what the run has printed."""

    environment: dict[str, str]
    ports: range
    """The media ports that the run may use."""
    process: asyncio.subprocess.Process
    errors: Path
    documents: list[Document] = field(default_factory=list)
    ended: bool = False
    news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def read(self) -> None:
        """Take in stdout to its end; every line must be a JSON document."""
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            async with self.news:
                document = json.loads(line)
                to_the_letter("stats").validate(document)
                self.documents.append(document)
                self.news.notify_all()
        async with self.news:
            self.ended = True
            self.news.notify_all()

    async def until(self, condition: Callable[[Document], bool], timeout_s: float) -> Document:
        """Wait for the next document that fulfils a condition; raise when none comes in time."""
        async with self.news:
            seen = len(self.documents)

            def news() -> bool:
                return self.ended or any(map(condition, self.documents[seen:]))

            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self.news.wait_for(news), timeout_s)
            for document in filter(condition, self.documents[seen:]):
                return document
        why = "the run ended early" if self.ended else f"no such document within {timeout_s:g} s"
        said = self.errors.read_text(errors="replace")[-4000:]
        raise RuntimeError(f"{why}; the last was {self.documents[-1:]}; the run said:\n{said}")

    async def to_the_end(self, timeout_s: float) -> None:
        """Wait until the run has closed its output."""
        async with self.news:
            await asyncio.wait_for(self.news.wait_for(lambda: self.ended), timeout_s)

    def processes(self) -> list[int]:
        """Return the processes that come from this run, echo server and all."""
        mark = f"{_MARK}={self.environment[_MARK]}".encode()
        found = []
        for entry in Path("/proc").glob("[0-9]*/environ"):
            with contextlib.suppress(OSError):  # ended while we looked
                if mark in entry.read_bytes().split(b"\0"):
                    found.append(int(entry.parent.name))
        return found

    def open_ports(self) -> set[int]:
        """Return the media ports of the run that a socket holds at this moment."""
        rows = Path("/proc/net/udp").read_text().splitlines()[1:]
        taken = {int(row.split()[1].rpartition(":")[2], 16) for row in rows}
        return taken & set(self.ports)


@contextlib.asynccontextmanager
async def live_run(asterisk: Asterisk, folder: Path, duration_s: float) -> AsyncIterator[LiveRun]:
    """Start `ari-tui echo` and `ari-tui run --headless --json -` against Asterisk, and end both."""
    echo_port = free_port()
    ports = media_ports()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(_OURS)},
        "ARI_URL": asterisk.ari_url,
        "ARI_USER": asterisk.username,
        "ARI_PASS": asterisk.password,
        "PORT_RANGE": f"{ports[0]}-{ports[-1]}",
        "ECHO_HOST": "127.0.0.1",
        "ECHO_PORT": str(echo_port),
        "XDG_CONFIG_HOME": str(folder),
        "XDG_RUNTIME_DIR": str(folder),
        _MARK: secrets.token_hex(8),
    }
    echo = await Child.spawn(
        "echo server",
        ["echo", "--bind", "127.0.0.1", "--port", str(echo_port)],
        environment=environment,
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        async with _headless(environment, folder, duration_s) as process:
            live = LiveRun(environment, ports, process, folder / "errors")
            reading = asyncio.create_task(live.read())
            try:
                yield live
            finally:
                reading.cancel()
    finally:
        await echo.stop()


@contextlib.asynccontextmanager
async def _headless(
    environment: dict[str, str], folder: Path, duration_s: float
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Start the run; end it, in order or else at once, when the block is left early."""
    with (folder / "errors").open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "ari_tui",
            "run",
            "--headless",
            "--json",
            "-",
            "--duration",
            f"{duration_s:g}",
            "--status",
            "5",
            cwd=folder,
            env=environment,
            limit=1 << 22,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), 20)
            except asyncio.TimeoutError:
                process.kill()
                await process.wait()
