"""SIPp as the caller: real SIP, real RTP from recordings, a DTMF digit in the middle."""

from __future__ import annotations

import contextlib
import csv
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.asterisk.lab import Asterisk, free_port
from tests.asterisk.recordings import one_stream
from tests.asterisk.tools import need, unavailable

PACKET_MS = 30
"""Packet time of SIPp's recording of alaw."""
MEDIA_PACKETS = 236 + 145
"""Packets of voice that every call sends at least: the recording, and 4.4 s of it again."""
DURATION_S = 12.0

_SCENARIO = Path(__file__).with_name("sipp_call.xml")
_RECORDINGS = Path("/usr/share/sip-tester")


@dataclass(frozen=True)
class SippResult:
    """What SIPp counted."""

    created: int
    successful: int
    failed: int


class SippRun:
    """A SIPp that places calls; it ends by itself when they are over."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path) -> None:
        self._process = process
        self._folder = folder

    def finish(self, timeout_s: float = 60.0) -> SippResult:
        """Wait until all calls are over; raise with SIPp's own words when it could not run."""
        code = self._process.wait(timeout_s)
        if code not in (0, 1):  # 1: some call failed; other codes: it could not run
            said = (self._folder / "output").read_text(errors="replace")[-2000:]
            raise RuntimeError(f"sipp ended with {code}:\n{said}")
        with (self._folder / "statistics.csv").open(newline="") as file:
            last = list(csv.DictReader(file, delimiter=";"))[-1]
        return SippResult(
            created=int(last["TotalCallCreated"]),
            successful=int(last["SuccessfulCall(C)"]),
            failed=int(last["FailedCall(C)"]),
        )


@contextlib.contextmanager
def sipp_calls(
    asterisk: Asterisk, folder: Path, *, calls: int, extension: str = "stasis"
) -> Iterator[SippRun]:
    """Place `calls` calls at once to an extension; SIPp is ended when the block is left early."""
    if not (_RECORDINGS / "g711a.pcap").exists():
        unavailable("SIPp's recordings are not installed (Debian package sip-tester)")
    program = need("sipp", "sip-tester")
    shutil.copytree(_RECORDINGS, folder / "pcap", dirs_exist_ok=True)
    one_stream(_RECORDINGS, folder / "pcap", digit_after_s=7.2, voice_after_s=0.3)
    process = _started(program, asterisk, folder, calls=calls, extension=extension)
    try:
        yield SippRun(process, folder)
    finally:
        process.kill()
        process.wait()


_ATTEMPTS = 3
_EARLY_S = 0.5
_APART = 8
"""SIPp takes several ports from that of its media on."""


def _started(
    program: str, asterisk: Asterisk, folder: Path, *, calls: int, extension: str
) -> subprocess.Popen[bytes]:
    """Start SIPp; when it ends at once, since a port was taken meanwhile, start it on others."""
    for _ in range(_ATTEMPTS):
        sip_port, media_port = free_port(), free_port()
        if abs(sip_port - media_port) < _APART:
            continue
        arguments = {
            "-sf": _SCENARIO,
            "-s": extension,
            "-i": "127.0.0.1",
            "-p": sip_port,
            "-mi": "127.0.0.1",
            "-mp": media_port,
            "-m": calls,
            "-l": calls,
            "-r": calls,
            "-stf": "statistics.csv",
            "-fd": 1,
            "-error_file": "errors",
        }
        command = [program, f"127.0.0.1:{asterisk.sip_port}", "-nostdin"]
        command += ["-trace_stat", "-trace_err"]
        command += [str(word) for pair in arguments.items() for word in pair]
        with (folder / "output").open("wb") as output:
            process = subprocess.Popen(
                command,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            process.wait(_EARLY_S)
        except subprocess.TimeoutExpired:
            return process
    said = (folder / "output").read_text(errors="replace")[-2000:]
    raise RuntimeError(f"sipp ended at once, {_ATTEMPTS} times:\n{said}")
