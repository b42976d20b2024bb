"""`ari-tui demo`: the whole system on loopback."""

from __future__ import annotations

import asyncio
from typing import Any

import click

from ari_tui.cli.options import (
    OUTPUT_FLAGS,
    SCREEN_FLAGS,
    SECONDS,
    Start,
    check_faults,
    check_impairment,
    fault_option,
    prepare,
    settings_options,
)
from ari_tui.cli.run_options import exit_code, read_run_options, run_options, show
from ari_tui.config.run_options import DemoOptions
from ari_tui.core.process import flag_arguments


@click.command(short_help="The whole system on loopback.")
@click.option("--calls", type=click.IntRange(0, 2000), default=20, show_default=True)
@click.option("--call-duration", type=SECONDS, help="Calls end after about so many seconds.")
@click.option("--impair", metavar="SPEC", default="", help="Impair the echo server's packets.")
@click.option("--impair-media", metavar="SPEC", default="", help="Impair the callers' packets.")
@click.option("--seed", type=click.IntRange(min=0), help="Repeat the impairments exactly.")
@fault_option
@run_options
@settings_options(*OUTPUT_FLAGS, *SCREEN_FLAGS)
@click.pass_obj
def demo(start: Start, /, **values: Any) -> int:
    """Run a simulated Asterisk, an echo server and the engine on loopback, on a screen.

    A SPEC reads delay=20ms,jitter=5ms,loss=1%,burst=3,dup=0.5%,reorder=1%. Places of --fault are
    caller-in, asterisk, asterisk-engine, engine, echo-out, echo-back, echo-path, echo-server and
    caller-out; docs/where.md has what each allows.
    """
    from ari_tui.reflector.fault_spec import KEYS

    run = read_run_options(values)
    for flag in ("impair", "impair_media"):
        check_impairment(flag, values[flag])
    check_faults(values["faults"], KEYS)
    settings = prepare(start, values)
    own = {name: values[name] for name in ("calls", "impair", "impair_media", "seed")}
    duration_s = values["call_duration"]
    if not run.headless:
        arguments = flag_arguments(**own, call_duration=duration_s)
        faults = [f"--fault={fault}" for fault in values["faults"]]
        return show(["demo", *arguments, *faults], settings, run)
    options = DemoOptions(
        settings=settings, run=run, call_duration_s=duration_s, faults=values["faults"], **own
    )

    from ari_tui.session.loopback import run_demo

    return exit_code(asyncio.run(run_demo(options, start.link)), settings)
