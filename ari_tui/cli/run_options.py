"""What `run`, `demo` and `loadtest` share: their options, a screen or none, the exit code."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from typing import Any

import click
import platformdirs
from msgspec.structs import replace

from ari_tui.cli.options import SECONDS, Command
from ari_tui.config.dump import to_environment
from ari_tui.config.run_options import RunOptions
from ari_tui.config.settings import Settings
from ari_tui.core.addresses import check_own_address
from ari_tui.core.errors import ChildFailedError, ConfigError
from ari_tui.core.exit_codes import INCONCLUSIVE, SLA_FAILED

_VERDICTS = {SLA_FAILED, INCONCLUSIVE}
"""Exit codes that judge the calls, not the run: a failed SLA, and inconclusive."""


def run_options(command: Command) -> Command:
    """Give a command the options of `RunOptions`."""
    for option in (
        click.option("--stay", is_flag=True, help="Keep the engine running without the screen."),
        click.option("--duration", type=SECONDS, help="End after so many seconds."),
        click.option("--headless", is_flag=True, help="No screen: status line and log on stderr."),
    ):
        command = option(command)
    return command


def take_over_option(command: Command) -> Command:
    """Give a command --take-over."""
    text = "Take the Stasis application over from another client, without asking."
    return click.option("--take-over", is_flag=True, help=text)(command)


def read_run_options(values: dict[str, Any]) -> RunOptions:
    """Return what the options of `run_options` say."""
    return RunOptions(
        headless=values["headless"],
        duration_s=values["duration"],
        stay=values["stay"],
        take_over=values.get("take_over", False),
    )


def check_media_bind(settings: Settings) -> None:
    """Raise BindError at once when media.bind is not an address of this machine."""
    check_own_address(settings.media.bind, f"media.bind ({settings.origin('media.bind')})")


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
    return replace(settings, log=replace(settings.log, file=os.path.abspath(path)))


def show(arguments: Sequence[str], settings: Settings, run: RunOptions) -> int:
    """Run the engine as a child and the screen here.

    When another client holds the Stasis application, ask before it is taken over: the engine
    has no terminal, and says so before the screen takes ours.
    """
    from ari_tui.core import log
    from ari_tui.session.onscreen import check_terminal, run_on_screen

    check_terminal()
    if settings.output.json == "-":
        raise ConfigError("--json -: the screen is drawn there: add --headless, or name a file")
    settings = log_to_file(settings)
    log.configure(settings.log, settings.secrets)
    duration = [] if run.duration_s is None else ["--duration", str(run.duration_s)]
    stay = ["--stay"] if run.stay else []
    environment = {**os.environ, **to_environment(settings), "ARI_TUI_OUTPUT_STATUS_S": "0"}
    command = [*arguments, "--headless", *duration, *stay]
    if run.take_over:
        command.append("--take-over")
    try:
        return asyncio.run(run_on_screen(command, settings, environment, stay=run.stay))
    except ChildFailedError as error:
        if not error.question or not click.confirm(error.question, err=True):
            raise
    command.append("--take-over")
    return asyncio.run(run_on_screen(command, settings, environment, stay=run.stay))
