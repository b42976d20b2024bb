"""The units in contrib/systemd: systemd takes them, and what they start behaves as they say."""

import asyncio
import base64
import contextlib
import grp
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiohttp
import pytest

from tests import rtp_packets
from tests.asterisk.tools import need
from tests.engine.kit import asterisk, echo_server, free_block, until

UNITS = Path(__file__).parents[1] / "contrib" / "systemd"
INSTALLED = "/opt/ari-tui/bin/ari-tui"
APP = "ari-tui"
pytestmark = [pytest.mark.usefixtures("bare_start"), pytest.mark.system]


def lines_of(unit: str, key: str) -> list[str]:
    """Return the values of all lines of a key."""
    lines = (UNITS / unit).read_text().splitlines()
    return [line.partition("=")[2] for line in lines if line.startswith(f"{key}=")]


def line_of(unit: str, key: str) -> str:
    (value,) = lines_of(unit, key)
    return value


def codes(unit: str, key: str) -> set[int]:
    return {int(code) for code in line_of(unit, key).split()}


@pytest.mark.parametrize("unit", sorted(path.name for path in UNITS.iterdir()))
def test_systemd_has_nothing_to_complain_of(unit: str, tmp_path: Path) -> None:
    analyze = need("systemd-analyze", "systemd")
    program = shutil.which("ari-tui", path=str(Path(sys.executable).parent))
    assert program, "the tests run in an environment that ari-tui is installed in"
    text = (UNITS / unit).read_text()
    assert text.count(f"ExecStart={INSTALLED} ") == 1
    (tmp_path / unit).write_text(text.replace(INSTALLED, program))
    done = subprocess.run(
        [analyze, "verify", "--man=no", "--recursive-errors=no", str(tmp_path / unit)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    complaints = [
        line for line in done.stderr.splitlines() if str(tmp_path) in line or unit in line
    ]
    assert (done.returncode, complaints) == (0, [])


class Service:
    """What a unit starts, with what systemd would give it, and what it says to systemd."""

    def __init__(self, process: asyncio.subprocess.Process, ear: socket.socket) -> None:
        self.process, self._ear = process, ear
        self._said: list[str] = []

    @property
    def said(self) -> list[str]:
        with contextlib.suppress(BlockingIOError):
            while True:
                self._said.append(self._ear.recv(4096).decode())
        return self._said

    async def says(self, condition: Callable[[str], bool]) -> None:
        await until(lambda: any(map(condition, self.said)), f"heard only {self.said}")


@contextlib.asynccontextmanager
async def started(unit: str, tmp_path: Path, **variables: str) -> AsyncIterator[Service]:
    """Start a unit's own command line in its own environment, its folders moved to `tmp_path`."""
    program, *arguments = shlex.split(line_of(unit, "ExecStart"))
    assert program == INSTALLED
    given = [word for line in lines_of(unit, "Environment") for word in shlex.split(line)]
    environment = dict(word.partition("=")[::2] for word in given)
    for name, folder in (("XDG_CONFIG_HOME", "etc"), ("XDG_RUNTIME_DIR", "run")):
        assert environment[name] == f"/{folder}"
        environment[name] = str(tmp_path / folder)
    # the group of the one who runs the tests stands for the one that the unit wants made
    assert environment["ARI_TUI_HTTP_SOCKET_GROUP"] == line_of(unit, "Group")
    environment["ARI_TUI_HTTP_SOCKET_GROUP"] = grp.getgrgid(os.getgid()).gr_name
    (tmp_path / "run").mkdir()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(tmp_path / "notify"))
        ear.settimeout(0)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "ari_tui",
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            env={
                "PATH": os.environ["PATH"],
                **environment,
                **variables,
                "NOTIFY_SOCKET": ear.getsockname(),
                "WATCHDOG_USEC": str(int(line_of(unit, "WatchdogSec")) * 1_000_000),
            },
        )
        try:
            yield Service(process, ear)
        finally:
            if process.returncode is None:
                process.kill()
            await process.communicate()


async def test_the_engine_stands_lives_and_stops_as_its_unit_expects(tmp_path: Path) -> None:
    unit = "ari-tui.service"
    with echo_server() as echo:
        async with (
            asterisk(app=APP) as pbx,
            started(
                unit,
                tmp_path,
                ARI_URL=pbx.sim.url,
                ECHO_PORT=str(echo.port),
                PORT_RANGE="{}-{}".format(*free_block()),
            ) as service,
        ):
            await service.says("READY=1".__eq__)
            path = tmp_path / "run" / "ari-tui" / f"{APP}.sock"
            assert path.stat().st_mode & 0o777 == 0o660
            assert f"{path.parent.stat().st_mode & 0o777:04o}" == line_of(
                unit, "RuntimeDirectoryMode"
            )
            connector = aiohttp.UnixConnector(str(path))
            async with (
                aiohttp.ClientSession("http://engine", connector=connector) as session,
                session.get("/health") as response,
            ):
                assert response.status == 200
            await service.says("WATCHDOG=1".__eq__)
            pbx.call()
            await service.says(lambda line: line.startswith("STATUS=1 call, "))
            service.process.send_signal(signal.SIGTERM)
            _, errors = await asyncio.wait_for(service.process.communicate(), 20)
            assert service.process.returncode in codes(unit, "SuccessExitStatus"), errors
            assert "STOPPING=1" in service.said
            assert pbx.bridges == []


async def test_a_wrong_configuration_is_not_tried_again(tmp_path: Path) -> None:
    unit = "ari-tui.service"
    (tmp_path / "etc" / "ari-tui").mkdir(parents=True)
    (tmp_path / "etc" / "ari-tui" / "config.toml").write_text("[media]\nport = 1\n")
    async with started(unit, tmp_path) as service:
        _, errors = await asyncio.wait_for(service.process.communicate(), 20)
        assert b"did you mean media.ports?" in errors
        assert service.process.returncode in codes(unit, "RestartPreventExitStatus")
        assert service.said == []


async def test_an_application_that_another_took_over_is_not_fought_for(tmp_path: Path) -> None:
    unit = "ari-tui.service"
    async with (
        asterisk(app=APP) as pbx,
        started(
            unit, tmp_path, ARI_URL=pbx.sim.url, PORT_RANGE="{}-{}".format(*free_block())
        ) as service,
    ):
        await service.says("READY=1".__eq__)
        headers = {"Authorization": f"Basic {base64.b64encode(b'ari:ari').decode()}"}
        url = f"{pbx.sim.url}/ari/events?app={APP}"
        async with aiohttp.ClientSession(headers=headers) as rival, rival.ws_connect(url):
            _, errors = await asyncio.wait_for(service.process.communicate(), 20)
        assert b"another client took over" in errors
        assert service.process.returncode in codes(unit, "RestartPreventExitStatus")


async def test_an_asterisk_that_is_not_there_is_tried_again(tmp_path: Path) -> None:
    unit = "ari-tui.service"
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = "{}:{}".format(*nobody.getsockname())
        async with started(unit, tmp_path, ARI_URL=address) as service:
            _, errors = await asyncio.wait_for(service.process.communicate(), 20)
    assert b"nothing listens" in errors
    never = codes(unit, "SuccessExitStatus") | codes(unit, "RestartPreventExitStatus")
    assert service.process.returncode not in never


def test_the_echo_servers_own_words_start_it() -> None:
    unit = "ari-tui-echo.service"
    words = shlex.split(shlex.split(line_of(unit, "Environment"))[0].partition("=")[2])
    _, *arguments = line_of(unit, "ExecStart").split()
    assert arguments.pop() == "$ECHO_OPTIONS"
    words[words.index("--port") + 1] = "0"
    with subprocess.Popen(
        [sys.executable, "-m", "ari_tui", *arguments, *words, "--json"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stderr is not None
            line = process.stderr.readline()
            assert "listening address=127.0.0.1" in line
            packet = rtp_packets.build(b"\xd5" * 160, sequence=1, timestamp=160, ssrc=7)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
                phone.connect(("127.0.0.1", int(line.partition("port=")[2].split()[0])))
                phone.settimeout(20)
                phone.send(packet)
                assert phone.recv(2048) == packet
            process.terminate()
            out, _ = process.communicate(timeout=20)
        finally:
            process.kill()
    assert process.returncode in codes(unit, "SuccessExitStatus")
    assert json.loads(out)["end_reason"] == "SIGTERM"
