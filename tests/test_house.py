"""The rules of the house: what may import what, and how large a module is.

Read from the sources with `ast`, so that an import inside a function counts too.
"""

import ast
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "ari_tui"

FLOORS = {
    "core": 0,
    **dict.fromkeys(("wire", "packet_log", "config"), 1),
    **dict.fromkeys(("relay", "reflector", "analysis", "ari"), 2),
    "document": 3,
    **dict.fromkeys(("building", "client", "report", "sim"), 4),
    **dict.fromkeys(("capture", "engine", "ui"), 5),
    "session": 6,
    "cli": 7,
    "__main__": 8,
}
SIDEWAYS = {("packet_log", "wire")}
"""Who may import from the own floor: the packet log keeps the record that wire draws."""
PURE = ("wire", "analysis")
PURE_BANS = {"socket", "time", "asyncio", "os"}
WITHOUT_NUMPY = (
    "core",
    "wire",
    "packet_log",
    "config",
    "relay",
    "reflector",
    "document",
    "client",
    "ui",
)
UI_BANS = {"engine", "relay", "reflector", "ari", "analysis", "building"}
WORKER_MAY_IMPORT = {"core", "wire", "packet_log", "relay"}


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
        # `from ari_tui.wire import rtp` imports a module, `from ari_tui.wire.rtp import parse` none
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
    assert_none([f"ari_tui/{part}: on no floor" for part in unknown])


def test_a_floor_imports_only_from_the_floors_below() -> None:
    assert_none(
        [
            f"{found}: floor {FLOORS[found.part]} from floor {FLOORS[part_of(found.file)]}"
            for found in all_imports()
            if found.part
            and part_of(found.file) != "__init__"
            and not may_import(part_of(found.file), found.part)
        ]
    )


def may_import(importer: str, imported: str) -> bool:
    return (
        importer == imported
        or FLOORS[imported] < FLOORS[importer]
        or (importer, imported) in SIDEWAYS
    )


def test_no_files_import_each_other_in_a_circle() -> None:
    """Imports for annotations alone count too: who reads one file has to read the other."""
    uses: dict[Path, set[Path]] = {file: set() for file in sources()}
    for found in all_imports():
        if (target := file_of(found.module)) in uses and target != found.file:
            uses[found.file].add(target)
    assert_none([" -> ".join(names_of(circle)) for circle in circles(uses)])


def file_of(module: str) -> Path:
    return ROOT.joinpath(*module.split(".")).with_suffix(".py")


def names_of(circle: list[Path]) -> list[str]:
    return [str(file.relative_to(PACKAGE)) for file in circle]


def circles(uses: dict[Path, set[Path]]) -> list[list[Path]]:
    """Return a circle for every file that can be left only by coming back to it."""
    done: set[Path] = set()
    found: list[list[Path]] = []

    def visit(file: Path, path: list[Path]) -> None:
        if file in path:
            found.append([*path[path.index(file) :], file])
        elif file not in done:
            for used in sorted(uses[file]):
                visit(used, [*path, file])
            done.add(file)

    for file in uses:
        visit(file, [])
    return found


def test_a_circle_of_files_is_found() -> None:
    a, b, c, d = (PACKAGE / f"{name}.py" for name in "abcd")
    assert circles({a: {b}, b: {c}, c: {b}, d: set()}) == [[b, c, b]]
    assert circles({a: {b, c}, b: {c}, c: set(), d: {a}}) == []


def test_wire_and_analysis_know_no_sockets_clocks_or_loops() -> None:
    assert_none(
        [
            f"{found}: banned from what is pure"
            for found in all_imports()
            if part_of(found.file) in PURE and found.module.split(".")[0] in PURE_BANS
        ]
    )


def test_what_starts_fast_does_without_numpy() -> None:
    assert_none(
        [
            f"{found}: no numpy in {part_of(found.file)}"
            for found in all_imports()
            if part_of(found.file) in WITHOUT_NUMPY and found.module.split(".")[0] == "numpy"
        ]
    )


def test_the_worker_imports_little_and_only_the_standard_library() -> None:
    offences = []
    seen: set[Path] = set()
    waiting = [PACKAGE / "relay" / "worker.py"]
    while waiting:
        file = waiting.pop()
        if file in seen or not file.is_file():
            continue
        seen.add(file)
        for found in imports_of(file):
            top = found.module.split(".")[0]
            if top == "ari_tui" and found.part not in {"", *WORKER_MAY_IMPORT}:
                may = ", ".join(sorted(WORKER_MAY_IMPORT))
                offences.append(f"{found}: the worker may import {may}")
            elif top != "ari_tui" and top not in sys.stdlib_module_names:
                offences.append(f"{found}: the worker needs the standard library only")
            elif top in ("asyncio", "logging"):
                offences.append(f"{found}: the worker has no event loop and no log")
            if top == "ari_tui":
                waiting.append(file_of(found.module))
    assert (PACKAGE / "packet_log" / "ring.py") in seen
    assert_none(offences)


def test_the_screen_draws_from_documents_alone() -> None:
    assert_none(
        [
            f"{found}: ui imports documents, never this"
            for found in all_imports()
            if part_of(found.file) == "ui" and found.part in UI_BANS
        ]
    )


def test_a_module_is_a_concept_neither_tiny_nor_huge() -> None:
    """Below 60 lines it needs two importers: else it is a part of the one that imports it."""
    importers: dict[Path, set[Path]] = {}
    for found in all_imports():
        importers.setdefault(file_of(found.module), set()).add(found.file)
    offences = []
    for file in sources():
        lines = file.read_text(encoding="utf-8").count("\n")
        small = lines < 60 and len(importers.get(file, ())) < 2
        if small and not file.name.startswith("__") and part_of(file) != "cli":
            offences.append(f"{file.relative_to(ROOT)}: {lines} lines and one importer")
        if lines > 600:
            offences.append(f"{file.relative_to(ROOT)}: {lines} lines")
    assert_none(offences)


def test_the_command_line_is_known_to_cli_alone() -> None:
    assert_none(
        [
            f"{found}: arguments are read in cli"
            for found in all_imports()
            if found.module.split(".")[0] in ("click", "argparse") and part_of(found.file) != "cli"
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


@pytest.mark.parametrize(
    ("source", "module"),
    [
        ("import numpy as np", "numpy"),
        ("from ari_tui import wire", "ari_tui.wire"),
        ("from ari_tui.config.settings import Settings", "ari_tui.config.settings"),
        ("from ari_tui import __version__", "ari_tui"),
        ("def f():\n    from os import path", "os"),
        ("from .rtp import parse", "ari_tui.wire.rtp"),
        ("from . import rtp", "ari_tui.wire.rtp"),
        ("from ..packet_log import ring", "ari_tui.packet_log.ring"),
    ],
)
def test_the_reader_of_imports_sees_every_form(
    source: str, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_text: Callable[..., str] = lambda *_, **__: source  # noqa: E731  a stand-in of one line
    monkeypatch.setattr(Path, "read_text", read_text)
    (found,) = imports_of(PACKAGE / "wire" / "anything.py")
    assert found.module == module
