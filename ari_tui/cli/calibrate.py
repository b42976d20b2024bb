"""`ari-tui calibrate`: limits for a path, from measurements while it is healthy."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from ari_tui.cli.options import ASTERISK_FLAGS, SECONDS, Start, prepare, settings_options
from ari_tui.cli.run_options import check_media_bind, take_over_option
from ari_tui.config.rules import check_profile_name
from ari_tui.config.sources import SEED
from ari_tui.core.exit_codes import INCONCLUSIVE
from ari_tui.core.log import get
from ari_tui.core.number_format import plain

if TYPE_CHECKING:
    from ari_tui.analysis.sla.calibration import PathSample, Proposal


def _name(_: click.Context, __: click.Parameter, text: str) -> str:
    if (allowed := check_profile_name(text)) or text == SEED:
        raise click.BadParameter(allowed or "the original's limits have that name")
    return text


@click.command(short_help="Propose SLA limits from a healthy path.")
@click.argument("target", required=False, metavar="[URL or SOCKET]")
@click.option(
    "--duration",
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
    help="Limit: the shortest round trip, plus this times what lies above it.",
)
@take_over_option
@settings_options(*ASTERISK_FLAGS)
@click.pass_obj
def calibrate(start: Start, /, **values: Any) -> int:
    """Watch an engine while all is well and print limits for its path, as TOML.

    Without a target it is the engine of this user's application, or, where none runs, one that is
    started for it and takes up calls. Too few packets to tell is exit code 4.
    """
    settings = prepare(start, values)

    from ari_tui.analysis.sla.calibration import propose
    from ari_tui.core.runtime_folder import is_listening, socket_path
    from ari_tui.session.calibrate import watch_engine

    path = socket_path(settings.asterisk.app)
    target = values["target"] or (str(path) if is_listening(path) else "")
    if not target:
        check_media_bind(settings)
    watching = watch_engine(target, settings, values["seconds"], take_over=values["take_over"])
    watched, code = asyncio.run(watching)
    try:
        proposal = propose(watched, values["name"], values["headroom"])
    except ValueError as error:
        get("calibrate").error(f"nothing to propose: {error}")
        return code or INCONCLUSIVE
    for line in proposal_lines(proposal, watched):
        click.echo(line)
    return code


def proposal_lines(proposal: Proposal, watched: PathSample) -> Iterator[str]:
    """Yield the lines of a `[sla.profiles.NAME]` table."""
    profile, reasons = proposal
    seen = sum(watched.histogram.values())
    yield f"# Proposed from {watched.seconds:.0f} s: {watched.calls} calls, {seen:,} round trips."
    if watched.limited_s >= 1:
        yield (
            f"# In {watched.limited_s:.0f} s of it this machine was too slow: its delays "
            "are in here. Measure again on a less busy one."
        )
    tiers = [
        f"{tier.calls_up_to}:{tier.p50_ms:g}/{tier.p95_ms:g}/{tier.p99_ms:g}"
        for tier in profile.tiers
    ]
    yield f"[sla.profiles.{profile.name}]"
    for key, value in (
        ("tiers", json.dumps(tiers)),
        ("max_ms", f"{profile.max_ms:.1f}"),
        ("late_ratio", plain(profile.late_ratio, 10)),
        ("loss_ratio", plain(profile.loss_ratio, 10)),
    ):
        yield f"# {reasons[key]}"
        yield f"{key} = {value}"
    yield f'# Judge by it: --profile {profile.name}, or profile = "{profile.name}" below [sla].'
