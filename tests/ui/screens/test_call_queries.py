"""Asking about a call: when it is worth it, and which answers count."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, get_args

import msgspec
import pytest

from ari_tui.client.actions import Actions
from ari_tui.client.source import ActionError
from ari_tui.ui.screens.call_queries import CallQueries, What
from tests.ui.detail_kit import a_detail, statistics
from tests.ui.kit import FakeSource

BOTH = pytest.mark.parametrize("what", get_args(What))


def a_source(**answers: Any) -> FakeSource:
    source = FakeSource()
    source.answers = {
        "detail": msgspec.to_builtins(a_detail()),
        "statistics": msgspec.to_builtins(statistics()),
        **answers,
    }
    return source


def about(call: str, source: FakeSource | None = None) -> CallQueries:
    return CallQueries(Actions(source or a_source()), call)


def answer(inquiry: CallQueries, what: What) -> object:
    return inquiry.detail if what == "detail" else inquiry.statistics


def trouble(inquiry: CallQueries, what: What) -> str:
    return inquiry.trouble if what == "detail" else inquiry.statistics_trouble


@BOTH
async def test_what_is_asked_is_answered_and_the_other_is_left_alone(what: What) -> None:
    source = a_source()
    inquiry = about("call-1", source)
    assert inquiry.begin(what, frozen=False)
    await inquiry.ask(what, "call-1")
    assert source.asked == [(what, {"call": "call-1"})]
    known = {each: answer(inquiry, each) for each in get_args(What)}
    assert known == {
        "detail": a_detail() if what == "detail" else None,
        "statistics": statistics() if what == "statistics" else None,
    }


@BOTH
async def test_nothing_is_asked_while_an_answer_is_awaited(what: What) -> None:
    inquiry = about("call-1")
    assert inquiry.begin(what, frozen=False)
    assert not inquiry.begin(what, frozen=False)
    await inquiry.ask(what, "call-1")
    assert inquiry.begin(what, frozen=False)


@BOTH
async def test_what_could_not_be_asked_is_asked_again_and_the_last_answer_stays(what: What) -> None:
    source = a_source()
    inquiry = about("call-1", source)
    await ask(inquiry, what, "call-1")
    known = answer(inquiry, what)
    source.answers[what] = ActionError("no engine")
    await ask(inquiry, what, "call-1")
    assert (answer(inquiry, what), trouble(inquiry, what)) == (known, "no engine")
    source.answers[what] = msgspec.to_builtins(known)
    await ask(inquiry, what, "call-1")
    assert trouble(inquiry, what) == ""


async def ask(inquiry: CallQueries, what: What, call: str) -> None:
    assert inquiry.begin(what, frozen=False)
    await inquiry.ask(what, call)


async def test_of_a_frozen_screen_each_is_asked_once_and_told_to_be_newer() -> None:
    inquiry = about("call-1")
    await ask(inquiry, "detail", "call-1")
    newer = []
    asked: dict[What, bool] = {"detail": False, "statistics": True}
    for what, is_asked in asked.items():
        assert inquiry.begin(what, frozen=True) is is_asked
        newer.append(inquiry.newer)
    assert newer == [False, True], "the first answer came before"
    await inquiry.ask("statistics", "call-1")
    assert not inquiry.begin("statistics", frozen=True)


async def test_an_answer_that_was_awaited_when_the_screen_froze_is_newer_too() -> None:
    inquiry = about("call-1")
    assert inquiry.begin("detail", frozen=False)
    assert not inquiry.begin("detail", frozen=True)
    assert inquiry.newer


@BOTH
@pytest.mark.parametrize("fails", [False, True])
async def test_an_answer_about_the_call_before_is_not_taken(what: What, fails: bool) -> None:
    source = a_source(**({what: ActionError("too late")} if fails else {}))
    wanted = held(source)
    inquiry = about("call-1", source)
    assert inquiry.begin(what, frozen=True)
    asking = asyncio.create_task(inquiry.ask(what, "call-1"))
    inquiry.reset("call-2")
    assert inquiry.begin(what, frozen=False), "the answer that is awaited is about another call"
    wanted()
    await asyncio.wait_for(asking, 20)
    assert (answer(inquiry, what), trouble(inquiry, what), inquiry.newer) == (None, "", False)


def held(source: FakeSource) -> Callable[[], None]:
    """Have a source answer no sooner than what is returned is called."""
    wanted, act = asyncio.Event(), source.act

    async def slow(action: str, args: Any = None, *, timeout_s: float = 5.0) -> Any:
        await wanted.wait()
        return await act(action, args, timeout_s=timeout_s)

    source.act = slow  # type: ignore[method-assign]  # an engine that is slow
    return wanted.set
