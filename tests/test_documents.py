"""What the documents promise: files that they name exist, links lead somewhere, and sizes hold."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
TOPS = ("ari_tui", "tests", "bench", "docs", "contrib", "dashboards", "themes")
PACKAGES = {path.name for path in (ROOT / "ari_tui").iterdir() if path.is_dir()}


def code_spans(document: Path) -> Iterator[str]:
    text = re.sub(r"```.*?```", "", document.read_text(encoding="utf-8"), flags=re.DOTALL)
    yield from re.findall(r"`([^`\n]+)`", text)


def files_named(document: Path) -> Iterator[str]:
    """Return the paths in code spans that begin at the root or at a package of ours."""
    for span in code_spans(document):
        first, slash, _ = span.partition("/")
        if "NAME" in span:
            continue  # a recipe's
        if slash and re.fullmatch(r"[\w./{},*-]+", span) and (first in TOPS or first in PACKAGES):
            yield span


def expanded(path: str) -> list[str]:
    """Return the paths that `a/{b,c}.py` stands for."""
    found = re.fullmatch(r"(.*)\{(.*)\}(.*)", path)
    if found is None:
        return [path]
    return [found[1] + part + found[3] for part in found[2].split(",")]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_files_that_a_document_names_exist(document: Path) -> None:
    if document.name in ("CHANGELOG.md", "renamed.md"):
        return  # they name what was
    named = [path for span in files_named(document) for path in expanded(span)]
    assert [path for path in named if not exists(path)] == []


def exists(path: str) -> bool:
    bases = (ROOT, ROOT / "ari_tui")
    return any(list(base.glob(path)) if "*" in path else (base / path).exists() for base in bases)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#\s]+)[^)]*\)", document.read_text(encoding="utf-8"))
    assert [link for link in targets if not (document.parent / link).exists()] == []


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 180


def test_new_names_of_the_table_exist() -> None:
    """Every module on the right of `docs/renamed.md` is there; on the left, none."""
    rows = re.findall(
        r"^\| `([\w.]+)` \| `([\w.]+)` \|$",
        (ROOT / "docs" / "renamed.md").read_text(encoding="utf-8"),
        flags=re.MULTILINE,
    )
    assert len(rows) > 150
    news = {new for _, new in rows}
    assert [new for new in news if not module(new).is_file()] == []
    assert [old for old, _ in rows if old not in news and module(old).is_file()] == []


def module(name: str) -> Path:
    return (ROOT / "ari_tui").joinpath(*name.split(".")).with_suffix(".py")
