"""What the table says while there is no call to show."""

from __future__ import annotations

from typing import Any

import pytest

from ari_tui.document.model import Intake
from ari_tui.ui.widgets.table_renderer import why_empty
from tests.ui import kit
from tests.ui.stage import playing
from tests.ui.widgets.frames import changed

INTAKE = Intake(app="ari-tui", echo="192.0.2.10:4000", echo_answers=True)


def told(**intake: Any) -> list[str]:
    document = kit.a_document(intake=changed(INTAKE, "", **intake))
    return list(why_empty(kit.a_frame(document=document)))


def test_before_the_first_call_the_dialplan_can_be_pasted() -> None:
    lines = told(app="lab")
    assert lines[:2] == [
        "no calls yet",
        "waiting for Stasis application lab on pbx1 (http://pbx1:8088)",
    ]
    assert "  exten => 500,1,Answer()" in lines
    assert "   same => n,Stasis(lab)" in lines


@pytest.mark.parametrize(
    ("answers", "note", "line"),
    [
        (True, None, "echo server 192.0.2.10:4000: answers"),
        (False, "nothing listens there", "does not answer (nothing listens there)"),
        (None, "known once a call is up", "not known yet (known once a call is up)"),
    ],
)
def test_whether_the_echo_server_answers_is_told(
    answers: bool | None, note: str | None, line: str
) -> None:
    assert told(echo_answers=answers, echo_note=note)[-1].endswith(line)


def test_after_the_last_call_nothing_is_to_be_pasted() -> None:
    document = changed(kit.a_document(intake=INTAKE), "totals.calls", ended=12)
    lines = why_empty(kit.a_frame(document=document))
    assert lines[0].startswith("no calls now; state=ended finds 12 ended calls")
    assert not any("exten" in line for line in lines)


async def test_it_is_read_whole_on_80x24() -> None:
    async with playing() as play:
        await play.tick(kit.a_document(intake=INTAKE))
        assert "   same => n,Stasis(ari-tui)" in play.text
        assert "echo server 192.0.2.10:4000: answers" in play.text
        assert "…" not in play.text
