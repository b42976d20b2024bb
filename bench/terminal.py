"""A terminal with a program in it: what it writes is counted, and can be waited for.

Nothing answers: questions to the terminal stay open, as with one that knows none of them.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import signal
import struct
import subprocess
import tempfile
import termios
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

_KEPT: Final = 1 << 20
_PAUSE_S: Final = 0.1
"""Output after so long a silence is another repaint."""
_GOODBYE_S: Final = 20.0
_CONTROL: Final = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|.)")
"""Control sequences of ECMA-48, and titles."""


class Terminal:
    """Runs a command in a terminal until the block is left; a thread reads all that it writes."""

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], columns: int, lines: int
    ) -> None:
        self.bytes = 0
        """Written so far."""
        self.repaints = 0
        """Bursts of output so far."""
        self._kept = bytearray()
        self._more = threading.Condition()
        self._ended = False
        self._master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self.started = time.monotonic()
        try:
            self.process = subprocess.Popen(
                command,
                stdin=slave,
                stdout=slave,
                stderr=slave,
                env=environment,
                cwd=environment["HOME"],
                start_new_session=True,
                preexec_fn=_control,
            )
        finally:
            os.close(slave)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """End the program, and whatever it owns with it."""
        self.process.terminate()
        try:
            self.process.wait(_GOODBYE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._reader.join(_GOODBYE_S)
        os.close(self._master)

    def wait_for(self, pattern: bytes, timeout_s: float, *, plain: bool = False) -> float:
        """Wait until the output holds a pattern; return how long after the start that was, in s.

        `plain` looks at the text without control sequences. Raises RuntimeError when it does not
        come, or the program ends.
        """
        wanted, deadline = re.compile(pattern), time.monotonic() + timeout_s
        with self._more:
            while True:
                text = bytes(self._kept)
                if wanted.search(_CONTROL.sub(b"", text) if plain else text):
                    return self._last - self.started
                left = deadline - time.monotonic()
                if self._ended or left <= 0:
                    tail = _CONTROL.sub(b"", text)[-300:].decode(errors="replace")
                    raise RuntimeError(f"{pattern!r} did not come; the terminal shows: {tail}")
                self._more.wait(left)

    def _read(self) -> None:
        self._last = 0.0
        while True:
            try:
                data = os.read(self._master, 1 << 16)
            except OSError:  # what Linux says when the last program has closed the terminal
                data = b""
            now = time.monotonic()
            with self._more:
                self.bytes += len(data)
                self.repaints += now - self._last > _PAUSE_S
                self._last = now
                if len(self._kept) < _KEPT:
                    self._kept += data
                self._ended = not data
                self._more.notify_all()
            if not data:
                return


def _control() -> None:
    """Make the terminal the one that controls the child's session, as a shell's is."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@contextlib.contextmanager
def private_home() -> Iterator[dict[str, str]]:
    """Make a home folder for the length of the block; yields an environment that knows no other.

    Bytecode is kept in it: the first start compiles, the others find what an installation has.
    """
    with tempfile.TemporaryDirectory(prefix="ari-tui-bench-") as folder:
        home = Path(folder)
        kept = ("PATH", "LANG", "VIRTUAL_ENV", "SSL_CERT_FILE", "SSL_CERT_DIR")
        environment = {name: os.environ[name] for name in kept if name in os.environ}
        environment |= {"HOME": folder, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
        environment["PYTHONPYCACHEPREFIX"] = str(home / "bytecode")
        for name in ("state", "config", "cache", "data"):
            environment[f"XDG_{name.upper()}_HOME"] = str(home / name)
        environment["XDG_RUNTIME_DIR"] = str(home / "run")
        (home / "run").mkdir(mode=0o700)
        yield environment


def cpu_s(pid: int) -> float:
    """Return the processor time of a process with all its threads, in s, by its own clock."""
    # how clock_getcpuclockid(3) makes a clock's id of a process's
    return time.clock_gettime((~pid << 3) | 2)


def family(pid: int) -> list[int]:
    """Return a process and all that it and its children have started and still own."""
    parents: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # ended meanwhile
            # the name, in parentheses, may hold blanks
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            parents.setdefault(parent, []).append(int(folder.name))
    found = [pid]
    for member in found:
        found += parents.get(member, [])
    return found


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a program of ours that has no terminal; kill it when it takes too long."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(_GOODBYE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
