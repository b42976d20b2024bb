"""Reports as files: the form follows the name's end, and only the owner can read them."""

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
_NARROW: Final = 100


def form_of(path: str, origin: str = "--report") -> Form:
    """Return what a file of this name is to hold. Raises ConfigError, which names `origin`."""
    form = _FORMS.get(Path(path).suffix.lower())
    if form is None:
        raise ConfigError(f"{origin}: {path}: expected a name that ends in .json, .html or .txt")
    return form


def render(
    report_input: ReportInput, form: Form, *, width: int = _NARROW, ascii_only: bool = False
) -> str:
    """Return a report as text of this form; `width` and `ascii_only` are the text's."""
    if form == "json":
        shown = report_input.document if report_input.load is None else report_input.load
        return msgspec.json.format(msgspec.json.encode(shown), indent=1).decode() + "\n"
    if form == "html":
        from ari_tui.report.html.page import html_report

        return html_report(report_input)
    from ari_tui.report.text.full import plain_report

    return plain_report(report_input, width=width, ascii_only=ascii_only) + "\n"


def write_report(path: str, report: LoadReport) -> None:
    """Write a load test's report in the form that the name asks for. Raises ConfigError."""
    write_file(path, render(input_of_load_test(report), form_of(path)))


def write_file(path: str, text: str, origin: str = "--report") -> None:
    """Write a file whole or not at all, readable by its owner alone; folders are made.

    Raises ConfigError, which names `origin`.
    """
    target = Path(path)
    # beside the target, so that the rename cannot cross file systems
    waiting = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if target.exists() and not target.is_file():  # a device or a pipe cannot be replaced
            target.write_text(text, encoding="utf-8")
            return
        fd = os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(waiting, target)
    except OSError as error:
        with contextlib.suppress(OSError):
            waiting.unlink()
        raise ConfigError(f"{origin}: cannot write {path}: {error.strerror or error}") from None


_WIDEST: Final = 120


def terminal_width() -> int:
    """Return how wide a text may be: the terminal's columns, at most 120, 100 without one."""
    return min(shutil.get_terminal_size((100, 24)).columns, _WIDEST)


def closing_report(document: Document, reports: Iterable[str] = ()) -> str:
    """Return what a run ends with; `reports` are files that its load test may have written.

    Without a load test, or when none of them is its own, it is how the document stands.
    """
    if document.load is not None:
        for path in reports:
            load = _report_of(document, path)
            if load is not None:
                return closing_load_report(load)
    return final_report(document)


def closing_load_report(report: LoadReport) -> str:
    """Return all of a load test but its charts, as wide as the terminal."""
    return plain_report(input_of_load_test(report), width=terminal_width(), charts=False)


def _report_of(document: Document, path: str) -> LoadReport | None:
    if form_of(path) != "json":
        return None
    try:
        load = read_report_input(Path(path)).load
    except ReportFileError:  # it was never written
        return None
    # a file may be left from a test before
    own = load is not None and load.document.session.id == document.session.id
    return load if own else None
