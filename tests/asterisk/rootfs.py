"""The root folders with Debian's Asterisks: each built once into the user's cache, then shared.

ARI_TUI_TEST_ASTERISK chooses the version: 16 or 22, the default. The build goes into a folder of
another name and is renamed when it is complete, so that a broken one is never used. Builders
exclude each other, and everyone who uses the folder, by a file lock.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import platformdirs
import pytest

from tests.asterisk.tools import need, need_root

_RECIPE = "1"  # raise it when the recipe changes: the next run then builds anew
_BUILD_TIMEOUT_S = 540
_STAMP = "ari-tui-recipe"
_CHOICE = "ARI_TUI_TEST_ASTERISK"
# Mounts of a killed build or run must not outlive it: they are made in a namespace of its own.
PRIVATE = ("setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--fork")


@dataclass(frozen=True)
class Release:
    """A version of Asterisk that the tests can run on, and where Debian has it."""

    major: int
    suite: str
    packages: tuple[str, ...]

    @property
    def folder(self) -> str:
        """Return the name of its root folder in the cache."""
        return f"asterisk-{self.major}"


_RELEASES = {
    "16": Release(16, "bullseye", ("asterisk",)),
    "22": Release(22, "sid", ("asterisk", "asterisk-modules")),
}


def chosen_release() -> Release:
    """Return the release that the environment asks for, else 22; fail on one that we have not."""
    asked = os.environ.get(_CHOICE) or "22"
    if asked not in _RELEASES:
        pytest.fail(f"{_CHOICE}={asked}: not one of {', '.join(_RELEASES)}", pytrace=False)
    return _RELEASES[asked]


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
def root_folder(cache: Path, release: Release) -> Iterator[Path]:
    """Give the root folder, built when it is missing or of another recipe; hold it while used."""
    cache.mkdir(parents=True, exist_ok=True)
    root = cache / release.folder
    with (cache / f"{release.folder}.lock").open("w") as lock:
        # A lock cannot be lowered in one step: look again once the shared one is held.
        while not _complete(root):
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not _complete(root):
                _build(root, release)
            fcntl.flock(lock, fcntl.LOCK_UN)
        fcntl.flock(lock, fcntl.LOCK_SH)
        yield root


def _complete(root: Path) -> bool:
    stamp = root / _STAMP
    return stamp.is_file() and stamp.read_text().strip() == _RECIPE


def _build(root: Path, release: Release) -> None:
    building = root.with_name(f"{release.folder}.building")
    for leftover in (building, root):
        if leftover.exists():
            shutil.rmtree(leftover)
    command = [*PRIVATE, "--kill-child", need("debootstrap", "debootstrap"), "--variant=minbase"]
    command += [f"--include={','.join(release.packages)}", release.suite, str(building), *_mirror()]
    log = root.with_name(f"{release.folder}.log")
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
