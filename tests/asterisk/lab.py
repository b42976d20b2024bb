"""One run of the real Asterisk: fresh configuration, readiness by its own word, nothing left.

Asterisk runs in mount and process namespaces of its own and dies with us, even when we are
killed: the kernel then ends it and takes its mounts down. What can stay behind is the folder of
the run, which the next run removes.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import os
import random
import re
import secrets
import select
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.asterisk.rootfs import PRIVATE

_TEMPLATES = Path(__file__).with_name("etc")
CONTRIB = Path(__file__).parents[2] / "contrib" / "asterisk"
"""The lines that we give to users: what Asterisk reads here, but for ports and passwords."""
_READY_TIMEOUT_S = 60.0
_STOP_TIMEOUT_S = 20.0
_CLI_TIMEOUT_S = 20.0
# All below Linux's ephemeral range, so that nobody is given one of them by chance.
# Engines have theirs above: see test_ports.py.
SERVICE_PORTS = range(10_000, 14_000)
_RTP_BLOCK = 400
RTP_BLOCKS = range(6_600, 9_800, _RTP_BLOCK)


def plain_version(text: str) -> str:
    """Return a version without what Debian adds to it: 16.28.0 of 16.28.0~dfsg-0+deb11u9."""
    return re.split(r"[~+]", text, maxsplit=1)[0]


def _password() -> str:
    return secrets.token_urlsafe(12)


@dataclass(frozen=True)
class Asterisk:
    """A running Asterisk: how to reach it, and its command line."""

    root: Path
    folder: Path
    """The folder of this run as Asterisk sees it, inside `root`."""
    http_port: int
    sip_port: int
    rtp_ports: range
    username: str = "ari-tui"
    password: str = field(default_factory=_password, repr=False)
    read_only_username: str = "looker"
    read_only_password: str = field(default_factory=_password, repr=False)
    pid: int = 0
    """Its process as we see it, once it runs."""

    @property
    def ari_url(self) -> str:
        """Return where ARI listens, without a path."""
        return f"http://127.0.0.1:{self.http_port}"

    @functools.cached_property
    def version(self) -> str:
        """Return Asterisk's version, such as 22.10.1."""
        return plain_version(self.rx("core show version").split()[1])

    @property
    def major(self) -> int:
        """Return the number of the release series, such as 22."""
        return int(self.version.partition(".")[0])

    @property
    def outside(self) -> Path:
        """Return the folder of this run as we see it."""
        return self.root / self.folder.relative_to("/")

    @property
    def log(self) -> str:
        """Return Asterisk's own log so far."""
        path = self.outside / "log" / "full"
        return path.read_text(errors="replace") if path.exists() else ""

    def rx(self, command: str) -> str:
        """Return what Asterisk's command line prints for `command`."""
        conf = f"{self.folder}/asterisk.conf"
        done = subprocess.run(
            ["chroot", str(self.root), "asterisk", "-C", conf, "-r", "-x", command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_CLI_TIMEOUT_S,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"asterisk -rx {command!r}: {done.stdout}{done.stderr}")
        return done.stdout

    def originate_local(self, extension: str = "stasis", *, other: str = "tone") -> None:
        """Start a call: one half of a Local channel in `extension`, the other in `other`."""
        self.rx(f"channel originate Local/{extension}@lab/n extension {other}@lab")

    def channels(self) -> list[str]:
        """Return the names of all channels."""
        lines = self.rx("core show channels concise").splitlines()
        return [line.split("!", 1)[0] for line in lines if "!" in line]

    def bridges(self) -> list[str]:
        """Return the ids of all bridges."""
        rows = self.rx("bridge show all").splitlines()[1:]
        return [row.split()[0] for row in rows if row.strip()]

    def released(self) -> dict[str, str]:
        """Return each channel that went on in the dialplan after Stasis, with its STASISSTATUS."""
        return dict(re.findall(r"/released/(\S+)\s*: (\S*)", self.rx("database show released")))

    def went_on(self) -> list[str]:
        """Return the channels that went on in our own dialplan after Stasis, oldest first."""
        return re.findall(r'Executing \[500@ari-tui:3\] Hangup\("([^"]+)"', self.log)

    def leftovers(self) -> list[str]:
        """Return the mounts under the root folder and the processes of this run."""
        mounts = Path("/proc/self/mountinfo").read_text().splitlines()
        left = [f"mount {line.split()[4]}" for line in mounts if f" {self.root}/" in line]
        for entry in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):  # ended while we looked
                command = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
                if f"{self.folder}/" in command:
                    left.append(f"process {entry.parent.name} ({command.strip()})")
        return left


@contextlib.contextmanager
def running_asterisk(
    root: Path, *, added: Mapping[str, str] | None = None, namespace: str = ""
) -> Iterator[Asterisk]:
    """Start Asterisk and wait until it is booted; then end it and see that nothing is left.

    `added` is text for the ends of configuration files, by their names; `namespace` is the network
    namespace that it runs in.
    """
    with _own_folder(root) as folder:
        asterisk = _configure(root, folder, added or {})
        process = _start(asterisk, namespace)
        try:
            yield replace(asterisk, pid=_only_child(process.pid))
            asterisk.rx("core stop now")
            process.wait(_STOP_TIMEOUT_S)
        finally:
            process.kill()
            process.wait()
        if left := asterisk.leftovers():
            raise RuntimeError(f"Asterisk left behind: {', '.join(left)}")


@contextlib.contextmanager
def _own_folder(root: Path) -> Iterator[Path]:
    """Make the folder of this run, held by a lock, and remove those whose owner is dead."""
    lab = root / "lab"
    lab.mkdir(exist_ok=True)
    folder = lab / secrets.token_hex(4)
    with contextlib.ExitStack() as stack:
        with (root / "lab.lock").open("w") as everyone:
            fcntl.flock(everyone, fcntl.LOCK_EX)
            for stale in lab.iterdir():
                _remove_ownerless(stale)
            folder.mkdir()
            owner = stack.enter_context((folder / "owner").open("w"))
            fcntl.flock(owner, fcntl.LOCK_EX)
        stack.callback(shutil.rmtree, folder)
        yield Path("/lab") / folder.name


def _remove_ownerless(folder: Path) -> None:
    with (folder / "owner").open("w") as owner:
        try:
            fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return  # of another session that runs at this moment
        shutil.rmtree(folder)


def _only_child(pid: int) -> int:
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text())


def _configure(root: Path, folder: Path, added: Mapping[str, str]) -> Asterisk:
    """Choose ports and passwords and write the configuration."""
    rtp_first = random.choice(RTP_BLOCKS)
    asterisk = Asterisk(
        root=root,
        folder=folder,
        http_port=free_port(socket.SOCK_STREAM),
        sip_port=free_port(),
        rtp_ports=range(rtp_first, rtp_first + _RTP_BLOCK),
    )
    modules = next(root.glob("usr/lib/**/asterisk/modules"))
    values = {
        "SINCE_22": "" if _installed(root) >= 22 else "; ",
        "FOLDER": str(folder),
        "CONTRIB": f"{folder}/contrib",
        "MODULES": f"/{modules.relative_to(root)}",
        "HTTP_PORT": str(asterisk.http_port),
        "SIP_PORT": str(asterisk.sip_port),
        "RTP_FIRST": str(asterisk.rtp_ports[0]),
        "RTP_LAST": str(asterisk.rtp_ports[-1]),
        "USERNAME": asterisk.username,
        "PASSWORD": asterisk.password,
        "READ_ONLY_USERNAME": asterisk.read_only_username,
        "READ_ONLY_PASSWORD": asterisk.read_only_password,
    }
    for name in ("db", "keys", "log", "run", "spool"):
        (asterisk.outside / name).mkdir()
    shutil.copytree(CONTRIB, asterisk.outside / "contrib")
    for template in _TEMPLATES.glob("*.conf"):
        whole = template.read_text() + added.get(template.name, "")
        text = re.sub("@([A-Z_0-9]+)@", lambda match: values[match[1]], whole)
        (asterisk.outside / template.name).write_text(text)
    return asterisk


def _installed(root: Path) -> int:
    """Return the release series of the Asterisk in a root folder."""
    said = subprocess.run(
        ["chroot", str(root), "asterisk", "-V"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_CLI_TIMEOUT_S,
        check=True,
    )
    return int(said.stdout.split()[1].partition(".")[0])


def free_port(kind: socket.SocketKind = socket.SOCK_DGRAM) -> int:
    """Return a port that nobody has on loopback at this moment."""
    for port in random.sample(SERVICE_PORTS, 100):
        with socket.socket(socket.AF_INET, kind) as candidate, contextlib.suppress(OSError):
            candidate.bind(("127.0.0.1", port))
            return port
    raise RuntimeError(f"no free port on 127.0.0.1 in {SERVICE_PORTS}")


def _start(asterisk: Asterisk, namespace: str) -> subprocess.Popen[bytes]:
    """Start Asterisk and return once it says, as to systemd, that it is fully booted."""
    command = [
        *(("ip", "netns", "exec", namespace) if namespace else ()),
        *PRIVATE,
        "--kill-child",
        f"--mount-proc={asterisk.root}/proc",
        "chroot",
        str(asterisk.root),
        "asterisk",
        "-f",
        "-C",
        f"{asterisk.folder}/asterisk.conf",
    ]
    console = asterisk.outside / "console"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notices, console.open("wb") as output:
        # a name in the file system is reached from another network namespace too
        notices.bind(str(asterisk.outside / "ready"))
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "NOTIFY_SOCKET": f"{asterisk.folder}/ready"},
        )
        try:
            _await_ready(notices, process)
        except BaseException as error:
            process.kill()
            process.wait()
            if isinstance(error, TimeoutError | ChildProcessError):
                said = console.read_text(errors="replace")[-2000:]
                raise RuntimeError(f"{error}:\n{said}\n{asterisk.log[-2000:]}") from error
            raise
    return process


def _await_ready(notices: socket.socket, process: subprocess.Popen[bytes]) -> None:
    ended = os.pidfd_open(process.pid)
    try:
        ready, _, _ = select.select([notices.fileno(), ended], [], [], _READY_TIMEOUT_S)
    finally:
        os.close(ended)
    if not ready:
        raise TimeoutError(f"Asterisk was not ready after {_READY_TIMEOUT_S:g} s")
    if notices.fileno() not in ready or b"READY=1" not in notices.recv(4096):
        raise ChildProcessError("Asterisk ended before it was ready")
