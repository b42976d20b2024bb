"""RTT against a capture, packet by packet: what the wire saw, by dumpcap on loopback.

The capture is of the echo leg. For each packet: the time between its two frames, less the RTT that
the worker's records give. Samples with a wide bracket are "uncertain" and left out, as in the
product.
"""

from __future__ import annotations

import contextlib
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ari_tui.analysis.records import Records, from_bytes
from ari_tui.analysis.stream.media_leg import UNCERTAIN_NS
from ari_tui.wire import record as r
from bench.bed import free_block, generate, running, worker_with

_READY_S = 10.0
Floats = npt.NDArray[np.float64]


@contextlib.contextmanager
def captured(path: Path, wanted: str) -> Iterator[Path]:
    """Capture on loopback, into `path`, what the capture filter `wanted` lets through."""
    process = subprocess.Popen(
        ["dumpcap", "-q", "-i", "lo", "-f", wanted, "-B", "64", "-w", str(path)],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("File:"):
                break
        yield path
    finally:
        time.sleep(1.0)  # dumpcap writes in blocks; nothing tells when the last is in
        process.terminate()
        process.communicate(timeout=_READY_S)


def frames(path: Path, echo: int) -> dict[tuple[int, int, bool], int]:
    """Return the time (ns) of each frame by SSRC, sequence, and whether it went to the echo."""
    output = subprocess.run(
        [
            "tshark",
            "-r",
            str(path),
            "-d",
            f"udp.port=={echo},rtp",
            "-T",
            "fields",
            "-e",
            "frame.time_epoch",
            "-e",
            "udp.dstport",
            "-e",
            "rtp.ssrc",
            "-e",
            "rtp.seq",
        ],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    found: dict[tuple[int, int, bool], int] = {}
    for line in output.splitlines():
        moment, port, ssrc, sequence = line.split("\t")
        if not sequence:
            continue
        seconds, _, fraction = moment.partition(".")
        key = (int(ssrc, 16), int(sequence), int(port) == echo)
        found.setdefault(key, int(seconds) * 1_000_000_000 + int(fraction[:9].ljust(9, "0")))
    return found


def _round_trips(log: Records) -> dict[tuple[int, int], tuple[int, int]]:
    """Return RTT (ns) and bracket (ns) of each packet that came back, from the worker's records."""
    media, echo = log[log["kind"] == r.KIND_MEDIA_IN], log[log["kind"] == r.KIND_ECHO_IN]
    sent = {
        (int(m["ssrc"]), int(m["sequence"])): (int(m["tx_ns"]), int(m["bracket_ns"])) for m in media
    }
    trips = {}
    for e in echo:
        key = (int(e["ssrc"]), int(e["sequence"]))
        if key not in sent:
            continue  # the log was cut between the two
        trips[key] = (int(e["rx_ns"]) - sent[key][0], sent[key][1])
    return trips


async def measure(tools: Path, calls: int, seconds: int) -> dict[str, Any]:
    """Return the spread of the difference in µs, and the share of uncertain samples."""
    gen = free_block(2 * calls)
    media = gen + calls
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        _, port = stack.enter_context(running(str(tools), "echo"))
        with captured(folder / "echo.pcapng", f"udp port {port}") as path:
            async with worker_with(calls, media, gen, int(port)) as worker:
                await generate(tools, calls, gen, media, seconds)
                log = from_bytes(worker.ring.read())
        wire = frames(path, int(port))
    return _summary(calls, *errors(log, wire))


def errors(log: Records, wire: Mapping[tuple[int, int, bool], int]) -> tuple[Floats, Floats]:
    """Return how far each round trip is from the wire's, in µs: certain samples, uncertain ones."""
    error: list[float] = []
    uncertain: list[float] = []
    for (ssrc, sequence), (rtt_ns, bracket_ns) in _round_trips(log).items():
        out, back = wire.get((ssrc, sequence, True)), wire.get((ssrc, sequence, False))
        if out is None or back is None:
            continue
        which = uncertain if bracket_ns > UNCERTAIN_NS else error
        which.append(abs(rtt_ns - (back - out)) / 1000)
    return np.array(error), np.array(uncertain)


def _summary(calls: int, error: Floats, uncertain: Floats) -> dict[str, Any]:
    middle, high = np.percentile(error, [50, 99], method="inverted_cdf")
    return {
        "calls": calls,
        "packets": len(error) + len(uncertain),
        "median_us": round(float(middle), 1),
        "p99_us": round(float(high), 1),
        "max_us": round(float(error.max()), 1),
        "above_500_us": int((error > 500).sum()),
        "uncertain_share": round(len(uncertain) / (len(error) + len(uncertain)), 5),
        "uncertain_max_us": round(float(uncertain.max()), 1) if len(uncertain) else None,
    }
