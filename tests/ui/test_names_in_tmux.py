"""Callers with names that terminals obey, from a simulated Asterisk to the screen, JSON and log.

What a person may see is cleaned once, where it enters from ARI; here is looked at what comes out.
"""

from __future__ import annotations

import asyncio
import json
import threading
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import pytest

from ari_tui.sim.model import SimCallerId
from tests.engine import kit
from tests.terminal import Terminal, needs_tmux

T = TypeVar("T")
pytestmark = [needs_tmux, pytest.mark.system]
OWNED = "b3duZWQ="
"""What a clipboard would hold, in base64; and `owned` is what a title would be."""
NAMES = {
    "\x1b[5;97;41mAda\x1b[3J\x9b3J\x1bc": "Ada",
    f"\x1b]52;c;{OWNED}\x07\x1b]0;owned\x1b\\Bob\x9d0;owned\x9c": "Bob",
    "\x1bPq#0;2;0;0;0owned\x1b\\Cleo\x1b_owned\x1b\\": "Cleo",
    "Da\x00\x07\x08n\x8d\x7f": "Dan",
    "\u202e\u2066Eve\u200b\u200d\ufeff\u2069\u061c": "Eve",
    "[bold]Fay[/] [@click=app.quit]x[/]": "[bold]Fay[/] [@click=app.quit]x[/]",
    ("\x1b[1mGus " * 10_000)[:65_536]: "Gus " * 31 + "Gus…",
}
CHANNEL = "PJSIP/\x1b]0;owned\x07200{}\u202e-0000000{}\x1b[31m"
WORDS = f"no\x1b]52;c;{OWNED}\x07 \u202eway\x1b[5m"


class Hand(NamedTuple):
    """A simulated Asterisk in a thread, and how to do something to it there."""

    pbx: kit.Pbx
    do: Callable[[Callable[[], Any]], Any]


@pytest.fixture
def hand() -> Iterator[Hand]:
    ready, over = threading.Event(), threading.Event()
    found: list[Hand] = []

    async def serve() -> None:
        async with kit.asterisk() as pbx:
            loop = asyncio.get_running_loop()

            def do(what: Callable[[], T]) -> T:
                async def done() -> T:
                    return what()

                return asyncio.run_coroutine_threadsafe(done(), loop).result(kit.WAIT_S)

            found.append(Hand(pbx, do))
            ready.set()
            await asyncio.to_thread(over.wait)

    thread = threading.Thread(target=asyncio.run, args=(serve(),), daemon=True)
    thread.start()
    try:
        assert ready.wait(kit.WAIT_S)
        yield found[0]
    finally:
        over.set()
        thread.join(kit.WAIT_S)


@pytest.fixture
def pane(tmp_path: Path, hand: Hand) -> Iterator[Terminal]:
    with kit.echo_server() as echo:
        terminal = Terminal(tmp_path, 200, 50, {"ARI_USER": "ari", "ARI_PASS": "ari"})
        try:
            terminal.allow_clipboard()
            terminal.record(tmp_path / "sent")
            terminal.run(
                "run",
                "--ari-url",
                hand.pbx.sim.url,
                "--app",
                kit.APP,
                "--json",
                "documents",
                "--echo",
                f"{echo.host}:{echo.port}",
                "--log",
                "log",
                "--ports",
                "{}-{}".format(*kit.free_block()),
            )
            yield terminal
        finally:
            terminal.close()


def ring(pbx: kit.Pbx) -> None:
    """Let all the callers ring in, with channels as badly called as they are."""
    for number, name in enumerate(NAMES):
        channel = pbx.control.place_call(
            SimCallerId(name, f"{number}\x1b[1m"),
            name=CHANNEL.format(number, number),
            protocol_id=f"\x1b]0;owned\x07{number}\u200b@here",
            linked_id=f"{number}\x9d0;owned\x9c.\u202e0",
        )
        assert channel is not None


def test_names_that_terminals_obey_reach_screen_json_and_log_as_plain_text(
    hand: Hand, pane: Terminal, tmp_path: Path
) -> None:
    pane.until_shown("CHANNEL")
    before = pane.title
    hand.do(lambda: ring(hand.pbx))
    shown = ("Ada 0", "Bob 1", "Cleo 2", "Dan 3", "Eve 4", "[bold]Fay")
    pane.until("all calls", lambda text: all(name in text for name in shown))
    hand.do(lambda: hand.pbx.control.press_digit(0, "\x1b]0;owned\x07\u202e5"))
    hand.do(lambda: hand.pbx.faults.add("DELETE", "channels/", 500, says=WORDS))
    look_at_a_call(pane)
    pane.keys("C-c")
    assert pane.until_left() == 130
    assert_harmless(pane.all_text)
    assert pane.title == before
    assert_harmless((pane.home / "log").read_text())
    assert_documents_are_clean((pane.home / "documents").read_text())
    sent = (tmp_path / "sent").read_text(errors="replace")
    for bad in (
        "owned",
        OWNED,
        "\x1b[5;97",
        "\x1b[5m",
        "\x1b[3J",
        "\x1bP",
        "\x1bc",
        "\x9b",
        "\u202e",
        "\u200b",
    ):
        assert bad not in sent


def look_at_a_call(pane: Terminal) -> None:
    """Have every text of a call shown: its page, the question, an answer, an incident."""
    pane.keys("/")
    pane.until_shown("Filter ─")
    pane.type("Bob")
    pane.until_shown("filter: Bob")
    pane.keys("Enter")
    pane.until_gone("Filter ─")
    pane.keys("Enter")
    pane.until_shown("linkedid +1.0")
    pane.until_shown("Call-ID +1@here")
    pane.keys("x")
    pane.until_shown("Bob 1 ")
    pane.keys("y")
    pane.until_shown("no way")
    pane.keys("Y")
    pane.until_shown("incident copied")
    assert_harmless(pane.clipboard)
    assert "Call-ID     1@here" in pane.clipboard


def assert_harmless(text: str) -> None:
    """No control but the ends of lines, no mark that turns or hides, nothing of what was sent."""
    odd = {char for char in text if unicodedata.category(char)[0] == "C"} - {"\n"}
    assert not odd
    assert "owned" not in text
    assert OWNED not in text


def assert_documents_are_clean(lines: str) -> None:
    last = [json.loads(line) for line in lines.splitlines()][-1]
    for text in texts(last):
        assert_harmless(text)
        assert len(text) <= 600
    callers = {call["caller"] for call in last["calls"]}
    assert callers == {f"{name} {number}" for number, name in enumerate(NAMES.values())}
    assert {call["channel"] for call in last["calls"]} == {
        f"PJSIP/200{number}-0000000{number}" for number in range(len(NAMES))
    }
    assert {call["linkedid"] for call in last["calls"]} == {f"{n}.0" for n in range(len(NAMES))}


def texts(value: Any) -> Iterator[str]:
    """Yield every text in a decoded document, keys too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, held in value.items():
            yield from (key, *texts(held))
    elif isinstance(value, list):
        for held in value:
            yield from texts(held)
