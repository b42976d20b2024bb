"""Reports as files: the suffix decides the format, and only the owner can read them."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Final, Literal

import msgspec

from ari_tui.core.errors import ConfigError, ReportFileError
from ari_tui.document.load_test import LoadReport
from ari_tui.document.model import Document
from ari_tui.report.report_input import ReportInput, input_of_load_test, read_report_input
from ari_tui.report.text.full import plain_report
from ari_tui.report.text.summary import final_report

Form = Literal["json", "html", "text"]
_FORMS: Final[dict[str, Form]] = {".json": "json", ".html": "html", ".htm": "html", ".txt": "text"}
_DEFAULT_WIDTH: Final = 100
_MAX_WIDTH: Final = 120


def form_of(path: str, origin: str = "--report") -> Form:
    """Return the format for a file name. Raises ConfigError, which names `origin`."""
    form = _FORMS.get(Path(path).suffix.lower())
    if form is None:
        raise ConfigError(f"{origin}: {path}: expected a name that ends in .json, .html or .txt")
    return form


def render(
    report_input: ReportInput, form: Form, *, width: int = _DEFAULT_WIDTH, ascii_only: bool = False
) -> str:
    """Return a report in this format; `width` and `ascii_only` are for plain text."""
    if form == "json":
        shown = report_input.document if report_input.load is None else report_input.load
        return msgspec.json.format(msgspec.json.encode(shown), indent=1).decode() + "\n"
    if form == "html":
        from ari_tui.report.html.page import html_report

        return html_report(report_input)
    return plain_report(report_input, width=width, ascii_only=ascii_only) + "\n"


def write_report(path: str, report: LoadReport) -> None:
    """Write a load test's report in the format of the file name. Raises ConfigError."""
    write_file(path, render(input_of_load_test(report), form_of(path)))


def write_file(path: str, text: str, origin: str = "--report") -> None:
    """Write a file atomically, readable by its owner only; creates missing directories.

    Raises ConfigError, which names `origin`.
    """
    target = Path(path)
    # in the same directory, so that the rename cannot cross file systems
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if target.exists() and not target.is_file():  # a device or a pipe cannot be replaced
            target.write_text(text, encoding="utf-8")
            return
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(temporary, target)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise ConfigError(f"{origin}: cannot write {path}: {error.strerror or error}") from None


def terminal_width() -> int:
    """Return the width for text: the terminal's columns, at most 120; 100 without a terminal."""
    return min(shutil.get_terminal_size((_DEFAULT_WIDTH, 24)).columns, _MAX_WIDTH)


def closing_report(document: Document, reports: Iterable[str] = ()) -> str:
    """Return the report at the end of a run; `reports` are files that a load test may have written.

    Without a load test, or when none of the files is of this session, it is the document's.
    """
    if document.load is not None:
        for path in reports:
            load = _report_of(document, path)
            if load is not None:
                return closing_load_report(load)
    return final_report(document)


def closing_load_report(report: LoadReport) -> str:
    """Return a load test's report without charts, as wide as the terminal."""
    return plain_report(input_of_load_test(report), width=terminal_width(), charts=False)


def _report_of(document: Document, path: str) -> LoadReport | None:
    if form_of(path) != "json":
        return None
    try:
        load = read_report_input(Path(path)).load
    except ReportFileError:  # it was not written
        return None
    # the file may be from an earlier test
    own = load is not None and load.document.session.id == document.session.id
    return load if own else None
