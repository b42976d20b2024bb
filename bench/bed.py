"""The test bed: C tools built once a run, ports, and our worker without an engine around it."""

from __future__ import annotations

import asyncio
import contextlib
import random
import shutil
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import NamedTuple

from ari_tui.engine.media_worker import MediaWorker
from ari_tui.relay import control

_SOURCE = Path(__file__).with_name("tools.c")


class Generated(NamedTuple):
    """What the generator says of itself."""

    sent: int
    back: int
    lag_p50_us: float
    lag_p99_us: float


@contextlib.contextmanager
def built_tools() -> Iterator[Path]:
    """Compile tools.c for the length of a run. Raises RuntimeError without a compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise RuntimeError("the benchmarks need a C compiler (Debian package gcc)")
    with tempfile.TemporaryDirectory(prefix="ari-tui-bench-") as folder:
        program = Path(folder) / "tools"
        subprocess.run(
            [compiler, "-O2", "-Wall", "-Wextra", "-o", str(program), str(_SOURCE)], check=True
        )
        yield program


def free_block(count: int) -> int:
    """Return the first of `count` UDP ports in a row that are free on loopback now."""
    for _ in range(100):
        first = random.randrange(10_000, 31_000 - count)
        with contextlib.ExitStack() as stack:
            try:
                for port in range(first, first + count):
                    sock = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
                    sock.bind(("127.0.0.1", port))
            except OSError:
                continue
            return first
    raise RuntimeError(f"no {count} free UDP ports in a row")


def cpu_ns(pid: int) -> int:
    """Return the processor time that a process (its main thread) has had, in ns."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])


@contextlib.contextmanager
def running(*command: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run one of the tools until the block is left; yields it and its first line."""
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert process.stdout is not None
        yield process, process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(10)
        if process.stdout is not None:
            process.stdout.close()


async def generate(tools: Path, calls: int, gen: int, media: int, seconds: int) -> Generated:
    """Send RTP on every call for so many seconds."""
    process = await asyncio.create_subprocess_exec(
        str(tools),
        "gen",
        str(calls),
        str(gen),
        str(media),
        str(seconds),
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    sent, back, median, high = output.split()
    return Generated(int(sent), int(back), float(median), float(high))


@contextlib.asynccontextmanager
async def worker_with(
    calls: int, media: int, gen: int, echo: int, *, capacity: int = 1 << 20
) -> AsyncIterator[MediaWorker]:
    """Run our worker with so many calls, wired as the C relay is."""
    worker = MediaWorker("worker", lambda _message: None, lambda _worker: None)
    await worker.start(capacity=capacity)
    try:
        for i in range(calls):
            to_echo = ("127.0.0.1", echo)
            add = control.AddCall(i + 1, "127.0.0.1", media + i, to_echo, 46, 2 << 20)
            await worker.request(add)
            await worker.request(control.ConnectCall(i + 1, "127.0.0.1", gen + i))
        yield worker
    finally:
        await worker.stop()
