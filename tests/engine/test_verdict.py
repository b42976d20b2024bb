"""From packets to the exit code: verdicts, directions and explained silence of whole engines.

The limits are wide where the network is not the point: a busy machine must not decide these.
"""

import os
from typing import Any

import pytest

from ari_tui.config.run_options import RunOptions
from ari_tui.document.model import Document
from ari_tui.reflector.impairment_spec import parse_impairment
from tests.engine.kit import EchoRun, Pbx, Run, echo_server, engine, until

pytestmark = pytest.mark.slow  # each measures calls for seconds

NEVER_LATE: dict[str, Any] = {"late_ms": 10_000.0}
"""Nothing is late, and no stall of ours limits a second."""
WIDE: dict[str, Any] = {
    "tiers": ("30:9000/9500/10000",),
    "max_ms": 10_000.0,
    "late_ratio": 0.5,
    "loss_ratio": 0.002,
}


def rule(document: Document, name: str) -> Any:
    return next(one for one in document.sla.rules if one.id == name)


async def test_lost_packets_beyond_the_limit_fail_by_loss_and_exit_with_1(pbx: Pbx) -> None:
    with echo_server(impairment=parse_impairment("loss=5%"), seed=7) as echo:
        async with engine(pbx, echo.port, media=NEVER_LATE, sla=WIDE) as run:
            pbx.call()
            pbx.call()
            await run.up(2)
            await until(lambda: run.count("sent") > 300)
            assert await run.end() == 1
    sla = run.final.sla
    assert sla.verdict == "fail"
    assert (rule(run.final, "loss").verdict, rule(run.final, "max").verdict) == ("fail", "pass")
    assert rule(run.final, "loss").low > 0.002
    assert sla.headline.startswith("FAIL")
    assert any("loss" in reason for reason in sla.reasons)


async def test_enough_clean_packets_within_wide_limits_pass_and_exit_with_0(
    pbx: Pbx, echo: EchoRun
) -> None:
    easy = {**WIDE, "loss_ratio": 0.2}
    async with engine(pbx, echo.port, media=NEVER_LATE, sla=easy) as run:
        for _ in range(4):
            pbx.call()
        await run.up(4)
        # with no packet above it, "at most 1 % above p99" takes some 370 to prove
        await until(lambda: run.count("returned") > 800)
        assert await run.end() == 0
    assert run.final.sla.verdict == "pass", run.final.sla.reasons
    assert run.final.sla.profile == "seed (changed)"


async def test_one_call_of_two_seconds_is_too_little_to_tell_and_says_what_is_missing(
    pbx: Pbx, echo: EchoRun
) -> None:
    options = RunOptions(headless=True, duration_s=2.0)
    async with engine(pbx, echo.port, options=options, media=NEVER_LATE, sla=WIDE) as run:
        pbx.call()
        assert await run.ended() == 4
    assert run.final.sla.verdict == "inconclusive"
    loss = rule(run.final, "loss")
    assert loss.verdict == "inconclusive"
    assert "packets needed" in loss.missing
    assert any(loss.missing in reason for reason in run.final.sla.reasons)


async def test_a_run_without_a_call_is_inconclusive_for_want_of_packets(
    pbx: Pbx, echo: EchoRun
) -> None:
    async with engine(pbx, echo.port) as run:
        assert await run.end() == 4
    assert run.final.sla.reasons == ["no packets"]
    # a state of its own beside the verdict, whose exit code it keeps: nothing was proven
    sla = run.final.sla
    assert sla.now is not None
    assert (sla.verdict, sla.state, sla.now.state) == ("inconclusive", "no_traffic", "no_traffic")


async def test_what_the_echo_server_was_told_to_lose_is_told_apart_from_the_network(
    pbx: Pbx,
) -> None:
    with echo_server(impairment=parse_impairment("loss=5%,burst=2"), seed=3) as echo:
        async with engine(pbx, echo.port) as run:
            for _ in range(3):
                pbx.call()
            await run.up(3)
            await until(lambda: run.count("lost") > 5)
            await run.end()
    assert echo.counters is not None
    assert echo.counters.total.impaired is not None
    injected = echo.counters.total.impaired.lost
    totals = run.final.totals
    assert totals.packets.lost == injected > 5
    found = totals.loss_directions
    assert found is not None
    assert (found.outward, found.at_echo, found.back) == (0, injected, 0)
    for call in run.final.calls:
        assert call.loss_directions is not None
        assert call.loss_directions.at_echo == call.packets.lost


async def test_calls_that_end_early_have_their_losses_told_apart_too(pbx: Pbx) -> None:
    with echo_server(impairment=parse_impairment("loss=30%"), seed=3) as echo:
        async with engine(pbx, echo.port) as run:
            pbx.call()
            await run.up(1)
            await until(lambda: run.parts.store.directions)
            pbx.call()
            (_, short) = await run.up(2)
            run.parts.calls.release(short, "short")  # before the first round of questions
            await until(lambda: short.over)
            await run.end()
    call = run.final.calls[1]
    assert call.packets.lost > 0
    assert call.loss_directions is not None
    assert call.loss_directions.at_echo == call.packets.lost


async def silent(run: Run, packets: int) -> None:
    """Wait until some packets have come behind a silence, and its gap has been judged."""
    seen = run.count("sent")
    await until(lambda: run.count("sent") > seen + packets)


async def test_the_gap_of_a_digit_is_explained_and_no_interruption(pbx: Pbx, echo: EchoRun) -> None:
    async with engine(pbx, echo.port) as run:
        pbx.call()
        await run.up(1)
        pbx.control.press_digit(0, "5", 400)
        await until(lambda: run.events("dtmf"))
        await silent(run, 75)
        await run.end()
    call = run.final.calls[0]
    assert call.gaps["dtmf"] == 1
    assert call.packets.upstream_missing >= 20
    assert call.missing_explained == 20  # 400 ms of 20 ms each
    assert [line.text for line in run.events("dtmf")] == ["digit • pressed"]
    dtmf = [line for line in run.events("interruption") if "(dtmf)" in line.text]
    assert dtmf == []


async def test_the_silence_of_a_hold_is_explained_and_no_interruption(
    pbx: Pbx, echo: EchoRun
) -> None:
    async with engine(pbx, echo.port) as run:
        pbx.call()
        await run.up(1)
        pbx.control.hold(0)
        await until(lambda: run.events("hold"))
        begun = run.parts.store.folded_until_ns
        await until(lambda: run.parts.store.folded_until_ns > begun + 600_000_000)
        pbx.control.unhold(0)
        await until(lambda: len(run.events("hold")) == 2)
        await silent(run, 75)
        await run.end()
    call = run.final.calls[0]
    assert call.gaps["hold"] >= 1
    assert [line for line in run.events("interruption") if "(hold)" in line.text] == []
    assert [line.text for line in run.events("hold")] == ["on hold", "off hold"]


@pytest.mark.parametrize("signal_code", [130, 143])
async def test_a_signal_goes_before_the_verdict(signal_code: int, pbx: Pbx, echo: EchoRun) -> None:
    async with engine(pbx, echo.port) as run:
        os.kill(os.getpid(), signal_code - 128)
        assert await run.ended() == signal_code
    assert run.final.sla.verdict == "inconclusive"
