"""Calls on their way up and down, whatever Asterisk, ports and callers do meanwhile."""

from __future__ import annotations

import asyncio
import itertools
import socket
import time
from functools import partial
from unittest import mock

import pytest

from ari_tui.ari.call_machine import CallMachine
from ari_tui.ari.client import AriClient
from ari_tui.ari.commands import CallState, CallTiming, OnRelease
from ari_tui.ari.events import ChannelDestroyed, ChannelDtmfReceived
from ari_tui.ari.ids import CallIds, call_ids
from ari_tui.ari.models import Channel
from ari_tui.core.errors import AriError, AriUnreachableError
from ari_tui.engine import call_media
from ari_tui.engine.call_manager import ENDED_KEPT_S, UnownedChannels, hang_up
from ari_tui.engine.event_log import EventLog
from ari_tui.engine.measured_call import MeasuredCall
from tests.engine.kit import EchoRun, Fault, Pbx, Run, asterisk, engine, free_block, texts, until

STEPS = {
    "answering": "{caller}/answer",
    "media": ".{number}.media&app",
    "bridging": ".{number}.bridge&name",
    "joining": ".{number}.bridge/addChannel",
}
"""Step, and what is in the address of its POST alone."""
WAYS: tuple[int | str, ...] = (500, 400, "obeyed", "cut", "mute")


async def failure(run: Run) -> str:
    """Wait until the only call has failed; return the words."""
    await until(lambda: run.events("call_failed"))
    (told,) = run.events("call_failed")
    return told.text


async def assert_clean(run: Run) -> None:
    """Whatever failed, Asterisk and our own side hold nothing of the calls that are over."""
    await until(lambda: run.pbx.bridges == [] and run.pbx.channels == [], str(run.pbx.channels))
    assert run.parts.calls.media.ports.in_use == 0
    assert run.parts.worker_pool.assignments == {}
    assert all(not worker.calls for worker in run.parts.worker_pool.workers)


@pytest.mark.slow
async def test_whichever_request_fails_and_however_nothing_leaks(echo: EchoRun) -> None:
    # the media channel's events come first, so that its answer can be spoilt after the deed
    async with asterisk(stasis_order="event-first") as pbx:
        quick = {"request_timeout_s": 0.2}
        async with engine(pbx, echo.port, asterisk=quick) as run:
            faults: dict[str, Fault] = {}
            for number, (name, how) in enumerate(itertools.product(STEPS, WAYS), 1):
                part = STEPS[name].format(number=number, caller=pbx.call())
                faults[f"{name} {how}"] = pbx.faults.add("POST", part, how)
            # this was done, and the event of the channel's state told us so
            recovered = 1 + list(faults).index("answering cut")
            await until(lambda: run.parts.calls.ended == len(faults) - 1)
            assert [call.number for call in await run.up(1)] == [recovered]
            pbx.control.hang_up(0)
            await until(lambda: not run.calls)
            await assert_clean(run)
            assert [name for name, fault in faults.items() if not fault.hits] == []
            failed = {line.call: line.text.partition(":")[0] for line in run.events("call_failed")}
            assert failed == {
                f"{run.parts.session}.{number}": f"call failed at {name.split()[0]}"
                for number, name in enumerate(faults, 1)
                if number != recovered
            }
            assert run.events("leftover") == []
            pbx.call()  # and the next call is none the worse
            await run.up(1)
            await run.end()
        assert run.final.totals.calls.failed == len(STEPS) * len(WAYS) - 1
        run.assert_nothing_left()


async def test_what_cannot_be_undone_at_first_is_tried_again(pbx: Pbx, echo: EchoRun) -> None:
    async with engine(pbx, echo.port) as run:
        for _ in range(3):
            pbx.call()
        await run.up(3)
        refused = [("DELETE", ".1.bridge"), ("DELETE", ".2.media"), ("POST", "/continue")]
        faults = [pbx.faults.add(method, part, 500, times=1) for method, part in refused]
        await run.end()
    assert [fault.hits for fault in faults] == [1, 1, 1]
    assert run.final.totals.calls.ended == 3
    run.assert_nothing_left()
    assert pbx.channels == []


async def test_what_cannot_be_undone_at_all_is_told_and_swept_later(
    pbx: Pbx, echo: EchoRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    hasty = CallTiming(undo_retries_s=(0.05, 0.1))
    monkeypatch.setattr("ari_tui.ari.call_machine.CallTiming", lambda: hasty)
    async with engine(pbx, echo.port) as run:
        caller = pbx.call()
        await run.up(1)
        fault = pbx.faults.add("DELETE", "/ari/bridges/", 500)
        pbx.sim.pbx.hang_up(pbx.sim.pbx.channels[caller])
        await until(lambda: not run.calls)
        (told,) = run.events("leftover")
        assert "could not be removed, the next clean-up tries again: bridge" in told.text
        fault.times = 0
        await run.parts.sweeper.sweep("now")
        await assert_clean(run)
        await run.end()
    run.assert_nothing_left()


def ended(run: Run, count: int) -> bool:
    return run.parts.calls.ended == count


async def test_a_caller_may_hang_up_at_any_step(pbx: Pbx, echo: EchoRun) -> None:
    async with engine(pbx, echo.port) as run:
        for number, address in enumerate(STEPS.values(), 1):
            caller = pbx.call()
            part = address.format(number=number, caller=caller)
            await until(partial(pbx.faults.was_asked, "POST", part))
            pbx.sim.pbx.hang_up(pbx.sim.pbx.channels[caller])
            await until(partial(ended, run, number))
            await assert_clean(run)
        await run.end()
    run.assert_nothing_left()


async def test_a_port_range_of_one_takes_one_call_and_lets_the_second_go(
    pbx: Pbx, echo: EchoRun
) -> None:
    only, _ = free_block(1)
    async with engine(pbx, echo.port, media={"ports": str(only)}) as run:
        pbx.call()
        (first,) = await run.up(1)
        second = pbx.call()
        text = await failure(run)
        assert f"media.ports {only}-{only}" in text
        assert "all 1 in use" in text
        await until(lambda: second not in pbx.channels, "the second caller was not released")
        await run.flows(first.number)
        assert run.parts.publisher.build().instrument.ports_in_use == 1
        await run.end()
    assert (run.final.totals.calls.failed, run.final.totals.calls.ended) == (1, 2)
    run.assert_nothing_left()


async def test_a_call_that_drains_is_none_of_those_at_once(
    pbx: Pbx, echo: EchoRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(call_media, "_LINGER_NS", 2**62)  # until its time is up
    async with engine(pbx, echo.port) as run:
        caller = pbx.call()
        (first,) = await run.up(1)
        pbx.sim.pbx.hang_up(pbx.sim.pbx.channels[caller])
        await until(lambda: first.state is not CallState.UP)
        pbx.call()
        await until(lambda: run.parts.calls.started == 2)
        assert run.parts.publisher.build().totals.calls.peak == 1
        await run.end()


async def test_on_release_hangup_hangs_callers_up(pbx: Pbx, echo: EchoRun) -> None:
    async with engine(pbx, echo.port, asterisk={"on_release": "hangup"}) as run:
        caller = pbx.call()
        await run.up(1)
        run.close_lifeline()
        await until(lambda: not run.parts.calls.accepting)
        late = pbx.call()
        await until(lambda: late not in pbx.channels)
        await run.ended()
    requests = pbx.faults.requests
    assert ("DELETE", f"/ari/channels/{caller}") in requests
    assert ("DELETE", f"/ari/channels/{late}") in requests
    assert not any("continue" in path for _, path in requests)
    run.assert_nothing_left()


async def test_a_transferred_call_goes_on_with_the_new_caller(pbx: Pbx, echo: EchoRun) -> None:
    async with engine(pbx, echo.port) as run:
        pbx.call()
        (call,) = await run.up(1)
        new = pbx.control.transfer(0)
        await until(lambda: call.machine.caller.id == new)
        await run.flows(call.number)
        assert run.calls == [call]
        document = run.parts.publisher.build()
        assert document.calls[0].caller == "Transferred 1999"
        await run.end()
    assert run.final.totals.calls.started == 1
    assert run.final.totals.packets.ssrc_changes == 1
    run.assert_nothing_left()


async def test_a_caller_whom_another_client_moves_is_let_go_and_not_taken_up_again(
    pbx: Pbx, echo: EchoRun
) -> None:
    async with (
        engine(pbx, echo.port) as run,
        AriClient(pbx.sim.url, pbx.sim.config.user, pbx.sim.config.password) as other,
    ):
        caller = pbx.call()
        (call,) = await run.up(1)
        await other.create_bridge("theirs")
        await other.add_to_bridge("theirs", [caller])
        await until(lambda: not run.calls)
        assert call.reason == "moved to another bridge by another client"
        (told,) = [one for one in run.events("call_ended") if one.call == call.id]
        assert (told.level, told.text) == ("warning", f"call ended: {call.reason}")
        assert (await run.parts.sweeper.sweep("by hand"), run.calls) == (True, [])
        await run.end()
    assert pbx.sim.pbx.bridging.bridges["theirs"].members == [pbx.sim.pbx.channels[caller]]
    assert not any(f"/channels/{caller}/continue" in path for _, path in pbx.faults.requests)
    assert not pbx.faults.was_asked("DELETE", f"/channels/{caller}")
    assert run.final.totals.calls.failed == 0


async def test_a_caller_moved_while_no_event_could_tell_is_found_by_the_sweep(
    pbx: Pbx, echo: EchoRun
) -> None:
    async with engine(pbx, echo.port) as run:
        caller = pbx.call()
        (call,) = await run.up(1)
        await pbx.control.go_away()
        await until(lambda: not run.parts.event_stream.connected)
        theirs = pbx.sim.pbx.bridging.create("theirs", "mixing", "")
        pbx.sim.pbx.bridging.enter(theirs, pbx.sim.pbx.channels[caller])
        await pbx.control.come_back()
        await until(lambda: not run.calls)
        assert call.reason == "moved to another bridge by another client"
        await run.end()
    assert [one.id for one in theirs.members] == [caller]


async def test_a_call_without_rtp_is_told_of_once_with_a_hint(
    pbx: Pbx, echo: EchoRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ari_tui.engine.call_manager.SILENT_S", 0.3)
    async with engine(pbx, echo.port) as run:
        caller = pbx.call()
        pbx.control.hold(0)
        await until(lambda: run.events("no_rtp"))
        (told,) = run.events("no_rtp")
        assert "Echo()" in told.text
        assert told.call == f"{run.parts.session}.1"
        pbx.control.unhold(0)
        await run.flows(1)  # silence at the start is no reason never to listen again
        assert len(run.events("no_rtp")) == 1
        assert pbx.control.callers == [caller]
        await run.end()


async def test_media_that_begins_late_is_measured(pbx: Pbx, echo: EchoRun) -> None:
    # a worker of `learn_source = auto` gives up on the reported address after 2 s
    async with engine(pbx, echo.port) as run:
        pbx.call()
        pbx.control.hold(0)
        await until(lambda: run.events("no_rtp"))
        await until(lambda: time.monotonic() - (run.calls[0].up_at or 0) > 2.2)
        pbx.control.unhold(0)
        await run.flows(1)
        assert run.events("learned") == []  # it is the reported one after all
        await run.end()
    assert run.final.totals.packets.foreign == 0


async def test_a_source_that_is_not_the_reported_one_is_learned_and_told(
    pbx: Pbx, echo: EchoRun
) -> None:
    networks = {"learn_source": "always", "learn_networks": ("127.0.0.0/8",)}
    async with engine(
        pbx, echo.port, asterisk={"media_address": "127.0.0.9"}, media=networks
    ) as run:
        pbx.call()
        (call,) = await run.up(1)
        await until(lambda: run.events("learned"))
        (told,) = run.events("learned")
        assert "not from 127.0.0.9:" in told.text
        assert str(call.media_remote).startswith("127.0.0.1:")
        await run.end()


async def test_foreign_streams_and_garbage_are_counted_and_not_measured(
    pbx: Pbx, echo: EchoRun
) -> None:
    async with engine(pbx, echo.port) as run:
        pbx.call()
        (call,) = await run.up(1)
        stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with stranger:
            stranger.sendto(b"\x80\x00" + bytes(170), ("127.0.0.1", call.port or 0))
        pbx.control.garbage(0, [b"", b"x", b"\x00" * 500, b"GET / HTTP/1.1\r\n\r\n", b"\x80" * 11])
        await until(lambda: run.count("malformed") >= 4)
        for n in range(5):
            # one at a time, between two of the caller's own: never two in a row
            pbx.control.foreign_burst(0, 1, ssrc=0x1000 + n)
            await run.flows(call.number)
        await until(lambda: run.count("foreign") >= 5)
        await run.flows(call.number)
        await run.end()
    packets = run.final.totals.packets
    assert packets.ssrc_changes == 0
    assert packets.foreign == 5  # each came back, and counts once
    assert packets.lost == 0
    assert packets.sent == packets.returned
    run.assert_nothing_left()


async def test_an_ended_call_stays_in_the_documents_for_a_while_and_in_the_totals_for_good(
    pbx: Pbx, echo: EchoRun
) -> None:
    async with engine(pbx, echo.port) as run:
        caller = pbx.call()
        await run.up(1)
        pbx.sim.pbx.hang_up(pbx.sim.pbx.channels[caller])
        await until(lambda: not run.calls)
        calls = run.parts.calls
        sent = run.count("sent")
        calls.tick(time.time_ns() + int((ENDED_KEPT_S - 5) * 1e9))
        assert len(run.parts.publisher.build().calls) == 1
        calls.tick(time.time_ns() + int((ENDED_KEPT_S + 1) * 1e9))
        assert run.parts.publisher.build().calls == []
        assert calls.calls == {}
        (kept,) = run.parts.publisher.ended.all()
        assert (kept.channel_id, kept.state, kept.packets.sent) == (caller, "ended", sent)
        assert kept.packets.in_flight == 0
        assert run.count("sent") == sent > 0
        await run.end()
    assert run.final.totals.calls.ended == 1


async def test_a_mistake_of_ours_in_one_call_is_logged_and_ends_that_call_alone(
    pbx: Pbx, echo: EchoRun, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with engine(pbx, echo.port) as run:
        pbx.call()
        (first,) = await run.up(1)

        async def broken(*_: object, **__: object) -> None:
            raise ZeroDivisionError("bug")

        monkeypatch.setattr(run.parts.calls.media, "connect", broken)
        pbx.call()
        assert "internal error: ZeroDivisionError: bug" in await failure(run)
        assert "Traceback" in caplog.text
        await run.flows(first.number)
        await run.end()
    run.assert_nothing_left()


async def test_a_leftover_media_channel_of_ours_is_hung_up(pbx: Pbx, echo: EchoRun) -> None:
    async with engine(pbx, echo.port) as run:
        url = f"{pbx.sim.url}/ari/channels/externalMedia"
        leftover = f"ari-tui.tests.{run.parts.session}.999.media"
        await run.parts.client.external_media(leftover, app="tests", external_host="127.0.0.1:9")
        await until(lambda: leftover not in pbx.channels, url)
        assert run.parts.calls.started == 0
        await run.end()


async def test_what_a_caller_presses_or_is_called_cannot_upset_a_terminal(
    echo: EchoRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with asterisk(nasty_names=True) as pbx, engine(pbx, echo.port) as run:
        for _ in range(12):
            pbx.call()
        await until(lambda: len(run.calls) == 12)
        call = run.calls[0]
        run.parts.calls.on_event(ChannelDtmfReceived(channel=call.machine.caller, duration_ms=1))
        shown = [line.text + str(line.channel) for line in run.parts.events.lines]
        document = run.parts.publisher.build()
        shown += [one.caller + one.channel + one.channel_id for one in document.calls]
        assert all(text.isprintable() for text in shown)
        assert max(map(len, shown)) < 1000
        await run.end()


@pytest.mark.parametrize(
    ("on_release", "request_name"),
    [(OnRelease.CONTINUE, "continue_in_dialplan"), (OnRelease.HANGUP, "hang_up")],
)
async def test_a_late_caller_is_let_go_as_configured(
    on_release: OnRelease, request_name: str
) -> None:
    client = mock.AsyncMock()
    await UnownedChannels(client, EventLog(), on_release).release("170.1")
    assert [(one[0], one[1]) for one in client.mock_calls] == [(request_name, ("170.1",))]


async def test_what_stays_all_the_same_is_told() -> None:
    client, events = mock.AsyncMock(), EventLog()
    client.hang_up.side_effect = client.continue_in_dialplan.side_effect = AriError("500 no")
    unowned = UnownedChannels(client, events, OnRelease.CONTINUE)
    await unowned.hang_up("ari-tui.a.s.1.media")
    await unowned.release("170.1")
    assert texts(list(events.lines)) == [
        "a leftover channel could not be removed: 500 no",
        "a late caller could not be released: 500 no",
    ]


def up() -> CallMachine:
    return CallMachine(1, call_ids("app", "5e55", 1), Channel("caller"))


def reason_after_end(machine: CallMachine) -> str:
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
    assert reason_after_end(machine) == reason


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
    assert reason_after_end(machine) == reason


async def test_events_may_come_before_the_answer() -> None:
    machine, client, reasons = up(), mock.AsyncMock(), []

    async def obey(_channel_id: str) -> bool:
        reasons.append(reason_after_end(machine))
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
    assert reason_after_end(machine) == "hung up from here"


async def test_a_channel_without_a_call_is_hung_up_too() -> None:
    client = mock.AsyncMock()
    client.hang_up.return_value = True
    assert await hang_up(client, [], "leftover")


def test_a_call_is_over_when_nothing_is_left_to_do_for_it() -> None:
    caller = Channel("170.1", state="Up")
    machine = CallMachine(7, CallIds("m", "b"), caller)
    call = MeasuredCall("s.7", machine, 5)
    (add,) = machine.start()
    assert (call.number, call.over) == (7, False)
    machine.caller_gone("left")
    assert not call.over  # its ports are on their way
    (remove,) = machine.succeeded(add)
    assert not call.over
    machine.succeeded(remove)
    assert call.over


def test_calls_do_not_share_their_events() -> None:
    machine = CallMachine(7, CallIds("m", "b"), Channel("170.1"))
    one, other = MeasuredCall("s.7", machine, 5), MeasuredCall("s.7", machine, 5)
    one.drained.set()
    assert not other.drained.is_set()
