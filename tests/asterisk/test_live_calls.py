"""The whole program on live calls: five Milliwatt callers and three SIPp callers at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ari_tui.analysis.stream.gaps import EXPLAINED
from tests.asterisk.lab import Asterisk
from tests.asterisk.live import Document, LiveRun, live_run
from tests.asterisk.raw_ari import RawAri, raw_ari
from tests.asterisk.sipp import MEDIA_PACKETS, PACKET_MS, SippResult, sipp_calls
from tests.asterisk.tools import wait_until

pytestmark = [pytest.mark.asterisk, pytest.mark.timeout(600)]

MILLIWATT_CALLS, SIPP_CALLS = 5, 3
DURATION_S = 24.0
FIRST_RECORDING = 236
"""Packets that SIPp sends before the digit; more than these prove that voice went on after it."""


@dataclass
class Outcome:
    """All that one run on live calls gave, collected once and looked at by every test."""

    documents: list[Document]
    exit_code: int
    errors: str
    sipp: SippResult
    transmitted: list[tuple[int, int]]
    """What Asterisk had sent to each SIPp caller, at two moments."""
    went_on: list[str]
    """The channels that went on in the dialplan."""
    live: LiveRun

    @property
    def final(self) -> Document:
        return self.documents[-1]

    @property
    def calls(self) -> list[Any]:
        calls = self.final["calls"]
        assert isinstance(calls, list)
        return calls

    def calls_of(self, technology: str) -> list[Any]:
        return [call for call in self.calls if call["channel"].startswith(f"{technology}/")]


@pytest.fixture(scope="module")
def outcome(
    asterisk: Asterisk, tmp_path_factory: pytest.TempPathFactory, note: Callable[[str], None]
) -> Outcome:
    result = asyncio.run(_measure(asterisk, tmp_path_factory.mktemp("live")))
    packets = result.final["totals"]["packets"]
    note(
        f"{len(result.calls)} live calls: sent {packets['sent']}, returned {packets['returned']}, "
        f"delivered {packets['delivered']}, lost {packets['lost']}, "
        f"RTT {result.final['totals']['rtt_ms']}"
    )
    return result


async def _measure(asterisk: Asterisk, folder: Path) -> Outcome:
    (folder / "sipp").mkdir()
    before = len(asterisk.went_on())
    async with AsyncExitStack() as stack:
        live = await stack.enter_async_context(live_run(asterisk, folder, DURATION_S))
        ari = await stack.enter_async_context(raw_ari(asterisk))
        await live.until(lambda document: bool(document["asterisks"][0]["connected"]), 20)
        for _ in range(MILLIWATT_CALLS):
            await asyncio.to_thread(asterisk.originate_local)
        run = stack.enter_context(sipp_calls(asterisk, folder / "sipp", calls=SIPP_CALLS))
        await live.until(_all_deliver, 15)
        first = await _transmitted(ari)
        at_first = _delivered(live.documents[-1])
        await live.until(lambda document: _delivered(document) > at_first + 400, 15)
        second = await _transmitted(ari)
        sipp = await asyncio.to_thread(run.finish)
        await live.to_the_end(DURATION_S + 30)
        exit_code = await live.process.wait()
    await asyncio.to_thread(wait_until, lambda: not asterisk.channels(), "no channel is left")
    await asyncio.to_thread(
        wait_until, lambda: len(asterisk.went_on()) > before, "a caller went on"
    )
    return Outcome(
        documents=live.documents,
        exit_code=exit_code,
        errors=live.errors.read_text(errors="replace"),
        sipp=sipp,
        transmitted=[(first[channel], second[channel]) for channel in first],
        went_on=asterisk.went_on()[before:],
        live=live,
    )


def _all_deliver(document: Document) -> bool:
    flowing = [call for call in document["calls"] if call["packets"]["delivered"]]
    return len(flowing) == MILLIWATT_CALLS + SIPP_CALLS


def _delivered(document: Document) -> int:
    return int(document["totals"]["packets"]["delivered"])


async def _transmitted(ari: RawAri) -> dict[str, int]:
    """Return how many packets Asterisk has sent to each SIP caller, by channel id."""
    _, channels = await ari.request("GET", "/channels")
    callers = [channel["id"] for channel in channels if channel["name"].startswith("PJSIP/")]
    found = {}
    for caller in callers:
        _, statistics = await ari.request("GET", f"/channels/{caller}/rtp_statistics")
        found[caller] = int(statistics["txcount"])
    return found


def test_the_run_did_what_was_asked_and_said_so_at_the_end(outcome: Outcome) -> None:
    # the verdict is the machine's own: a stall may cost it
    assert outcome.exit_code in (0, 1, 4), outcome.errors
    assert [document["kind"] for document in outcome.documents].count("final") == 1
    assert outcome.final["kind"] == "final"
    assert outcome.final["totals"]["calls"]["peak"] == MILLIWATT_CALLS + SIPP_CALLS
    assert outcome.final["totals"]["calls"]["failed"] == 0


def test_rtp_was_measured_and_delivered_on_every_call(outcome: Outcome) -> None:
    assert len(outcome.calls_of("Local")) == MILLIWATT_CALLS
    assert len(outcome.calls_of("PJSIP")) == SIPP_CALLS
    for call in outcome.calls:
        packets = call["packets"]
        assert call["duration_s"] >= 5, call
        assert packets["sent"] >= 5000 // call["ptime_ms"], call
        assert packets["lost"] == 0, call
        assert packets["returned"] == packets["sent"], call
        # what comes back while a call is drained finds no Asterisk any more
        assert 0.95 * packets["returned"] < packets["delivered"] <= packets["returned"], call
        assert call["rtt_ms"]["count"] + packets["uncertain"] == packets["returned"], call
        assert 0 < call["rtt_ms"]["min"] <= call["rtt_ms"]["p50"] <= call["rtt_ms"]["max"], call


def test_our_echo_server_tells_that_nothing_was_lost_on_either_way(outcome: Outcome) -> None:
    for call in outcome.calls:
        assert call["loss_directions"] == {"outward": 0, "at_echo": 0, "back": 0}, call


def test_the_books_are_closed_in_every_document(outcome: Outcome) -> None:
    looked_at = 0
    for document in outcome.documents:
        for part in (document["totals"], *document["calls"]):
            packets = part["packets"]
            settled = packets["returned"] + packets["lost"] + packets["in_flight"]
            assert packets["sent"] == settled, part
            looked_at += 1
    assert looked_at > len(outcome.documents)
    assert outcome.final["totals"]["packets"]["in_flight"] == 0


def test_packet_times_are_the_callers_own(outcome: Outcome) -> None:
    assert {call["ptime_ms"] for call in outcome.calls_of("Local")} == {20}
    assert {call["ptime_ms"] for call in outcome.calls_of("PJSIP")} == {PACKET_MS}


def test_asterisk_passed_on_to_the_sip_callers_what_came_back(outcome: Outcome) -> None:
    assert len(outcome.transmitted) == SIPP_CALLS
    for first, second in outcome.transmitted:
        assert 0 < first < second


def test_a_dtmf_digit_neither_stops_nor_confuses_the_measurement(outcome: Outcome) -> None:
    assert outcome.sipp == SippResult(created=SIPP_CALLS, successful=SIPP_CALLS, failed=0)
    for call in outcome.calls_of("PJSIP"):
        packets = call["packets"]
        assert FIRST_RECORDING < packets["sent"] <= MEDIA_PACKETS + 20, call
        assert (packets["malformed"], packets["foreign"], packets["ssrc_changes"]) == (0, 0, 0), (
            call
        )
        # the silence of the digit is explained by its event, and no interruption: only what a
        # stalled machine has caused besides is
        unexplained = sum(count for kind, count in call["gaps"].items() if kind not in EXPLAINED)
        assert call["gaps"]["dtmf"] == 1, call
        assert packets["interruptions"] <= unexplained, call


def test_callers_who_were_still_there_went_on_in_the_dialplan(outcome: Outcome) -> None:
    # those who had hung up did not: they are SIPp's
    assert len(outcome.went_on) == MILLIWATT_CALLS
    assert all(channel.startswith("Local/") for channel in outcome.went_on)


def test_nothing_is_left_in_asterisk_and_nothing_of_ours(
    outcome: Outcome, asterisk: Asterisk
) -> None:
    assert "0 active channels" in asterisk.rx("core show channels")
    assert asterisk.bridges() == []
    assert outcome.live.processes() == []
    assert outcome.live.open_ports() == set()


def test_the_password_is_nowhere_in_what_was_printed(outcome: Outcome, asterisk: Asterisk) -> None:
    assert outcome.errors
    assert asterisk.password not in outcome.errors
    assert asterisk.password not in str(outcome.documents)
