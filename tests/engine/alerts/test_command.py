"""Real programs that are told an alert: what reaches them, and what becomes of those that hang."""

from __future__ import annotations

import asyncio
import json
import os
import stat
import sys
from pathlib import Path

import pytest

from ari_tui.core.errors import ConfigError, DeliveryError
from ari_tui.document.alert import Alert
from ari_tui.engine.alerts.command import AlertCommand, environment_of
from tests.document.kit import alert, sla_now
from tests.engine.kit import until

PATIENT_S = 20.0


def an_alert() -> Alert:
    now = sla_now("fail", failing={"p95": 2, "loss": 3}, reasons=["loss: 3%, allowed 0.2%"])
    return alert("fail", "ok", now)


def script(folder: Path, text: str) -> str:
    path = folder / "page me.sh"
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False


async def test_a_program_is_told_by_its_environment_and_by_json_on_its_input(
    tmp_path: Path,
) -> None:
    text = 'env > "$1/env"; cat > "$1/in"; pwd > /dev/null; echo paged; echo oops >&2'
    sent = an_alert()
    assert sent.where is not None
    await AlertCommand([script(tmp_path, text), str(tmp_path)], PATIENT_S).deliver(sent)
    told = dict(line.partition("=")[::2] for line in (tmp_path / "env").read_text().splitlines())
    assert {name: value for name, value in told.items() if name.startswith("ARI_TUI_")} == {
        "ARI_TUI_ALERT_STATE": "fail",
        "ARI_TUI_ALERT_PREVIOUS": "ok",
        "ARI_TUI_ALERT_RULES": "p95,loss",
        "ARI_TUI_ALERT_CALLS": "3",
        "ARI_TUI_ALERT_TEXT": an_alert().text,
        "ARI_TUI_ALERT_TIME": an_alert().time,
        "ARI_TUI_ALERT_PROFILE": "seed",
        "ARI_TUI_ALERT_SESSION": "0123abcd",
        "ARI_TUI_ALERT_HOST": "here",
        "ARI_TUI_ALERT_VERDICT": "inconclusive",
        "ARI_TUI_ALERT_WHERE": sent.where.line,
    }
    body = json.loads((tmp_path / "in").read_text())
    assert body["schema"] == "ari-tui.alert/1"
    assert body["failing"] == {"p95": 2, "loss": 3}


def test_our_own_settings_and_secrets_are_not_inherited() -> None:
    ours = {
        "ARI_TUI_ASTERISK_PASSWORD": "geheim",
        "ARI_TUI_HTTP_TOKEN": "t0ken",
        "ARI_PASS": "x",
        "ASTERISK_PASSWORD": "y",
        "ARI_TUI_ALERTS_WEBHOOK": "https://chat/secret",
        "PATH": "/bin",
        "LANG": "C",
    }
    found = environment_of(an_alert(), ours)
    assert {name: value for name, value in found.items() if "ALERT_" not in name} == {
        "PATH": "/bin",
        "LANG": "C",
    }


async def test_what_it_writes_is_logged_up_to_a_bound_and_cleaned(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "ari_tui")
    text = (
        r"printf 'paged \033[31mAnn\n'; i=0; while [ $i -lt 20000 ]; do echo more; i=$((i+1)); done"
    )
    await AlertCommand([script(tmp_path, text)], PATIENT_S).deliver(an_alert())
    lines = [record.getMessage() for record in caplog.records]
    assert lines[0].startswith("command page me.sh: paged ")
    assert "\033" not in lines[0]
    assert len(lines) == 20


async def test_a_program_that_fails_says_so_by_its_code(tmp_path: Path) -> None:
    with pytest.raises(DeliveryError, match=r"^it ended with 3$"):
        await AlertCommand([script(tmp_path, "exit 3")], PATIENT_S).deliver(an_alert())
    with pytest.raises(DeliveryError, match=r"^signal 9 ended it$"):
        await AlertCommand([script(tmp_path, "kill -9 $$")], PATIENT_S).deliver(an_alert())


async def test_a_program_that_reads_nothing_is_no_harm(tmp_path: Path) -> None:
    await AlertCommand([script(tmp_path, "exec <&-; exit 0")], PATIENT_S).deliver(an_alert())


@pytest.mark.parametrize("stubborn", ["", "trap '' TERM; "])
async def test_on_time_out_it_is_ended_with_all_that_it_started(
    stubborn: str, tmp_path: Path
) -> None:
    text = f'{stubborn}sleep 600 & echo $! > "$1/pid"; wait; sleep 600'
    command = AlertCommand([script(tmp_path, text), str(tmp_path)], 0.5)
    with pytest.raises(DeliveryError, match=r"^it did not end within 0\.5 s$"):
        await command.deliver(an_alert())
    pid = int((tmp_path / "pid").read_text())
    await until(lambda: not alive(pid))


async def test_when_the_engine_ends_meanwhile_it_is_ended_too(tmp_path: Path) -> None:
    text = 'echo $$ > "$1/pid"; exec sleep 600'
    command = AlertCommand([script(tmp_path, text), str(tmp_path)], 600)
    task = asyncio.create_task(command.deliver(an_alert()))
    pid_file = tmp_path / "pid"
    await until(lambda: pid_file.is_file() and pid_file.read_text().strip())
    pid = int(pid_file.read_text())
    task.cancel()
    await asyncio.wait({task}, timeout=PATIENT_S)
    assert task.cancelled()
    await until(lambda: not alive(pid))


async def test_one_that_leaves_a_daemon_behind_is_not_waited_for(tmp_path: Path) -> None:
    text = 'sleep 600 & echo $! > "$1/pid"'
    await AlertCommand([script(tmp_path, text), str(tmp_path)], PATIENT_S).deliver(an_alert())
    pid = int((tmp_path / "pid").read_text())
    assert alive(pid)
    os.kill(pid, 9)


async def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    command = AlertCommand([script(tmp_path, "echo paged")], PATIENT_S)
    await command.deliver(an_alert())
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        await command.deliver(an_alert())
    assert len(os.listdir("/proc/self/fd")) == before


async def test_one_that_has_gone_since_the_start_is_told_in_words(tmp_path: Path) -> None:
    path = script(tmp_path, "exit 0")
    command = AlertCommand([path], PATIENT_S)
    os.unlink(path)
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(DeliveryError, match=r"^it cannot be started: No such file or directory$"):
        await command.deliver(an_alert())
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_program_is_looked_for_at_once() -> None:
    with pytest.raises(ConfigError, match=r"^alerts\.command: there is no program"):
        AlertCommand(["no-such-pager-anywhere"], 1)
    assert AlertCommand([sys.executable, "-V"], 1).name.startswith("command python")
