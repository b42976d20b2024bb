"""`report` as a user calls it: forms, stdin and stdout, and wrong files in words."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from ari_tui.cli.main import execute
from ari_tui.document.model import decode, encode
from tests.report.kit import STARTED, a_load_report, a_run

pytestmark = pytest.mark.usefixtures("bare_start")


@pytest.fixture
def run(bare_start: Path) -> Path:
    path = bare_start / "run.json"
    documents = [
        a_run(kind="interval", time="2026-11-22T11:59:01Z", session__started_at=STARTED),
        a_run(session__started_at=STARTED, sla__verdict="fail"),
    ]
    path.write_bytes(b"".join(encode(one) + b"\n" for one in documents))
    return path


def test_without_options_the_text_goes_to_stdout(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute(["report", "run.json"]) == 0
    told = capsys.readouterr()
    assert told.out.startswith("Calls measured on ")
    assert "Calls up (a point is 1 s" in told.out
    assert told.err == ""


def test_every_form_is_written_where_it_is_asked_for(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--html", "a.html", "--text", "a.txt", "--json", "a.json", "--ascii"]
    assert execute(["report", "run.json", *arguments, "--width", "70"]) == 0
    assert capsys.readouterr().out == ""
    assert (run.parent / "a.html").read_text().startswith("<!DOCTYPE html>")
    assert (run.parent / "a.txt").read_text().isascii()
    assert decode((run.parent / "a.json").read_bytes()).sla.verdict == "fail"


def test_html_can_go_to_stdout(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["report", "run.json", "--html", "-"]) == 0
    assert capsys.readouterr().out.startswith("<!DOCTYPE html>")


def test_a_load_test_comes_through_stdin(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(encode(a_load_report())))
    monkeypatch.setattr(sys, "stdin", stdin)
    assert execute(["report", "-"]) == 0
    assert capsys.readouterr().out.startswith("Load test of Local/tone@lab")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["gone.json"], "cannot read gone.json: No such file or directory"),
        (["bad.json"], "bad.json: no JSON"),
        (["run.json", "--html", "run.json/x.html"], "--html: cannot write run.json/x.html"),
        (["run.json", "--width", "3"], "--width"),
        ([], "Missing argument 'FILE'"),
    ],
)
def test_a_wrong_use_is_one_clear_line(
    run: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    (run.parent / "bad.json").write_text("hello")
    assert execute(["report", *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert told in line
