"""What a report is drawn from, and how it is read from a file.

A file holds a load test's report, one document, or a run's documents, one a line; which of them
says its `schema`. Of a run's lines only the last is read as a whole, so a day's file is no burden.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final, NamedTuple

import msgspec

from ari_tui.core.errors import ReportFileError
from ari_tui.core.text import escaped
from ari_tui.document.load_test import LOAD_SCHEMA, LoadReport, decode_load
from ari_tui.document.model import SCHEMA, Document, decode
from ari_tui.report.timeline import DocumentFigures, Timeline, timeline_of

NOT_CLOSED: Final = (
    "The run left no final document: this is how it stood when it broke off, its books are open."
)


class ReportInput(NamedTuple):
    """A run that a report is about."""

    document: Document
    """The last one."""
    timeline: Timeline
    load: LoadReport | None = None
    warning: str | None = None
    """What a reader must know before all else."""


class _ReportHead(msgspec.Struct):
    schema: str = ""


def input_of_load_test(report: LoadReport) -> ReportInput:
    """Return a load test as what a report is drawn from."""
    return ReportInput(report.document, Timeline(report.course), report)


def read_report_input(path: Path) -> ReportInput:
    """Read a file. Raises ReportFileError, which names it."""
    try:
        with path.open("rb") as file:
            return read_stream(file, str(path))
    except OSError as error:
        raise ReportFileError(f"cannot read {path}: {error.strerror or error}") from None


def read_stream(file: IO[bytes], name: str) -> ReportInput:
    """Read an open file that is called `name` in messages. Raises ReportFileError."""
    first = file.readline()
    try:
        schema = _schema(first)
    except msgspec.MsgspecError:
        first += file.read()  # perhaps one object over many lines
        try:
            schema = _schema(first)
        except msgspec.MsgspecError:
            raise ReportFileError(f"{name}: {_NO_REPORT}") from None
    try:
        if schema == LOAD_SCHEMA:
            return input_of_load_test(decode_load(first))
        if schema == SCHEMA:
            return _read_documents(first, file)
    except (msgspec.MsgspecError, ValueError) as error:
        raise ReportFileError(f"{name}: not a whole document: {escaped(str(error), 200)}") from None
    told = f"its schema is {escaped(schema, 60)!r}" if schema else "it names no schema"
    raise ReportFileError(f"{name}: {told}; a report is drawn from {SCHEMA} or {LOAD_SCHEMA}")


_NO_REPORT: Final = (
    "no JSON; a report is drawn from what run, demo or loadtest wrote by --json or --report"
)


def _schema(line: bytes) -> str:
    return msgspec.json.decode(line, type=_ReportHead).schema


def _read_documents(first: bytes, file: IO[bytes]) -> ReportInput:
    lines = _Lines(first, file)
    timeline = timeline_of(lines.documents())
    document = decode(lines.last)
    return ReportInput(document, timeline, warning=None if document.kind == "final" else NOT_CLOSED)


class _Lines:
    """The lines of a run; `last` is the last whole one, once `documents` is exhausted."""

    def __init__(self, first: bytes, rest: IO[bytes]) -> None:
        self.last, self._rest = first, rest
        self._read = msgspec.json.Decoder(DocumentFigures)

    def documents(self) -> Iterator[DocumentFigures]:
        """Yield what the course needs of each line, up to the end or the final document."""
        figures = self._read.decode(self.last)
        yield figures
        for line in self._rest:
            if figures.kind == "final" or not line.strip():
                return
            try:
                figures = self._read.decode(line)
            except msgspec.DecodeError:
                return  # a killed run may have left half a line
            self.last = line
            yield figures
