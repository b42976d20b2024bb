"""Child processes: a ready line before the parent continues, a lifeline that stops the child.

A child runs in its own session (signals of the terminal do not reach it). It inherits two pipes,
named in its environment. On the first it writes one JSON line, `{"ready": {...}}` or
`{"failed": "why", "exit_code": 3, "question": ""}`. The second, the lifeline, reads end of file
when the parent has closed it or has ended; then the child drains and stops. A line before the end
of file is the reason ("SIGINT"); after the reason "stay" the child continues without a parent.

A parent may bind a child's socket and pass it on: its port is then known before the child runs.
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

from ari_tui.core.cancellation import cancel_tasks, shielded
from ari_tui.core.errors import ChildFailedError

STAY = "stay"
_READY_FD = "ARI_TUI_READY_FD"
_LIFELINE_FD = "ARI_TUI_LIFELINE_FD"
_SOCKET_FD = "ARI_TUI_SOCKET_FD"
_FAILED_EXIT_S = 3.0
"""How long a child that could not start may take to exit."""


def flag_arguments(**values: object) -> list[str]:
    """Return `--name=value` for each value that is given, that is neither None nor empty."""
    return [
        f"--{name.replace('_', '-')}={value}"
        for name, value in values.items()
        if value not in (None, "")
    ]


class ParentLink:
    """The child's side. Without a parent it does nothing and its lifeline never ends."""

    def __init__(
        self, ready_fd: int | None, lifeline_fd: int | None, socket_fd: int | None = None
    ) -> None:
        self._ready_fd, self.lifeline_fd, self._socket_fd = ready_fd, lifeline_fd, socket_fd

    @classmethod
    def from_environment(cls) -> ParentLink:
        """Take the descriptors out of the environment, so that no grandchild inherits them."""
        texts = [os.environ.pop(name, None) for name in (_READY_FD, _LIFELINE_FD, _SOCKET_FD)]
        fds = [int(text) if text else None for text in texts]
        for fd in fds:
            if fd is not None:
                os.set_inheritable(fd, False)
        return cls(*fds)

    def take_socket(self) -> socket.socket | None:
        """Return the bound socket that the parent passed on; once, and the caller closes it."""
        fd, self._socket_fd = self._socket_fd, None
        return None if fd is None else socket.socket(fileno=fd)

    def ready(self, **info: Any) -> None:
        """Write the ready line, with the child's ports; once."""
        self._write({"ready": info})

    def failed(self, message: str, exit_code: int, question: str = "") -> None:
        """Write why the child could not start, and what to ask a person about it; once."""
        self._write({"failed": message, "exit_code": exit_code, "question": question})

    @property
    def parent_waits(self) -> bool:
        """Return whether a parent still waits for our ready line."""
        return self._ready_fd is not None

    @property
    def has_parent(self) -> bool:
        """Return whether a parent holds our lifeline."""
        return self.lifeline_fd is not None

    def read_reason(self) -> str:
        """Return what the lifeline holds; call it once the lifeline is readable."""
        if self.lifeline_fd is None:
            return ""
        try:
            return os.read(self.lifeline_fd, 4096).decode(errors="replace").strip()
        except BlockingIOError:
            return ""

    async def lifeline_ended(self) -> str:
        """Wait until the parent closes the lifeline or ends; return its reason, "" for none.

        Never returns after the reason "stay".
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

    def _write(self, message: Mapping[str, Any]) -> None:
        if self._ready_fd is None:
            return
        fd, self._ready_fd = self._ready_fd, None
        with contextlib.suppress(BrokenPipeError):
            os.write(fd, json.dumps(message).encode() + b"\n")
        os.close(fd)


class Child:
    """The parent's side of one child process."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, lifeline: int) -> None:
        self.name, self.process = name, process
        self.info: dict[str, Any] = {}
        """The fields of the child's ready line."""
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

        `sock` is passed on to it, and closed here. Raises ChildFailedError, after the child has
        ended: with its own message and exit code when it reports a failure, or when it ends or
        writes no ready line within `timeout_s`.
        """
        ready_read, ready_write = os.pipe()
        life_read, life_write = os.pipe()
        passed = {_READY_FD: ready_write, _LIFELINE_FD: life_read}
        passed |= {} if sock is None else {_SOCKET_FD: sock.fileno()}
        inherited = os.environ if environment is None else environment
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "ari_tui", *arguments),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                env={**inherited, **{variable: str(fd) for variable, fd in passed.items()}},
                pass_fds=tuple(passed.values()),
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
            await shielded(child.kill())
            raise ChildFailedError(f"{name} was not ready after {timeout_s:g} s") from None
        except ChildFailedError:  # it has reported why, and is about to exit
            await shielded(child.stop(timeout_s=_FAILED_EXIT_S))
            raise
        except BaseException:
            await shielded(child.kill())
            raise
        return child

    @property
    def running(self) -> bool:
        """Return whether the process has not ended yet."""
        return self.process.returncode is None

    def close_lifeline(self, reason: str = "") -> None:
        """Close the lifeline, with a reason: the child drains and stops by itself."""
        if self._lifeline is None:
            return
        fd, self._lifeline = self._lifeline, None
        with contextlib.suppress(BrokenPipeError):
            if reason:
                os.write(fd, reason.encode() + b"\n")
        os.close(fd)

    def skip_draining(self) -> None:
        """Make a child that drains end now, by two signals.

        Two different ones: the kernel merges two pending signals of one number.
        """
        with contextlib.suppress(ProcessLookupError):
            for number in (signal.SIGINT, signal.SIGTERM):
                self.process.send_signal(number)

    def detach(self) -> None:
        """Let the child continue after this program has ended.

        asyncio kills its processes when the program ends and has no public way to release one:
        its transport is made to forget the process.
        """
        self.close_lifeline(STAY)
        transport = self.process._transport  # type: ignore[attr-defined]
        transport._proc = None
        transport.close()

    async def stop(self, reason: str = "", *, timeout_s: float = 15.0) -> int:
        """Close the lifeline and wait for the child's end; kill it after `timeout_s`."""
        self.close_lifeline(reason)
        return await wait_or_kill(self.process, timeout_s)

    async def finish(
        self, skip: Awaitable[object], *, drain_s: float | None, kill_after_s: float
    ) -> int:
        """Wait for a child whose lifeline is closed; return its exit code.

        It skips draining as soon as `skip` is done or `drain_s` is over, and is killed when it has
        not ended `kill_after_s` later.
        """
        ended = asyncio.ensure_future(self.process.wait())
        skipped = asyncio.ensure_future(skip)
        try:
            await asyncio.wait(
                {ended, skipped}, timeout=drain_s, return_when=asyncio.FIRST_COMPLETED
            )
            if not ended.done():
                self.skip_draining()
            return await wait_or_kill(self.process, kill_after_s)
        finally:
            await cancel_tasks((ended, skipped))

    async def kill(self) -> int:
        """End the child at once; harmless when it has ended."""
        self.close_lifeline()
        return await kill_and_wait(self.process)


async def wait_or_kill(process: asyncio.subprocess.Process, timeout_s: float) -> int:
    """Wait for a process that was asked to end; kill it after `timeout_s`. Return its exit code."""
    try:
        return await asyncio.wait_for(process.wait(), timeout_s)
    except asyncio.TimeoutError:
        return await kill_and_wait(process)


async def kill_and_wait(process: asyncio.subprocess.Process) -> int:
    """Kill a process if it runs, and wait until it has ended. Return its exit code."""
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
            raise ChildFailedError(
                str(message["failed"]),
                int(message["exit_code"]),
                question=str(message.get("question", "")),
            )
        info: dict[str, Any] = message["ready"]
    except (ValueError, TypeError, LookupError):
        raise ChildFailedError(f"{name} said {line[:80]!r} for a ready line") from None
    return info
