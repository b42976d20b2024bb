"""`ari-tui echo`: the echo server."""

from __future__ import annotations

import signal
from typing import Any

import click

from ari_tui.cli.options import (
    REALTIME_FLAG,
    Start,
    check_faults,
    check_impairment,
    counters_options,
    fault_option,
    prepare,
    print_counters,
    settings_options,
)
from ari_tui.core.addresses import check_own_address
from ari_tui.core.exit_codes import SIGNAL_CODES
from ari_tui.core.log import get


@click.command(short_help="Return RTP packets to where they came from.")
@click.option("--bind", metavar="ADDR", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), default=4000, show_default=True)
@click.option(
    "--allow", metavar="CIDR", multiple=True, help="Networks of clients elsewhere; repeatable."
)
@click.option("--pace", is_flag=True, help="Send each packet at its place on the RTP clock.")
@click.option(
    "--clock-rate",
    "--sample-rate",
    "clock_rate",
    type=click.IntRange(1, 1_000_000),
    metavar="HZ",
    default=8000,
    show_default=True,
    help="RTP clock for --pace.",
)
@click.option("--impair", metavar="SPEC", default="", help="Impair what is returned.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@fault_option
@counters_options
@settings_options(REALTIME_FLAG)
@click.pass_obj
def echo(start: Start, /, **values: Any) -> int:
    """Return every RTP packet unchanged to where it came from.

    A SPEC reads delay=20ms,jitter=5ms,loss=1%,burst=3,dup=0.5%,reorder=1%. A --fault of place
    echo-server allows stall=300ms,every=2s and restart=3s, too, from after=5s on, for=20s.
    """
    check_impairment("impair", values["impair"])
    check_faults(values["faults"], ["echo-server"])
    settings = prepare(start, values)
    check_own_address(values["bind"], "--bind")

    from ari_tui.core.realtime import RealtimeScheduling
    from ari_tui.reflector.fault_spec import parse_faults
    from ari_tui.reflector.impairment_spec import ImpairmentSpec, parse_impairment
    from ari_tui.reflector.server import EchoConfig, EchoServer

    spec = values["impair"]
    server = EchoServer(
        EchoConfig(
            host=values["bind"],
            port=values["port"],
            allow=values["allow"],
            pace=values["pace"],
            clock_rate=values["clock_rate"],
            impairment=parse_impairment(spec) if spec else ImpairmentSpec(),
            seed=values["seed"],
            faults=parse_faults(values["faults"]),
        ),
        start.link.take_socket(),
    )
    host, port = server.bind()
    logger, wish = get("echo"), settings.media.realtime
    scheduling = RealtimeScheduling(wish, lambda text: logger.warning(f"scheduling: {text}"))
    logger.info("listening", address=host, port=port, scheduling=scheduling.text)
    if wish == "yes" and not scheduling.granted:
        logger.warning(f"media.realtime = yes: {scheduling.text}")
    counters = server.run(start.link, scheduling)
    print_counters(values, counters.as_dict(), counters.text())
    return _code_of(counters.end_reason, start)


def _code_of(reason: str, start: Start) -> int:
    """Return the exit code of an end by a signal; with a parent it is 0."""
    if start.link.has_parent or reason not in signal.Signals.__members__:
        return 0
    return SIGNAL_CODES.get(signal.Signals[reason], 0)
