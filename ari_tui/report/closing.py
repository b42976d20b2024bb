"""What is printed when a run is over, once: the load test's own report where there is one."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from ari_tui.report.files import form_of
from ari_tui.report.plain import plain_report
from ari_tui.report.subject import ReportFileError, read_subject, subject_of_load
from ari_tui.report.text import final_report
from ari_tui.snapshot.load import LoadReport
from ari_tui.snapshot.model import Document

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
    return plain_report(subject_of_load(report), width=terminal_width(), charts=False)


def _report_of(document: Document, path: str) -> LoadReport | None:
    if form_of(path) != "json":
        return None
    try:
        load = read_subject(Path(path)).load
    except ReportFileError:  # it was never written
        return None
    # a file may be left from a test before
    own = load is not None and load.document.session.id == document.session.id
    return load if own else None
