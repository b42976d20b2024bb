"""`ari-tui run`: measure the calls of an Asterisk."""

from __future__ import annotations

import asyncio
from typing import Any

import click

from ari_tui.cli.options import (
    ASTERISK_FLAGS,
    OUTPUT_FLAGS,
    SCREEN_FLAGS,
    Start,
    gc_paused,
    prepare,
    settings_options,
)
from ari_tui.cli.run_options import (
    check_media_bind,
    exit_code,
    read_run_options,
    run_options,
    show,
    take_over_option,
)


@click.command(short_help="Measure the calls of an Asterisk.")
@take_over_option
@run_options
@settings_options(*OUTPUT_FLAGS, *ASTERISK_FLAGS, *SCREEN_FLAGS)
@click.pass_obj
def run(start: Start, /, **values: Any) -> int:
    """Measure the calls that an Asterisk hands to our Stasis application, on a screen.

    The password comes from ARI_PASS, ASTERISK_PASSWORD, or asterisk.password_file.
    """
    options = read_run_options(values)
    settings = prepare(start, values)
    check_media_bind(settings)
    if not options.headless:
        return show(["run"], settings, options)

    with gc_paused():
        from ari_tui.engine.service import run_engine
        from ari_tui.report.headless import HeadlessReport

    with HeadlessReport(settings.output) as report:
        code = asyncio.run(run_engine(settings, options, start.link, [report]))
    return exit_code(code, settings)
