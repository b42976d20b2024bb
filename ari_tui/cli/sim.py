"""`ari-tui sim`: a simulated Asterisk with callers."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from ari_tui.cli.options import (
    APP_FLAG,
    SECONDS,
    Start,
    check_faults,
    check_impairment,
    counters_options,
    fault_option,
    gc_paused,
    prepare,
    print_counters,
    settings_options,
)
from ari_tui.core.addresses import check_own_address
from ari_tui.core.signals import StopSignals

if TYPE_CHECKING:
    from ari_tui.sim.config import SimConfig, SimCounters


_RTCP_SHARE = 0.8
"""Some phones send no reports: what is lost on the way to them is then not known."""


@click.command(short_help="A simulated Asterisk with callers.")
@click.option("--bind", metavar="ADDR", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), default=8088, show_default=True)
@click.option("--calls", type=click.IntRange(0, 2000), default=20, show_default=True)
@click.option("--call-duration", type=SECONDS, help="Calls end after about so many seconds.")
@click.option(
    "--ramp",
    type=click.FloatRange(0.01, 10_000),
    metavar="N",
    default=20.0,
    show_default=True,
    help="New calls a second until all are there.",
)
@click.option("--impair-media", metavar="SPEC", default="", help="Impair the callers' packets.")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True)
@fault_option
@counters_options
@settings_options(APP_FLAG)
@click.pass_obj
def sim(start: Start, /, **values: Any) -> int:
    """Serve ARI with callers whose RTP is real, for demos and tests.

    User and password are those of the configuration: ARI_USER and ARI_PASS, or ari and ari.
    """
    check_impairment("impair_media", values["impair_media"])
    from ari_tui.reflector.fault_spec import SIM_PLACES

    check_faults(values["faults"], SIM_PLACES)
    settings = prepare(start, values)
    check_own_address(values["bind"], "--bind")

    from ari_tui.sim.config import SimConfig

    config = SimConfig(
        host=values["bind"],
        port=values["port"],
        user=settings.asterisk.username,
        password=settings.asterisk.password,
        app=settings.asterisk.app,
        media_host=values["bind"],
        calls=values["calls"],
        ramp_per_s=values["ramp"],
        call_duration_s=values["call_duration"] or 0.0,
        impair_media=values["impair_media"],
        faults=values["faults"],
        rtcp_share=_RTCP_SHARE,
        seed=values["seed"],
    )
    counters, code = asyncio.run(_serve(config, start))
    print_counters(values, asdict(counters), _text(counters))
    return code


async def _serve(config: SimConfig, start: Start) -> tuple[SimCounters, int]:
    with gc_paused():
        from ari_tui.sim.server import run_sim

    with StopSignals() as signals:
        counters = await run_sim(config, start.link, signals.stop)
    return counters, signals.exit_code


def _text(counters: SimCounters) -> str:
    sent = sum(media.sent for media in counters.media)
    back = sum(media.back for media in counters.media)
    return (
        f"sim: {counters.calls_started:,} calls, {counters.calls_failed:,} of them failed; "
        f"{sent:,} packets sent, {back:,} came back; "
        f"{counters.events_sent:,} events sent, {counters.events_lost:,} lost"
    )
