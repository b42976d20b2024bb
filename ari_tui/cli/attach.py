"""`ari-tui attach`: the screen on a running engine."""

from __future__ import annotations

import asyncio
from typing import Any

import click

from ari_tui.cli.options import APP_FLAG, SCREEN_FLAGS, Start, prepare, settings_options
from ari_tui.cli.run_options import log_to_file
from ari_tui.core.errors import ConfigError
from ari_tui.core.runtime_folder import engine_socket


@click.command(short_help="Show a running engine on a screen.")
@click.argument("target", required=False, metavar="[URL or SOCKET]")
@settings_options(APP_FLAG, *SCREEN_FLAGS)
@click.pass_obj
def attach(start: Start, /, **values: Any) -> int:
    """Show an engine that runs; it goes on when the screen is left.

    Without a target it is the engine of this user's application, or the only one. A URL needs
    the engine's token: http.token_file, or ARI_TUI_HTTP_TOKEN.
    """
    settings = prepare(start, values)
    app = settings.asterisk.app
    target = values["target"] or engine_socket(app, "ari-tui attach")
    if target is None:
        raise ConfigError(f"no engine of application {app} runs here, nor any other")

    from ari_tui.core import log
    from ari_tui.session.onscreen import attach as attach_to
    from ari_tui.session.onscreen import check_terminal

    check_terminal()
    settings = log_to_file(settings)
    log.configure(settings.log, settings.secrets)
    return asyncio.run(attach_to(str(target), settings))
