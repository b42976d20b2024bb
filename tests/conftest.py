"""What tests of several folders share."""

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from ari_tui.config.sources import ORIGINAL_VARIABLES, PREFIX
from ari_tui.core import log

# machines stall: no example has a deadline. CI always tries the same ones; elsewhere they vary
hypothesis.settings.register_profile("here", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "here")


@pytest.fixture
def logging_restored() -> Iterator[None]:
    """Take `log.configure`'s doings back after the test."""
    root, ours = logging.getLogger(), logging.getLogger(log.ROOT)
    handlers, levels = list(root.handlers), (root.level, ours.level)
    yield
    for handler in set(root.handlers) - set(handlers):
        root.removeHandler(handler)
        handler.close()
    root.setLevel(levels[0])
    ours.setLevel(levels[1])


@pytest.fixture
def bare_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, logging_restored: None) -> Path:
    """Stand in an empty folder, with no configuration of the user or the environment."""
    for name in list(os.environ):
        if name.startswith((PREFIX, "LOAD_TEST_")) or name in ORIGINAL_VARIABLES:
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home" / "config"))
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def runtime_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where sockets of this test are, apart from the user's; so are notes of sessions."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "ari-tui"
