"""A real Prometheus that scrapes a real engine (a demo's), for as long as the tests ask it."""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
DASHBOARDS = ROOT / "dashboards"
WAIT_S = 30.0
JOB = "ari-tui"

needs_prometheus = pytest.mark.skipif(
    shutil.which("prometheus") is None or shutil.which("promtool") is None,
    reason="needs prometheus and promtool (Debian: prometheus)",
)


def promtool(*arguments: str, stdin: bytes = b"") -> None:
    """Run promtool; what it complains of fails the test."""
    done = subprocess.run(
        ["promtool", *arguments], input=stdin, capture_output=True, timeout=WAIT_S, check=False
    )
    told = (done.stdout + done.stderr).decode()
    assert done.returncode == 0, told


@contextlib.contextmanager
def ended(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """End a process with the block, by force where it does not hear."""
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(WAIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(WAIT_S)


@contextlib.contextmanager
def demo(folder: Path, *arguments: str, **variables: str) -> Iterator[str]:
    """Run a demo with HTTP on TCP; yield its address once the engine is ready."""
    ready, says = os.pipe()
    hears, lifeline = os.pipe()
    with (folder / "demo.log").open("wb") as log:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "ari_tui",
                "demo",
                "--headless",
                "--http",
                "127.0.0.1:0",
                *arguments,
            ],
            env={
                **os.environ,
                "XDG_RUNTIME_DIR": str(folder),
                **variables,
                "ARI_TUI_READY_FD": str(says),
                "ARI_TUI_LIFELINE_FD": str(hears),
            },
            pass_fds=(says, hears),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=folder,
        )
    os.close(says)
    os.close(hears)
    try:
        with ended(process):
            readable, _, _ = select.select([ready], [], [], WAIT_S)
            said = json.loads(os.read(ready, 65536) or b"{}") if readable else {}
            assert "ready" in said, (said, (folder / "demo.log").read_text())
            yield "{}:{}".format(*said["ready"]["http"])
    finally:
        os.close(ready)
        os.close(lifeline)


def fetch(url: str, token: str = "") -> bytes:
    """Read a page."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = urllib.request.Request(url, headers=headers)
    with urllib.request.urlopen(request, timeout=WAIT_S) as answer:
        return bytes(answer.read())


class Prometheus:
    """A Prometheus that runs."""

    def __init__(self, address: str) -> None:
        self.address = address

    def api(self, path: str, **query: str) -> Any:
        """Ask its HTTP API; an error it tells of fails the test."""
        url = f"http://{self.address}/api/v1/{path}?{urllib.parse.urlencode(query)}"
        answer = json.loads(fetch(url))
        assert answer["status"] == "success", answer
        return answer["data"]

    def query(self, expression: str, at_s: float | None = None) -> list[dict[str, Any]]:
        """Return the series of an instant query: each its labels (`metric`) and `value`."""
        when = {} if at_s is None else {"time": str(at_s)}
        data = self.api("query", query=expression, **when)
        found: list[dict[str, Any]] = data["result"] if data["resultType"] == "vector" else [data]
        return found

    def value(self, expression: str, at_s: float | None = None) -> float | None:
        """Return the value of the only series; None without one."""
        found = self.query(expression, at_s)
        assert len(found) <= 1, found
        return float(found[0]["value"][1]) if found else None

    def until(self, expression: str) -> None:
        """Wait until a query has a result."""
        deadline = time.monotonic() + WAIT_S
        while not self.query(expression):
            assert time.monotonic() < deadline, f"no result within {WAIT_S:g} s: {expression}"
            time.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def prometheus(folder: Path, targets: Sequence[str]) -> Iterator[Prometheus]:
    """Run a Prometheus with our alert rules that scrapes these addresses three times a second."""
    config = {
        "global": {
            "scrape_interval": "300ms",
            "scrape_timeout": "300ms",
            "evaluation_interval": "300ms",
        },
        "rule_files": [str(DASHBOARDS / "alerts.yml")],
        "scrape_configs": [{"job_name": JOB, "static_configs": [{"targets": list(targets)}]}],
    }
    file = folder / "prometheus.yml"
    file.write_text(json.dumps(config))  # JSON is YAML
    found = Prometheus(f"127.0.0.1:{_free_port()}")
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(
            [
                "prometheus",
                f"--config.file={file}",
                f"--storage.tsdb.path={folder / 'tsdb'}",
                f"--web.listen-address={found.address}",
                "--storage.tsdb.retention.time=1h",
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=folder,
        )
    with ended(process):
        deadline = time.monotonic() + WAIT_S
        while True:
            told = (folder / "prometheus.log").read_text()
            assert process.poll() is None, told
            assert time.monotonic() < deadline, told
            with contextlib.suppress(OSError):
                fetch(f"http://{found.address}/-/ready")
                break
            time.sleep(0.05)
        yield found
