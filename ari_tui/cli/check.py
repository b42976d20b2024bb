"""`ari-tui check`: a plugin for Nagios, Icinga and others that run such plugins."""

from __future__ import annotations

import asyncio
import socket
import ssl
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ari_tui.cli.options import APP_FLAG, SECONDS, Start, prepare, settings_options
from ari_tui.config.settings import Settings
from ari_tui.core.errors import AriTuiError, ConfigError, EngineDownError, NotReachedError
from ari_tui.core.runtime_folder import engine_socket, socket_path

if TYPE_CHECKING:
    from ari_tui.client.address import Target
    from ari_tui.document.model import Document
    from ari_tui.report.nagios import Result, State

_STATES = ("ok", "warning", "critical", "unknown")


class _Plugin(click.Command):
    """A command whose wrong use is UNKNOWN (3): to Nagios, the usual 2 means CRITICAL."""

    def make_context(self, *arguments: Any, **options: Any) -> click.Context:
        try:
            return super().make_context(*arguments, **options)
        except click.UsageError as error:
            raise click.exceptions.Exit(_print(_unknown(error.format_message()))) from None


@click.command(cls=_Plugin, short_help="One line and exit 0 to 3, for Nagios.")
@click.argument("target", required=False, metavar="[FILE, URL or SOCKET]")
@click.option("--timeout", type=SECONDS, default=10.0, show_default=True, help="Time-out.")
@click.option(
    "--no-traffic",
    type=click.Choice(_STATES),
    default="ok",
    show_default=True,
    help="The state when there are no calls.",
)
@settings_options(APP_FLAG)
@click.pass_obj
def check(start: Start, /, **values: Any) -> int:
    """Say in one line how a running engine stands, or how a run or load test ended (its JSON).

    Without a target it is the engine of this user's application, or the only one. Exit codes: 0
    OK, 1 WARNING (inconclusive), 2 CRITICAL (the SLA failed, no Asterisk, no engine), 3 UNKNOWN.
    """
    from ari_tui.report.nagios import Result, State

    try:
        result = _check(prepare(start, values), values)
    except EngineDownError as error:
        result = Result(State.CRITICAL, str(error))
    except AriTuiError as error:
        result = _unknown(str(error))
    return _print(result)


def _check(settings: Settings, values: dict[str, Any]) -> Result:
    from ari_tui.client.address import parse_target
    from ari_tui.report.nagios import State, check_document

    app = settings.asterisk.app
    named, no_traffic = values["target"] or "", State[values["no_traffic"].upper()]
    if named and (Path(named).is_file() or named.endswith(".json")):
        return _check_file(Path(named), no_traffic)
    target = parse_target(named or str(engine_socket(app, "ari-tui check") or socket_path(app)))
    document = asyncio.run(_ask(target, settings.http.token, values["timeout"]))
    return check_document(document, no_traffic)


def _check_file(path: Path, no_traffic: State) -> Result:
    from ari_tui.report.nagios import check_document, check_report
    from ari_tui.report.report_input import read_report_input

    found = read_report_input(path)
    if found.load is not None:
        return check_report(found.load)
    if found.document.kind != "final":
        raise ConfigError(f"{path} has no final document: the run goes on, or was killed")
    return check_document(found.document, no_traffic)


async def _ask(target: Target, token: str, timeout_s: float) -> Document:
    """Return an engine's newest document. Raises EngineDownError and NotReachedError."""
    from websockets.exceptions import ConnectionClosed, WebSocketException

    from ari_tui.client.address import explain
    from ari_tui.client.connection import connected, within
    from ari_tui.core.errors import UnknownMessageError

    async def hello() -> Document:
        async with connected(target, token) as connection:
            return (await connection.hello()).document

    try:
        return await within(hello(), timeout_s)
    except UnknownMessageError as error:
        raise NotReachedError(f"{target.shown} {error}") from None
    except ConnectionClosed:
        raise EngineDownError(f"the engine at {target.shown} has just ended") from None
    except (OSError, EOFError, asyncio.TimeoutError, WebSocketException) as error:
        message = explain(error, target, token=bool(token), open_s=timeout_s)
        unclear = (PermissionError, ssl.SSLError, socket.gaierror, WebSocketException, EOFError)
        kind = NotReachedError if isinstance(error, unclear) else EngineDownError
        raise kind(message) from None


def _unknown(text: str) -> Result:
    from ari_tui.report.nagios import Result, State

    return Result(State.UNKNOWN, " ".join(text.split()))


def _print(result: Result) -> int:
    click.echo(result.line)
    return int(result.state)
