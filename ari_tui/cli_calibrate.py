"""`ari-tui calibrate`: limits of one's own, from what a path does when it is well."""

from __future__ import annotations

import asyncio
from typing import Any

import click

from ari_tui.cli_options import ASTERISK_FLAGS, SECONDS, Start, prepare, settings_options
from ari_tui.config_profiles import SEED
from ari_tui.config_values import profile_name
from ari_tui.log import get

_INCONCLUSIVE = 4


def _name(_: click.Context, __: click.Parameter, text: str) -> str:
    if (allowed := profile_name(text)) or text == SEED:
        raise click.BadParameter(allowed or "the original's limits have that name")
    return text


@click.command(short_help="Propose limits from what a path does.")
@click.argument("target", required=False, metavar="[URL or SOCKET]")
@click.option(
    "--for",
    "seconds",
    type=SECONDS,
    default=60.0,
    show_default=True,
    help="Watch for so many seconds.",
)
@click.option(
    "--name",
    default="own",
    show_default=True,
    callback=_name,
    metavar="NAME",
    help="What the profile is called.",
)
@click.option(
    "--headroom",
    type=click.FloatRange(1, 100),
    default=1.5,
    show_default=True,
    help="What is measured above the floor, times this, is the budget.",
)
@settings_options(*ASTERISK_FLAGS)
@click.pass_obj
def calibrate(start: Start, /, **values: Any) -> int:
    """Watch an engine while all is well and print limits for its path, as TOML.

    Without a target it is the engine of this user's application, or, where none runs, one that is
    started for it and takes up calls. Too few packets to tell is exit code 4.
    """
    settings = prepare(start, values)

    from ari_tui.analysis.calibration import propose
    from ari_tui.calibrate import watch_engine
    from ari_tui.engine.paths import answers, socket_path
    from ari_tui.report.proposal import proposal_lines

    path = socket_path(settings.asterisk.app)
    target = values["target"] or (str(path) if answers(path) else "")
    watched, code = asyncio.run(watch_engine(target, settings, values["seconds"]))
    try:
        proposal = propose(watched, values["name"], values["headroom"])
    except ValueError as error:
        get("calibrate").error(f"nothing to propose: {error}")
        return code or _INCONCLUSIVE
    for line in proposal_lines(proposal, watched):
        click.echo(line)
    return code
