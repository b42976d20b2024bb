import csv
import io
import os
import stat
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_tui.core.errors import ExportError
from ari_tui.core.text import escaped
from ari_tui.document import model
from ari_tui.ui.columns import chosen
from ari_tui.ui.export import IDENTITY, csv_of, export, json_of, stamp, write_new
from ari_tui.ui.filter import parse
from ari_tui.ui.rows import arrange
from ari_tui.ui.view_state import NARROW, ViewState
from tests.ui import kit

NOW = datetime(2026, 11, 22, 12, 0, 1, tzinfo=timezone.utc)
COLUMNS = chosen(NARROW)


def read(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode(), newline="")))


def exported(folder: Path, form: Any = "csv", **changed: Any) -> Path:
    call = kit.a_call(1, **changed)
    frame = kit.a_frame([call])
    return export([kit.a_row(call)], COLUMNS, frame, ViewState(), folder=folder, now=NOW, form=form)


def test_a_file_is_named_by_its_time_and_its_owners_alone(tmp_path: Path) -> None:
    path = exported(tmp_path / "new" / "folder")
    assert path == tmp_path / "new" / "folder" / "ari-tui-calls-20261122T120001Z.csv"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_no_file_is_overwritten(tmp_path: Path) -> None:
    first = exported(tmp_path, lost=1)
    before = first.read_bytes()
    second, third = exported(tmp_path, lost=2), exported(tmp_path, lost=3)
    assert [path.name for path in (second, third)] == [
        "ari-tui-calls-20261122T120001Z-2.csv",
        "ari-tui-calls-20261122T120001Z-3.csv",
    ]
    assert first.read_bytes() == before != second.read_bytes()


def test_a_link_in_the_way_is_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "precious"
    (tmp_path / "ari-tui-calls-20261122T120001Z.csv").symlink_to(target)
    assert exported(tmp_path).name.endswith("-2.csv")
    assert not target.exists()


def test_csv_holds_raw_figures_and_what_other_tools_know_the_call_by(tmp_path: Path) -> None:
    (line,) = read(exported(tmp_path, p50=5.123, lost=3).read_bytes())
    assert list(line)[: len(IDENTITY)] == list(IDENTITY)
    assert set(line) == {*IDENTITY, *NARROW}
    assert line["rtt_mean_ms"] == "5.123"
    assert line["packets_lost"] == "3"
    assert line["call_id"] == "1@10.0.0.1"
    assert line["channel"] == "PJSIP/1001-00000001"
    assert line["longest_interruption_ms"] == ""


@pytest.mark.parametrize("start", ["=", "+", "-", "@"])
def test_a_spreadsheet_runs_no_callers_name(start: str) -> None:
    call = kit.a_call(1, caller=f"{start}HYPERLINK(1)")
    (line,) = read(csv_of([kit.a_row(call)], chosen(["caller"]), kit.a_frame([call])))
    assert line["caller"] == f"'{start}HYPERLINK(1)"


@given(name=st.text(max_size=30))
def test_a_name_is_one_cell_of_one_line_whatever_it_holds(name: str) -> None:
    call = kit.a_call(1, caller=name)
    data = csv_of([kit.a_row(call)], chosen(["caller"]), kit.a_frame([call]))
    assert data.count(b"\n") == 2
    (line,) = read(data)
    assert line["caller"].removeprefix("'") == escaped(name).removeprefix("'")


def test_a_worst_second_does_not_go_by_the_name_of_a_percentile() -> None:
    call = kit.a_call(1)
    row = kit.a_row(call, kit.a_course([9.0]))
    frame = kit.a_frame([call], window=10)
    (line,) = read(csv_of([row], COLUMNS, frame))
    assert line["worst_second_p95_ms"] == "9.0"
    assert "rtt_p95_ms" not in line


def test_json_holds_each_call_whole_and_how_the_view_was_chosen(tmp_path: Path) -> None:
    document = kit.a_document([kit.a_call(1, p50=2.0), kit.a_call(2, p50=9.0, where=kit.FAULTY)])
    state = ViewState(filter=parse("p95>5"), violators=True)
    frame = kit.a_frame(document=document)
    rows = arrange(document, frame.history, state)
    path = export(rows, COLUMNS, frame, state, folder=tmp_path, now=NOW, form="json")
    view = msgspec.json.decode(path.read_bytes())
    assert path.suffix == ".json"
    assert (view["schema"], view["filter"], view["violators"]) == ("ari-tui.view/1", "p95>5", True)
    assert (view["sort"], view["reverse"], view["window_s"]) == ("rtt_p95_ms", True, 0)
    assert [column["id"] for column in view["columns"]] == list(NARROW)
    (line,) = view["calls"]
    assert line["mark"] == "!"
    assert msgspec.convert(line["call"], model.Call) == document.calls[1]
    assert view["sla"]["verdict"] == "pass"


def test_an_empty_view_is_valid(tmp_path: Path) -> None:
    frame = kit.a_frame()
    assert msgspec.json.decode(json_of([], COLUMNS, frame, ViewState()))["calls"] == []
    assert read(csv_of([], COLUMNS, frame)) == []
    assert csv_of([], COLUMNS, frame).startswith(b"mark,id,channel,")


def test_a_folder_that_is_none_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ExportError, match=r"cannot write .*ari-tui-calls-\S+\.csv: \w+"):
        exported(tmp_path / "file")


def test_nothing_is_left_of_a_file_that_could_not_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.open

    def read_only(path: Any, flags: int, mode: int = 0o777) -> int:
        os.close(real(path, flags, mode))
        return real(path, os.O_RDONLY)  # to write into it is an error of the system

    monkeypatch.setattr("ari_tui.ui.export.os.open", read_only)
    with pytest.raises(ExportError, match="cannot write"):
        write_new(tmp_path, "name", ".txt", b"text")
    assert list(tmp_path.iterdir()) == []


def test_a_name_taken_a_thousand_times_is_given_up(tmp_path: Path) -> None:
    (tmp_path / "name.txt").touch()
    for number in range(2, 1001):
        (tmp_path / f"name-{number}.txt").touch()
    with pytest.raises(ExportError, match="1000 files of that name"):
        write_new(tmp_path, "name", ".txt", b"text")


def test_times_in_names_are_utc() -> None:
    cet = timezone(timedelta(hours=1))
    assert stamp(datetime(2026, 11, 22, 13, 0, 1, tzinfo=cet)) == "20261122T120001Z"
