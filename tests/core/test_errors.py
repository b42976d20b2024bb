import ast
import inspect
from pathlib import Path
from typing import cast

import pytest

from ari_tui.core import errors
from ari_tui.core.errors import (
    AriError,
    AriReplacedError,
    AriTakenError,
    AriTuiError,
    ChildFailedError,
    FilterError,
    SimRefusalError,
    StepFailedError,
    UsageError,
)

TREE = cast(
    "list[type[AriTuiError]]",
    [
        kind
        for _, kind in inspect.getmembers(errors, inspect.isclass)
        if kind.__module__ == errors.__name__
    ],
)
WITH_MORE = (AriTakenError, FilterError, SimRefusalError, StepFailedError)
"""Errors that carry more than their message."""


def test_every_error_of_ours_is_in_the_one_tree() -> None:
    assert len(TREE) > 20
    assert all(issubclass(kind, AriTuiError) for kind in TREE)


def test_no_error_of_ours_has_a_parent_outside_the_tree() -> None:
    bare = [
        f"{file.name}: {node.name}"
        for file in Path(errors.__file__).parents[1].rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
        and node.name != "AriTuiError"
        and {"Exception", "BaseException", "ValueError", "OSError", "RuntimeError"}
        & {ast.unparse(base) for base in node.bases}
    ]
    assert bare == []


def test_the_drawn_tree_is_the_tree() -> None:
    drawn = [
        (line.split()[0] if line[0].isalpha() else line.lstrip("│├└─ ").split()[0], depth_of(line))
        for line in (errors.__doc__ or "").split("::\n\n")[1].splitlines()
        for line in [line.removeprefix("    ")]
        if line
    ]
    assert drawn == [*flattened(AriTuiError, 0)]


def depth_of(line: str) -> int:
    return (len(line) - len(line.lstrip("│├└─ "))) // 4


def flattened(kind: type[AriTuiError], depth: int) -> list[tuple[str, int]]:
    below = [part for part in kind.__subclasses__() if part.__module__ == errors.__name__]
    return [(kind.__name__, depth), *(row for part in below for row in flattened(part, depth + 1))]


@pytest.mark.parametrize("kind", [kind for kind in TREE if kind not in WITH_MORE])
def test_every_error_is_one_line_a_code_and_a_docstring(kind: type[AriTuiError]) -> None:
    error = kind("cannot bind 127.0.0.1:4000: in use")
    assert str(error) == "cannot bind 127.0.0.1:4000: in use"
    assert error.exit_code in (2, 3)
    assert kind.__doc__


def test_some_errors_carry_more_than_their_message() -> None:
    found = FilterError("no such column", 3)
    assert (str(found), found.position) == ("at 4: no such column", 3)
    refused = SimRefusalError(409, "Channel not in Stasis application")
    assert (str(refused), refused.status) == ("Channel not in Stasis application", 409)
    failed = StepFailedError("bridge", "Bridge not found")
    assert (str(failed), failed.step) == ("Bridge not found", "bridge")
    taken = AriTakenError("held by another client", question="Take it over?")
    assert (str(taken), taken.question) == ("held by another client", "Take it over?")
    assert taken.exit_code == 3


def test_wrong_use_alone_exits_with_2() -> None:
    wrong = [kind for kind in TREE if kind.exit_code == 2]
    assert all(issubclass(kind, UsageError) or kind is AriReplacedError for kind in wrong)
    assert {kind for kind in TREE if issubclass(kind, UsageError)} <= set(wrong)


def test_a_childs_failure_carries_the_childs_code() -> None:
    assert ChildFailedError("why").exit_code == 3
    assert ChildFailedError("why", 2).exit_code == 2


def test_an_answer_of_asterisk_carries_its_status() -> None:
    assert AriError("no such channel", status=404).status == 404
    assert AriError("no answer").status is None
