"""The forwarder: a process that moves packets between pairs of TUN devices, and impairs them.

It makes the devices and reads commands from standard input, one JSON object a line; each is
answered with one line. Its devices end with it, and it ends with its standard input. Realtime
scheduling, where it is allowed, keeps it from impairing by itself on a busy machine.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import struct
import sys
import time
from dataclasses import dataclass
from typing import Any

from tests.trial.impairment import Direction, Impairment, as_dict

_TUNSETIFF = 0x400454CA
_IFF_TUN = 0x0001
_IFF_NO_PI = 0x1000
_MOST = 2048
_PRIORITY = 60
"""Above Asterisk's own (10) and all that the trial runs."""


def open_tun(name: str) -> int:
    """Make a TUN device in the namespace of this process; return its descriptor."""
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    fcntl.ioctl(fd, _TUNSETIFF, struct.pack("16sH22x", name.encode(), _IFF_TUN | _IFF_NO_PI))
    return fd


@dataclass
class _Lane:
    """One direction of a path: from one device to the other."""

    source: int
    target: int
    direction: Direction

    def receive(self) -> None:
        """Take in all packets that the source has; what is no IPv4 is dropped."""
        with contextlib.suppress(BlockingIOError):
            while packet := os.read(self.source, _MOST):
                if packet[0] >> 4 == 4:
                    self.direction.take(packet, time.monotonic())

    def send(self) -> None:
        """Write out what is due; a device that is not up yet loses it."""
        for packet in self.direction.due(time.monotonic()):
            with contextlib.suppress(OSError):
                os.write(self.target, packet)


class Forwarder:
    """All paths of one process."""

    def __init__(self) -> None:
        self._lanes: dict[str, _Lane] = {}
        self._commands = sys.stdin.fileno()
        self._unread = b""

    def answer(self, command: dict[str, Any]) -> dict[str, Any]:
        """Do what a command says; return its answer."""
        if "path" in command:
            self._lay(command["path"], command["devices"], command["spared"], command["seed"])
        if "set" in command:
            lane = self._lanes[command["set"]]
            lane.direction.set(Impairment(**command["impairment"]), time.monotonic())
        return {name: as_dict(lane.direction.counts) for name, lane in self._lanes.items()}

    def _lay(self, path: str, devices: list[str], spared: list[int], seed: str) -> None:
        near, far = (open_tun(device) for device in devices)
        for name, source, target in ((f"{path}.out", near, far), (f"{path}.back", far, near)):
            direction = Direction(f"{seed}/{name}", frozenset(spared))
            self._lanes[name] = _Lane(source, target, direction)

    def run(self) -> None:
        """Forward until standard input ends."""
        while True:
            lanes = {lane.source: lane for lane in self._lanes.values()}
            readable, _, _ = select.select([self._commands, *lanes], [], [], self._wait_s())
            for source, lane in lanes.items():
                if source in readable:
                    lane.receive()
            for lane in lanes.values():
                lane.send()
            if self._commands in readable and not self._obey():
                return

    def _wait_s(self) -> float | None:
        times = [lane.direction.next_s for lane in self._lanes.values()]
        known = [at_s for at_s in times if at_s is not None]
        return max(0.0, min(known) - time.monotonic()) if known else None

    def _obey(self) -> bool:
        """Answer the commands that have come; return False at the end of standard input."""
        came = os.read(self._commands, _MOST)
        *lines, self._unread = (self._unread + came).split(b"\n")
        for line in lines:
            sys.stdout.write(json.dumps(self.answer(json.loads(line))) + "\n")
            sys.stdout.flush()
        return bool(came)


def main() -> None:
    """Run as a process of its own."""
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(_PRIORITY))
    Forwarder().run()


if __name__ == "__main__":
    main()
