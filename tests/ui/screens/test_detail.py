"""A call in detail: what it asks of the engine and when, what its keys do, at every size."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
from textual.pilot import Pilot

from ari_tui.client.actions import Actions
from ari_tui.client.source import ActionError
from ari_tui.document import model
from ari_tui.ui.screens import detail as module
from ari_tui.ui.screens.detail import DetailScreen
from ari_tui.ui.themed_app import ThemedApp
from ari_tui.ui.themes import Themes
from ari_tui.ui.widgets.detail_page import DetailPage
from tests.ui.detail_kit import a_detail, statistics
from tests.ui.kit import FakeSource, a_call, a_document
from tests.ui.widgets.frames import a_frame

CALLS = ("call-1", "call-2")


class Stage(ThemedApp[None]):
    """An app that opens one call and does what the real one does with its messages."""

    def __init__(self, source: FakeSource) -> None:
        super().__init__(Themes.load(""), "dark")
        self.source = source
        self.detail = DetailScreen("call-1", Actions(source))
        self.closed = 0

    def on_mount(self) -> None:
        self.push_screen(self.detail)

    def on_detail_screen_closed(self) -> None:
        self.closed += 1

    def on_detail_screen_stepped(self, message: DetailScreen.Stepped) -> None:
        self.detail.open(CALLS[(CALLS.index(self.detail.call) + message.by) % len(CALLS)])

    def frame(self, calls: list[model.Call] | None = None, **changed: Any) -> None:
        calls = [a_call(1, state="up"), a_call(2, state="up")] if calls is None else calls
        self.detail.show(a_frame(a_document(calls), **changed))

    @property
    def text(self) -> str:
        return self.detail.query_one(DetailPage).shown

    def asked(self, action: str) -> list[str]:
        return [args["call"] for name, args in self.source.asked if name == action]


@asynccontextmanager
async def stage(
    size: tuple[int, int] = (80, 24), **answers: Any
) -> AsyncIterator[tuple[Stage, Pilot[None]]]:
    source = FakeSource()
    source.answers = {
        "detail": msgspec.to_builtins(a_detail()),
        "statistics": msgspec.to_builtins(statistics()),
        **answers,
    }
    app = Stage(source)
    async with app.run_test(size=size) as pilot:
        app.frame()
        await settle(app, pilot)
        yield app, pilot


async def settle(app: Stage, pilot: Pilot[None]) -> None:
    """Wait until everything asked for is answered and the page is as high as it is."""
    await app.workers.wait_for_complete()
    await pilot.pause()
    sheet = app.detail.query_one(DetailPage)
    await until(lambda: (asked := sheet.styles.height) is None or asked.value == sheet.size.height)
    await pilot.pause()


@pytest.mark.parametrize("size", [(80, 24), (200, 50), (40, 12), (20, 4), (300, 100)])
async def test_a_call_is_shown_at_every_size(size: tuple[int, int]) -> None:
    async with stage(size) as (app, pilot):
        assert "\nPJSIP/1001"[: size[0]] in app.text
        assert "Where a packet's" in app.text
        await pilot.press("end")
        await pilot.pause()
        assert app.detail.query_one(DetailPage).size.width <= size[0]


async def test_both_are_asked_at_once_and_shown() -> None:
    async with stage((200, 50)) as (app, _):
        assert (app.asked("detail"), app.asked("statistics")) == (["call-1"], ["call-1"])
        assert "up, simple_bridge" in app.text
        assert "from caller 3,000" in app.text


async def test_both_are_asked_again_while_somebody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DETAIL_S", 0.02)
    monkeypatch.setattr(module, "STATISTICS_S", 0.05)
    async with stage() as (app, pilot):
        await until(lambda: len(app.asked("detail")) > 3 and len(app.asked("statistics")) > 2)
        app.push_screen(DetailScreen("call-2", Actions(FakeSource())))
        await settle(app, pilot)
        before = len(app.source.asked)
        await pilot.pause(0.2)
        assert len(app.source.asked) == before
        app.pop_screen()
        await until(lambda: len(app.source.asked) > before + 1)


async def test_nothing_is_asked_while_the_process_is_suspended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "DETAIL_S", 0.02)
    async with stage() as (app, pilot):
        app.app_suspend_signal.publish(app)
        await settle(app, pilot)
        before = len(app.source.asked)
        await pilot.pause(0.2)
        assert len(app.source.asked) == before
        app.app_resume_signal.publish(app)
        await until(lambda: len(app.source.asked) > before)


async def test_a_frozen_screen_asks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DETAIL_S", 0.02)
    async with stage() as (app, pilot):
        app.frame(frozen_s=1.0)
        await settle(app, pilot)
        before = len(app.source.asked)
        await pilot.pause(0.2)
        assert len(app.source.asked) == before


async def test_a_call_that_is_opened_when_frozen_is_asked_for_once_and_says_so() -> None:
    async with stage() as (app, pilot):
        app.frame(frozen_s=1.0)
        await pilot.press("n")
        await settle(app, pilot)
        app.frame(frozen_s=2.0)
        await settle(app, pilot)
        assert app.asked("detail") == ["call-1", "call-2"]
        assert "frozen; intervals, charts" in app.text
        app.frame()
        assert "frozen; intervals" not in app.text


async def test_an_engine_that_does_not_answer_is_not_asked_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "DETAIL_S", 0.01)
    answered = asyncio.Event()

    class Slow(FakeSource):
        async def act(self, action: str, args: Any = None, *, timeout_s: float = 5.0) -> Any:
            self.asked.append((action, dict(args or {})))
            await answered.wait()
            raise ActionError("too late")

    app = Stage(Slow())
    async with app.run_test() as pilot:
        app.frame()
        await pilot.pause(0.2)
        assert len(app.asked("detail")) == 1
        answered.set()
        await until(lambda: len(app.asked("detail")) > 1)
        assert "too late" in app.text


async def test_what_went_wrong_is_said_and_the_rest_is_shown() -> None:
    failed = ActionError("Asterisk [bold] did not answer")
    async with stage((200, 50), statistics=failed) as (app, _):
        assert "! Asterisk [bold] did not answer" in app.text
        assert "up, simple_bridge" in app.text


async def test_a_call_that_has_left_stays_as_it_was() -> None:
    async with stage() as (app, pilot):
        app.frame([a_call(2)])
        await settle(app, pilot)
        assert "ended: this is its last state" in app.text
        assert "PJSIP/1001" in app.text
        before = len(app.source.asked)
        app.detail.on_screen_resume()
        await settle(app, pilot)
        assert len(app.source.asked) == before


async def test_n_and_p_step_through_the_calls() -> None:
    async with stage() as (app, pilot):
        for key, call in (("n", "call-2"), ("n", "call-1"), ("N", "call-2"), ("left", "call-1")):
            await pilot.press(key)
            await settle(app, pilot)
            assert app.detail.call == call
            assert app.asked("detail")[-1] == app.asked("statistics")[-1] == call
            assert app.text.split("\n")[1].startswith(f"PJSIP/100{call[-1]}")


@pytest.mark.parametrize("key", ["escape", "q", "enter"])
async def test_there_are_ways_back(key: str) -> None:
    async with stage() as (app, pilot):
        await pilot.press(key)
        await pilot.pause()
        assert app.closed == 1


@pytest.mark.parametrize(
    ("there", "back"),
    [
        ("down", "up"),
        ("j", "k"),
        ("pagedown", "pageup"),
        ("end", "home"),
    ],
)
async def test_the_page_scrolls(there: str, back: str) -> None:
    async with stage() as (app, pilot):
        scroll = app.detail.query_one("_Scroll")
        await pilot.press(there)
        await pilot.pause()
        assert scroll.scroll_y > 0
        await pilot.press(back)
        await pilot.pause()
        assert scroll.scroll_y == 0


async def test_another_call_is_shown_from_its_top() -> None:
    async with stage() as (app, pilot):
        await pilot.press("end", "n")
        await settle(app, pilot)
        assert app.detail.query_one("_Scroll").scroll_y == 0


async def test_with_ascii_only_nothing_else_is_drawn() -> None:
    async with stage((200, 50)) as (app, pilot):
        app.frame(ascii=True)
        await settle(app, pilot)
        # without a scrollbar nothing is drawn less: the page is as wide as the screen
        assert app.detail.query_one(DetailPage).size.width == 200
        assert "Where a packet's time goes" in app.text
        assert app.text.isascii()


async def until(condition: Callable[[], bool]) -> None:
    async def poll() -> None:
        while not condition():  # noqa: ASYNC110  what is waited for has no event
            await asyncio.sleep(0.01)

    await asyncio.wait_for(poll(), 5)
