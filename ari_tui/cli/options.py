"""Options that several commands share, and how they become settings.

The text of a flag for a configuration key is converted and checked by `config/layers.py`, like that
of any other layer.
"""

from __future__ import annotations

import contextlib
import gc
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple, TypeVar

import click

from ari_tui.config.layers import load
from ari_tui.config.settings import Settings, refusal
from ari_tui.config.sources import Raw
from ari_tui.config.text_values import parse_host_port
from ari_tui.core import log
from ari_tui.core.errors import ConfigError
from ari_tui.core.process import ParentLink
from ari_tui.core.text import did_you_mean
from ari_tui.ui.bindings import keymap

Command = TypeVar("Command", bound=Callable[..., Any])


@contextlib.contextmanager
def gc_paused() -> Iterator[None]:
    """Disable the garbage collector, while modules are imported: they make no garbage."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class Start:
    """One start of the program: the link to its parent, and how failures are printed."""

    def __init__(self) -> None:
        self.link = ParentLink.from_environment()
        self.debug = False
        self.mask = log.Masker()


class Flag(NamedTuple):
    """A flag for a configuration key."""

    name: str
    key: str
    help: str
    metavar: str | None = "TEXT"
    """None for a switch, which sets its key to true."""

    @property
    def parameter(self) -> str:
        """Return the name of the command's parameter."""
        return "flag_" + self.name.lstrip("-").replace("-", "_")


LOG_FLAGS = (
    Flag("--log", "log.file", "Write the log to a file (default: stderr).", "FILE"),
    Flag("--log-level", "log.level", "debug, info, warning or error.", "LEVEL"),
    Flag("--log-json", "log.json", "Log one JSON object a line.", None),
)
OUTPUT_FLAGS = (
    Flag("--json", "output.json", "Write JSON documents, one a line; - is stdout.", "FILE"),
    Flag("--interval", "output.interval_s", "Seconds between documents.", "S"),
    Flag("--status", "output.status_s", "Seconds between status lines; 0 for none.", "S"),
    Flag("--histograms", "output.histograms", "Put whole histograms into documents.", None),
    Flag("--exit-zero", "output.exit_zero", "Exit with 0 whatever the verdict.", None),
    Flag("--profile", "sla.profile", "Limits to judge by: seed, or a [sla.profiles.NAME].", "NAME"),
    Flag("--http", "http.bind", "Serve HTTP on a TCP port too.", "ADDR:PORT"),
)
ASTERISK_FLAGS = (
    Flag("--ari-url", "asterisk.url", "Asterisk's HTTP server.", "HOST:PORT"),
    Flag("--ari-user", "asterisk.username", "User of ari.conf.", "NAME"),
    Flag("--app", "asterisk.app", "Stasis application.", "NAME"),
    Flag("--echo", "echo", "Echo server.", "HOST:PORT"),
    Flag("--bind", "media.bind", "Our address for RTP.", "ADDR"),
    Flag("--ports", "media.ports", "Local RTP ports.", "FIRST-LAST"),
)
SCREEN_FLAGS = (
    Flag("--theme", "ui.theme", "Colors of the screen, see `ari-tui themes`.", "NAME"),
    Flag("--themes-dir", "ui.themes_dir", "A folder of theme files of your own.", "DIR"),
    Flag("--ascii", "ui.ascii", "Draw with ASCII only.", None),
    Flag("--mouse", "ui.mouse", "Use the mouse.", None),
    Flag("--refresh", "ui.refresh_hz", "How often the screen is drawn, in Hz.", "HZ"),
)
REALTIME_FLAG = Flag("--realtime", "media.realtime", "Realtime scheduling.", "auto|yes|no")
APP_FLAG = ASTERISK_FLAGS[2]
LOAD_FLAGS = (
    Flag("--endpoint", "loadtest.endpoints", "What to call, such as Local/tone@lab.", "E[,E…]"),
    Flag("--calls", "loadtest.calls", "How many at once.", "N"),
    Flag("--tiers", "loadtest.tiers", "Numbers of calls, each judged: 30,100,150.", "N,N…"),
    Flag("--duration", "loadtest.duration_s", "Seconds of the test, or of each tier.", "S"),
    Flag("--call-duration", "loadtest.call_duration_s", "Seconds of each call.", "S"),
    Flag("--ramp", "loadtest.ramp_cps", "New calls a second.", "CPS"),
    Flag("--ring", "loadtest.ring_s", "How long a call may ring.", "S"),
    Flag("--caller-id", "loadtest.caller_id", "Name <number> of the caller.", "TEXT"),
    Flag("--app-args", "loadtest.app_args", "Arguments of the application.", "A[,A…]"),
    Flag("--max-failed", "loadtest.max_failed", "How many calls may fail.", "N"),
)
LOAD_LISTS = (
    Flag("--variable", "loadtest.variables", "Channel variable; repeatable.", "NAME=VALUE"),
    Flag("--report", "loadtest.report", "Report: .json, .txt, .html; repeatable.", "FILE"),
)
"""Flags that may be repeated; each value is one entry."""
ORIGINAL_FLAGS = (
    Flag("--concurrent", "loadtest.calls", "As --calls.", "N"),
    Flag("--report-file", "loadtest.report", "As --report.", "FILE"),
    Flag("--app-name", "asterisk.app", "As --app.", "NAME"),
    Flag("--ari-pass", "asterisk.password", "Use ARI_PASS: every user can read arguments.", "TEXT"),
)
"""The original load test's own flags."""
LOADTEST_FLAGS = (*LOAD_FLAGS, *LOAD_LISTS, *ORIGINAL_FLAGS)
_FLAGS = {
    flag.parameter: flag
    for flag in (
        REALTIME_FLAG,
        *LOG_FLAGS,
        *OUTPUT_FLAGS,
        *ASTERISK_FLAGS,
        *SCREEN_FLAGS,
        *LOADTEST_FLAGS,
    )
}


def settings_options(*flags: Flag) -> Callable[[Command], Command]:
    """Give a command --config, the log's flags and these."""

    def decorate(command: Command) -> Command:
        for flag in reversed((*flags, *LOG_FLAGS)):
            switch: dict[str, Any] = {"is_flag": True} if flag.metavar is None else {}
            switch |= {"multiple": flag in LOAD_LISTS, "hidden": flag in ORIGINAL_FLAGS}
            command = click.option(
                flag.name, flag.parameter, help=flag.help, metavar=flag.metavar, **switch
            )(command)
        return click.option(
            "--config", "config_file", metavar="FILE", help="Configuration file (TOML)."
        )(command)

    return decorate


def prepare(start: Start, values: Mapping[str, Any]) -> Settings:
    """Load the settings with the flags of a command, start the log, log the warnings.

    `values` are the command's parameters, flags and others. Raises ConfigError.
    """
    flags: list[Raw] = []
    for parameter, flag in _FLAGS.items():
        given = values.get(parameter)
        if isinstance(given, tuple):
            if given:
                flags.append(Raw(key=flag.key, value=list(given), origin=flag.name, typed=True))
        elif given not in (None, False):
            flags += _raw(flag, "true" if given is True else str(given))
    settings = load(config_file=values.get("config_file"), flags=flags)
    _check_screen(settings)
    log.configure(settings.log, settings.secrets)
    start.debug = settings.log.level == "debug"
    start.mask = log.Masker(settings.secrets)
    for warning in settings.warnings:
        log.get("config").warning(warning)
    return settings


def _check_screen(settings: Settings) -> None:
    """Refuse unknown keys and columns, which only the screen knows."""
    keymap(settings.ui.keys, f"ui.keys ({settings.origin('ui.keys')})")
    if settings.ui.columns:
        from ari_tui.ui.columns import BY_ID

        for name in settings.ui.columns:
            if name not in BY_ID:
                hint = did_you_mean(name, BY_ID)
                allowed = f"ids of columns: {hint}" if hint else "ids of columns"
                origin = settings.origin("ui.columns")
                raise ConfigError(refusal("ui.columns", name, origin, allowed))


def _raw(flag: Flag, text: str) -> list[Raw]:
    if flag.key != "echo":
        return [Raw(key=flag.key, value=text, origin=flag.name)]
    try:
        host, port = parse_host_port(text, lowest=1)
    except ValueError as error:
        raise ConfigError(refusal("echo", text, flag.name, str(error))) from None
    return [
        Raw(key="echo.host", value=host, origin=flag.name),
        Raw(key="echo.port", value=str(port), origin=flag.name),
    ]


def option_type(name: str, convert: Callable[[str], Any]) -> Any:
    """Return a type of options: its name in the help, and what converts or refuses a text."""
    kind = click.types.FuncParamType(convert)
    kind.name = name
    return kind


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not (math.isfinite(seconds) and seconds > 0):
        raise click.BadParameter(f"{text!r} is not a number of seconds above 0.")
    return seconds


SECONDS = option_type("S", _seconds)
"""A length of time in seconds, above 0."""


def check_impairment(parameter: str, spec: str) -> None:
    """Refuse a wrong impairment before anything is started; raises ConfigError with the flag."""
    from ari_tui.reflector.impairment_spec import parse_impairment

    if not spec:
        return
    try:
        parse_impairment(spec)
    except ConfigError as error:
        flag = f"--{parameter.replace('_', '-')}"
        raise ConfigError(f"{flag}: {str(error).removeprefix('impairment: ')}") from None


def fault_option(command: Command) -> Command:
    """Give a command --fault, which may be repeated."""
    return click.option(
        *("--fault", "faults"),
        metavar="PLACE:SPEC",
        multiple=True,
        help="Place a fault, as caller-in:loss=3%,after=10s; repeatable.",
    )(command)


def check_faults(texts: tuple[str, ...], places: Iterable[str]) -> None:
    """Refuse wrong faults, and those of places that a command does not have; raises ConfigError."""
    from ari_tui.reflector.fault_spec import parse_faults

    allowed = tuple(places)
    for fault in parse_faults(texts):
        if fault.place not in allowed:
            text = f"--fault {fault.text}: allowed here are {', '.join(allowed)}"
            raise ConfigError(f"{text} (`ari-tui demo` has all places)")


def counters_options(command: Command) -> Command:
    """Give a server's command --quiet and --json, which `print_counters` reads."""
    as_json = click.option(
        "--json", "as_json", is_flag=True, help="Print the final counters as JSON on stdout."
    )
    quiet = click.option("--quiet", is_flag=True, help="Do not print the final counters.")
    return quiet(as_json(command))


def print_counters(values: Mapping[str, Any], counters: Mapping[str, Any], text: str) -> None:
    """Print a server's final counters: as JSON on stdout, or as text on stderr, or not at all."""
    if values["as_json"]:
        click.echo(json.dumps(counters))
    elif not values["quiet"]:
        click.echo(text, err=True)
