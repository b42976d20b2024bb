"""What demo and load test share; how a demo lives and ends is test_demo's matter."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from ari_tui.config import Settings
from ari_tui.config_slices import Asterisk, Media
from ari_tui.errors import ChildFailedError
from ari_tui.loopback import _own_settings, run_on_loopback
from ari_tui.process import ParentLink
from ari_tui.snapshot.load import decode_load

ECHO, SIM = ["echo", "--port", "0", "--quiet"], ["sim", "--port", "0", "--calls", "0", "--quiet"]


def test_settings_of_its_own_leave_nothing_of_the_users_asterisk() -> None:
    given = Settings(
        asterisk=Asterisk(app="live", username="me", password="mine", media_address="192.0.2.1"),
        media=Media(bind="192.0.2.2", advertise="192.0.2.3", workers=3),
    )
    own, other = _own_settings(given, "load"), _own_settings(given, "load")
    assert own.asterisk.app.startswith("load-")
    assert own.asterisk.app != other.asterisk.app
    assert own.asterisk.password not in ("mine", other.asterisk.password)
    assert (own.asterisk.media_address, own.media.bind, own.media.advertise) == ("", "", "")
    assert own.media.workers == 3


async def test_a_command_that_does_not_start_is_told_by_name() -> None:
    with pytest.raises(ChildFailedError, match=r"simulated Asterisk: .*--no-such-flag"):
        await run_on_loopback(
            Settings(),
            ParentLink(None, None),
            echo=ECHO,
            sim=[*SIM, "--no-such-flag"],
            engine=["run", "--headless"],
            stay=False,
            app="test",
        )


async def test_a_load_test_of_processes_ends_by_ctrl_c_with_its_report(tmp_path: Path) -> None:
    report, json_lines = tmp_path / "r.json", tmp_path / "d.json"
    flags = ["--calls=2", "--duration=600", "--report", str(report), "--json", str(json_lines)]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "ari_tui",
        "loadtest",
        "--sim",
        "--headless",
        *flags,
        env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        await asyncio.wait_for(_until_up(json_lines), 30)
        process.send_signal(signal.SIGINT)
        assert await asyncio.wait_for(process.wait(), 30) == 130
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    found = decode_load(report.read_bytes())
    assert found.end_reason == "SIGINT"
    assert found.plan.simulated
    assert [call.outcome for call in found.calls] == ["good", "good"]
    assert found.document.kind == "final"


async def _until_up(path: Path) -> None:
    while not (path.exists() and b'"up":2' in path.read_bytes()):  # noqa: ASYNC110, ASYNC240  another process writes a small file
        await asyncio.sleep(0.1)
