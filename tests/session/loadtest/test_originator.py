"""Whole load tests on loopback: real HTTP, WebSocket and UDP, a simulated Asterisk."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
from typing import Any
from unittest import mock

import pytest

from ari_tui.document.load_test import STEPS
from ari_tui.session.loadtest import call_tracker, originator
from ari_tui.session.loadtest.originator import CallPacing
from tests.engine.kit import until, unused_udp_port
from tests.session.loadtest.kit import load, only

pytestmark = pytest.mark.system


@pytest.fixture(autouse=True)
def impatience() -> object:
    """Half a second is enough for a first packet on loopback, where none is to come."""
    with mock.patch.object(call_tracker, "MEDIA_S", 1.0):
        yield


async def test_calls_are_placed_held_and_hung_up_and_each_step_is_timed() -> None:
    async with load() as run:
        report = await run.ended()
        run.assert_nothing_left()
    progress = report.progress
    assert (progress.started, progress.good, progress.failed, progress.up) == (3, 3, 0, 0)
    assert report.success_ratio == 1
    assert report.end_reason == "load test done"
    for call in report.calls:
        assert call.outcome == "good", call
        assert call.reason == "hung up from here"
        assert set(call.set_up_ms) == set(STEPS) - {"ringing"}
        assert call.set_up_ms["answered"] <= call.set_up_ms["media_out"]
        assert call.set_up_ms["media_out"] <= call.set_up_ms["media_back"]
        assert call.sent == call.returned + call.lost > 10
        assert call.held_s > 0.5
        assert call.call_id in {one.id for one in report.document.calls}
    assert report.document.totals.packets.sent == sum(call.sent for call in report.calls)
    assert {document.load.phase for document in run.documents if document.load} >= {"holding"}
    last = run.documents[-1]
    assert (last.kind, last.load and last.load.phase) == ("final", "over")


async def test_calls_that_end_are_replaced_while_the_test_lasts() -> None:
    async with load(calls=2, call_duration_s=0.5, duration_s=2.5) as run:
        report = await run.ended()
        run.assert_nothing_left()
    assert report.progress.started >= 5
    assert report.progress.failed == 0
    assert max(document.load.up for document in run.documents if document.load) <= 2


async def test_each_failed_call_says_at_which_step_and_why() -> None:
    endpoints = ("tone", "busy", "nosuch", "silent", "ring", "tone-300")
    async with load(*endpoints, calls=6, duration_s=4.0, ramp_cps=20.0, ring_s=1) as run:
        report = await run.ended()
        run.assert_nothing_left()
    assert {call.outcome for call in only(report, "tone")} == {"good"}
    (slow,) = only(report, "tone-300")[:1]
    assert slow.outcome == "good"
    assert slow.set_up_ms["ringing"] < slow.set_up_ms["answered"]
    told = {call.endpoint[6:-4]: call for call in reversed(report.calls) if call.failed_at}
    assert {name: call.failed_at for name, call in told.items()} == {
        "busy": "answered",
        "nosuch": "answered",
        "ring": "answered",
        "silent": "media_out",
    }
    assert "busy" in (told["busy"].reason or "")
    assert "no such extension" in (told["nosuch"].reason or "")
    assert "nobody answered" in (told["ring"].reason or "")
    assert "Milliwatt" in (told["silent"].hint or "")
    assert report.verdict == "fail"
    assert "calls failed" in report.reasons[0]


async def test_a_technology_that_is_not_there_is_refused_at_once() -> None:
    async with load() as run:
        run.test.plan.endpoints[:] = ["PJSIP/nobody"]
        run.test._endpoints = iter(["PJSIP/nobody"] * 99)  # type: ignore[assignment]  # what cycles
        report = await run.ended()
    assert {call.failed_at for call in report.calls} == {"accepted"}
    assert "Allocation failed" in (report.calls[0].reason or "")
    assert report.calls[0].step is None
    assert report.calls[0].call_id is None


async def test_without_an_echo_server_calls_fail_on_the_way_back() -> None:
    port = unused_udp_port()
    async with load(echo=iter([port]), duration_s=2.5, calls=1) as run:
        report = await run.ended()
        run.assert_nothing_left()
    assert report.calls[0].failed_at == "media_back"
    assert f"127.0.0.1:{port}" in (report.calls[0].hint or "")


async def test_a_call_whose_voice_breaks_off_is_not_good() -> None:
    async with load("fade-300", calls=1, duration_s=2.5) as run:
        report = await run.ended()
    (call,) = report.calls
    assert (call.step, call.outcome, call.failed_at) == ("media_back", "failed", "held")
    assert "no packets from Asterisk" in (call.reason or "")
    assert call.silent_s > 1


async def test_tiers_follow_each_other_and_each_is_judged_by_its_own_seconds() -> None:
    async with load(tiers=("1", "3"), duration_s=2.2) as run:
        report = await run.ended()
    assert [tier.calls for tier in report.tiers] == [1, 3]
    assert [tier.reached for tier in report.tiers] == [1, 3]
    assert sum(tier.good for tier in report.tiers) == 3
    assert all(1 <= tier.sla.of_s <= 3 for tier in report.tiers)
    assert sum(tier.sla.of_s for tier in report.tiers) <= report.document.sla.of_s


async def test_a_signal_ends_the_test_with_the_report_so_far() -> None:
    async with load("tone", "ring", calls=4, duration_s=60.0, ring_s=60) as run:
        await until(lambda: run.test.progress().up == 2, "two calls never came up")
        os.kill(os.getpid(), signal.SIGINT)
        report = await run.ended()
        assert run.task.result() == 130
        run.assert_nothing_left()
    assert report.end_reason == "SIGINT"
    assert {call.outcome for call in only(report, "tone")} == {"good"}
    assert {call.outcome for call in only(report, "ring")} == {"cut"}
    assert report.progress.failed == 0


async def test_what_the_calls_are_given_reaches_asterisk() -> None:
    given: dict[str, Any] = {
        "caller_id": "Load <4711>",
        "app_args": ("a", "b"),
        "variables": ("COLOR=red, blue",),
    }
    async with load(calls=1, **given) as run:
        await until(lambda: run.test.progress().up == 1)
        asked = [
            path
            for method, path in run.pbx.faults.requests
            if method == "POST" and path.startswith("/ari/channels?")
        ]
        assert "callerId=Load" in asked[0]
        assert "appArgs=a,b" in asked[0] or "appArgs=a%2Cb" in asked[0]
        assert "red" not in asked[0]  # variables travel in the body
        channel = run.pbx.sim.pbx.channels[f"ari-tui.tests-load.{run.parts.session}.1.caller"]
        assert channel.caller.number == "4711"
        await run.ended()


async def test_an_originate_that_is_never_answered_fails_and_leaves_no_call_behind() -> None:
    async with load(calls=1, asterisk={"request_timeout_s": 0.5}) as run:
        run.pbx.faults.add("POST", "/ari/channels?", "mute", times=1)
        report = await run.ended()
        run.assert_nothing_left()
    assert report.calls[0].failed_at == "accepted"
    assert any(call.outcome == "good" for call in report.calls[1:])


async def test_a_hang_up_that_fails_is_tried_again() -> None:
    async with load(calls=1, duration_s=1.0) as run:
        fault = run.pbx.faults.add("DELETE", "/ari/channels/ari-tui", 500, times=1)
        await run.ended()
        run.assert_nothing_left()
    assert fault.hits == 1


async def test_a_sweep_leaves_the_calls_of_its_own_session_alone() -> None:
    async with load("tone", "ring", calls=2, duration_s=3.0, ring_s=60) as run:
        await until(lambda: run.test.progress().up == 1 and len(run.test.results.live) == 2)
        assert await run.parts.sweeper.sweep("now")
        assert run.test.progress().up == 1
        assert run.test.progress().under_way == 1
        await run.ended()


def test_the_loop_is_quick_enough_for_the_rates_that_are_allowed() -> None:
    assert originator.TICK_S <= 0.1
    assert asyncio.iscoroutinefunction(originator.LoadTest.run)


async def test_a_call_that_is_hung_up_while_it_is_set_up_has_not_failed() -> None:
    async with load(calls=1, duration_s=60.0) as run:
        run.pbx.faults.add("POST", "/ari/channels/externalMedia", "mute", times=1)
        await until(lambda: run.pbx.faults.was_asked("POST", "externalMedia"))
        os.kill(os.getpid(), signal.SIGTERM)
        report = await run.ended()
    assert [(call.outcome, call.failed_at) for call in report.calls] == [("cut", None)]


def placed(pace: CallPacing, until_s: float, tick_s: float = 0.05) -> list[float]:
    times = [tick * tick_s for tick in range(round(until_s / tick_s))]
    return [now for now in times for _ in range(50) if pace.take(now)]


@pytest.mark.parametrize("calls_per_s", [1.0, 5.0, 10.0, 40.0])
def test_calls_are_placed_at_their_rate_whatever_the_tick(calls_per_s: float) -> None:
    assert len(placed(CallPacing(calls_per_s), 10.0)) == pytest.approx(10 * calls_per_s, abs=2)


def test_what_was_missed_while_nothing_was_wanted_is_not_made_up_for() -> None:
    pace = CallPacing(5.0)
    assert pace.take(0.0)
    assert pace.take(100.0)
    assert not pace.take(100.1)
    assert pace.take(100.2)


def test_after_nothing_but_failures_calls_come_ever_more_rarely() -> None:
    pace = CallPacing(10.0)
    gaps, now, last = [], 0.0, 0.0
    for _ in range(14):
        while not pace.take(now):
            now += 0.01
        gaps.append(now - last)
        last = now
        pace.ended(good=False)
    assert gaps[3] == pytest.approx(0.1, abs=0.02)
    assert gaps[-1] == pytest.approx(5.0, abs=0.05)
    assert all(after > before - 0.05 for before, after in itertools.pairwise(gaps[4:]))


def test_a_good_call_brings_the_rate_back() -> None:
    pace = CallPacing(10.0)
    for _ in range(20):
        pace.ended(good=False)
    assert pace.take(0.0)
    assert not pace.take(4.9)
    pace.ended(good=True)
    assert pace.take(5.0)
    assert pace.take(5.1)


def test_the_rate_is_that_of_the_last_second() -> None:
    pace = CallPacing(10.0)
    for now in (0.0, 0.5, 0.9):
        assert pace.take(now)
    assert pace.rate(0.9) == 3
    assert pace.rate(1.2) == 2
    assert pace.rate(9.0) == 0
