"""The output of a headless run: JSON documents, the status line, the final report.

With `--json -` stdout is only JSON: the status line and the report go to stderr. A reader of
stdout that blocks does not block the engine: see `BackgroundWriter`.
"""

from __future__ import annotations

import io
import os
import sys
import time
from collections.abc import Callable
from typing import IO, Protocol, TextIO

from ari_tui.config.settings import OutputSettings
from ari_tui.core.errors import ConfigError
from ari_tui.document.model import Document, encode
from ari_tui.report.background_writer import BackgroundWriter
from ari_tui.report.text.summary import final_report, readable, status_line

_SLACK_S = 0.1  # a document may come this much early


class WritableStream(Protocol):
    """A stream for documents."""

    def write(self, data: bytes, /) -> object:
        """Write a line."""

    def flush(self) -> object:
        """Flush the buffer."""


class HeadlessReport:
    """A sink of documents; as a context manager it closes the JSON file."""

    def __init__(
        self,
        output: OutputSettings,
        *,
        report: bool = True,
        clock: Callable[[], float] = time.monotonic,
        stdout: WritableStream | None = None,
        text: TextIO | None = None,
    ) -> None:
        """Open the JSON file. Raises ConfigError when it cannot be written.

        `report`: whether the final document is followed by the final report.
        """
        self._output, self._report, self._clock = output, report, clock
        self._owned: IO[bytes] | BackgroundWriter | None = None
        self._json = self._open_json(stdout)
        self._text = text or (sys.stderr if output.json == "-" else sys.stdout)
        self._next_json = self._clock()
        self._next_status = self._clock() + output.status_s

    def _open_json(self, stdout: WritableStream | None) -> WritableStream | None:
        path = self._output.json
        if not path:
            return None
        if path == "-":
            return stdout or self._own_stdout()
        try:
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        except OSError as error:
            raise ConfigError(f"--json: cannot write {path}: {error.strerror}") from None
        self._owned = os.fdopen(fd, "wb")
        return self._owned

    def _own_stdout(self) -> WritableStream:
        try:
            fd = sys.stdout.fileno()
        except io.UnsupportedOperation:
            return sys.stdout.buffer  # in memory: writing never blocks
        self._owned = BackgroundWriter(fd)
        return self._owned

    def __enter__(self) -> HeadlessReport:
        return self

    def __exit__(self, *_exc: object) -> None:
        if self._owned is not None:
            self._owned.close()

    def take(self, document: Document) -> None:
        """Write JSON and status line when they are due, and always for the final document."""
        final = document.kind == "final"
        now = self._clock()
        if final or now >= self._next_json - _SLACK_S:
            self._write_json(document)
            self._next_json = _next_due(self._next_json, self._output.interval_s, now)
        status = self._output.status_s
        if status and (final or now >= self._next_status - _SLACK_S):
            self._next_status = _next_due(self._next_status, status, now)
            self._say(status_line(document))
        if final and self._report:
            self._say("\n" + final_report(document))

    def _write_json(self, document: Document) -> None:
        if self._json is not None:
            self._json.write(encode(document) + b"\n")
            self._json.flush()

    def _say(self, text: str) -> None:
        self._text.write(readable(text, self._text.encoding) + "\n")
        self._text.flush()


def _next_due(due_s: float, interval_s: float, now_s: float) -> float:
    """Return the next due time after `now_s`; missed ones are skipped."""
    missed = max(0, int((now_s - due_s) // interval_s))
    return due_s + (missed + 1) * interval_s
