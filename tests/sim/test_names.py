from __future__ import annotations

from random import Random

import pytest

from ari_tui.sim.names import draw_caller


def _hostile(text: str) -> bool:
    return not text.isprintable() or "[" in text or len(text) > 1000


@pytest.mark.parametrize("nasty", [False, True])
def test_hostile_names_come_only_when_asked_for(nasty: bool) -> None:
    random = Random(1)
    callers = [draw_caller(random, nasty=nasty) for _ in range(300)]
    assert any(_hostile(one.name) or _hostile(one.number) for one in callers) is nasty
    assert len({one.name for one in callers}) > 10


def test_every_name_can_be_sent_as_utf_8() -> None:
    random = Random(2)
    for _ in range(300):
        caller = draw_caller(random, nasty=True)
        assert caller.name.encode().decode() == caller.name
