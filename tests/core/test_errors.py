import inspect
from typing import cast

import pytest

from ari_tui.core import errors
from ari_tui.core.errors import (
    AriError,
    AriReplacedError,
    AriTuiError,
    ChildFailedError,
    ConfigError,
)

CLASSES = inspect.getmembers(errors, inspect.isclass)
TREE = cast(
    "list[type[AriTuiError]]", [kind for _, kind in CLASSES if kind.__module__ == errors.__name__]
)


def test_every_error_of_ours_hangs_on_the_one_tree() -> None:
    assert len(TREE) > 10
    assert all(issubclass(kind, AriTuiError) for kind in TREE)


@pytest.mark.parametrize("kind", TREE)
def test_every_error_is_one_line_a_code_and_a_docstring(kind: type[AriTuiError]) -> None:
    error = kind("cannot bind 127.0.0.1:4000: in use")
    assert str(error) == "cannot bind 127.0.0.1:4000: in use"
    assert error.exit_code in (2, 3)
    assert kind.__doc__


def test_wrong_use_alone_exits_with_2() -> None:
    assert [kind for kind in TREE if kind.exit_code == 2] == [AriReplacedError, ConfigError]


def test_a_childs_failure_carries_the_childs_code() -> None:
    assert ChildFailedError("why").exit_code == 3
    assert ChildFailedError("why", 2).exit_code == 2


def test_an_answer_of_asterisk_carries_its_status() -> None:
    assert AriError("no such channel", status=404).status == 404
    assert AriError("no answer").status is None
