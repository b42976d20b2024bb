"""`analyze` as a user calls it: text, JSON, exit codes, and wrong arguments in words."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest

from ari_tui.cli.main import execute
from tests import rtp_packets

pytestmark = pytest.mark.usefixtures("bare_start")


def capture(path: Path, packets: int, *, echo_ms: int | None = None, ssrc: int = 0xABC) -> Path:
    """Write a pcap (raw IP) of one stream to 10.0.0.2:4000, and back when `echo_ms` is given."""
    out = struct.pack("<IHHIIII", 0xA1B23C4D, 2, 4, 0, 0, 65535, 101)
    for i in range(packets):
        payload = rtp_packets.build(bytes(160), sequence=i, timestamp=160 * i, ssrc=ssrc)
        ways = [(20 * i, 1, 2, 5000, 4000)]
        if echo_ms is not None:
            ways.append((20 * i + echo_ms, 2, 1, 4000, 5000))
        for at_ms, source, destination, sport, dport in ways:
            body = struct.pack("!HHHH", sport, dport, 8 + len(payload), 0) + payload
            data = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), 0, 0, 64, 17, 0)
            data += bytes([10, 0, 0, source, 10, 0, 0, destination]) + body
            seconds, ms = divmod(at_ms, 1000)
            size = len(data)
            out += struct.pack("<IIII", 1_700_000_000 + seconds, ms * 1_000_000, size, size) + data
    path.write_bytes(out)
    return path


def test_a_captures_streams_are_printed_as_text(
    bare_start: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capture(bare_start / "c.pcap", 50)
    assert execute(["analyze", "c.pcap"]) == 0
    told = capsys.readouterr()
    assert "1 stream of 50 RTP packets" in told.out
    assert "10.0.0.1:5000  10.0.0.2:4000  0x00000abc  ulaw" in told.out
    assert "payload types" not in told.out
    assert told.err == ""


def test_verbose_prints_details(bare_start: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capture(bare_start / "c.pcap", 50)
    assert execute(["analyze", "-v", "c.pcap"]) == 0
    assert "payload types 0, 8000 Hz, packet time 20 ms" in capsys.readouterr().out


def test_json_on_stdout_is_json_and_nothing_else(
    bare_start: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    capture(bare_start / "c.pcap", 50, echo_ms=7)
    arguments = ["analyze", "c.pcap", "--json", "-", "--echo", "10.0.0.2:4000"]
    assert execute(arguments) == 0
    (line,) = capfdbinary.readouterr().out.splitlines()
    found = json.loads(line)
    assert found["schema"] == "ari-tui.streams/1"
    (stream,) = found["streams"]
    assert stream["echo"]["returned"] == 50
    assert stream["echo"]["rtt_ms"]["p50"] == pytest.approx(7.0, rel=0.01)


def test_json_to_a_file_leaves_the_text_on_stdout(
    bare_start: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capture(bare_start / "c.pcap", 50)
    assert execute(["analyze", "c.pcap", "--json", "out.json"]) == 0
    assert "1 stream" in capsys.readouterr().out
    file = bare_start / "out.json"
    assert json.loads(file.read_text())["streams"][0]["packets"]["received"] == 50
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("arguments", [["--port", "4000"], ["--ssrc", "0xabc"], ["--ssrc", "2748"]])
def test_what_is_asked_for_is_found(bare_start: Path, arguments: list[str]) -> None:
    capture(bare_start / "c.pcap", 50)
    assert execute(["analyze", "c.pcap", *arguments]) == 0


@pytest.mark.parametrize("arguments", [["--port", "4001"], ["--ssrc", "0xabd"]])
def test_no_stream_is_exit_4(
    bare_start: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    capture(bare_start / "c.pcap", 50)
    assert execute(["analyze", "c.pcap", *arguments]) == 4
    assert "0 streams of 0 RTP packets; passed over: 50 of other ports or SSRCs" in (
        capsys.readouterr().out
    )


def test_an_empty_capture_is_exit_4(bare_start: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capture(bare_start / "c.pcap", 0)
    assert execute(["analyze", "c.pcap"]) == 4
    assert "c.pcap: pcap, 0 packets\n0 streams" in capsys.readouterr().out


def test_a_truncated_file_is_analysed_and_reported(
    bare_start: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = capture(bare_start / "c.pcap", 50)
    path.write_bytes(path.read_bytes()[:-1])
    assert execute(["analyze", "c.pcap"]) == 0
    told = capsys.readouterr().out
    assert "1 stream of 49 RTP packets" in told
    assert "the file is cut short at byte" in told


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["none.pcap"], "cannot read none.pcap: No such file or directory"),
        (["text.txt"], "text.txt: no capture file"),
        (["empty.pcap"], "empty.pcap: the file is empty"),
        ([], "Missing argument 'FILE'"),
        (["c.pcap", "--port", "0"], "--port"),
        (["c.pcap", "--ssrc", "loud"], "'loud' is no SSRC"),
        (["c.pcap", "--ssrc", "0x100000000"], "is no SSRC"),
        (["c.pcap", "--echo", "echo.example:4000"], "--echo: expected an address and a port"),
        (["c.pcap", "--echo", "10.0.0.2"], "--echo: expected an address and a port"),
        (["c.pcap", "--json", "none/out.json"], "--json: cannot write none/out.json"),
        (["c.pcap", "--config", "none.toml"], "none.toml"),
    ],
)
def test_wrong_use_is_exit_2_and_one_line(
    bare_start: Path, arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    capture(bare_start / "c.pcap", 5)
    (bare_start / "text.txt").write_text("hello there")
    (bare_start / "empty.pcap").write_bytes(b"")
    assert execute(["analyze", *arguments]) == 2
    captured = capsys.readouterr()
    assert told in captured.err
    assert len(captured.err.splitlines()) == 1
    assert captured.out == ""


def test_the_configuration_decides_what_is_late(
    bare_start: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capture(bare_start / "c.pcap", 5)
    (bare_start / "c.toml").write_text("[media]\nlate_ms = 8\nloss_timeout_ms = 2000")
    assert execute(["analyze", "c.pcap", "--config", "c.toml", "--json", "out.json"]) == 0
    found = json.loads((bare_start / "out.json").read_text())
    assert (found["late_ms"], found["loss_timeout_ms"]) == (8.0, 2000.0)
