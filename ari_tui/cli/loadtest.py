"""`ari-tui loadtest`: place calls, judge them, report."""

from __future__ import annotations

import asyncio
import secrets
import sys
from typing import TYPE_CHECKING, Any

import click
from msgspec.structs import replace

from ari_tui.cli.options import (
    ASTERISK_FLAGS,
    LOADTEST_FLAGS,
    OUTPUT_FLAGS,
    SCREEN_FLAGS,
    Start,
    check_impairment,
    prepare,
    settings_options,
)
from ari_tui.cli.run_options import check_media_bind, exit_code, show, take_over_option
from ari_tui.config.run_options import RunOptions
from ari_tui.config.settings import Settings
from ari_tui.core.errors import ConfigError
from ari_tui.core.exit_codes import VERDICT_CODES
from ari_tui.core.log import get
from ari_tui.core.process import flag_arguments
from ari_tui.core.text import escaped

if TYPE_CHECKING:
    from ari_tui.document.load_test import LoadReport
    from ari_tui.session.loadtest.originator import LoadTest


@click.command(short_help="Place calls and judge them.")
@click.option("--sim", is_flag=True, help="On loopback, against a simulated Asterisk.")
@click.option("--impair", metavar="SPEC", default="", help="With --sim: impair the echo server.")
@click.option("--impair-media", metavar="SPEC", default="", help="With --sim: impair the callers.")
@click.option("--seed", type=click.IntRange(min=0), help="Repeat the impairments exactly.")
@click.option("--simulated", is_flag=True, hidden=True, help="The Asterisk is a simulated one.")
@click.option("--yes", is_flag=True, help="Do not ask before calling through another machine.")
@click.option("--headless", is_flag=True, help="No screen: progress and log on stderr.")
@click.option("--stay", is_flag=True, help="Keep the engine running without the screen.")
@take_over_option
@settings_options(*LOADTEST_FLAGS, *OUTPUT_FLAGS, *ASTERISK_FLAGS, *SCREEN_FLAGS)
@click.pass_obj
def loadtest(start: Start, /, **values: Any) -> int:
    """Place calls through ARI, hold and replace them, and judge what they went through.

    A call is good when media flowed both ways for its life. The exit code is the verdict; failed
    calls beyond --max-failed make it 1. What may be called is loadtest.allow of the configuration.
    """
    settings = _prepared(start, values)
    options = RunOptions(
        headless=values["headless"], stay=values["stay"], take_over=values["take_over"]
    )
    if not values["headless"]:
        given = flag_arguments(
            **{name: values[name] for name in ("impair", "impair_media", "seed")}
        )
        simulation = ["--sim", *given] if values["sim"] else []
        return _on_screen(["loadtest", "--yes", *simulation], settings, options)
    if values["sim"]:
        return _simulated(start, settings, options, values)
    return _run(start, settings, options, simulated=values["simulated"])


def _prepared(start: Start, values: dict[str, Any]) -> Settings:
    """Read the settings and check all limits before anything is started."""
    for flag in ("impair", "impair_media"):
        check_impairment(flag, values[flag])
        if values[flag] and not values["sim"]:
            name = flag.replace("_", "-")
            raise ConfigError(f"--{name}: there is nothing to impair without --sim")
    settings = prepare(start, values)

    from ari_tui.report.files import form_of
    from ari_tui.session.loadtest.plan import check_safety_limits

    if values.get("flag_ari_pass"):
        get("loadtest").warning("--ari-pass: every user of this machine can read it: use ARI_PASS")
    check_safety_limits(settings.loadtest)
    for path in settings.loadtest.report:
        form_of(path)
    if not values["sim"]:
        check_media_bind(settings)
        if not values["yes"]:
            _confirm(settings)
    return settings


def _confirm(settings: Settings) -> None:
    """Ask before calls are placed through another machine. Raises ConfigError without a yes."""
    from ari_tui.session.loadtest.plan import is_local

    wanted, url = settings.loadtest, settings.asterisk.url
    if is_local(url):
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise ConfigError(f"{escaped(url)} is another machine: add --yes to place calls through it")
    most = max(map(int, wanted.tiers), default=wanted.calls)
    shown = escaped(", ".join(wanted.endpoints), 200)
    click.confirm(
        f"Place up to {most} calls at once, {wanted.ramp_cps:g} a second, to {shown} through "
        f"{escaped(url)}?",
        abort=True,
        err=True,
    )


def _on_screen(arguments: list[str], settings: Settings, options: RunOptions) -> int:
    """Show the test on a screen, and below it, once it was left, the report.

    The test runs in a child process, which returns its report in a temporary file.
    """
    from ari_tui.core.runtime_folder import runtime_folder

    # a unique name: several may run at once, and one that stays without a screen writes it later
    temporary = runtime_folder() / f"loadtest-{secrets.token_hex(4)}.json"
    wanted = settings.loadtest
    options_of_child = replace(wanted, report=(*wanted.report, str(temporary)))
    try:
        return show(arguments, replace(settings, loadtest=options_of_child), options)
    finally:
        temporary.unlink(missing_ok=True)


def _simulated(
    start: Start, settings: Settings, options: RunOptions, values: dict[str, Any]
) -> int:
    from ari_tui.session.loopback import run_on_loopback

    echo = flag_arguments(port=0, impair=values["impair"], seed=values["seed"])
    sim = flag_arguments(port=0, calls=0, impair_media=values["impair_media"], seed=values["seed"])
    code = asyncio.run(
        run_on_loopback(
            settings,
            start.link,
            stay=options.stay,
            app="load",
            echo=["echo", "--quiet", *echo],
            sim=["sim", "--quiet", *sim],
            engine=["loadtest", "--headless", "--yes", "--simulated"],
        )
    )
    return exit_code(code, settings)


def _run(start: Start, settings: Settings, options: RunOptions, *, simulated: bool) -> int:
    from ari_tui.engine.service import run_engine
    from ari_tui.report.headless import HeadlessReport
    from ari_tui.session.loadtest.originator import LoadTest
    from ari_tui.session.loadtest.plan import engine_settings, plan_of, variables_of

    plan = plan_of(settings.loadtest, simulated=simulated)
    test = LoadTest(plan, variables_of(settings.loadtest))
    with HeadlessReport(settings.output, report=False) as headless:
        work = run_engine(engine_settings(settings), options, start.link, [headless, test], test)
        try:
            code = asyncio.run(work)
        finally:
            report = _report(test, settings)
    if report is not None and code in VERDICT_CODES.values():
        code = VERDICT_CODES[report.verdict]
    return exit_code(code, settings)


def _report(test: LoadTest, settings: Settings) -> LoadReport | None:
    """Print and write the report; None when there is no final document."""
    from ari_tui.report.files import closing_load_report, write_report
    from ari_tui.report.text.summary import readable
    from ari_tui.session.loadtest.result import assemble

    if test.final is None:
        return None
    report = assemble(test, test.final)
    to_stderr = settings.output.json == "-"
    encoding = (sys.stderr if to_stderr else sys.stdout).encoding
    click.echo(readable(f"\n{closing_load_report(report)}", encoding), err=to_stderr)
    for path in settings.loadtest.report:
        write_report(path, report)
        get("loadtest").info("report written", file=path)
    return report
