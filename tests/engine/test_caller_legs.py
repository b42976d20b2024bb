"""The callers' legs as Asterisk counts them, read for all calls within a budget."""

from __future__ import annotations

from collections import Counter

import msgspec
import pytest

from ari_tui.ari.models import RtpStatistics
from ari_tui.engine import caller_legs
from ari_tui.engine.caller_legs import NO_REPORTS, NO_STATISTICS, caller_leg, rtp_figures
from ari_tui.sim.media import SimPhone
from tests.engine.kit import EchoRun, Pbx, engine, until

TOLD = {
    "rxcount": 980,
    "txcount": 970,
    "rxploss": 20,
    "txploss": 97,
    "txjitter": 0.002,
    "rxjitter": 0.004,
    "rtt": 0.021,
}


def statistics(**changed: float) -> RtpStatistics:
    return msgspec.convert(TOLD | changed, RtpStatistics)


def phone_of(pbx: Pbx, k: int) -> SimPhone:
    phone = pbx.sim.pbx.channels[pbx.control.callers[k]].phone
    assert phone is not None
    return phone


def reads(pbx: Pbx) -> Counter[str]:
    paths = (path for _, path in pbx.faults.requests if path.endswith("/rtp_statistics"))
    return Counter(path.split("/")[-2] for path in paths)


def test_losses_are_shares_of_what_was_sent_on_that_way() -> None:
    leg = caller_leg(rtp_figures(statistics()), 0)
    assert (leg.lost_in, leg.lost_in_ratio) == (20, 0.02)
    assert (leg.lost_out, leg.lost_out_ratio) == (97, 0.1)
    assert (leg.jitter_in_ms, leg.jitter_out_ms, leg.rtt_ms, leg.note) == (2.0, 4.0, 21.0, None)


def test_without_reports_the_loss_to_the_caller_is_not_known_and_never_none_at_all() -> None:
    leg = caller_leg(rtp_figures(statistics(txploss=0, rxjitter=0.0, rtt=0.0)), 0)
    assert (leg.lost_out, leg.lost_out_ratio, leg.jitter_out_ms, leg.rtt_ms) == (None,) * 4
    assert leg.note == NO_REPORTS
    assert (leg.lost_in, leg.sent) == (20, 970)


def test_a_negative_count_of_losses_by_duplicates_is_no_loss_of_four_billion() -> None:
    leg = caller_leg(rtp_figures(statistics(rxploss=2**32 - 5)), 0)
    assert (leg.lost_in, leg.lost_in_ratio) == (0, 0.0)


async def test_a_channel_that_has_just_gone_keeps_its_last_reading(
    pbx: Pbx, echo: EchoRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caller_legs, "ROUND_S", 3600.0)
    async with engine(pbx, echo.port) as run:
        pbx.call()
        (call,) = await run.up(1)
        legs = run.parts.caller_legs
        await legs.read_round()
        before = legs.newest(call.number)
        pbx.faults.add("GET", "/rtp_statistics", 404, times=1)
        await legs.read_round()
        assert reads(pbx)[call.machine.caller.id] == 2
        assert legs.newest(call.number) == before
        assert not run.parts.store.outside.has_no_counts(call.number)
        await run.end()


async def test_the_legs_of_all_calls_are_read_and_told_to_the_diagnosis(
    pbx: Pbx, echo: EchoRun
) -> None:
    async with engine(pbx, echo.port) as run:
        pbx.call(), pbx.call()
        await run.up(2)
        phone_of(pbx, 0).lost_in = 7
        phone_of(pbx, 1).lost_out = 5
        phone_of(pbx, 1).reports = False
        facts = run.parts.store.outside
        await until(lambda: any(one.counts.lost_in == 7 for one in facts.readings_of(1)))
        await until(lambda: len(facts.readings_of(2)) >= 2)
        assert facts.readings_of(1)[-1].counts.lost_out == 0
        assert facts.readings_of(2)[-1].counts.lost_out is None
        first, second = run.parts.publisher.build().calls
        assert first.caller_leg is not None
        assert second.caller_leg is not None
        assert (first.caller_leg.lost_in, first.caller_leg.note) == (7, None)
        assert (second.caller_leg.lost_out, second.caller_leg.note) == (None, NO_REPORTS)
        totals = run.parts.publisher.build().totals.caller_legs
        assert totals is not None
        assert (totals.lost_in, totals.lost_out) == (7, 0)
        await run.end()


async def test_a_local_channel_is_asked_once_and_told_to_have_no_counts(
    pbx: Pbx, echo: EchoRun
) -> None:
    async with engine(pbx, echo.port) as run:
        await run.parts.client.originate("Local/tone@default", app=pbx.sim.config.app)
        (call,) = await run.up(1)
        await until(lambda: run.parts.store.outside.has_no_counts(call.number))
        for _ in range(3):
            await run.parts.caller_legs.read_round()
        assert set(reads(pbx).values()) == {1}
        leg = run.parts.publisher.build().calls[0].caller_leg
        assert leg is not None
        assert (leg.received, leg.lost_in, leg.note) == (None, None, NO_STATISTICS)
        await run.end()


async def test_with_more_calls_than_the_budget_all_have_their_turn(
    pbx: Pbx, echo: EchoRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caller_legs, "READS_A_ROUND", 2)
    monkeypatch.setattr(caller_legs, "ROUND_S", 3600.0)  # the rounds below are the only ones
    async with engine(pbx, echo.port) as run:
        for _ in range(5):
            pbx.call()
        await run.up(5)
        for _ in range(5):
            await run.parts.caller_legs.read_round()
        assert sorted(reads(pbx).values()) == [2, 2, 2, 2, 2]
        await run.end()


async def test_what_calls_lost_that_have_ended_stays_in_the_totals(
    pbx: Pbx, echo: EchoRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caller_legs, "ROUND_S", 3600.0)
    async with engine(pbx, echo.port) as run:
        pbx.call()
        await run.up(1)
        legs = run.parts.caller_legs
        phone_of(pbx, 0).lost_in = 7
        await legs.read_round()
        phone_of(pbx, 0).lost_in = 9
        await legs.read_round()
        assert legs.totals.lost_in == 9
        pbx.control.hang_up(0)
        await until(lambda: not run.calls)
        pbx.call()
        await run.up(1)
        phone_of(pbx, 0).lost_in = 4
        await legs.read_round()
        assert legs.totals.lost_in == 13
        await run.end()
