"""."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import msgspec
import pytest

from ari_tui.core.errors import ConfigError
from ari_tui.document.load_test import decode_load
from ari_tui.document.model import Document, LoadProgress, decode
from ari_tui.report.files import (
    Form,
    closing_load_report,
    closing_report,
    form_of,
    render,
    terminal_width,
    write_file,
    write_report,
)
from ari_tui.report.report_input import input_of_load_test, read_report_input
from ari_tui.report.text.summary import final_report
from tests.report.conftest import blank
from tests.report.kit import a_load_report, a_report_input, a_run


@pytest.mark.parametrize(
    ("name", "form"),
    [("a.json", "json"), ("b/a.HTML", "html"), ("a.htm", "html"), ("a.tar.txt", "text")],
)
def test_the_name_s_end_gives_the_form(name: str, form: Form) -> None:
    assert form_of(name) == form


@pytest.mark.parametrize("name", ["report", "a.pdf", ".json", ""])
def test_another_end_is_refused_with_the_flag(name: str) -> None:
    with pytest.raises(ConfigError, match=r"--report: .*\.json, \.html or \.txt"):
        form_of(name)


def test_every_form_is_written_for_its_owner_alone(tmp_path: Path) -> None:
    report = a_load_report()
    for name in ("new/r.json", "new/r.html", "new/r.txt"):
        write_report(str(tmp_path / name), report)
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
    assert read_report_input(tmp_path / "new" / "r.json").load == report
    assert (tmp_path / "new" / "r.html").read_text().startswith("<!DOCTYPE html>")
    assert (tmp_path / "new" / "r.txt").read_text().endswith("\n")
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700


def test_the_json_of_a_load_test_is_whole_and_of_a_run_its_last_document() -> None:
    report = a_load_report()
    assert decode_load(render(input_of_load_test(report), "json")) == report
    run = a_report_input()._replace(load=None, document=a_run())
    assert decode(render(run, "json")) == a_run()


def test_a_file_of_before_is_replaced_and_its_mode_too(tmp_path: Path) -> None:
    path = tmp_path / "r.txt"
    path.write_text("old and longer")
    path.chmod(0o644)
    write_file(str(path), "new")
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("new", 0o600)
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_that_another_has_left_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    link = tmp_path / "r.txt"
    link.symlink_to(victim)
    write_file(str(link), "new")
    assert (victim.read_text(), link.read_text()) == ("precious", "new")


def test_what_cannot_be_written_is_told_and_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"--html: cannot write .*: File exists"):
        write_file(str(tmp_path / "file" / "r.html"), "x", "--html")
    (tmp_path / "r.html").mkdir()
    with pytest.raises(ConfigError, match=r"cannot write .*: Is a directory"):
        write_file(str(tmp_path / "r.html"), "x")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "r.html"]


def test_a_pipe_is_written_to_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(path.read_text()))
    reader.start()
    write_file(str(path), "through")
    reader.join(10)
    assert read == ["through"]
    assert path.is_fifo()


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
