"""What the whole screen looks like, as text and styles: see `picture` for how to read one.

`NEW_PICTURES=1 pytest tests/ui/test_pictures.py` draws them anew; read the difference before it
is kept. As text, not as SVG: a difference is read line by line, one at 200x50 takes a fifth of
the room, and an SVG has colours where NO_COLOR leaves none.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec
import pytest
from textual.widgets import Input

from ari_tui.client.source import Link
from ari_tui.document import model
from ari_tui.document.where import NOTHING_YET
from tests.ui import kit
from tests.ui.picture import picture
from tests.ui.stage import Play, playing
from tests.ui.widgets.frames import a_bad_document

pytestmark = pytest.mark.usefixtures("bare_start")  # no themes of the user's own
PICTURES = Path(__file__).parent / "pictures"
NARROW, NORMAL, WIDE = (40, 12), (80, 24), (200, 50)


def a_scene(document: model.Document, courses: dict[str, Any], *events: str) -> kit.FakeSource:
    source = kit.FakeSource(document, kit.a_history(courses))
    source.events.extend(kit.an_event(text, channel="PJSIP/1001-00000001") for text in events)
    return source


def a_call(number: int, **changed: Any) -> model.Call:
    return kit.a_call(number, **{"id": f"s1.{number}", "state": "up", **changed})


def quiet() -> kit.FakeSource:
    calls = [a_call(n, p50=1.5 + n / 2) for n in range(1, 5)]
    courses = {call.id: kit.a_course((3.0, 4.0, 5.0, 4.0)) for call in calls}
    return a_scene(kit.a_document(calls), courses, "up, simple_bridge")


def troubled() -> kit.FakeSource:
    """Calls: a proved fault, a likely one, no data, one that ended, one from afar."""
    ended = "2026-11-22T11:59:50.000+00:00"
    calls = [
        a_call(1, p50=9.0, lost=40, late=70, where=kit.FAULTY),
        a_call(2, p50=5.0, where=kit.LIKELY),
        a_call(
            3,
            rtt_ms=kit.NO_SPREAD,
            packets=kit.packets(),
            duration_s=1.0,
            state="joining",
            windows=[],
            loss_ratio=None,
            late_ratio=None,
            where=NOTHING_YET,
        ),
        a_call(4, p50=3.0, ended_at=ended, state="ended", reason="caller hung up"),
        a_call(5, p50=3.0, channel="PJSIP/日本語の名前-00000005", caller="[bold]Eve[/] \\x1b"),
    ]
    courses = {
        "s1.1": kit.a_course((9.0, 14.0, 25.0, 12.0), {2: 1, 9: 3}),
        "s1.2": kit.a_course((5.0,)),
        "s1.4": kit.a_course((3.0, None)),
        "s1.5": kit.a_course((3.0, 4.0)),
    }
    bad = a_bad_document()
    document = msgspec.structs.replace(
        bad,
        calls=calls,
        asterisks=kit.a_document().asterisks,
        session=kit.a_document().session,
        where=kit.a_where(
            kit.a_finding(),
            kit.a_finding(
                "this engine: 2.1 % late since 11:59:30 (likely)",
                place="engine",
                confidence="likely",
            ),
            unknown=[kit.an_unknown()],
        ),
    )
    return a_scene(document, courses, "up, simple_bridge", "3 packets lost in a row")


def empty() -> kit.FakeSource:
    sla = kit.an_sla("inconclusive", tier=None, clean_s=0.0, of_s=0, reasons=["no packets"])
    return a_scene(kit.a_document(sla=sla), {})


def lost() -> kit.FakeSource:
    source = troubled()
    source.link, source.age_s = Link("lost", "connection refused"), 75.0
    return source


SCENES: dict[str, tuple[kit.FakeSource, tuple[int, int], list[str], dict[str, Any]]] = {
    "quiet_40x12": (quiet(), NARROW, [], {}),
    "quiet_80x24": (quiet(), NORMAL, [], {}),
    "quiet_200x50": (quiet(), WIDE, [], {}),
    "troubled_40x12": (troubled(), NARROW, [], {}),
    "troubled_80x24": (troubled(), NORMAL, [], {}),
    "troubled_200x50": (troubled(), WIDE, [], {}),
    "ascii_200x50": (troubled(), WIDE, [], {"ascii": True}),
    "no_color_80x24": (troubled(), NORMAL, [], {"environment": {"NO_COLOR": "1"}}),
    "light_80x24": (troubled(), NORMAL, [], {"theme": "light"}),
    "lost_80x24": (lost(), NORMAL, [], {}),
    "empty_80x24": (empty(), NORMAL, [], {}),
    "frozen_80x24": (troubled(), NORMAL, ["space"], {}),
    "filter_80x24": (troubled(), NORMAL, ["slash", *"nix>9"], {}),
    "help_80x24": (quiet(), NORMAL, ["question_mark"], {}),
}


@pytest.mark.parametrize("name", SCENES)
async def test_the_screen_looks_as_it_was_judged_good(name: str) -> None:
    source, size, keys, changed = SCENES[name]
    async with playing(source, size=size, **changed) as play:
        await play.press(*keys)
        await settled(play)
        drawn = picture(play.app)
    kept = PICTURES / f"{name}.txt"
    if os.environ.get("NEW_PICTURES"):
        kept.write_text(drawn, encoding="utf-8")
    assert drawn == kept.read_text(encoding="utf-8")


def test_every_picture_that_is_kept_is_looked_at() -> None:
    assert {path.stem for path in PICTURES.glob("*.txt")} == SCENES.keys()


async def settled(play: Play) -> None:
    """Let ten seconds pass for a frozen screen, and stop what blinks."""
    for line in play.app.screen.query(Input):
        line.cursor_blink = False
    play.app.seconds += 10
    await play.tick()
