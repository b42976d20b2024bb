"""Parents and children: a ready line before the parent goes on, a lifeline that ends the child.

A child runs in a session of its own (no signal of the terminal reaches it). It inherits two
pipes, named in its environment: on the first it says one JSON line, `{"ready": {...}}` or
`{"failed": "why", "exit_code": 3}`; the second, the lifeline, reads end of file when the parent
has gone or lets it go, and then the child drains and stops. A line on the lifeline before the
end of file is the reason ("SIGINT"); the reason "stay" has the child go on without a parent.

A parent may bind a child's socket and hand it on: others then know its port before the child runs.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Mapping, Sequence
from typing import Any

from ari_tui.core.cancellation import end_tasks, unbroken
from ari_tui.core.errors import ChildFailedError

STAY = "stay"
_READY_FD = "ARI_TUI_READY_FD"
_LIFELINE_FD = "ARI_TUI_LIFELINE_FD"
_SOCKET_FD = "ARI_TUI_SOCKET_FD"
_FAREWELL_S = 3.0
"""How long a child that could not start may take to clean up after itself."""


def flag_arguments(**values: object) -> list[str]:
    """Return `--name=value` for each value that is given, that is neither None nor empty."""
    return [
        f"--{name.replace('_', '-')}={value}"
        for name, value in values.items()
        if value not in (None, "")
    ]


class ParentLink:
    """The child's side. Outside of a parent it does nothing and its lifeline never ends."""

    def __init__(
        self, ready_fd: int | None, lifeline_fd: int | None, socket_fd: int | None = None
    ) -> None:
        self._ready_fd = ready_fd
        self.lifeline_fd = lifeline_fd
        self._socket_fd = socket_fd

    @classmethod
    def from_environment(cls) -> ParentLink:
        """Take the descriptors from the environment, and take them out of it for grandchildren."""
        texts = [os.environ.pop(name, None) for name in (_READY_FD, _LIFELINE_FD, _SOCKET_FD)]
        fds = [int(text) if text else None for text in texts]
        for fd in fds:
            if fd is not None:
                os.set_inheritable(fd, False)
        return cls(*fds)

    def take_socket(self) -> socket.socket | None:
        """Return the bound socket that the parent handed on, which is the caller's now; once."""
        fd, self._socket_fd = self._socket_fd, None
        return None if fd is None else socket.socket(fileno=fd)

    def ready(self, **info: Any) -> None:
        """Write the ready line, with the child's ports; once."""
        self._say({"ready": info})

    def failed(self, message: str, exit_code: int) -> None:
        """Say why the child could not start; once."""
        self._say({"failed": message, "exit_code": exit_code})

    @property
    def has_parent(self) -> bool:
        """Return whether a parent waits for our ready line or holds our lifeline."""
        return self.lifeline_fd is not None

    def read_reason(self) -> str:
        """Return what the lifeline holds; call it once the lifeline is readable."""
        if self.lifeline_fd is None:
            return ""
        try:
            return os.read(self.lifeline_fd, 4096).decode(errors="replace").strip()
        except BlockingIOError:
            return ""

    async def wait_let_go(self) -> str:
        """Wait until the parent lets go or dies; return its reason, "" when it gave none.

        A parent that wants the child to stay is waited for no more: this then never returns.
        """
        fd = self.lifeline_fd
        if fd is None:
            await asyncio.Event().wait()
            return ""
        loop = asyncio.get_running_loop()
        readable = asyncio.Event()
        loop.add_reader(fd, readable.set)
        try:
            await readable.wait()
        finally:
            loop.remove_reader(fd)
        reason = self.read_reason()
        if reason == STAY:
            await asyncio.Event().wait()
        return reason

    def _say(self, message: Mapping[str, Any]) -> None:
        if self._ready_fd is None:
            return
        fd, self._ready_fd = self._ready_fd, None
        with contextlib.suppress(BrokenPipeError):
            os.write(fd, json.dumps(message).encode() + b"\n")
        os.close(fd)


class Child:
    """The parent's side of one child process."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, lifeline: int) -> None:
        self.name = name
        self.process = process
        self.info: dict[str, Any] = {}
        """What the child said of itself on its ready line."""
        self._lifeline: int | None = lifeline

    @classmethod
    async def spawn(
        cls,
        name: str,
        arguments: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        timeout_s: float = 20.0,
        stdout: int | None = None,
        stderr: int | None = None,
        sock: socket.socket | None = None,
    ) -> Child:
        """Start `python -m ari_tui ARGUMENTS` and wait for its ready line.

        `sock` is handed on to it, and closed here. Raises ChildFailedError with the child's own
        message and exit code when it says that it failed, or ends or stays silent for
        `timeout_s`; it has then been ended.
        """
        ready_read, ready_write = os.pipe()
        life_read, life_write = os.pipe()
        handed = {} if sock is None else {_SOCKET_FD: sock.fileno()}
        command = [sys.executable, "-m", "ari_tui", *arguments]
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                env={
                    **(os.environ if environment is None else environment),
                    _READY_FD: str(ready_write),
                    _LIFELINE_FD: str(life_read),
                    **{name: str(fd) for name, fd in handed.items()},
                },
                pass_fds=(ready_write, life_read, *handed.values()),
                start_new_session=True,
            )
        except BaseException:
            os.close(ready_read)
            os.close(life_write)
            raise
        finally:
            os.close(ready_write)
            os.close(life_read)
            if sock is not None:
                sock.close()
        child = cls(name, process, life_write)
        try:
            child.info = await asyncio.wait_for(_read_ready(name, ready_read, process), timeout_s)
        except asyncio.TimeoutError:
            await unbroken(child.kill())
            raise ChildFailedError(f"{name} was not ready after {timeout_s:g} s") from None
        except ChildFailedError:  # it has said why, and is on its way out
            await unbroken(child.stop(timeout_s=_FAREWELL_S))
            raise
        except BaseException:
            await unbroken(child.kill())
            raise
        return child

    @property
    def running(self) -> bool:
        """Return whether the process has not ended yet."""
        return self.process.returncode is None

    def let_go(self, reason: str = "") -> None:
        """Close the lifeline, telling why: the child drains and stops by itself."""
        if self._lifeline is None:
            return
        fd, self._lifeline = self._lifeline, None
        with contextlib.suppress(BrokenPipeError):
            if reason:
                os.write(fd, reason.encode() + b"\n")
        os.close(fd)

    def hurry(self) -> None:
        """Make a child that was asked to end skip the rest of its draining, by two signals.

        Two different ones: the kernel makes one of two that are the same.
        """
        with contextlib.suppress(ProcessLookupError):
            for number in (signal.SIGINT, signal.SIGTERM):
                self.process.send_signal(number)

    def disown(self) -> None:
        """Let the child outlive us.

        asyncio kills its processes when the program ends, and has no public way to give one up: so
        its transport forgets the process.
        """
        self.let_go(STAY)
        transport = self.process._transport  # type: ignore[attr-defined]
        transport._proc = None
        transport.close()

    async def stop(self, reason: str = "", *, timeout_s: float = 15.0) -> int:
        """Let the child go, wait for its end, kill it when it outstays `timeout_s`."""
        self.let_go(reason)
        return await ended_within(self.process, timeout_s)

    async def finish(
        self, hurry: Awaitable[object], *, drain_s: float | None, hurry_s: float
    ) -> int:
        """Wait for a child that was let go, by ever stronger means; return its exit code.

        When `hurry` is done or `drain_s` is over it has to skip its draining; when it has not ended
        `hurry_s` later it is killed.
        """
        ended = asyncio.ensure_future(self.process.wait())
        hurried = asyncio.ensure_future(hurry)
        try:
            await asyncio.wait(
                {ended, hurried}, timeout=drain_s, return_when=asyncio.FIRST_COMPLETED
            )
            if not ended.done():
                self.hurry()
            return await ended_within(self.process, hurry_s)
        finally:
            await end_tasks((ended, hurried))

    async def kill(self) -> int:
        """End the child at once; harmless when it has ended."""
        self.let_go()
        return await killed(self.process)


async def ended_within(process: asyncio.subprocess.Process, patience_s: float) -> int:
    """Wait for a process that was asked to end; kill it after `patience_s`. Returns its code."""
    try:
        return await asyncio.wait_for(process.wait(), patience_s)
    except asyncio.TimeoutError:
        return await killed(process)


async def killed(process: asyncio.subprocess.Process) -> int:
    """Kill a process, and wait until it has ended; harmless when it has. Returns its exit code."""
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    return await process.wait()


async def _read_ready(name: str, fd: int, process: asyncio.subprocess.Process) -> dict[str, Any]:
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(fd, "rb", buffering=0)
    )
    try:
        line = await reader.readline()
    finally:
        transport.close()
    if not line:
        code = await process.wait()
        raise ChildFailedError(f"{name} ended (exit {code}) before it was ready")
    try:
        message = json.loads(line)
        if "ready" not in message:
            raise ChildFailedError(str(message["failed"]), int(message["exit_code"]))
        info: dict[str, Any] = message["ready"]
    except (ValueError, TypeError, LookupError):
        raise ChildFailedError(f"{name} said {line[:80]!r} for a ready line") from None
    return info
