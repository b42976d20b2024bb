"""The bell: once for every call that begins to break a limit."""

import pytest

from ari_tui.snapshot.model import Document
from ari_tui.ui.bell import Bell
from ari_tui.ui.limits import Limits
from tests.ui.kit import a_call, a_document, an_sla

LIMITS = Limits.of(an_sla())


def of(**milliseconds: float) -> Document:
    """Return a document of calls with these p50s: `of(a=5, b=20)`; 20 ms breaks a limit."""
    return a_document(
        [a_call(n, id=name, p50=p50) for n, (name, p50) in enumerate(milliseconds.items())]
    )


@pytest.mark.parametrize(
    ("documents", "rung"),
    [
        ([of(a=20)], [False]),  # of the first document nothing is new
        ([of(a=5), of(a=20), of(a=20)], [False, True, False]),
        ([of(a=20), of(a=20, b=20)], [False, True]),  # a new call that fails at once
        ([of(a=20), of(a=5), of(a=20)], [False, False, True]),  # it was well in between
        ([of(a=20), of(), of(a=5)], [False, False, False]),
        ([of(a=6.9), of(a=7.1)], [False, False]),  # near a limit is no failure
    ],
)
def test_it_rings_when_a_call_begins_to_fail_and_only_then(
    documents: list[Document], rung: list[bool]
) -> None:
    bell = Bell(on=True)
    assert [bell.rings(document, LIMITS) for document in documents] == rung


def test_switched_off_it_is_silent_and_switched_on_it_rings_for_nothing_old() -> None:
    bell = Bell(on=False)
    assert not bell.rings(of(a=5), LIMITS)
    assert not bell.rings(of(a=20), LIMITS)
    assert bell.toggle()
    assert not bell.rings(of(a=20), LIMITS)
    assert bell.rings(of(a=20, b=20), LIMITS)
    assert not bell.toggle()
