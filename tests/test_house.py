"""The rules of the house: what may import what, and that every module has its tests.

A floor imports only from the floors below it; the cellar (errors, config, log, process and what
belongs to them) is used from everywhere and imports nothing above. Read from the sources with
`ast`, so that an import inside a function counts too.
"""

import ast
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "ari_tui"

CELLAR = {
    *("config", "config_checks", "config_draft", "config_layers", "config_parse"),
    *("config_profiles", "config_secrets", "config_slices", "config_sources", "config_text"),
    *("config_values", "errors", "process", "cancellation", "log", "notify", "options", "stop"),
    *("backoff", "charts"),
}
FLOORS = {
    **dict.fromkeys(CELLAR, -1),
    "wire": 0,
    "analysis": 0,
    "media": 1,
    "ari": 1,
    "snapshot": 1,
    "engine": 2,
    "sim": 2,
    "pcap": 2,
    "report": 2,
    "loopback": 2,
    "ui": 2,
    "loadtest": 3,
    "calibrate": 3,
    "demo": 3,
    "onscreen": 3,
    "__main__": 5,
}
SIDEWAYS = {("analysis", "wire")}
"""Who may import from the own floor all the same: analysis reads the record that wire draws."""
ATTIC = 4
"""cli and its parts: arguments and wiring."""
FLOOR_0_BANS = {"socket", "time", "asyncio", "os"}
UI_BANS = {"engine", "media", "ari"}


class Import(NamedTuple):
    module: str
    file: Path
    line: int

    def __str__(self) -> str:
        return f"{self.file.relative_to(ROOT)}:{self.line} imports {self.module}"

    @property
    def part(self) -> str:
        """The package or module of ours that is imported; "" for another's or the top."""
        names = self.module.split(".")
        return names[1] if names[0] == "ari_tui" and len(names) > 1 else ""


def sources() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def part_of(file: Path) -> str:
    first = file.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def floor_of(part: str) -> int:
    return ATTIC if part == "cli" or part.startswith("cli_") else FLOORS[part]


def imports_of(file: Path) -> Iterator[Import]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"), str(file))):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield Import(name.name, file, node.lineno)
        elif isinstance(node, ast.ImportFrom):
            yield from imports_from(node, file)


def imports_from(node: ast.ImportFrom, file: Path) -> Iterator[Import]:
    here = ["ari_tui", *file.relative_to(PACKAGE).parent.parts]
    base = here[: len(here) - node.level + 1] if node.level else []
    module = ".".join([*base, *filter(None, [node.module])])
    for name in node.names:
        # `from ari_tui import config` imports a module, `from ari_tui.config.settings import X` does not
        both = f"{module}.{name.name}"
        yield Import(both if is_ours(both) else module, file, node.lineno)


def is_ours(module: str) -> bool:
    path = ROOT.joinpath(*module.split("."))
    return module.startswith("ari_tui.") and (path.is_dir() or path.with_suffix(".py").is_file())


def all_imports() -> Iterator[Import]:
    for file in sources():
        yield from imports_of(file)


def assert_none(offences: list[str]) -> None:
    assert not offences, "\n" + "\n".join(offences)


def test_every_part_has_a_floor() -> None:
    unknown = {part_of(file) for file in sources()} - FLOORS.keys() - {"__init__"}
    assert_none([f"ari_tui/{part}: on no floor" for part in unknown if not part.startswith("cli")])


def test_a_floor_imports_only_from_the_floors_below() -> None:
    assert_none(
        [
            f"{found}: floor {floor_of(found.part)} from floor {floor_of(part_of(found.file))}"
            for found in all_imports()
            if found.part
            and part_of(found.file) != "__init__"
            and not may_import(part_of(found.file), found.part)
        ]
    )


def may_import(importer: str, imported: str) -> bool:
    above, below = floor_of(importer), floor_of(imported)
    if importer == imported or below < above or (importer, imported) in SIDEWAYS:
        return True
    return above == below and above in (FLOORS["errors"], ATTIC)


def test_wire_and_analysis_know_no_sockets_clocks_or_loops() -> None:
    assert_none(
        [
            f"{found}: banned from floor 0"
            for found in all_imports()
            if part_of(found.file) in ("wire", "analysis")
            and found.module.split(".")[0] in FLOOR_0_BANS
        ]
    )


def test_wire_does_without_numpy() -> None:
    assert_none(
        [
            f"{found}: the worker reads wire, and starts fast without numpy"
            for found in all_imports()
            if part_of(found.file) == "wire" and found.module.split(".")[0] == "numpy"
        ]
    )


def test_the_worker_imports_wire_and_media_alone() -> None:
    allowed = {"wire", "media", "errors", "process"}
    offences = []
    seen: set[Path] = set()
    waiting = [PACKAGE / "media" / "worker.py"]
    while waiting:
        file = waiting.pop()
        if file in seen or not file.is_file():
            continue
        seen.add(file)
        for found in imports_of(file):
            top = found.module.split(".")[0]
            if top == "ari_tui" and found.part not in {"", *allowed}:
                offences.append(f"{found}: the worker may import {', '.join(sorted(allowed))}")
            elif top != "ari_tui" and top not in sys.stdlib_module_names:
                offences.append(f"{found}: the worker needs the standard library only")
            elif top == "asyncio" and found.part != "process" and part_of(file) == "media":
                offences.append(f"{found}: the worker has no event loop")
            if found.part in {"wire", "media"}:
                waiting.append(ROOT.joinpath(*found.module.split(".")).with_suffix(".py"))
    assert (PACKAGE / "media" / "worker.py") in seen
    assert_none(offences)


def test_the_screen_draws_from_snapshots_alone() -> None:
    assert_none(
        [
            f"{found}: ui imports snapshot, never this"
            for found in all_imports()
            if part_of(found.file) == "ui" and found.part in UI_BANS
        ]
    )


def test_nothing_below_the_attic_prints_or_knows_the_command_line() -> None:
    assert_none(
        [
            f"{found}: arguments are read in the attic"
            for found in all_imports()
            if found.module.split(".")[0] in ("click", "argparse")
            and floor_of(part_of(found.file)) < ATTIC
        ]
    )


def test_an_init_is_a_docstring_and_at_the_top_the_version() -> None:
    offences = []
    for file in PACKAGE.rglob("__init__.py"):
        body = ast.parse(file.read_text(encoding="utf-8")).body
        if file.parent == PACKAGE:
            body = [node for node in body if not is_version(node)]
        if len(body) != 1 or not is_docstring(body[0]):
            offences.append(f"{file.relative_to(ROOT)}:1 holds more or less than its docstring")
    assert_none(offences)


def is_docstring(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def is_version(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__version__"


def test_every_module_has_a_test_module_of_its_own() -> None:
    missing = []
    for file in sources():
        path = file.relative_to(PACKAGE)
        test = ROOT / "tests" / path.parent / f"test_{path.name}"
        if not path.name.startswith("__") and not test.is_file():
            missing.append(f"{file.relative_to(ROOT)}:1 has no {test.relative_to(ROOT)}")
    assert_none(missing)


@pytest.mark.parametrize(
    ("source", "module"),
    [
        ("import numpy as np", "numpy"),
        ("from ari_tui import config", "ari_tui.config.settings"),
        ("from ari_tui.config.settings import Settings", "ari_tui.config.settings"),
        ("from ari_tui import __version__", "ari_tui"),
        ("def f():\n    from os import path", "os"),
        ("from .rtp import parse", "ari_tui.wire.rtp"),
        ("from . import rtp", "ari_tui.wire.rtp"),
        ("from ..media import ring", "ari_tui.packet_log.ring"),
    ],
)
def test_the_reader_of_imports_sees_every_form(
    source: str, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_text: Callable[..., str] = lambda *_, **__: source  # noqa: E731  a stand-in of one line
    monkeypatch.setattr(Path, "read_text", read_text)
    (found,) = imports_of(PACKAGE / "wire" / "anything.py")
    assert found.module == module
