"""`echo` and `sim` as processes: ready lines, real packets and requests, signals, counters."""

import asyncio
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ari_tui.cli.main import execute
from ari_tui.core.errors import ChildFailedError
from ari_tui.core.process import Child
from ari_tui.wire import status
from tests import rtp_packets

pytestmark = pytest.mark.usefixtures("bare_start")
SECONDS = 30


def echoed(port: int, packet: bytes) -> bytes:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
        phone.settimeout(SECONDS)
        phone.connect(("127.0.0.1", port))
        phone.send(packet)
        return phone.recv(2048)


@contextmanager
def started(*arguments: str) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [sys.executable, "-m", "ari_tui", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def listening_port(process: "subprocess.Popen[str]") -> int:
    assert process.stderr is not None
    line = process.stderr.readline()
    assert "listening address=127.0.0.1 port=" in line, line
    return int(line.partition("port=")[2].split()[0])


PACKET = rtp_packets.build(b"\xd5" * 160, sequence=1, timestamp=160, ssrc=7)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)]
)
def test_echo_returns_packets_and_prints_its_counters_after_a_signal(
    number: signal.Signals, code: int
) -> None:
    with started("echo", "--port", "0") as process:
        assert echoed(listening_port(process), PACKET) == PACKET
        process.send_signal(number)
        out, err = process.communicate(timeout=SECONDS)
    assert process.returncode == code
    assert out == ""
    assert "1 packets" in err
    assert "1 returned" in err


def test_echo_prints_its_counters_as_json_and_nothing_else_on_stdout() -> None:
    with started("echo", "--port", "0", "--json", "--sample-rate", "16000") as process:
        echoed(listening_port(process), PACKET)
        process.terminate()
        out, err = process.communicate(timeout=SECONDS)
    document = json.loads(out)
    assert (document["packets"], document["sent"], document["end_reason"]) == (1, 1, "SIGTERM")
    assert err == ""


async def test_echo_as_a_child_reports_its_port_and_ends_with_0_when_its_lifeline_ends() -> None:
    child = await Child.spawn("echo", ["echo", "--port", "0", "--quiet"])
    try:
        port = child.info["port"]
        assert await asyncio.to_thread(echoed, port, PACKET) == PACKET
        assert await child.stop("SIGINT") == 0
    finally:
        await child.kill()


async def test_a_port_in_use_reaches_the_parent_in_words_with_exit_code_3() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = str(taken.getsockname()[1])
        with pytest.raises(ChildFailedError, match=rf"127\.0\.0\.1:{port}") as caught:
            await Child.spawn("echo", ["echo", "--port", port])
    assert caught.value.exit_code == 3


def test_echo_with_an_impairment_counts_what_it_did() -> None:
    with started(
        "echo", "--port", "0", "--json", "--impair", "loss=100%", "--seed", "3"
    ) as process:
        port = listening_port(process)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
            phone.sendto(PACKET, ("127.0.0.1", port))
            # answered behind the packet: it has been read by then
            phone.settimeout(SECONDS)
            query = status.StatusQuery(status.STREAM_QUERY, ssrc=7, nonce=1)
            phone.sendto(status.build_query(query), ("127.0.0.1", port))
            phone.recv(2048)
        process.terminate()
        out, _ = process.communicate(timeout=SECONDS)
    assert json.loads(out)["impaired"]["lost"] == 1


def test_echo_that_was_stopped_tells_how_long_it_held_each_packet() -> None:
    with (
        started("echo", "--port", "0", "--json") as process,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone,
    ):
        phone.settimeout(SECONDS)
        phone.connect(("127.0.0.1", listening_port(process)))
        phone.send(PACKET)
        assert phone.recv(2048) == PACKET
        process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
        for sequence in (2, 3):
            phone.send(rtp_packets.build(b"", sequence=sequence, timestamp=0, ssrc=7))
        sent_ns = time.monotonic_ns()
        assert not select.select([phone], [], [], 0.05)[0]
        waited_us = (time.monotonic_ns() - sent_ns) // 1000
        process.send_signal(signal.SIGCONT)
        assert [len(phone.recv(2048)) for _ in range(2)] == [12, 12]
        phone.send(status.build_query(status.StatusQuery(status.STREAM_QUERY, 7, 1, 0)))
        reply = status.parse_reply(phone.recv(2048))
        process.terminate()
        out, _ = process.communicate(timeout=SECONDS)
    assert reply is not None
    assert reply.holds is not None
    held = {each.sequence: each.hold_us for each in reply.holds.entries}
    assert {2, 3} <= held.keys()
    assert min(held[2], held[3]) >= waited_us
    assert json.loads(out)["held"] == reply.holds.total == len(held)


def test_echo_beyond_loopback_requires_allowed_clients(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["echo", "--bind", "0.0.0.0", "--port", "0"]) == 2
    assert "--allow" in capsys.readouterr().err


def ping(url: str, user: str, password: str) -> int:
    token = b64encode(f"{user}:{password}".encode()).decode()
    request = urllib.request.Request(
        f"{url}/ari/asterisk/ping", headers={"Authorization": f"Basic {token}"}
    )
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


async def test_sim_as_a_child_serves_ari_with_the_password_of_its_environment() -> None:
    variables = {**os.environ, "ARI_PASS": "geheim1", "ARI_USER": "me"}
    child = await Child.spawn(
        "sim", ["sim", "--port", "0", "--calls", "0", "--quiet"], environment=variables
    )
    try:
        url = child.info["url"]
        assert await asyncio.to_thread(ping, url, "me", "geheim1") == 200
        assert await asyncio.to_thread(ping, url, "me", "ari") == 401
        assert await child.stop() == 0
    finally:
        await child.kill()


async def test_sim_ends_by_a_signal_with_its_code_and_counters_on_stdout() -> None:
    child = await Child.spawn(
        "sim", ["sim", "--port", "0", "--calls", "2", "--json"], stdout=asyncio.subprocess.PIPE
    )
    try:
        child.process.send_signal(signal.SIGTERM)
        assert child.process.stdout is not None
        out = await asyncio.wait_for(child.process.stdout.read(), SECONDS)
        assert await asyncio.wait_for(child.process.wait(), SECONDS) == 143
    finally:
        await child.kill()
    document = json.loads(out)
    assert document["calls_failed"] == document["calls_started"]


def test_a_wrong_impairment_of_sim_is_exit_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["sim", "--port", "0", "--impair-media", "loss"]) == 2
    assert capsys.readouterr().err.startswith("ari-tui: --impair-media: ")


@pytest.mark.parametrize(
    "command", [["echo", "--allow", "192.0.2.0/24"], ["sim"]], ids=["echo", "sim"]
)
def test_a_server_on_an_address_of_another_machine_is_refused(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute([*command, "--bind", "192.0.2.77"]) == 3
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("ari-tui: --bind: 192.0.2.77 is no address of this machine, which has")


def test_a_fault_of_another_place_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    for command, place in (("sim", "echo-out"), ("echo", "caller-in")):
        assert execute([command, "--port", "0", "--fault", f"{place}:loss=1%"]) == 2
        said = capsys.readouterr().err
        assert said.startswith(f"ari-tui: --fault {place}:loss=1%: allowed here are ")
