"""`ari-tui check`: files and engines in all states, and each failure by its code on stdout."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import pytest

from ari_tui.cli.main import execute
from ari_tui.document.model import Document, encode
from tests.client.kit import StubEngine, stub_engine
from tests.ui.kit import CLEAN, a_call, a_document, an_sla

WELL = f"WHERE {CLEAN}; "

SECONDS = 30
OK, WARNING, CRITICAL, UNKNOWN = range(4)
Said = tuple[int, str]


@pytest.fixture(autouse=True)
def runtime(bare_start: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep the sockets of others out of sight."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    folder = tmp_path / "ari-tui"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def check(capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    def run(*arguments: str) -> Said:
        code = execute(["check", *arguments])
        captured = capsys.readouterr()
        assert captured.err == ""
        (line,) = captured.out.splitlines()
        return code, line

    return run


@pytest.fixture
def ask(check: Callable[..., Said]) -> Callable[..., Awaitable[Said]]:
    """Run `check` in a thread, beside an engine that runs in this loop."""

    async def run(*arguments: str) -> Said:
        return await asyncio.wait_for(asyncio.to_thread(check, *arguments), SECONDS)

    return run


def written(folder: Path, *documents: Document, end: bytes = b"\n") -> str:
    path = folder / "stats.json"
    path.write_bytes(b"\n".join(map(encode, documents)) + end)
    return str(path)


def final(verdict: str) -> Document:
    return a_document([a_call(1)], kind="final", sla=an_sla(verdict))


@pytest.mark.parametrize(
    ("verdict", "code", "word"),
    [("pass", OK, "OK"), ("inconclusive", WARNING, "WARNING"), ("fail", CRITICAL, "CRITICAL")],
)
def test_a_file_of_a_run_is_its_last_verdict(
    verdict: str, code: int, word: str, check: Callable[..., Said], tmp_path: Path
) -> None:
    path = written(tmp_path, a_document([a_call(1)]), final(verdict))
    said, line = check(path)
    assert said == code
    assert line.startswith(
        f"ARI-TUI {word}: {WELL}{verdict.upper()} over 60 of 60 s, 1 calls in all"
    )
    assert " | calls=" in line


def test_a_run_without_an_end_has_no_verdict(check: Callable[..., Said], tmp_path: Path) -> None:
    code, line = check(written(tmp_path, a_document([a_call(1)])))
    assert code == UNKNOWN
    assert line.endswith("has no final document: the run goes on, or was killed")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["absent.json"], "absent.json"),
        (["words.json"], "words.json"),
        (["--no-traffic", "fine"], "'--no-traffic'"),
        (["--timeout", "0"], "'--timeout'"),
        (["--frobnicate"], "--frobnicate"),
        (["a", "b"], "unexpected extra argument"),
        (["no address"], "'no address' is no address of an engine"),
        (["--config", "absent.toml"], "absent.toml"),
    ],
)
def test_what_cannot_be_asked_is_unknown_and_never_critical(
    arguments: list[str], told: str, check: Callable[..., Said], bare_start: Path
) -> None:
    (bare_start / "words.json").write_text("once upon a time")
    code, line = check(*arguments)
    assert code == UNKNOWN
    assert line.startswith("ARI-TUI UNKNOWN: ")
    assert told in line


def test_no_engine_is_critical(check: Callable[..., Said], runtime: Path) -> None:
    code, line = check()
    assert code == CRITICAL
    assert line == (
        f"ARI-TUI CRITICAL: no engine at {runtime}/ari-tui.sock: there is no such socket "
        "(is ari-tui running?)"
    )
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        code, line = check(f"127.0.0.1:{closed.getsockname()[1]}")
    assert code == CRITICAL
    assert "the engine is not running" in line


async def test_a_running_engine_is_found_and_told(
    ask: Callable[..., Awaitable[Said]], runtime: Path
) -> None:
    async with stub_engine(runtime / "ari-tui.sock") as engine:
        code, line = await ask()
        assert (code, line.partition(" | ")[0]) == (
            OK,
            f"ARI-TUI OK: {WELL}PASS over 60 of 60 s, 2 calls (profile seed)",
        )
        assert await ask(str(engine.path)) == (code, line)


async def test_the_only_engine_is_asked_and_of_several_none(
    ask: Callable[..., Awaitable[Said]], runtime: Path
) -> None:
    async with stub_engine(runtime / "one.sock"):
        assert (await ask())[0] == OK
        async with stub_engine(runtime / "two.sock"):
            code, line = await ask()
            assert code == UNKNOWN
            assert str(runtime / "two.sock") in line
            assert (await ask("--app", "two"))[0] == OK


async def test_no_traffic_is_what_was_asked_for(
    ask: Callable[..., Awaitable[Said]], runtime: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = a_document(sla=an_sla("inconclusive", state="no_traffic"))
    monkeypatch.setattr(StubEngine, "document", silent)
    async with stub_engine(runtime / "ari-tui.sock"):
        codes = {
            name: (await ask("--no-traffic", name))[0]
            for name in ("ok", "warning", "critical", "unknown")
        }
    assert codes == {"ok": OK, "warning": WARNING, "critical": CRITICAL, "unknown": UNKNOWN}


async def test_an_engine_that_has_lost_asterisk_is_critical(
    ask: Callable[..., Awaitable[Said]], runtime: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = a_document([a_call(1)])
    away = [msgspec.structs.replace(found.asterisks[0], connected=False)]
    lost = msgspec.structs.replace(found, asterisks=away)
    monkeypatch.setattr(StubEngine, "document", lost)
    async with stub_engine(runtime / "ari-tui.sock"):
        code, line = await ask()
    assert code == CRITICAL
    assert "no event stream from Asterisk" in line


async def test_an_engine_that_refuses_us_is_unknown(
    ask: Callable[..., Awaitable[Said]], runtime: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with stub_engine(runtime / "x.sock", bind="127.0.0.1:0", token="geheim1") as engine:
        code, line = await ask(engine.tcp_address)
        assert code == UNKNOWN
        assert "wants a token" in line
        monkeypatch.setenv("ARI_TUI_HTTP_TOKEN", "geheim1")
        assert (await ask(engine.tcp_address))[0] == OK


def test_one_that_does_not_answer_is_critical_in_time(check: Callable[..., Said]) -> None:
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        code, line = check(f"127.0.0.1:{mute.getsockname()[1]}", "--timeout", "0.3")
    assert code == CRITICAL
    assert line.endswith("within 0.3 s")


async def test_what_is_no_engine_is_unknown(ask: Callable[..., Awaitable[Said]]) -> None:
    async def refuse(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9\r\n")
        writer.close()

    other = await asyncio.start_server(refuse, "127.0.0.1", 0)
    async with other:
        host, port = other.sockets[0].getsockname()
        code, line = await ask(f"{host}:{port}")
    assert code == UNKNOWN
    assert "is no ari-tui engine" in line


def test_the_process_exits_with_the_code_and_its_line_on_stdout(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ari_tui", "check", written(tmp_path, final("fail"))],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert (done.returncode, done.stderr) == (CRITICAL, "")
    assert done.stdout.startswith(f"ARI-TUI CRITICAL: {WELL}FAIL")
