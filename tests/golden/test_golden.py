"""What the program said before it was rearranged, byte for byte.

ARI_TUI_WRITE_GOLDEN=1 writes the files of `data` anew; packet logs, captures and the load test's
report are inputs and stay.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click
import pytest
from click.testing import CliRunner

from ari_tui import __version__
from ari_tui.cli.main import cli, execute
from ari_tui.document.model import encode
from ari_tui.engine.http.prometheus import renderer
from ari_tui.report.nagios import State, check_document
from ari_tui.report.text.summary import final_report, status_line
from tests.golden.kit import (
    DATA,
    PLANS,
    WRITES,
    Replayed,
    assert_golden,
    pretty,
    replay,
    store_file,
    stored,
)
from tests.golden.recipes import CAPTURES, LOGS

ROOT: Final = Path(__file__).parents[2]
LOAD: Final = "load.input.json"


@pytest.fixture
def alone(bare_start: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in an empty folder with an empty environment."""
    for name in list(os.environ):
        if not name.startswith("PYTEST_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(bare_start.parent / "home"))
    for name in ("CONFIG_HOME", "RUNTIME_DIR", "CACHE_HOME", "STATE_HOME", "DATA_HOME"):
        monkeypatch.setenv(f"XDG_{name}", str(bare_start.parent / name.lower()))
    return bare_start


def settled(text: str, folder: Path) -> str:
    """Replace what is of this place and release."""
    text = text.replace(str(folder.parent), "<TMP>").replace(str(ROOT), "<ROOT>")
    return text.replace(f'"version":"{__version__}"', '"version":"<VERSION>"')


def said(capsys: pytest.CaptureFixture[str], folder: Path, *arguments: str) -> str:
    """Run a command; return its code and what it said on both streams."""
    capsys.readouterr()
    code = execute(arguments)
    told = capsys.readouterr()
    text = f"$ ari-tui {' '.join(arguments)}\n{told.out}[stderr]\n{told.err}[exit code {code}]\n"
    return settled(text, folder)


def commands(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    if isinstance(command, click.Group):
        for name, inner in sorted(command.commands.items()):
            yield from commands(inner, (*path, name))


# -- the command line ------------------------------------------------------------------------


def test_every_help_text_is_what_it_was(alone: Path) -> None:
    texts = []
    for path in commands(cli):
        result = CliRunner().invoke(
            cli, [*path, "--help"], prog_name="ari-tui", terminal_width=100, color=False
        )
        assert result.exit_code == 0, path
        texts.append(f"$ ari-tui {' '.join([*path, '--help'])}\n{result.output}")
    assert_golden("help.txt", settled("\n".join(texts), alone))


@pytest.mark.parametrize(
    "arguments", [("config", "print"), ("config", "check"), ("keys",), ("themes",)], ids="_".join
)
def test_what_a_command_lists_is_what_it_was(
    arguments: tuple[str, ...], alone: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert_golden(f"{'_'.join(arguments)}.txt", said(capsys, alone, *arguments))


def normal(value: Any) -> Any:
    """Return JSON with the white space of descriptions made one: msgspec's releases differ."""
    if isinstance(value, dict):
        found = {name: normal(inner) for name, inner in value.items()}
        if isinstance(found.get("description"), str):
            found["description"] = " ".join(found["description"].split())
        return found
    return [normal(inner) for inner in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", ["stats", "loadtest", "alert"])
def test_a_schema_is_what_it_was(
    name: str, alone: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute(["config", "schema", name]) == 0
    found = json.dumps(normal(json.loads(capsys.readouterr().out)), indent=1, ensure_ascii=False)
    assert_golden(f"schema_{name}.json", found + "\n")


# -- packet logs -----------------------------------------------------------------------------


@functools.cache
def replayed(name: str) -> Replayed:
    if WRITES and not (DATA / f"{name}.log.gz").exists():
        store_file(f"{name}.log", LOGS[name]())
    return replay(name)


@pytest.mark.parametrize("name", PLANS)
def test_a_log_gives_the_final_document_that_it_gave(name: str) -> None:
    assert_golden(f"{name}.final.json", pretty(replayed(name).documents[-1]))


@pytest.mark.parametrize("name", PLANS)
def test_a_log_gives_the_documents_on_the_way_that_it_gave(name: str) -> None:
    documents = replayed(name).documents
    middle = pretty(documents[len(documents) // 2])
    sums = [f"{one.time} {hashlib.sha256(encode(one)).hexdigest()}" for one in documents]
    assert_golden(f"{name}.middle.json", middle)
    assert_golden(f"{name}.sums.txt", "\n".join(sums) + "\n")


@pytest.mark.parametrize("name", PLANS)
def test_a_log_gives_the_details_courses_and_notes_that_it_gave(name: str) -> None:
    assert_golden(f"{name}.parts.json", replayed(name).parts)


@pytest.mark.parametrize("name", PLANS)
def test_the_lines_of_documents_are_what_they_were(name: str) -> None:
    lines = []
    for document in replayed(name).documents:
        result = check_document(document, State.OK)
        lines += [document.time, status_line(document), f"{int(result.state)} {result.line}"]
    lines += ["", final_report(replayed(name).documents[-1])]
    assert_golden(f"{name}.lines.txt", "\n".join(lines) + "\n")


@pytest.mark.parametrize("name", PLANS)
def test_the_metrics_of_documents_are_what_they_were(name: str) -> None:
    found = replayed(name)
    texts = [
        renderer(lambda: found.documents[place], lambda: found.rungs, per_call=True)().decode()  # noqa: B023
        for place in (len(found.documents) // 2, -1)
    ]
    assert_golden(f"{name}.prometheus.txt", "\n".join(texts))


# -- reports ---------------------------------------------------------------------------------


def reports(
    capsys: pytest.CaptureFixture[str], folder: Path, file: str
) -> Iterator[tuple[str, str]]:
    """Yield the reports of a file by the ends of their names."""
    wide = said(capsys, folder, "report", file, "--width", "140")
    narrow = said(capsys, folder, "report", file, "--width", "70", "--ascii")
    yield "report.txt", wide + narrow + said(capsys, folder, "check", file)
    yield "report.html", said(capsys, folder, "report", file, "--html", "-")


@pytest.mark.parametrize("name", PLANS)
def test_the_reports_of_a_run_are_what_they_were(
    name: str, alone: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [encode(one) + b"\n" for one in replayed(name).documents]
    (alone / "run.json").write_bytes(b"".join(lines))
    for end, text in reports(capsys, alone, "run.json"):
        assert_golden(f"{name}.{end}", text)


def test_the_reports_of_a_run_that_broke_off_are_what_they_were(
    alone: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [encode(one) + b"\n" for one in replayed("lossy").documents[:20]]
    (alone / "run.json").write_bytes(b"".join(lines))
    for end, text in reports(capsys, alone, "run.json"):
        assert_golden(f"broken_off.{end}", text)


def test_the_reports_of_a_load_test_are_what_they_were(
    alone: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (alone / "load.json").write_bytes(stored(LOAD))
    for end, text in reports(capsys, alone, "load.json"):
        assert_golden(f"load.{end}", text)


# -- captures --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CAPTURES)
def test_the_analysis_of_a_capture_is_what_it_was(
    name: str, alone: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    if WRITES and not (DATA / f"{name}.pcap.gz").exists():
        store_file(f"{name}.pcap", CAPTURES[name]())
    (alone / "c.pcap").write_bytes(stored(f"{name}.pcap"))
    texts = [said(capfd, alone, "analyze", "c.pcap")]
    echo = ("--echo", "10.0.0.9:4567")
    texts.append(said(capfd, alone, "analyze", "-v", "c.pcap", *echo))
    texts.append(said(capfd, alone, "analyze", "c.pcap", "--json", "-"))
    texts.append(said(capfd, alone, "analyze", "c.pcap", "--json", "-", *echo))
    assert_golden(f"{name}.analysis.txt", re.sub(r'(?<=[,{])(?=")', "\n", "\n".join(texts)))
