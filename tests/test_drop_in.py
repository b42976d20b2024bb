"""A place where the original ran: its `.env`, variables, flags and status line, to the letter."""

import asyncio
import json
import os
import re
import signal
import socket
import sys
import urllib.request
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests import rtp_packets
from tests.engine.kit import Pbx, asterisk, free_block, unused_udp_port

pytestmark = [pytest.mark.usefixtures("bare_start"), pytest.mark.system]
APP = "ari-app"
STATUS = re.compile(
    r"^p50=\d+\.\dms p95=\d+\.\dms p99=\d+\.\dms max=\d+\.\dms "
    r"late_ratio=\d+\.\d\d% drops=\d+\.\d\d%( |$)"
)
LOGGED = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00 [A-Z]+ \[(\S+)\] ")
WAIT_S = 25


@asynccontextmanager
async def program(*arguments: str, **variables: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Start `ari-tui` in the working directory; it is ended when the block is left early."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "ari_tui",
        *arguments,
        env={**os.environ, "XDG_RUNTIME_DIR": str(Path.cwd()), **variables},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def read_until(stream: asyncio.StreamReader | None, words: str) -> list[str]:
    """Return the lines up to the one that holds these words."""
    assert stream is not None
    lines: list[str] = []
    while not lines or words not in lines[-1]:
        line = await asyncio.wait_for(stream.readline(), WAIT_S)
        assert line, lines
        lines.append(line.decode())
    return lines


@asynccontextmanager
async def echo(port: int, rate: str = "8000") -> AsyncIterator[asyncio.subprocess.Process]:
    """Start the echo server by the original's flags."""
    async with program("echo", "--port", str(port), "--sample-rate", rate) as process:
        await read_until(process.stderr, f"port={port}")
        yield process


def free_tcp_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def dot_env(pbx: Pbx, **more: Any) -> str:
    """Return the original's `.env`: every variable of its service, ports of this test."""
    values = {
        "ARI_URL": pbx.sim.url.removeprefix("http://"),
        "ARI_USER": "ari",
        "ARI_PASS": "ari",
        "APP_NAME": APP,
        "BIND_IP": "0.0.0.0",
        "PORT_RANGE": "{}-{}".format(*free_block()),
        "ECHO_HOST": "127.0.0.1",
        "METRICS_INTERVAL_SEC": "1",
        **more,
    }
    return "".join(f"{name}={value}\n" for name, value in values.items())


async def test_the_originals_env_file_runs_the_service_and_it_reports_as_the_original(
    bare_start: Path,
) -> None:
    echo_port, http_port = unused_udp_port(), free_tcp_port()
    async with AsyncExitStack() as stack:
        pbx = await stack.enter_async_context(asterisk(app=APP))
        await stack.enter_async_context(echo(echo_port))
        (bare_start / ".env").write_text(dot_env(pbx, ECHO_PORT=echo_port, SERVICE_PORT=http_port))
        run = await stack.enter_async_context(program("run", "--headless"))
        begin = await read_until(run.stderr, "worker ready")
        assert any("0.0.0.0 cannot be an external_host" in line for line in begin)
        assert all(LOGGED.match(line) for line in begin), begin
        assert run.stdout is not None
        await asyncio.wait_for(run.stdout.readline(), WAIT_S)
        caller = pbx.sim.pbx.channels[pbx.call()].name
        lines = [line async for line in statuses(run.stdout, 3)]
        assert all(STATUS.match(line) for line in lines), lines
        body, text = await asyncio.to_thread(ask, http_port)
        assert (body["ok"], body["calls"]) == (True, 1)
        assert "ari_tui_calls_active 1.0" in text
        run.send_signal(signal.SIGTERM)
        out, err = await asyncio.wait_for(run.communicate(), WAIT_S)
    assert run.returncode == 143
    report = out.decode()
    assert re.search(r"^SLA +(PASS|FAIL|inconclusive)", report, re.MULTILINE), report
    logged = [match[1] for line in err.decode().splitlines() if (match := LOGGED.match(line))]
    assert caller in logged  # a call's lines name its channel


async def statuses(stream: asyncio.StreamReader, count: int) -> AsyncIterator[str]:
    """Yield status lines from the first on that has a sample."""
    found = 0
    while found < count:
        line = (await asyncio.wait_for(stream.readline(), WAIT_S)).decode()
        assert line.startswith("p50="), line
        if found or "p50=—" not in line:
            found += 1
            yield line


def ask(port: int) -> tuple[Any, str]:
    """Return what /health and /metrics answer on the original's port."""
    url = f"http://127.0.0.1:{port}"
    with urllib.request.urlopen(f"{url}/health", timeout=WAIT_S) as response:
        body = json.load(response)
    with urllib.request.urlopen(f"{url}/metrics", timeout=WAIT_S) as response:
        return body, response.read().decode()


async def test_the_originals_echo_flags_start_an_echo_server_that_returns_every_byte() -> None:
    port = unused_udp_port()
    packet = rtp_packets.build(bytes(range(160)), sequence=65535, timestamp=2**32 - 160, ssrc=7)
    async with echo(port, rate="16000") as process:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
            phone.connect(("127.0.0.1", port))
            phone.settimeout(WAIT_S)
            phone.send(packet)
            assert await asyncio.to_thread(phone.recv, 2048) == packet
        process.terminate()
        _, err = await asyncio.wait_for(process.communicate(), WAIT_S)
    assert process.returncode == 143
    for counter in (b"packets", b"bytes", b"errors"):
        assert counter in err


async def test_the_originals_load_test_flags_place_calls_and_write_its_report(
    bare_start: Path,
) -> None:
    async with AsyncExitStack() as stack:
        pbx = await stack.enter_async_context(asterisk(app=APP))
        echo_port = unused_udp_port()
        await stack.enter_async_context(echo(echo_port))
        test = await stack.enter_async_context(
            program(
                "loadtest",
                "--headless",
                "--concurrent",
                "2",
                "--duration",
                "4",
                "--call-duration",
                "2",
                "--endpoint",
                "Local/echo@ari-context",
                "--report-file",
                "reports/load_test_report.json",
                "--ari-url",
                pbx.sim.url.removeprefix("http://"),
                "--ari-user",
                "ari",
                "--ari-pass",
                "ari",
                "--app-name",
                APP,
                ECHO_PORT=str(echo_port),
                PORT_RANGE="{}-{}".format(*free_block()),
            )
        )
        assert_report(await ended(test), bare_start, test.returncode)


async def test_the_originals_load_test_variables_do_the_same(bare_start: Path) -> None:
    async with AsyncExitStack() as stack:
        pbx = await stack.enter_async_context(asterisk(app=APP))
        echo_port = unused_udp_port()
        await stack.enter_async_context(echo(echo_port))
        variables = {
            "LOAD_TEST_CONCURRENT_CALLS": 2,
            "LOAD_TEST_DURATION_SECONDS": 4,
            "LOAD_TEST_CALL_DURATION_SECONDS": 2,
            "LOAD_TEST_ENDPOINT": "Local/echo@ari-context",
            "LOAD_TEST_REPORT": "reports/load_test_report.json",
            "ECHO_PORT": echo_port,
        }
        (bare_start / ".env").write_text(dot_env(pbx, **variables))
        test = await stack.enter_async_context(program("loadtest", "--headless"))
        assert_report(await ended(test), bare_start, test.returncode)


async def ended(process: asyncio.subprocess.Process) -> str:
    out, err = await asyncio.wait_for(process.communicate(), WAIT_S)
    return out.decode() + err.decode()


def assert_report(said: str, folder: Path, code: int | None) -> None:
    """The report is where the original's was; whether the SLA held is the machine's to say."""
    assert code in (0, 1, 4), said
    report = json.loads((folder / "reports" / "load_test_report.json").read_text())
    assert report["schema"] == "ari-tui.loadtest/1"
    assert report["plan"]["calls"] == 2
    assert report["plan"]["call_duration_s"] == 2
    assert len(report["calls"]) >= 2
    assert "internal error" not in said
