"""The current view as a file: CSV for a spreadsheet, JSON with everything known of each call.

Files have names and numbers of callers: only the owner can read them, and none is overwritten.
"""

from __future__ import annotations

import contextlib
import csv
import io
import os
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Final, Literal

import msgspec

from ari_tui.core.errors import ExportError
from ari_tui.core.text import escaped
from ari_tui.ui.columns import BY_ID, Column, Value
from ari_tui.ui.frame import Frame
from ari_tui.ui.view_state import Row, ViewState

SCHEMA: Final = "ari-tui.view/1"
IDENTITY: Final = ("mark", "id", "channel", "call_id", "linkedid", "channel_id")
"""In every CSV, shown or not: identifiers that other tools use."""
_FORMULA: Final = ("=", "+", "-", "@")
_SAME_SECOND: Final = 1000

Format = Literal["csv", "json"]


def export(
    rows: Sequence[Row],
    columns: Sequence[Column],
    frame: Frame,
    state: ViewState,
    *,
    folder: Path,
    now: datetime,
    form: Format = "csv",
) -> Path:
    """Write the rows that are shown to a new file in `folder` and return its path.

    `now` names the file. Raises ExportError.
    """
    as_csv = form == "csv"
    data = csv_of(rows, columns, frame) if as_csv else json_of(rows, columns, frame, state)
    return write_new(folder, f"ari-tui-calls-{stamp(now)}", f".{form}", data)


def csv_of(rows: Sequence[Row], columns: Sequence[Column], frame: Frame) -> bytes:
    """Return the view as CSV (RFC 4180, UTF-8): a line a call, raw values in their units.

    The headings are the columns' ids. No sample is an empty cell. Controls in texts are spelled
    out, and one that a spreadsheet would run as a formula gets an apostrophe in front.
    """
    shown = [BY_ID[name] for name in IDENTITY]
    shown += [column for column in columns if column.id not in IDENTITY]
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(_heading(column, frame) for column in shown)
    for row in rows:
        writer.writerow(_cell(column.value(row, frame.window)) for column in shown)
    return out.getvalue().encode()


def _heading(column: Column, frame: Frame) -> str:
    # the worst second is no percentile of the window: not under the percentile's id
    return "worst_second_p95_ms" if column.heading(frame.window) == "P95s" else column.id


def _cell(value: Value) -> Value:
    if not isinstance(value, str):
        return value
    text = escaped(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def json_of(
    rows: Sequence[Row], columns: Sequence[Column], frame: Frame, state: ViewState
) -> bytes:
    """Return the view as one JSON object: filter and sort, the verdict, each call in full."""
    document = frame.document
    view = {
        "schema": SCHEMA,
        "time": document.time,
        "session": document.session,
        "sla": document.sla,
        "filter": state.filter.text,
        "violators": state.violators,
        "sort": state.sort,
        "reverse": state.reverse,
        "window_s": frame.window,
        "columns": [
            {"id": column.id, "label": column.label, "unit": column.unit, "help": column.help}
            for column in columns
        ],
        "calls": [{"mark": row.mark.strip(), "call": row.call} for row in rows],
        "injected": document.injected,
    }
    return msgspec.json.format(msgspec.json.encode(view), indent=1) + b"\n"


def stamp(now: datetime) -> str:
    """Return a time as used in file names, in UTC: `20261122T120001Z`."""
    return now.astimezone(timezone.utc).strftime("%Y%m%dT%H%M%SZ")


def write_new(folder: Path, stem: str, suffix: str, data: bytes) -> Path:
    """Create a file with mode 0600; where the name exists, a number is added.

    Creates the folder. Nothing is left of a file that could not be written whole. Raises
    ExportError.
    """
    path = folder / f"{stem}{suffix}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for number in range(2, _SAME_SECOND + 2):
            with contextlib.suppress(FileExistsError):
                _write(path, data)
                return path
            path = folder / f"{stem}-{number}{suffix}"
    except OSError as error:
        raise ExportError(f"cannot write {path}: {error.strerror or error}") from error
    raise ExportError(f"cannot write {path}: {_SAME_SECOND} files of that name are there already")


def _write(path: Path, data: bytes) -> None:
    # O_EXCL follows no link that another user may have left
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
    except OSError:
        with contextlib.suppress(OSError):
            path.unlink()
        raise
