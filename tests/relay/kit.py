"""A worker as the engine has it: its process, its control channel, its log; and phones for it.

Every wait looks at a condition until a deadline; nothing sleeps for a fixed time.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from ari_tui.packet_log.ring import DEFAULT_CAPACITY, RingReader, create_ring
from ari_tui.relay import control
from ari_tui.wire.record import FIELDS, RECORD
from tests import rtp_packets

WAIT_S = 20.0
LOOPBACK = "127.0.0.1"
Row = dict[str, int]


def until(condition: Callable[[], Any], what: str = "condition") -> Any:
    """Look at a condition until it is true; return what it said. Fails after WAIT_S."""
    deadline = time.monotonic() + WAIT_S
    while not (found := condition()):
        assert time.monotonic() < deadline, f"waited {WAIT_S:g} s for {what}"
        select.select([], [], [], 0.002)
    return found


def packet(sequence: int, *, ssrc: int = 7, payload: bytes = b"\xd5" * 160) -> bytes:
    return rtp_packets.build(payload, sequence=sequence, timestamp=sequence * 160, ssrc=ssrc)


class Phone:
    """A UDP peer on loopback: Asterisk, an echo server or a stranger."""

    def __init__(self, *, host: str = LOOPBACK, port: int = 0) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.sock = socket.socket(family, socket.SOCK_DGRAM)
        self.sock.bind((host, port))
        self.sock.settimeout(WAIT_S)
        self.address: tuple[str, int] = self.sock.getsockname()[:2]

    def send(self, data: bytes, to: tuple[str, int]) -> None:
        self.sock.sendto(data, to)

    def receive(self) -> tuple[bytes, tuple[str, int]]:
        data, source = self.sock.recvfrom(65535)
        return data, source[:2]

    @property
    def silent(self) -> bool:
        """Whether nothing is there to be read."""
        return not select.select([self.sock], [], [], 0)[0]

    def close(self) -> None:
        self.sock.close()


def free_port(host: str = LOOPBACK) -> int:
    """Return a port that was free a moment ago."""
    phone = Phone(host=host)
    phone.close()
    return phone.address[1]


class Rig:
    """One worker process under test."""

    def __init__(self, capacity: int = DEFAULT_CAPACITY) -> None:
        self.channel, theirs = socket.socketpair()
        ring_fd = create_ring(capacity)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ari_tui.relay.worker", str(theirs.fileno()), str(ring_fd)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=(theirs.fileno(), ring_fd),
        )
        theirs.close()
        self.ring = RingReader(ring_fd)
        os.close(ring_fd)
        self.channel.settimeout(WAIT_S)
        self.events: list[control.Message] = []
        self._frames = control.FrameDecoder()
        self._ids = itertools.count(1)
        self._rows: list[Row] = []
        self.add_defaults: dict[str, Any] = {
            "host": LOOPBACK,
            "dscp": 46,
            "buffer_bytes": 1 << 20,
        }

    # -- control -----------------------------------------------------------------------

    def ask(self, op: object, **fields: Any) -> control.Message:
        """Send a request and return its answer; events on the way are kept."""
        number = next(self._ids)
        self.channel.sendall(control.encode({"id": number, "op": op, **fields}))
        return self.answer(number)

    def do(self, op: str, **fields: Any) -> control.Message:
        """Ask for something that must be granted."""
        reply = self.ask(op, **fields)
        assert reply["ok"], reply
        return reply

    def answer(self, number: int | None) -> control.Message:
        while True:
            for message in self._read():
                if message.get("id", -1) == number:
                    return message

    def _read(self) -> list[control.Message]:
        data = self.channel.recv(65536)
        assert data, f"the worker has gone: {self.last_words()}"
        messages = list(self._frames.feed(data))
        self.events += [message for message in messages if "event" in message]
        return messages

    def event(self, name: str) -> control.Message:
        """Wait for the next event of a name."""
        while True:
            for message in self.events:
                if message["event"] == name:
                    self.events.remove(message)
                    return message
            self._read()

    def alive(self) -> None:
        """Wait for an answer: what was asked for before has been done."""
        assert self.ask("nothing")["code"] == control.CODE_REQUEST

    # -- calls -------------------------------------------------------------------------

    def add(self, call: int, echo: Phone | tuple[str, int], **fields: Any) -> tuple[str, int]:
        """Add a call; return the address of its media socket."""
        address = echo.address if isinstance(echo, Phone) else echo
        wanted = {"port": free_port(), "echo": list(address), **self.add_defaults, **fields}
        host, port = self.do("add", call=call, **wanted)["media"]
        return host, port

    def connect(self, call: int, asterisk: Phone, learn: str = "never") -> None:
        host, port = asterisk.address
        self.do("connect", call=call, host=host, port=port, learn=learn)

    def call(self, call: int, asterisk: Phone, echo: Phone, **fields: Any) -> tuple[str, int]:
        """Add a call and connect it."""
        media = self.add(call, echo, **fields)
        self.connect(call, asterisk)
        return media

    # -- log ---------------------------------------------------------------------------

    @property
    def rows(self) -> list[Row]:
        """Every record logged so far."""
        names = [name for name, _, _ in FIELDS]
        for values in RECORD.iter_unpack(self.ring.read()):
            self._rows.append(dict(zip(names, values, strict=True)))
        return self._rows

    def logged(self, kind: int, count: int = 1, **fields: int) -> list[Row]:
        """Wait for as many records of a kind (with these fields) and return them."""

        def found() -> list[Row]:
            wanted = {"kind": kind, **fields}
            return [row for row in self.rows if wanted.items() <= row.items()]

        until(lambda: len(found()) >= count, f"{count} records of kind {kind} {fields}")
        return found()

    # -- process -----------------------------------------------------------------------

    @property
    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def hang_up(self) -> int:
        """Close the control channel; return the worker's exit code."""
        self.channel.close()
        return self.process.wait(WAIT_S)

    def last_words(self) -> str:
        """Return what a worker that has ended printed."""
        out, err = self.process.communicate(timeout=WAIT_S)
        return (out + err).decode()

    def close(self) -> None:
        self.channel.close()
        self.process.kill()
        with contextlib.suppress(ValueError):  # its output was read already
            self.process.communicate(timeout=WAIT_S)
        self.ring.close()


@contextlib.contextmanager
def phones(count: int, host: str = LOOPBACK) -> Iterator[list[Phone]]:
    made = [Phone(host=host) for _ in range(count)]
    try:
        yield made
    finally:
        for phone in made:
            phone.close()
