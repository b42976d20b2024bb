"""The input of a report, and how it is read from a file.

A file holds a load test's report, one document, or a run's documents, one per line; its `schema`
tells which. Of a run's lines only the last is decoded as a whole: a file of a day reads quickly.
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
    "The run left no final document: these are the figures of when it broke off, "
    "with packets in flight."
)


class ReportInput(NamedTuple):
    """The run that a report is about."""

    document: Document
    """The last document of the run."""
    timeline: Timeline
    load: LoadReport | None = None
    warning: str | None = None
    """A warning that the report begins with."""


class _ReportHead(msgspec.Struct):
    schema: str = ""


def input_of_load_test(report: LoadReport) -> ReportInput:
    """Return the input for a load test."""
    return ReportInput(report.document, Timeline(report.course), report)


def read_report_input(path: Path) -> ReportInput:
    """Read a file. Raises ReportFileError, which contains its name."""
    try:
        with path.open("rb") as file:
            return read_stream(file, str(path))
    except OSError as error:
        raise ReportFileError(f"cannot read {path}: {error.strerror or error}") from None


def read_stream(file: IO[bytes], name: str) -> ReportInput:
    """Read an open file; `name` is for messages. Raises ReportFileError."""
    first = file.readline()
    try:
        schema = _schema(first)
    except msgspec.MsgspecError:
        first += file.read()  # it may be one object over many lines
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
    found = f"its schema is {escaped(schema, 60)!r}" if schema else "it names no schema"
    raise ReportFileError(f"{name}: {found}; a report is drawn from {SCHEMA} or {LOAD_SCHEMA}")


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
    """The lines of a run; `last` is the last complete one once `documents` is exhausted."""

    def __init__(self, first: bytes, rest: IO[bytes]) -> None:
        self.last, self._rest = first, rest
        self._read = msgspec.json.Decoder(DocumentFigures)

    def documents(self) -> Iterator[DocumentFigures]:
        """Yield what the timeline needs of each line, up to the end or the final document."""
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
