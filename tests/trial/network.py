"""Namespaces and the paths between them; all of it is gone when the block is left.

Names begin with `aritui`, addresses are of the range for benchmarks (RFC 2544). One network at a
time: a lock keeps a second trial out, so that namespaces found at the start are a killed run's.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

from tests.trial.impairment import Impairment

PREFIX = "aritui-"
_LOCK = Path("/run/aritui-trial.lock")
_TREE = Path(__file__).parents[2]
_STOP_TIMEOUT_S = 5.0


class End(NamedTuple):
    """One end of a path."""

    namespace: str
    """Without the prefix; "" is that of this process."""
    address: str


@dataclass(frozen=True)
class Route:
    """A path between two namespaces, through the forwarder."""

    name: str
    near: End
    far: End
    spared_ports: tuple[int, ...] = ()
    """UDP ports of signalling, never impaired."""

    @property
    def devices(self) -> tuple[str, str]:
        """Return the names of its TUN devices: at most 15 characters."""
        return f"aritui{self.name[:6]}0", f"aritui{self.name[:6]}1"


class Network:
    """Paths that are up."""

    def __init__(self, forwarder: subprocess.Popen[str]) -> None:
        self._forwarder = forwarder

    def impair(self, lane: str, impairment: Impairment) -> None:
        """Impair a direction from now on: "echo.out" is the path `echo`, from near to far."""
        self.command(set=lane, impairment=asdict(impairment))

    def counts(self) -> dict[str, dict[str, int]]:
        """Return what each direction counted since its impairment was set."""
        return self.command()

    def command(self, **values: Any) -> dict[str, dict[str, int]]:
        """Tell the forwarder; return its counts."""
        assert self._forwarder.stdin is not None
        assert self._forwarder.stdout is not None
        self._forwarder.stdin.write(json.dumps(values) + "\n")
        self._forwarder.stdin.flush()
        counts: dict[str, dict[str, int]] = json.loads(self._forwarder.stdout.readline())
        return counts


_MORTAL = ("setpriv", "--pdeathsig", "KILL")
"""Ends with us, even when we are killed."""


def inside(namespace: str, *command: str) -> list[str]:
    """Return a command that runs in a namespace, "" being ours, and no longer than we do."""
    entering = ("ip", "netns", "exec", PREFIX + namespace) if namespace else ()
    return [*_MORTAL, *entering, *command]


@contextlib.contextmanager
def network(paths: Sequence[Route], *, seed: str) -> Iterator[Network]:
    """Make the namespaces and lay the paths; needs root."""
    names = {end.namespace for path in paths for end in (path.near, path.far)} - {""}
    with contextlib.ExitStack() as stack:
        lock = stack.enter_context(_LOCK.open("w"))
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RuntimeError(f"another trial runs on this machine (it holds {_LOCK})") from None
        for name in sorted(names):
            stack.enter_context(_namespace(PREFIX + name))
        up = Network(stack.enter_context(_forwarder()))
        for path in paths:
            _lay(up, path, seed)
        yield up


@contextlib.contextmanager
def _namespace(name: str) -> Iterator[None]:
    if Path("/run/netns", name).exists():
        _ip("netns", "delete", name)
    _ip("netns", "add", name)
    try:
        _ip("-n", name, "link", "set", "lo", "up")
        yield
    finally:
        _ip("netns", "delete", name)


@contextlib.contextmanager
def _forwarder() -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.trial.forwarder"],
        cwd=_TREE,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
        start_new_session=True,  # a Ctrl+C is for us: it ends with its input
    )
    try:
        yield process
    finally:
        process.stdin.close()  # type: ignore[union-attr]  # it is a pipe
        try:
            process.wait(_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()  # type: ignore[union-attr]  # it is a pipe


def _lay(up: Network, path: Route, seed: str) -> None:
    up.command(path=path.name, devices=path.devices, spared=path.spared_ports, seed=seed)
    ends = (path.near, path.far)
    for device, end, other in zip(path.devices, ends, reversed(ends), strict=True):
        if end.namespace:
            _ip("link", "set", device, "netns", PREFIX + end.namespace)
        within = ("-n", PREFIX + end.namespace) if end.namespace else ()
        _ip(*within, "address", "add", end.address, "peer", other.address, "dev", device)
        _ip(*within, "link", "set", device, "up")


def _ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"ip {' '.join(words)}: {done.stderr.strip()}")
