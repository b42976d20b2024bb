"""What `analyze` says of a capture, beside what tshark says of the same file.

`python -m bench.wireshark [FILE …]`; without a file, a demo with impairments is captured first,
and the run's own figures for the echo path stand beside those of its capture.

Wireshark's words differ from ours in two places. It counts a duplicate as a packet that is not
lost: its "lost" is our missing less our duplicates. And its jitter takes every packet, ours (RFC
3550 appendix A.8 over consecutive sequence numbers) leaves out what a loss, a duplicate or a late
packet would add; the two are one where the sequence has no errors. Where it has some, our jitter
stands beside the recursion written out below, over the times and numbers that tshark printed.
tshark does not print its sequence errors: its rule is written out below, too. A stream whose
sequence began anew is left out of the comparison and counted: Wireshark takes it for loss.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from ari_tui.capture.model import RtpStream
from ari_tui.capture.streams import Options, analyze_file
from bench.capture import captured

_RTP = ["-o", "rtp.heuristic_rtp:TRUE"]
_CLOCK_HZ = 8000
_EVENTS = 101
_DEMO = ["--calls", "5", "--duration", "8", "--impair", "loss=3%,reorder=1%,dup=1%"]


class Told(NamedTuple):
    """What tshark prints of one stream."""

    packets: int
    lost: int
    jitter_mean_ms: float
    jitter_max_ms: float


Ends = tuple[str, str, int]
"""Source, destination (address:port) and SSRC."""
Arrival = tuple[int, int, int, int]
"""Time (ns), sequence, timestamp, payload type."""


def told_by_tshark(path: Path) -> dict[Ends, Told]:
    """Return tshark's table of RTP streams."""
    found = {}
    for line in _tshark(path, "-q", "-z", "rtp,streams").splitlines():
        cells = line.split()
        if len(cells) < 16 or not cells[6].startswith("0x"):
            continue
        ends = _end(cells[2], cells[3]), _end(cells[4], cells[5]), int(cells[6], 16)
        # the payload's name may hold blanks: count from the end, "X" marks problems
        numbers = cells[:-1] if cells[-1] == "X" else cells
        found[ends] = Told(
            int(numbers[-9]), int(numbers[-8]), float(numbers[-2]), float(numbers[-1])
        )
    return found


def arrivals(path: Path) -> dict[Ends, list[Arrival]]:
    """Return every RTP packet that tshark sees, by stream, in the order of the file."""
    fields = (
        "frame.time_epoch",
        "ip.src",
        "ipv6.src",
        "udp.srcport",
        "ip.dst",
        "ipv6.dst",
        "udp.dstport",
        "rtp.ssrc",
        "rtp.seq",
        "rtp.timestamp",
        "rtp.p_type",
    )
    wanted = [part for name in fields for part in ("-e", name)]
    found: dict[Ends, list[Arrival]] = defaultdict(list)
    for line in _tshark(path, "-Y", "rtp.ssrc", "-T", "fields", *wanted).splitlines():
        moment, src, src6, sport, dst, dst6, dport, ssrc, *numbers = line.split("\t")
        seconds, _, fraction = moment.partition(".")
        time_ns = int(seconds) * 1_000_000_000 + int(fraction[:9].ljust(9, "0"))
        ends = _end(src or src6, sport), _end(dst or dst6, dport), int(ssrc, 16)
        sequence, timestamp, payload_type = (int(number) for number in numbers)
        found[ends].append((time_ns, sequence, timestamp, payload_type))
    return dict(found)


def _tshark(path: Path, *arguments: str) -> str:
    return subprocess.run(
        ["tshark", "-r", str(path), *_RTP, *arguments], check=True, capture_output=True, text=True
    ).stdout


def _end(address: str, port: str) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def sequence_errors(packets: list[Arrival]) -> int:
    """Count as Wireshark does: every packet that is not the next after the highest so far."""
    highest, errors = packets[0][1], 0
    for _, sequence, _, _ in packets[1:]:
        step = (sequence - highest) & 0xFFFF
        errors += step != 1
        if 0 < step < 0x8000:
            highest = sequence
    return errors


def plain_jitter_ms(packets: list[Arrival]) -> tuple[float, float]:
    """Return mean and maximum of RFC 3550's jitter over consecutive packets, one by one."""
    jitter, values = 0.0, []
    for one, other in pairwise(packets):
        (at, seq, stamp, kind), (later, next_seq, next_stamp, next_kind) = one, other
        if (next_seq - seq) & 0xFFFF != 1 or kind != next_kind or kind == _EVENTS:
            continue
        ticks = ((next_stamp - stamp + 0x80000000) & 0xFFFFFFFF) - 0x80000000
        jitter += (abs((later - at) / 1e6 - ticks * 1000 / _CLOCK_HZ) - jitter) / 16
        values.append(jitter)
    return (sum(values) / len(values), max(values)) if values else (0.0, 0.0)


def measure(path: Path) -> list[dict[str, Any]]:
    """Return a row for every stream that both see: our figures beside tshark's."""
    tshark, packets = told_by_tshark(path), arrivals(path)
    document = analyze_file(path, Options(frozenset(), frozenset(), None, 3_000_000, 3 * 10**9))
    rows = []
    for stream in document.streams:
        ends = stream.source, stream.destination, int(stream.ssrc, 16)
        if ends in tshark:
            rows.append(_row(stream, tshark.pop(ends), packets[ends]))
    shown = [ends for ends, told in tshark.items() if told.packets >= 4]
    print(
        f"{path.name}: {len(rows)} streams in both; tshark alone sees {len(tshark)}, "
        f"{len(shown)} of them of 4 packets and more"
    )
    return rows


def _row(stream: RtpStream, told: Told, packets: list[Arrival]) -> dict[str, Any]:
    counted, jitter = stream.packets, stream.jitter_ms
    mean, highest = plain_jitter_ms(packets)
    return {
        "stream": f"{stream.source} > {stream.destination} {stream.ssrc}",
        "packets": counted.received,
        "tshark_packets": told.packets,
        "missing": counted.missing,
        "dup": counted.duplicates,
        "lost": counted.missing - counted.duplicates,
        "tshark_lost": told.lost,
        "restarts": counted.restarts,
        "errors": counted.sequence_errors,
        "tshark_errors": sequence_errors(packets),
        "jitter_mean": jitter.mean,
        "tshark_mean": told.jitter_mean_ms,
        "plain_mean": round(mean, 4),
        "jitter_max": jitter.max,
        "tshark_max": told.jitter_max_ms,
        "plain_max": round(highest, 4),
    }


def off(ours: float | None, theirs: float, resolution: float) -> float | None:
    """Return the relative difference beyond the other's rounding (half of `resolution`)."""
    if ours is None or not theirs:
        return None
    return max(abs(ours - theirs) - resolution / 2, 0.0) / theirs


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return how many streams agree, and the largest differences of jitter."""
    restarted = len(rows)
    rows = [row for row in rows if not row["restarts"]]
    restarted -= len(rows)
    clean = [row for row in rows if not row["tshark_errors"]]
    faulty = [row for row in rows if row["tshark_errors"]]

    def worst(some: list[dict[str, Any]], whose: str, resolution: float) -> float | None:
        found = [
            off(row[f"jitter_{what}"], row[f"{whose}_{what}"], resolution)
            for row in some
            for what in ("mean", "max")
        ]
        known = [value for value in found if value is not None]
        return round(max(known), 5) if known else None

    return {
        "restarted": restarted,
        "streams": len(rows),
        "packets_equal": sum(row["packets"] == row["tshark_packets"] for row in rows),
        "lost_equal": sum(row["lost"] == row["tshark_lost"] for row in rows),
        "errors_equal": sum(row["errors"] == row["tshark_errors"] for row in rows),
        "in_sequence": len(clean),
        "worst_jitter_in_sequence": worst(clean, "tshark", 0.001),
        "worst_jitter_of_the_others": worst(faulty, "tshark", 0.001),
        "worst_against_the_recursion": worst(rows, "plain", 0.0001),
    }


@contextlib.contextmanager
def captured_demo() -> Iterator[tuple[Path, dict[str, Any]]]:
    """Capture a demo on loopback; yields the file and the run's last document."""
    with tempfile.TemporaryDirectory() as folder:
        path, told = Path(folder) / "demo.pcapng", Path(folder) / "demo.json"
        with captured(path, "udp"):
            subprocess.run(
                [
                    sys.executable,
                    "-m",
                    "ari_tui",
                    "demo",
                    "--headless",
                    "--exit-zero",
                    "--json",
                    str(told),
                    *_DEMO,
                ],
                check=True,
                capture_output=True,
            )
        yield path, json.loads(told.read_text().splitlines()[-1])


def echo_path(path: Path, run: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a row for every call: the run's own figures of the echo path beside its capture's."""
    remote = run["calls"][0]["ports"]["echo_remote"]
    host, _, port = remote.rpartition(":")
    address = bytes(int(part) for part in host.split("."))
    options = Options(frozenset(), frozenset(), (address, int(port)), 3_000_000, 3 * 10**9)
    captured = {s.ssrc: s.echo for s in analyze_file(path, options).streams if s.echo}
    rows = []
    for call in run["calls"]:
        seen, own = captured[call["ssrc"]], call["packets"]
        rows.append(
            {
                "ssrc": call["ssrc"],
                "sent": own["sent"],
                "cap_sent": seen.sent,
                "lost": own["lost"],
                "cap_lost": seen.lost,
                "dup": own["duplicates_echo"],
                "cap_dup": seen.duplicates,
                "reordered": own["reordered_echo"],
                "cap_reordered": seen.reordered,
                "late": own["late_echo"],
                "cap_late": seen.late,
                "p50": call["rtt_ms"]["p50"],
                "cap_p50": seen.rtt_ms.p50,
                "p99": call["rtt_ms"]["p99"],
                "cap_p99": seen.rtt_ms.p99,
            }
        )
    return rows


def _table(rows: list[dict[str, Any]]) -> None:
    names = list(rows[0])
    cells = [names, *[[str(row[name]) for name in names] for row in rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(names))]
    for row in cells:
        print("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)))


def main() -> None:
    """Compare the files given, or a capture of our own."""
    parser = argparse.ArgumentParser(prog="python -m bench.wireshark")
    parser.add_argument("files", nargs="*", type=Path)
    with contextlib.ExitStack() as stack:
        files = parser.parse_args().files
        if not files:
            path, run = stack.enter_context(captured_demo())
            files = [path]
            print("echo path: the run's own figures, and its capture's (cap_)")
            _table(echo_path(path, run))
        for path in files:
            rows = measure(path)
            if rows:
                _table(rows)
            print(json.dumps(summary(rows)))


if __name__ == "__main__":
    main()
