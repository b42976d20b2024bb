"""Asterisk's moments on the real one: who hung up, a moved caller, stalls, a restart."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ari_tui.ari.hangup import HUNG_UP_BY_CALLER, HUNG_UP_BY_OTHERS, SHUT_DOWN
from ari_tui.ari.sweep import MOVED
from ari_tui.engine.asterisk_watch import RESTARTED
from tests.asterisk.lab import Asterisk
from tests.asterisk.live import Document, LiveRun, live_run
from tests.asterisk.raw_ari import RawAri, raw_ari
from tests.asterisk.tools import wait_until

pytestmark = [pytest.mark.asterisk, pytest.mark.timeout(300)]

CALLERS = 5
STOP_S, STOPS = 0.3, 3
THEIRS = "another-clients-bridge"


@dataclass
class Outcome:
    """All that one run gave."""

    final: Document
    reasons: dict[str, str | None]
    """Why each call ended, by what was done to it."""
    moved_stayed: bool
    """Whether the moved caller was still in the other client's bridge after its call had ended."""
    stopped_ms: float
    """The longest that Asterisk was stopped."""
    pings_before: dict[str, float]
    pings_after: dict[str, float]
    errors: str


@pytest.fixture(scope="module")
def outcome(
    asterisk: Asterisk, tmp_path_factory: pytest.TempPathFactory, note: Callable[[str], None]
) -> Outcome:
    found = asyncio.run(_suffer(asterisk, tmp_path_factory.mktemp("moments")))
    note(
        f"{STOPS} stops of up to {found.stopped_ms:.0f} ms: pings {found.pings_before} before, "
        f"{found.pings_after} after"
    )
    return found


async def _suffer(asterisk: Asterisk, folder: Path) -> Outcome:
    async with AsyncExitStack() as stack:
        live = await stack.enter_async_context(live_run(asterisk, folder, 60.0))
        other = await stack.enter_async_context(raw_ari(asterisk))
        await live.until(lambda document: bool(document["asterisks"][0]["connected"]), 20)
        for _ in range(CALLERS):
            await asyncio.to_thread(asterisk.originate_local)
        document = await live.until(_all_deliver, 20)
        done = await _end_calls(asterisk, other, document["calls"])
        await live.until(lambda document: _ended(document) == CALLERS - 1, 20)
        _, bridge = await other.request("GET", f"/bridges/{THEIRS}")
        moved_stayed = done["moved"] in bridge["channels"]
        before = (await live.until(_has_pings, 20))["asterisks"][0]["ping_ms"]
        stopped_ms = await asyncio.to_thread(_stop_and_go, asterisk.pid)
        longest = before["longest"]
        after = _pings(await live.until(lambda found: _pings(found)["longest"] > longest, 20))
        await asyncio.to_thread(asterisk.rx, "core restart now")
        await live.until(lambda document: document["asterisks"][0]["restarts"] == 1, 30)
        document = await live.until(lambda document: _ended(document) == CALLERS, 20)
        reasons = _reasons(document, done)
        live.process.send_signal(signal.SIGINT)
        await live.to_the_end(20)
        await live.process.wait()
    await asyncio.to_thread(wait_until, lambda: not asterisk.channels(), "no channel is left")
    return Outcome(
        final=live.documents[-1],
        reasons=reasons,
        moved_stayed=moved_stayed,
        stopped_ms=stopped_ms,
        pings_before=before,
        pings_after=after,
        errors=_errors(live),
    )


def _all_deliver(document: Document) -> bool:
    return sum(bool(call["packets"]["delivered"]) for call in document["calls"]) == CALLERS


def _ended(document: Document) -> int:
    return int(document["totals"]["calls"]["ended"])


def _pings(document: Document) -> dict[str, float]:
    return dict(document["asterisks"][0]["ping_ms"])


def _has_pings(document: Document) -> bool:
    return document["asterisks"][0]["ping_ms"] is not None


def _errors(live: LiveRun) -> str:
    return live.errors.read_text(errors="replace")


async def _end_calls(
    asterisk: Asterisk, other: RawAri, calls: list[dict[str, Any]]
) -> dict[str, str]:
    """End the calls, each in another way, all but the last; return the channels by the way."""
    ways = ("command line", "other client", "far end", "moved", "restart")
    done = {way: call["channel_id"] for way, call in zip(ways, calls, strict=True)}
    names = {call["channel_id"]: call["channel"] for call in calls}
    first, third = names[done["command line"]], names[done["far end"]]
    await asyncio.to_thread(asterisk.rx, f"channel request hangup {first}")
    await other.request("DELETE", f"/channels/{done['other client']}")
    far = third[:-1] + ("1" if third.endswith("2") else "2")
    await asyncio.to_thread(asterisk.rx, f"channel request hangup {far}")
    await other.request("POST", "/bridges", type="mixing", bridgeId=THEIRS)
    moved = await other.request("POST", f"/bridges/{THEIRS}/addChannel", channel=done["moved"])
    assert moved[0] == 204
    return done


def _reasons(document: Document, done: dict[str, str]) -> dict[str, str | None]:
    by_channel = {call["channel_id"]: call["reason"] for call in document["calls"]}
    return {way: by_channel[channel] for way, channel in done.items()}


def _stop_and_go(pid: int) -> float:
    """Stop Asterisk again and again; return for how long at most (ms)."""
    longest_s = 0.0
    for _ in range(STOPS):
        os.kill(pid, signal.SIGSTOP)
        begun = time.monotonic()
        time.sleep(STOP_S)
        os.kill(pid, signal.SIGCONT)
        longest_s = max(longest_s, time.monotonic() - begun)
        time.sleep(1.0)
    return longest_s * 1000


def test_who_hung_up_is_told(outcome: Outcome) -> None:
    assert outcome.reasons["command line"] == HUNG_UP_BY_OTHERS
    assert outcome.reasons["other client"] == HUNG_UP_BY_OTHERS
    assert str(outcome.reasons["far end"]).startswith(HUNG_UP_BY_CALLER)


def test_a_caller_whom_another_client_moved_stays_where_it_was_put(outcome: Outcome) -> None:
    assert outcome.reasons["moved"] == MOVED
    assert outcome.moved_stayed


def test_stops_of_asterisk_show_in_its_pings(outcome: Outcome) -> None:
    # a stop begins up to a period of pings before one is sent, which then waits for the rest
    assert outcome.pings_after["longest"] > outcome.pings_after["median"] + 1000 * STOP_S / 4
    assert "Asterisk answered its ping only after" in outcome.errors


def test_a_restart_is_told_and_ended_the_call_that_was_left(outcome: Outcome) -> None:
    # `core restart now` hangs all channels up before it ends, a crash would not
    assert outcome.reasons["restart"] in (SHUT_DOWN, RESTARTED)
    assert outcome.final["asterisks"][0]["restarts"] == 1
    assert "Asterisk was restarted at " in outcome.errors
    assert "1 call is gone" in outcome.errors
