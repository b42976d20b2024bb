from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from ari_tui.report.closing import closing_load_report, closing_report, terminal_width
from ari_tui.report.files import write_report
from ari_tui.report.text import final_report
from ari_tui.snapshot.model import Document, LoadProgress
from tests.report.conftest import blank
from tests.report.kit import a_load_report, a_run


@pytest.fixture
def document() -> Document:
    """The final document of a load test's engine."""
    return a_run(session__id="abc", load=blank(LoadProgress))


def test_a_load_test_ends_with_its_whole_report_from_its_file(
    document: Document, tmp_path: Path
) -> None:
    report = a_load_report(document=document)
    page, data = str(tmp_path / "load.html"), str(tmp_path / "load.json")
    write_report(data, report)
    assert closing_report(document, [page, data]) == closing_load_report(report)
    assert closing_report(document, [data]).startswith("Load test of Local/tone@lab\n")


def test_another_test_s_file_or_none_leaves_the_document_as_it_stands(
    document: Document, tmp_path: Path
) -> None:
    other = str(tmp_path / "load.json")
    write_report(other, a_load_report())
    for reports in ([], [other], [str(tmp_path / "gone.json")]):
        assert closing_report(document, reports) == final_report(document)


def test_a_run_is_none_of_a_load_test(document: Document, tmp_path: Path) -> None:
    path = str(tmp_path / "load.json")
    write_report(path, a_load_report(document=document))
    plain = msgspec.structs.replace(document, load=None)
    assert closing_report(plain, [path]) == final_report(plain)


@pytest.mark.parametrize(("columns", "width"), [("77", 77), ("300", 120)])
def test_the_width_is_the_terminals_up_to_one_that_reads_well(
    columns: str, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert terminal_width() == width
