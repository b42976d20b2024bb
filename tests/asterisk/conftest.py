"""The real Asterisk, once for all tests of this folder, which run after all others."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest

from tests.asterisk.lab import Asterisk, running_asterisk
from tests.asterisk.rootfs import chosen_release, default_cache, need_tools, root_folder

_HERE = Path(__file__).parent
_NOTES = pytest.StashKey[list[str]]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the quick tests first."""
    items.sort(key=lambda item: item.path.is_relative_to(_HERE))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the end of Asterisk's log with a test that failed."""
    report = yield
    asterisk = getattr(item, "funcargs", {}).get("asterisk")
    if report.failed and isinstance(asterisk, Asterisk):
        report.sections.append(("Asterisk's log", asterisk.log[-1500:]))
    return report


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say against what was tested and what was seen, before pytest's closing line."""
    if notes := config.stash.get(_NOTES, []):
        terminalreporter.section("real Asterisk")
        for text in notes:
            terminalreporter.line(text)


@pytest.fixture(scope="session")
def note(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Give a function that puts a line into pytest's summary."""
    return request.config.stash.setdefault(_NOTES, []).append


@pytest.fixture(scope="session")
def asterisk_root() -> Iterator[Path]:
    """Give the root folder with Asterisk; the first use on a machine builds it (1 to 2 minutes)."""
    need_tools()
    with root_folder(default_cache(), chosen_release()) as root:
        yield root


@pytest.fixture(scope="session")
def asterisk(asterisk_root: Path, note: Callable[[str], None]) -> Iterator[Asterisk]:
    """Give a running Asterisk."""
    begun = time.monotonic()
    with running_asterisk(asterisk_root) as started:
        note(f"Asterisk {started.version}, ready after {time.monotonic() - begun:.1f} s")
        yield started
