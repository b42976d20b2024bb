"""irtt's error beside ours: both against a capture of their own packets, in turns in one run.

irtt stamps in user space; its client's receive stamp less its send stamp is held against the time
between the two frames on the wire, as our RTT is.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import statistics
import struct
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from bench.bed import free_block, running
from bench.capture import captured, measure

ROUNDS = 5
SECONDS = 4
_CALLS = 10
_MAGIC, _DATA_AT = b"\x14\xa7\x5b", 12


async def _irtt_errors() -> list[float]:
    """Return irtt's error of each packet in µs."""
    port = free_block(1)
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stack.enter_context(running("irtt", "server", "-b", f"127.0.0.1:{port}"))
        with captured(folder / "irtt.pcapng", f"udp port {port}") as path:
            client = await asyncio.create_subprocess_exec(
                "irtt",
                "client",
                "-d",
                f"{SECONDS}s",
                "-i",
                "20ms",
                "-l",
                "172",
                "-Q",
                "-o",
                str(folder / "irtt.json"),
                f"127.0.0.1:{port}",
            )
            await client.wait()
        wire = _wire_trips(path, port)
        trips = json.loads((folder / "irtt.json").read_text())["round_trips"]
    return [_error_us(trip, wire) for trip in trips if trip["seqno"] in wire]


def _error_us(trip: dict[str, Any], wire: dict[int, int]) -> float:
    client = trip["timestamps"]["client"]
    rtt_ns = client["receive"]["monotonic"] - client["send"]["monotonic"]
    return float(abs(rtt_ns - wire[trip["seqno"]])) / 1000


def _wire_trips(path: Path, port: int) -> dict[int, int]:
    """Return the time (ns) between the two frames of each sequence number."""
    output = subprocess.run(
        [
            "tshark",
            "-r",
            str(path),
            "-T",
            "fields",
            "-e",
            "frame.time_epoch",
            "-e",
            "udp.dstport",
            "-e",
            "data.data",
        ],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    sent: dict[int, int] = {}
    trips: dict[int, int] = {}
    for line in output.splitlines():
        moment, destination, text = line.split("\t")
        data = bytes.fromhex(text)
        if not data.startswith(_MAGIC) or len(data) != 172:
            continue
        (sequence,) = struct.unpack_from("<I", data, _DATA_AT)
        seconds, _, fraction = moment.partition(".")
        at = int(seconds) * 1_000_000_000 + int(fraction[:9].ljust(9, "0"))
        if int(destination) == port:
            sent[sequence] = at
        elif sequence in sent:
            trips[sequence] = at - sent[sequence]
    return trips


async def compare(tools: Path) -> dict[str, Any]:
    """Return the median over rounds of both instruments' error at median and p99, in µs."""
    theirs: list[tuple[float, float]] = []
    ours: list[tuple[float, float]] = []
    for _ in range(ROUNDS):
        errors = sorted(await _irtt_errors())
        theirs.append((statistics.median(errors), errors[len(errors) * 99 // 100]))
        found = await measure(tools, _CALLS, SECONDS)
        ours.append((found["median_us"], found["p99_us"]))
    medians = [
        [statistics.median(pair[i] for pair in side) for i in (0, 1)] for side in (theirs, ours)
    ]
    return {
        "irtt_median_us": round(medians[0][0], 1),
        "ours_median_us": round(medians[1][0], 1),
        "median_ratio": round(medians[1][0] / medians[0][0], 3),
        "irtt_p99_us": round(medians[0][1], 1),
        "ours_p99_us": round(medians[1][1], 1),
        "p99_ratio": round(medians[1][1] / medians[0][1], 3),
    }
