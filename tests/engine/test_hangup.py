"""Whose doing a call's end was, by what Asterisk answers to our request."""

from __future__ import annotations

import asyncio
from unittest import mock

import pytest

from ari_tui.ari.calls import CallMachine
from ari_tui.ari.event_models import ChannelDestroyed
from ari_tui.ari.ids import call_ids
from ari_tui.ari.models import Channel
from ari_tui.engine.hangup import hang_up
from ari_tui.errors import AriError, AriUnreachableError


def up() -> CallMachine:
    return CallMachine(1, call_ids("app", "5e55", 1), Channel("caller"))


def ended(machine: CallMachine) -> str:
    machine.event(ChannelDestroyed(channel=Channel("caller")))
    return machine.reason


@pytest.mark.parametrize(
    ("there", "reason"), [(True, "hung up from here"), (False, "caller hung up")]
)
async def test_who_was_there_to_be_hung_up_was_hung_up_by_us(there: bool, reason: str) -> None:
    machine, client = up(), mock.AsyncMock()
    client.hang_up.return_value = there
    assert await hang_up(client, [machine], "caller") is there
    client.hang_up.assert_awaited_once_with("caller")
    assert ended(machine) == reason


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (AriError("no", status=403), "caller hung up"),
        (AriError("spoilt", status=500), "hung up from here"),
        (AriUnreachableError("no answer within 5 s"), "hung up from here"),
    ],
)
async def test_only_a_refusal_says_that_nothing_was_done(error: AriError, reason: str) -> None:
    machine, client = up(), mock.AsyncMock()
    client.hang_up.side_effect = error
    with pytest.raises(type(error)):
        await hang_up(client, [machine], "caller")
    assert ended(machine) == reason


async def test_events_may_come_before_the_answer() -> None:
    machine, client, reasons = up(), mock.AsyncMock(), []

    async def obey(_channel_id: str) -> bool:
        reasons.append(ended(machine))
        return True

    client.hang_up.side_effect = obey
    await hang_up(client, [machine], "caller")
    assert reasons == [machine.reason] == ["hung up from here"]


async def test_whoever_asked_and_does_not_wait_for_the_answer_has_asked_all_the_same() -> None:
    machine, client, asked = up(), mock.AsyncMock(), asyncio.Event()

    async def hang(_channel_id: str) -> bool:
        asked.set()
        await asyncio.Event().wait()
        return True

    client.hang_up.side_effect = hang
    asking = asyncio.create_task(hang_up(client, [machine], "caller"))
    await asyncio.wait_for(asked.wait(), 5)
    asking.cancel()
    await asyncio.wait({asking}, timeout=5)
    assert ended(machine) == "hung up from here"


async def test_a_channel_without_a_call_is_hung_up_too() -> None:
    client = mock.AsyncMock()
    client.hang_up.return_value = True
    assert await hang_up(client, [], "stray")
