"""Load tests of a real Asterisk, as their users start them."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ari_tui.core.process import Child
from ari_tui.document.load_test import STEPS, LoadCall, LoadReport, decode_load
from tests.asterisk.lab import Asterisk, free_port
from tests.asterisk.live import media_ports
from tests.asterisk.tools import wait_until

pytestmark = [pytest.mark.asterisk, pytest.mark.timeout(300)]

_OURS = ("ARI_", "ASTERISK_", "APP_NAME", "BIND_IP", "PORT_RANGE", "ECHO_", "SERVICE_PORT", "LOAD_")
VERDICTS = {"pass": 0, "fail": 1, "inconclusive": 4}


async def load_test(asterisk: Asterisk, folder: Path, *flags: str) -> tuple[int, LoadReport, str]:
    """Run an echo server and a load test; return exit code, report, and what was printed."""
    echo_port, ports = free_port(), media_ports()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(_OURS)},
        "ARI_URL": asterisk.ari_url,
        "ARI_USER": asterisk.username,
        "ARI_PASS": asterisk.password,
        "PORT_RANGE": f"{ports[0]}-{ports[-1]}",
        "ECHO_PORT": str(echo_port),
        "XDG_CONFIG_HOME": str(folder),
        "XDG_RUNTIME_DIR": str(folder),
        "ARI_TUI_LOADTEST_ALLOW": "Local/*,PJSIP/nobody*",
    }
    report = folder / "report.json"
    arguments = ["-m", "ari_tui", "loadtest", "--headless", "--report", str(report), *flags]
    echo = await Child.spawn(
        "echo server", ["echo", "--port", str(echo_port), "--quiet"], environment=environment
    )
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *arguments,
            env=environment,
            cwd=folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            printed, _ = await asyncio.wait_for(process.communicate(), 120)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    finally:
        await echo.stop()
    text = printed.decode()
    assert report.exists(), text
    assert asterisk.password not in text + report.read_text()
    return process.returncode or 0, decode_load(report.read_bytes()), text


def assert_nothing_left(asterisk: Asterisk) -> None:
    wait_until(lambda: not asterisk.channels() and not asterisk.bridges(), "Asterisk to be empty")


def of(report: LoadReport, endpoint: str) -> list[LoadCall]:
    return [call for call in report.calls if call.endpoint == endpoint]


async def test_eight_calls_are_up_at_once_replaced_and_good(
    asterisk: Asterisk, tmp_path: Path, note: Callable[[str], None]
) -> None:
    flags = ("--endpoint=Local/tone@lab", "--calls=8", "--duration=12", "--call-duration=6")
    code, report, text = await load_test(asterisk, tmp_path, *flags)
    assert_nothing_left(asterisk)
    progress = report.progress
    note(
        f"load test: {progress.started} calls, {progress.good} good, {report.verdict}, set up in "
        + ", ".join(f"{step} {spread.p50} ms" for step, spread in report.set_up_ms.items())
    )
    assert (progress.failed, progress.cut) == (0, 0), text
    assert progress.good == progress.started > 8
    assert report.tiers[0].reached == 8
    assert code == VERDICTS[report.verdict]
    for call in report.calls:
        assert set(call.set_up_ms) >= set(STEPS) - {"ringing"}
        assert call.sent == call.returned + call.lost > 0
    assert report.environment.asterisk == report.document.asterisks[0].version


async def test_what_is_called_by_default_is_in_the_shipped_dialplan_and_sends_audio(
    asterisk: Asterisk, tmp_path: Path, note: Callable[[str], None]
) -> None:
    flags = ("--calls=3", "--duration=6", "--call-duration=3")
    code, report, text = await load_test(asterisk, tmp_path, *flags)
    assert_nothing_left(asterisk)
    note(f"load test of {report.plan.endpoints}: {report.progress.good} good, {report.verdict}")
    assert report.plan.endpoints == ["Local/tone@ari-tui-loadtest"]
    assert (report.progress.failed, report.progress.cut) == (0, 0), text
    assert report.progress.good == report.progress.started > 3
    assert code == VERDICTS[report.verdict]


async def test_calls_that_come_to_nothing_say_where_and_why(
    asterisk: Asterisk, tmp_path: Path, note: Callable[[str], None]
) -> None:
    endpoints = [
        "Local/tone@lab",
        "Local/nosuch@lab",
        "Local/busy@lab",
        "Local/silent@lab",
        "PJSIP/nobody",
    ]
    flags = (f"--endpoint={','.join(endpoints)}", "--calls=5", "--duration=10", "--ramp=5")
    code, report, text = await load_test(asterisk, tmp_path, *flags)
    assert_nothing_left(asterisk)
    first = {endpoint: of(report, endpoint)[0] for endpoint in endpoints}
    for endpoint, call in first.items():
        note(f"{endpoint}: {call.outcome} {call.failed_at or ''} {call.reason or ''}")
    assert (code, report.verdict) == (1, "fail"), text
    assert first["Local/tone@lab"].outcome == "good"
    assert {endpoint: call.failed_at for endpoint, call in first.items() if call.failed_at} == {
        "Local/nosuch@lab": "answered",
        "Local/busy@lab": "answered",
        "Local/silent@lab": "media_out",
        "PJSIP/nobody": "accepted",
    }
    assert "busy" in (first["Local/busy@lab"].reason or "")
    assert "no such extension" in (first["Local/nosuch@lab"].reason or "")
    assert "Milliwatt" in (first["Local/silent@lab"].hint or "")
