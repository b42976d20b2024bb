"""How the stored packet logs and captures were made: nothing of ours, seeded, run once.

Where one is missing it is made while data are written; the files in `data` are what counts.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Iterable, Iterator
from typing import Final

START_NS: Final = 1_700_000_000_000_000_000
MS: Final = 1_000_000
MEDIA_IN, ECHO_IN, SOCKET_REPORT, MALFORMED, FOREIGN, SEND_ERROR = 1, 2, 5, 6, 7, 8
ECHO_LEG, REFUSED, NO_STAMP, NOT_RTP = 1, 2, 8, 16
_RECORD: Final = struct.Struct("<qqIIIIHHBBHBBHI")
Row = tuple[int, ...]


class Recorder:
    """Collects records; times are milliseconds after START_NS, to the microsecond."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.rows: list[Row] = []

    def add(
        self,
        at_ms: float,
        kind: int,
        call: int,
        *,
        dwell_us: int | None = None,
        seq: int = 0,
        ts: int = 0,
        ssrc: int = 0,
        pt: int = 0,
        flags: int = 0,
        errno: int = 0,
        aux: int = 0,
        bracket: int = 4000,
    ) -> None:
        rx = START_NS + round(at_ms * 1000) * 1000
        tx = 0 if dwell_us is None else rx + dwell_us * 1000
        self.rows.append(
            (
                rx,
                tx,
                bracket,
                ts & 0xFFFFFFFF,
                ssrc,
                call,
                seq & 0xFFFF,
                172,
                pt,
                kind,
                flags,
                0xB8,
                60,
                errno,
                aux,
            )
        )

    def stream(
        self,
        call: int,
        start_ms: float,
        packets: int,
        *,
        ssrc: int,
        seq: int = 1000,
        ts: int = 5000,
        pt: int = 0,
        ptime: float = 20.0,
        rtt: Callable[[int], float] = lambda i: 6.0,
        delay: Callable[[int], float] = lambda i: 0.0,
        fate: Callable[[int], str] = lambda i: "",
        stamp: Callable[[int], int] = lambda i: 0,
        dwell: Callable[[int], int] = lambda i: 60,
    ) -> None:
        """A call's packets; `fate` is missing, lost, twice, echo_twice, unsent, or none."""
        chance = self.random
        last = 0.0
        for i in range(packets):
            what = fate(i)
            if what == "missing":
                continue
            wished = start_ms + i * ptime + delay(i) + chance.expovariate(8.0)
            at = wished if what == "overtaken" else max(wished, last)
            last = max(last, at)
            marker = 0x80 if i == 0 else 0
            head = {"seq": seq + i, "ts": ts + i * round(ptime * 8) + stamp(i), "ssrc": ssrc}
            head["pt"] = pt | marker
            held = dwell(i) + chance.randrange(40)
            if what == "unsent":
                self.add(at, MEDIA_IN, call, errno=111, **head)
                continue
            self.add(
                at,
                MEDIA_IN,
                call,
                dwell_us=held,
                bracket=800_000 if held > 5000 else chance.randrange(2000, 9000),
                **head,
            )
            if what == "twice":
                self.add(at + 0.4, MEDIA_IN, call, dwell_us=held, **head)
            if what == "lost":
                continue
            back = at + held / 1000 + rtt(i) + chance.expovariate(4.0)
            self.add(back, ECHO_IN, call, dwell_us=30 + chance.randrange(30), **head)
            if what in ("twice", "echo_twice"):
                self.add(back + 0.7, ECHO_IN, call, dwell_us=35, **head)

    def log(self) -> bytes:
        """The log, in order of time."""
        return b"".join(_RECORD.pack(*row) for row in sorted(self.rows))


def clean() -> bytes:
    made = Recorder(1)
    for call, packets in ((1, 1200), (2, 1100), (3, 900)):
        made.stream(
            call,
            100 + 700 * call,
            packets,
            ssrc=0x1000 + call,
            pt=(0, 8, 0)[call - 1],
            rtt=lambda i: 5 + (i % 50) / 25,
        )
    return made.log()


def lossy() -> bytes:
    made = Recorder(2)
    chance = made.random
    bad = [False]

    def bursts(i: int) -> str:
        bad[0] = chance.random() < (0.6 if bad[0] else 0.012)
        if bad[0]:
            return "lost"
        return "missing" if chance.random() < 0.004 else ""

    def mixed(i: int) -> str:
        return chance.choices(["", "lost", "twice", "echo_twice", "overtaken"], [93, 3, 1, 1, 2])[0]

    made.stream(1, 250, 1200, ssrc=0xAAAA0001, seq=65_000, fate=bursts)
    made.stream(
        2,
        1300,
        1100,
        ssrc=0xAAAA0002,
        ts=0xFFFFF000,
        fate=mixed,
        delay=lambda i: 24.0 if i % 97 == 5 else 0.0,
        rtt=lambda i: 45.0 if i % 61 == 7 else 8.0,
    )
    made.stream(3, 2100, 700, ssrc=0xAAAA0003, rtt=lambda i: 3600.0 if i % 211 == 9 else 7.0)
    made.stream(4, 2100, 300, ssrc=0xAAAA0004, fate=lambda i: "lost" if i > 150 else "")
    return made.log()


def late() -> bytes:
    made = Recorder(3)
    chance = made.random
    made.stream(1, 400, 1500, ssrc=0xBB01, delay=lambda i: chance.gammavariate(1.5, 2.5))
    made.stream(2, 500, 1400, ssrc=0xBB02, rtt=lambda i: 6.0 if i < 500 else 31.0)
    made.stream(
        3,
        700,
        1300,
        ssrc=0xBB03,
        delay=lambda i: 0.0 if i < 600 else 40.0,
        rtt=lambda i: 60.0 if 900 < i < 915 else 9.0,
    )
    made.stream(
        4,
        900,
        650,
        ssrc=0xBB04,
        ptime=40.0 * (1 + 45e-6) / 1,
        stamp=lambda i: 0 if i < 300 else 16_000,
        rtt=lambda i: chance.uniform(5, 26),
    )
    return made.log()


def silent() -> bytes:
    made = Recorder(4)

    def digit(i: int) -> str:
        return "missing" if 300 <= i < 315 or 700 <= i < 760 else ""

    made.stream(1, 300, 1200, ssrc=0xCC01, fate=digit)
    made.stream(2, 400, 500, ssrc=0xCC02)
    made.stream(2, 10_700, 500, ssrc=0xCC92, seq=4, ts=77)  # another stream takes over
    made.stream(
        3,
        500,
        1000,
        ssrc=0xCC03,
        delay=lambda i: 0.0 if i < 400 else 900.0,
        stamp=lambda i: 0 if i < 800 else 3200,
    )
    made.stream(4, 600, 300, ssrc=0xCC04)
    made.stream(4, 6_700, 4, ssrc=0xCC04, seq=1300, ts=53_000, pt=13)  # comfort noise
    made.stream(4, 11_000, 400, ssrc=0xCC04, seq=1304, ts=53_000 + 34_400)
    made.stream(5, 800, 250, ssrc=0xCC05, seq=9000)
    made.stream(5, 5_900, 400, ssrc=0xCC05, seq=40_000, ts=9)  # its sequence starts anew
    return made.log()


def limited() -> bytes:
    made = Recorder(5)
    chance = made.random

    def unsent(i: int) -> str:
        return "unsent" if 200 <= i < 206 else chance.choices(["", "lost"], [99, 1])[0]

    made.stream(1, 200, 1300, ssrc=0xDD01, dwell=lambda i: 5200 if 400 < i < 420 else 90)
    made.stream(2, 350, 1200, ssrc=0xDD02, fate=unsent)
    made.stream(3, 350, 1200, ssrc=0xDD03)
    for at_ms, call, leg, total in ((5_000, 2, 0, 3), (6_000, 2, ECHO_LEG, 2), (9_000, 2, 0, 9)):
        made.add(at_ms, SOCKET_REPORT, call, flags=leg, aux=total)
    for i in range(12):
        made.add(3_000 + 170.5 * i, MALFORMED, 1 + i % 3, flags=NOT_RTP if i % 4 else 0)
        made.add(4_000 + 333.3 * i, FOREIGN, 1 + i % 2, flags=ECHO_LEG if i % 5 else 0)
        made.add(
            8_000 + 90.0 * i,
            SEND_ERROR,
            3,
            flags=ECHO_LEG if i % 2 else 0,
            errno=111 if i % 3 else 101,
        )
        made.add(20_000 + 5.0 * i, MEDIA_IN, 99, dwell_us=50, seq=i, ssrc=1)  # of no call
    return made.log()


LOGS: Final[dict[str, Callable[[], bytes]]] = {
    "clean": clean,
    "lossy": lossy,
    "late": late,
    "silent": silent,
    "limited": limited,
}


# -- captures --------------------------------------------------------------------------------


def _frame(at_us: int, source: Row, destination: Row, payload: bytes) -> Iterator[bytes]:
    body = struct.pack("!HHHH", source[1], destination[1], 8 + len(payload), 0) + payload
    data = bytes(12) + b"\x08\x00"
    data += struct.pack("!BBHHHBBH", 0x45, 0xB8, 20 + len(body), 1, 0, 60, 17, 0)
    data += bytes([10, 0, 0, source[0], 10, 0, 0, destination[0]]) + body
    seconds, rest = divmod(at_us, 1_000_000)
    yield struct.pack("<IIII", 1_700_000_000 + seconds, rest * 1000, len(data), len(data))
    yield data


def _capture(packets: Iterable[tuple[int, Row, Row, bytes]]) -> bytes:
    out = [struct.pack("<IHHIIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 1)]
    for packet in sorted(packets):
        out += _frame(*packet)
    return b"".join(out)


def _rtp(seq: int, ts: int, ssrc: int, pt: int) -> bytes:
    return struct.pack("!BBHII", 0x80, pt, seq & 0xFFFF, ts & 0xFFFFFFFF, ssrc) + bytes(160)


def two_ways() -> bytes:
    """A call's two directions: one clean, one with losses, jitter, a gap and copies."""
    chance = random.Random(6)
    packets = []
    for i in range(600):
        at = i * 20_000
        packets.append((at, (1, 4000), (2, 5000), _rtp(i, i * 160, 7, 0)))
        if chance.random() < 0.03 or 300 <= i < 320:
            continue
        wait = round(chance.expovariate(1 / 2500))
        again = _rtp(i + 65_300, i * 160, 0x5FEC8DBD, 8)
        packets.append((at + 900 + wait, (2, 5000), (1, 4000), again))
        if i % 50 == 3:
            packets.append((at + 1200 + wait, (2, 5000), (1, 4000), again))
    packets.append((1234, (3, 53), (1, 53), b"no RTP at all"))
    return _capture(packets)


def through_echo() -> bytes:
    """A stream to an echo server and back, some of it lost or late."""
    chance = random.Random(7)
    packets = []
    for i in range(500):
        at, data = i * 20_000, _rtp(i, i * 160, 0xE0, 0)
        packets.append((at, (1, 4000), (9, 4567), data))
        if chance.random() > 0.02:
            back = at + 6_000 + round(chance.expovariate(1 / 800)) + (30_000 if i % 90 == 8 else 0)
            packets.append((back, (9, 4567), (1, 4000), data))
    return _capture(packets)


CAPTURES: Final = {"two_ways": two_ways, "through_echo": through_echo}
