"""The root folder with Debian's Asterisk 22: built once into the user's cache, then shared.

The build goes into a folder of another name and is renamed when it is complete, so that a broken
one is never used. Builders exclude each other, and everyone who uses the folder, by a file lock.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import platformdirs

from tests.asterisk.tools import need, need_root

_RECIPE = "1"  # raise it when the recipe changes: the next run then builds anew
_SUITE = "sid"  # the one Debian suite that carries Asterisk 22
_PACKAGES = ("asterisk", "asterisk-modules")
_BUILD_TIMEOUT_S = 540
_STAMP = "ari-tui-recipe"
# Mounts of a killed build or run must not outlive it: they are made in a namespace of its own.
PRIVATE = ("setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--fork")


def need_tools() -> None:
    """Skip, or under CI fail, when something is missing to run Asterisk."""
    need_root()
    for program, package in (
        ("unshare", "util-linux"),
        ("setpriv", "util-linux"),
        ("chroot", "coreutils"),
    ):
        need(program, package)


def default_cache() -> Path:
    """Return the folder that keeps Asterisk between runs."""
    return Path(platformdirs.user_cache_dir("ari-tui"))


@contextlib.contextmanager
def root_folder(cache: Path) -> Iterator[Path]:
    """Give the root folder, built when it is missing or of another recipe; hold it while used."""
    cache.mkdir(parents=True, exist_ok=True)
    root = cache / "asterisk-22"
    with (cache / "asterisk-22.lock").open("w") as lock:
        # A lock cannot be lowered in one step: look again once the shared one is held.
        while not _complete(root):
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not _complete(root):
                _build(root)
            fcntl.flock(lock, fcntl.LOCK_UN)
        fcntl.flock(lock, fcntl.LOCK_SH)
        yield root


def _complete(root: Path) -> bool:
    stamp = root / _STAMP
    return stamp.is_file() and stamp.read_text().strip() == _RECIPE


def _build(root: Path) -> None:
    building = root.with_name("asterisk-22.building")
    for leftover in (building, root):
        if leftover.exists():
            shutil.rmtree(leftover)
    command = [*PRIVATE, "--kill-child", need("debootstrap", "debootstrap"), "--variant=minbase"]
    command += [f"--include={','.join(_PACKAGES)}", _SUITE, str(building), *_mirror()]
    log = root.with_name("asterisk-22.log")
    with log.open("wb") as output:
        subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            timeout=_BUILD_TIMEOUT_S,
            check=False,
        )
    if not (building / "usr/sbin/asterisk").exists():
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
        raise RuntimeError(f"debootstrap did not give an Asterisk; {log} ends with:\n{tail}")
    for package in (building / "var/cache/apt/archives").glob("*.deb"):
        package.unlink()
    (building / _STAMP).write_text(f"{_RECIPE}\n")
    building.rename(root)


def _mirror() -> list[str]:
    """Return the mirror that this machine's apt uses for Debian; [] leaves it to debootstrap."""
    wanted = "$(ORIGIN)|$(LABEL)|$(COMPONENT)|$(SITE)"
    targets = subprocess.run(
        ["apt-get", "indextargets", "--format", wanted, "Created-By: Packages"],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    for line in targets.stdout.splitlines():
        if line.startswith("Debian|Debian|main|"):
            return [line.rsplit("|", 1)[1]]
    return []
