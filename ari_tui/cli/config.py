"""`ari-tui config print`, `ari-tui config check` and `ari-tui config schema`."""

from __future__ import annotations

from typing import Any

import click

from ari_tui.cli.options import Start, prepare, settings_options
from ari_tui.config.dump import printed


@click.group(no_args_is_help=False, short_help="Print or check the configuration; print schemas.")
def config() -> None:
    """Print or check the configuration, or print the JSON Schemas of what is written."""


@config.command("print", short_help="Show each value and where it came from.")
@settings_options()
@click.pass_obj
def print_(start: Start, /, **values: Any) -> int:
    """Show each value and where it came from, as TOML, secrets masked."""
    for line in printed(prepare(start, values)):
        click.echo(line)
    return 0


@config.command("check", short_help="List every mistake; exit with 2 when there is one.")
@settings_options()
@click.pass_obj
def check(start: Start, /, **values: Any) -> int:
    """Tell every mistake in all layers; exit with 2 when there is one, else with 0."""
    settings = prepare(start, values)
    source = settings.file or "no file, only variables and defaults"
    click.echo(f"the configuration is valid ({source})")
    return 0


@config.command("schema", short_help="Print the JSON Schema of the documents that are written.")
@click.argument("name", type=click.Choice(["stats", "loadtest", "alert"]), default="stats")
def schema(name: str) -> int:
    """Print the JSON Schema of ari-tui's documents: `stats`, a `loadtest` report, an `alert`."""
    import json

    from ari_tui.document.schema import json_schema

    click.echo(json.dumps(json_schema(name), indent=2, ensure_ascii=False))
    return 0


config.add_command(check, "validate")
