"""Runs a program for an alert: environment variables, JSON on standard input, a time-out."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
from collections.abc import Mapping, Sequence
from typing import Final

from ari_tui.config.sources import ALERT_PREFIX, ORIGINAL_VARIABLES, PREFIX
from ari_tui.core import log
from ari_tui.core.errors import ConfigError, DeliveryError
from ari_tui.core.text import clean_text
from ari_tui.document.alert import Alert
from ari_tui.document.model import encode

_KEPT: Final = 4096
"""Bytes of its output that are logged; the rest is read and dropped."""
_LINES: Final = 20
_GRACE_S: Final = 1.0
"""Between SIGTERM and SIGKILL."""
_log = log.get("alerts")


class AlertCommand:
    """A program that is run for every alert, without a shell, in a session of its own."""

    def __init__(
        self,
        arguments: Sequence[str],
        timeout_s: float,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        """Take the program and its arguments. Raises ConfigError when there is no such program."""
        self.name = f"command {os.path.basename(arguments[0])}"
        if shutil.which(arguments[0]) is None:
            raise ConfigError(f"alerts.command: there is no program {clean_text(arguments[0])}")
        self._arguments, self._timeout_s, self._environment = arguments, timeout_s, environment

    async def deliver(self, alert: Alert) -> None:
        """Run the program to its end. Raises DeliveryError when it fails or takes too long.

        On time-out, and when this is cancelled, its whole process group is ended.
        """
        output = _Output()
        try:
            process = await self._start(alert, output)
            try:
                code = await asyncio.wait_for(process.wait(), self._timeout_s)
            except asyncio.TimeoutError:
                raise DeliveryError(f"it did not end within {self._timeout_s:g} s") from None
            finally:
                if process.returncode is None:
                    await _end_group(process)
        finally:
            output.close()
            for line in output.lines():
                _log.info(f"{self.name}: {line}")
        if code:
            raise DeliveryError(f"it ended with {code}" if code > 0 else f"signal {-code} ended it")

    async def _start(self, alert: Alert, output: _Output) -> asyncio.subprocess.Process:
        # a few KiB fit into the pipe: this does not wait for a program that does not read them
        read, write = os.pipe()
        try:
            with os.fdopen(write, "wb") as stdin:
                stdin.write(encode(alert) + b"\n")
            return await asyncio.create_subprocess_exec(
                *self._arguments,
                stdin=read,
                stdout=output.write_end,
                stderr=output.write_end,
                env=environment_of(alert, self._environment),
                start_new_session=True,
            )
        except OSError as error:
            raise DeliveryError(f"it cannot be started: {error.strerror}") from None
        finally:
            os.close(read)
            os.close(output.write_end)  # the program has its own copy


def environment_of(alert: Alert, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a command: the alert, and nothing of our own settings' secrets."""
    inherited = {
        name: value
        for name, value in environment.items()
        if not name.startswith(PREFIX) and name not in ORIGINAL_VARIABLES
    }
    variables = {
        "STATE": alert.state,
        "PREVIOUS": alert.previous,
        "TEXT": alert.text,
        "TIME": alert.time,
        "RULES": ",".join(alert.failing),
        "CALLS": str(max(alert.failing.values(), default=0)),
        "PROFILE": alert.profile,
        "SESSION": alert.session,
        "HOST": alert.host,
        "VERDICT": alert.verdict,
        "WHERE": "" if alert.where is None else alert.where.line,
    }
    return {**inherited, **{ALERT_PREFIX + name: value for name, value in variables.items()}}


async def _end_group(process: asyncio.subprocess.Process) -> None:
    """End a program and its process group: SIGTERM, then SIGKILL."""
    _signal_group(process.pid, signal.SIGTERM)
    try:
        await asyncio.wait_for(process.wait(), _GRACE_S)
    except asyncio.TimeoutError:
        pass
    finally:
        # for processes that ignored SIGTERM, and when this is cancelled meanwhile
        _signal_group(process.pid, signal.SIGKILL)
    await process.wait()


def _signal_group(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


class _Output:
    """The output of a program: the beginning is kept, the rest is read and dropped."""

    def __init__(self) -> None:
        self._read, self.write_end = os.pipe()
        os.set_blocking(self._read, False)
        self._head = b""
        asyncio.get_running_loop().add_reader(self._read, self._take)

    def _take(self) -> bool:
        """Read what is there; False at the end of the file, or when nothing is there now."""
        try:
            data = os.read(self._read, 65536)
        except BlockingIOError:
            return False
        if not data:
            asyncio.get_running_loop().remove_reader(self._read)
        self._head += data[: _KEPT - len(self._head)]
        return bool(data)

    def close(self) -> None:
        """Read what has been written so far and close the pipe."""
        for _ in range(_LINES):
            if not self._take():
                break
        asyncio.get_running_loop().remove_reader(self._read)
        os.close(self._read)

    def lines(self) -> list[str]:
        """Return the first lines, fit for a log."""
        text = self._head.decode("utf-8", "replace")
        return [clean_text(line, 400) for line in text.splitlines()[:_LINES] if line.strip()]
