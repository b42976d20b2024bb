"""`ari-tui run`, `ari-tui demo` and `ari-tui attach`: what becomes of calls, on a screen or not."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click
import msgspec
import platformdirs

from ari_tui.cli.options import (
    ASTERISK_FLAGS,
    OUTPUT_FLAGS,
    SCREEN_FLAGS,
    SECONDS,
    Command,
    Start,
    check_impairment,
    importing,
    prepare,
    settings_options,
)
from ari_tui.config.dump import to_environment
from ari_tui.config.run_options import DemoOptions, RunOptions
from ari_tui.config.settings import Settings
from ari_tui.core.errors import ConfigError

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
    return RunOptions(
        headless=values["headless"], duration_s=values["duration"], stay=values["stay"]
    )


def exit_code(code: int, settings: Settings) -> int:
    """Return a run's exit code as the user wants it: --exit-zero hides the verdict only."""
    return 0 if settings.output.exit_zero and code in _VERDICTS else code


def log_to_file(settings: Settings) -> Settings:
    """Return settings whose log goes to a file: on a screen, stderr is the screen.

    Without `log.file` it is in the platform's state folder. Raises ConfigError when it cannot be
    written.
    """
    path = settings.log.file
    if not path:
        folder = platformdirs.user_state_path("ari-tui", appauthor=False)
        path = str(folder / "ari-tui.log")
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(f"log.file: cannot make {folder}: {error.strerror}") from None
    return msgspec.structs.replace(
        settings, log=msgspec.structs.replace(settings.log, file=os.path.abspath(path))
    )


def show(arguments: Sequence[str], settings: Settings, run: RunOptions) -> int:
    """Run the engine as a child and the screen here."""
    from ari_tui.core import log
    from ari_tui.session.onscreen import check_terminal, run_on_screen

    check_terminal()
    if settings.output.json == "-":
        raise ConfigError("--json -: the screen is drawn there: add --headless, or name a file")
    settings = log_to_file(settings)
    log.configure(settings.log, settings.secrets)
    duration = [] if run.duration_s is None else ["--duration", str(run.duration_s)]
    stay = ["--stay"] if run.stay else []
    environment = {
        **os.environ,
        **to_environment(settings),
        "ARI_TUI_OUTPUT_STATUS_S": "0",
    }
    command = [*arguments, "--headless", *duration, *stay]
    return asyncio.run(run_on_screen(command, settings, environment, stay=run.stay))


@click.command(short_help="Measure the calls of an Asterisk.")
@_run_options
@settings_options(*OUTPUT_FLAGS, *ASTERISK_FLAGS, *SCREEN_FLAGS)
@click.pass_obj
def run(start: Start, /, **values: Any) -> int:
    """Measure the calls that an Asterisk hands to our Stasis application, on a screen.

    The password comes from ARI_PASS, ASTERISK_PASSWORD, or asterisk.password_file.
    """
    options = _read_run_options(values)
    settings = prepare(start, values)
    if not options.headless:
        return show(["run"], settings, options)

    with importing():
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
@settings_options(*OUTPUT_FLAGS, *SCREEN_FLAGS)
@click.pass_obj
def demo(start: Start, /, **values: Any) -> int:
    """Run a simulated Asterisk, an echo server and the engine on loopback, on a screen.

    A SPEC reads delay=20ms,jitter=5ms,loss=1%,burst=3,dup=0.5%,reorder=1%.
    """
    run_options = _read_run_options(values)
    for flag in ("impair", "impair_media"):
        check_impairment(flag, values[flag])
    settings = prepare(start, values)
    if not run_options.headless:
        return show(["demo", *_demo_arguments(values)], settings, run_options)
    options = DemoOptions(
        settings=settings,
        run=run_options,
        calls=values["calls"],
        call_duration_s=values["call_duration"],
        impair=values["impair"],
        impair_media=values["impair_media"],
        seed=values["seed"],
    )

    from ari_tui.session.loopback import run_demo

    return exit_code(asyncio.run(run_demo(options, start.link)), settings)


def _demo_arguments(values: dict[str, Any]) -> list[str]:
    """Return a demo's own options, to be handed on to the one without a screen."""
    names = ("calls", "call_duration", "impair", "impair_media", "seed")
    return [
        f"--{name.replace('_', '-')}={values[name]}"
        for name in names
        if values[name] not in (None, "")
    ]


@click.command(short_help="Show an engine that runs.")
@click.argument("target", required=False, metavar="[URL or SOCKET]")
@settings_options(*ASTERISK_FLAGS[2:3], *SCREEN_FLAGS)
@click.pass_obj
def attach(start: Start, /, **values: Any) -> int:
    """Show an engine that runs; it goes on when the screen is left.

    Without a target it is the engine of this user's application, or the only one. A URL needs
    the engine's token: http.token_file, or ARI_TUI_HTTP_TOKEN.
    """
    settings = prepare(start, values)
    target = values["target"] or str(_own_socket(settings.asterisk.app))

    from ari_tui.core import log
    from ari_tui.session.onscreen import attach as attach_to
    from ari_tui.session.onscreen import check_terminal

    check_terminal()
    settings = log_to_file(settings)
    log.configure(settings.log, settings.secrets)
    return asyncio.run(attach_to(target, settings))


def _own_socket(app: str) -> Path:
    """Return where an application's engine listens, else that of the only one that runs.

    Raises ConfigError when that is none or not clear.
    """
    from ari_tui.core.runtime_folder import answers, engines, socket_path

    path = socket_path(app)
    if answers(path):
        return path
    others = engines()
    if len(others) == 1:
        return others[0]
    running = "".join(f"\n  ari-tui attach {found}" for found in others)
    told = f"; these run:{running}" if others else ", nor any other"
    raise ConfigError(f"no engine of application {app} runs here{told}")
