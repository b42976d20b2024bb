"""What the tests need of the machine: a named skip when it is missing, an error under CI."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from typing import NoReturn

import pytest

_ADMIN_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin")


def need(program: str, package: str) -> str:
    """Return the path of a program, or skip (under CI: fail) with its name and Debian package."""
    folders = os.pathsep.join((os.environ.get("PATH", os.defpath), *_ADMIN_FOLDERS))
    found = shutil.which(program, path=folders)
    if found is None:
        unavailable(f"{program} is not installed (Debian package {package})")
    return found


def need_root() -> None:
    """Skip (under CI: fail) unless we may build a root folder and change into it."""
    if os.geteuid() != 0:
        unavailable("the real Asterisk needs root, for debootstrap and chroot")


def unavailable(reason: str) -> NoReturn:
    """Skip the test with `reason`; under CI, where nothing may be missing, fail it."""
    if os.environ.get("CI", "").lower() not in ("", "0", "false"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def wait_until(condition: Callable[[], bool], what: str, *, timeout_s: float = 10.0) -> None:
    """Ask until `condition` holds, for what tells nobody when it changes; fail after the time."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"after {timeout_s:g} s still not: {what}")
        time.sleep(0.05)
