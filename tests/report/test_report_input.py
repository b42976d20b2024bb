from __future__ import annotations

import io
from pathlib import Path

import msgspec
import pytest

from ari_tui.core.errors import ReportFileError
from ari_tui.document.model import encode
from ari_tui.report.report_input import NOT_CLOSED, read_report_input, read_stream
from tests.report.kit import a_load_report, a_run


def lines(*kinds: str) -> bytes:
    documents = [
        a_run(
            kind=kind,
            time=f"2026-11-22T11:59:{i:02}.000+00:00",
            session__started_at="2026-11-22T11:59:00Z",
        )
        for i, kind in enumerate(kinds, 1)
    ]
    return b"".join(encode(document) + b"\n" for document in documents)


def test_a_runs_lines_give_its_last_document_and_its_timeline() -> None:
    report_input = read_stream(io.BytesIO(lines("interval", "interval", "final")), "run.json")
    assert report_input.document.kind == "final"
    assert [point.at_s for point in report_input.timeline.points] == [0.0, 1.0]
    assert (report_input.load, report_input.warning) == (None, None)


@pytest.mark.parametrize("rest", [b"", b"\n", b'{"schema":"ari-tui.st'])
def test_a_run_that_broke_off_is_drawn_as_it_stood_and_says_so(rest: bytes) -> None:
    report_input = read_stream(io.BytesIO(lines("interval", "interval") + rest), "run.json")
    assert report_input.document.time.startswith("2026-11-22T11:59:02")
    assert report_input.warning == NOT_CLOSED
    assert len(report_input.timeline.points) == 2


@pytest.mark.parametrize("pretty", [False, True])
def test_a_load_test_s_report_is_read_on_one_line_and_on_many(pretty: bool, tmp_path: Path) -> None:
    report = a_load_report()
    data = encode(report)
    path = tmp_path / "load.json"
    path.write_bytes(msgspec.json.format(data, indent=2) if pretty else data)
    report_input = read_report_input(path)
    assert report_input.load == report
    assert report_input.document == report.document
    assert len(report_input.timeline.points) == 10


def test_one_document_over_many_lines_is_read() -> None:
    data = msgspec.json.format(encode(a_run()), indent=1)
    assert read_stream(io.BytesIO(data), "x").document == a_run()


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "x.json: no JSON; a report is drawn from"),
        (b"hello\n", "x.json: no JSON"),
        (b"\xff\xfe\x00", "x.json: no JSON"),
        (b"[1]", "x.json: no JSON"),
        (b"{}", "x.json: it names no schema; a report is drawn from ari-tui.stats/1 or"),
        (b'{"schema":"ari-tui.view/1"}', "its schema is 'ari-tui.view/1'; a report is drawn"),
        (b'{"schema":"ari-tui.stats/1"}', "x.json: not a whole document"),
        (b'{"schema":"ari-tui.loadtest/1","plan":3}', "x.json: not a whole document"),
        (b'{"schema":"\\u001b[2J"}', r"its schema is '\\x1b[2J'"),
    ],
)
def test_what_is_no_report_is_refused_in_words(data: bytes, told: str) -> None:
    with pytest.raises(ReportFileError) as caught:
        read_stream(io.BytesIO(data), "x.json")
    assert told in str(caught.value)
    assert caught.value.exit_code == 2


def test_a_wrong_time_is_told_and_no_crash() -> None:
    data = encode(a_run(time="soon"))
    with pytest.raises(ReportFileError, match="not a whole document: Invalid isoformat"):
        read_stream(io.BytesIO(data), "x.json")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ReportFileError, match=r"cannot read .*gone\.json: No such file"):
        read_report_input(tmp_path / "gone.json")
