"""`ari-tui run` and `ari-tui demo`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import click

from ari_tui.cli_options import (
    ASTERISK_FLAGS,
    OUTPUT_FLAGS,
    SECONDS,
    Command,
    Start,
    check_impairment,
    prepare,
    settings_options,
)
from ari_tui.config import Settings
from ari_tui.errors import ConfigError
from ari_tui.options import DemoOptions, RunOptions

_VERDICTS = {1, 4}
"""Exit codes that judge the calls, not the run: a failed SLA, and inconclusive."""


def _run_options(command: Command) -> Command:
    """Give a command the options of `RunOptions`."""
    options: list[Callable[[Command], Command]] = [
        click.option("--headless", is_flag=True, help="No screen: status line and log on stderr."),
        click.option("--duration", type=SECONDS, help="Drain and end after so many seconds."),
        click.option("--stay", is_flag=True, help="Go on when the screen has gone."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def _read_run_options(values: dict[str, Any]) -> RunOptions:
    if not values["headless"]:
        raise ConfigError("there is no screen in this version: add --headless")
    return RunOptions(
        headless=values["headless"], duration_s=values["duration"], stay=values["stay"]
    )


def exit_code(code: int, settings: Settings) -> int:
    """Return a run's exit code as the user wants it: --exit-zero hides the verdict only."""
    return 0 if settings.output.exit_zero and code in _VERDICTS else code


@click.command(short_help="Measure the calls of an Asterisk.")
@_run_options
@settings_options(*OUTPUT_FLAGS, *ASTERISK_FLAGS)
@click.pass_obj
def run(start: Start, /, **values: Any) -> int:
    """Measure the calls that an Asterisk hands to our Stasis application.

    The password comes from ARI_PASS, ASTERISK_PASSWORD, or asterisk.password_file.
    """
    options = _read_run_options(values)
    settings = prepare(start, values)

    from ari_tui.engine.service import run_engine
    from ari_tui.report.headless import HeadlessReport

    with HeadlessReport(settings.output) as report:
        code = asyncio.run(run_engine(settings, options, start.link, [report]))
    return exit_code(code, settings)


@click.command(short_help="The whole system on loopback.")
@click.option("--calls", type=click.IntRange(0, 2000), default=20, show_default=True)
@click.option("--call-duration", type=SECONDS, help="Calls end after about so many seconds.")
@click.option("--impair", metavar="SPEC", default="", help="Impair the echo server's packets.")
@click.option("--impair-media", metavar="SPEC", default="", help="Impair the callers' packets.")
@click.option("--seed", type=click.IntRange(min=0), help="Repeat the impairments exactly.")
@_run_options
@settings_options(*OUTPUT_FLAGS)
@click.pass_obj
def demo(start: Start, /, **values: Any) -> int:
    """Run a simulated Asterisk, an echo server and the engine on loopback.

    A SPEC reads delay=20ms,jitter=5ms,loss=1%,burst=3,dup=0.5%,reorder=1%.
    """
    run_options = _read_run_options(values)
    for flag in ("impair", "impair_media"):
        check_impairment(flag, values[flag])
    settings = prepare(start, values)
    options = DemoOptions(
        settings=settings,
        run=run_options,
        calls=values["calls"],
        call_duration_s=values["call_duration"],
        impair=values["impair"],
        impair_media=values["impair_media"],
        seed=values["seed"],
    )

    from ari_tui.demo import run_demo

    return exit_code(asyncio.run(run_demo(options)), settings)
