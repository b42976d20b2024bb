from __future__ import annotations

import io
import json
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from ari_tui.config.settings import OutputSettings
from ari_tui.core.errors import ConfigError
from ari_tui.document.model import Document
from ari_tui.report.headless import HeadlessReport
from tests.schemas import decode

Make = Callable[..., Document]


class Clock:
    """Stands still until it is set."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Bench:
    """A report whose clock and outputs are in hand."""

    def __init__(self, output: OutputSettings, document: Make) -> None:
        self.clock, self.text, self.json = Clock(), io.StringIO(), io.BytesIO()
        self.document = document
        self.report = HeadlessReport(output, clock=self.clock, stdout=self.json, text=self.text)

    def run(self, *at_s: float) -> None:
        """Hand a document over at each of these times after the start."""
        for at in at_s:
            self.clock.now = Clock.now + at
            self.report.take(self.document(time=str(at)))

    def finish(self, at_s: float) -> None:
        self.clock.now = Clock.now + at_s
        self.report.take(self.document(time=str(at_s), kind="final", session__end_reason="test"))

    @property
    def documents(self) -> list[float]:
        return [float(decode(line).time) for line in self.json.getvalue().splitlines()]

    @property
    def status_lines(self) -> list[str]:
        return [line for line in self.text.getvalue().splitlines() if line.startswith("p50=")]


def test_a_document_is_a_line_at_every_interval(document: Make) -> None:
    bench = Bench(OutputSettings(json="-", interval_s=2.0), document)
    bench.run(0, 1, 2, 3, 4, 5)
    assert bench.documents == [0, 2, 4]


def test_a_document_a_little_early_is_on_time_and_the_schedule_does_not_drift(
    document: Make,
) -> None:
    bench = Bench(OutputSettings(json="-", interval_s=1.0), document)
    bench.run(0.0, 0.95, 2.04, 2.95, 4.04, 4.95)
    assert bench.documents == [0.0, 0.95, 2.04, 2.95, 4.04, 4.95]


def test_after_a_stall_what_was_missed_is_not_made_up_for(document: Make) -> None:
    bench = Bench(OutputSettings(json="-", interval_s=1.0, status_s=5), document)
    bench.run(0, 1, 60, *(60 + n / 4 for n in range(1, 9)))
    assert bench.documents == [0, 1, 60, 61, 62]
    assert len(bench.status_lines) == 1


def test_the_status_line_comes_at_its_own_interval(document: Make) -> None:
    bench = Bench(OutputSettings(json="-", interval_s=1.0, status_s=5.0), document)
    bench.run(*range(12))
    assert len(bench.documents) == 12
    assert len(bench.status_lines) == 2  # after 5 and after 10 s


def test_no_status_line_when_it_is_off_but_the_report_at_the_end(document: Make) -> None:
    bench = Bench(OutputSettings(json="-", status_s=0), document)
    bench.run(*range(30))
    bench.finish(30)
    assert bench.status_lines == []
    assert "ended by test" in bench.text.getvalue()


def test_the_final_document_and_the_report_come_whatever_the_interval(document: Make) -> None:
    bench = Bench(OutputSettings(json="-", interval_s=3600, status_s=3600), document)
    bench.run(0, 1)
    bench.finish(1.1)
    assert bench.documents == [0, 1.1]
    assert decode(bench.json.getvalue().splitlines()[-1]).kind == "final"
    assert len(bench.status_lines) == 1
    assert bench.text.getvalue().count("ended by test") == 1


def test_without_a_report_the_final_document_and_the_status_line_still_come(
    document: Make,
) -> None:
    text, json_lines = io.StringIO(), io.BytesIO()
    out = HeadlessReport(OutputSettings(json="-"), report=False, stdout=json_lines, text=text)
    out.take(document(kind="final", session__end_reason="test"))
    (line,) = text.getvalue().splitlines()
    assert line.startswith("p50=")
    assert decode(json_lines.getvalue().removesuffix(b"\n")).kind == "final"


def test_stdout_holds_json_and_nothing_else(
    document: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    with HeadlessReport(OutputSettings(json="-", status_s=0.1)) as report:
        report.take(document())
        report.take(document(kind="final", session__end_reason="test"))
    out, err = capsys.readouterr()
    assert [json.loads(line)["kind"] for line in out.splitlines()] == ["interval", "final"]
    assert "ended by test" in err


def test_without_json_the_text_goes_to_stdout(
    document: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    with HeadlessReport(OutputSettings()) as report:
        report.take(document(kind="final", session__end_reason="test"))
    out, err = capsys.readouterr()
    assert "ended by test" in out
    assert err == ""


def test_a_terminal_of_another_encoding_gets_its_report(document: Make) -> None:
    raw = io.BytesIO()
    text = io.TextIOWrapper(raw, encoding="ascii")
    HeadlessReport(OutputSettings(), text=text).take(
        document(kind="final", session__end_reason="test")
    )
    assert b"p50=? p95=?" in raw.getvalue()


def test_a_json_file_is_for_its_owner_alone(document: Make, tmp_path: Path) -> None:
    file = tmp_path / "stats.json"
    before = os.umask(0)
    try:
        with HeadlessReport(OutputSettings(json=str(file)), text=io.StringIO()) as report:
            report.take(document())
            # whole at once, for whoever follows the file
            assert decode(file.read_bytes().removesuffix(b"\n")).kind == "interval"
    finally:
        os.umask(before)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_json_file_of_an_earlier_run_is_begun_anew(document: Make, tmp_path: Path) -> None:
    file = tmp_path / "stats.json"
    file.write_text("old\n" * 1000)
    with HeadlessReport(OutputSettings(json=str(file)), text=io.StringIO()) as report:
        report.take(document())
    assert len(file.read_bytes().splitlines()) == 1


def test_the_file_is_closed_and_a_stream_that_was_lent_is_not(tmp_path: Path) -> None:
    lent = io.BytesIO()
    with HeadlessReport(OutputSettings(json="-"), stdout=lent):
        pass
    assert not lent.closed
    open_before = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").is_dir() else 0
    with HeadlessReport(OutputSettings(json=str(tmp_path / "x"))):
        pass
    open_after = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").is_dir() else 0
    assert open_after == open_before


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("no/such/folder/x.json", "No such file or directory"),
        ("", "Is a directory"),
    ],
)
def test_a_file_that_cannot_be_written_is_one_clear_line(
    tmp_path: Path, name: str, reason: str
) -> None:
    path = f"{tmp_path}/{name}"
    with pytest.raises(ConfigError) as caught:
        HeadlessReport(OutputSettings(json=path))
    assert str(caught.value) == f"--json: cannot write {path}: {reason}"
    assert caught.value.__suppress_context__
