"""The command line: `ari-tui` and its commands, and how failures become exit codes.

Heavy packages (aiohttp, numpy, the engine) are imported inside the commands, so that `--help`,
`--version` and usage errors are fast.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, Final, NoReturn

import click

from ari_tui import __version__
from ari_tui.cli.options import Start
from ari_tui.core.errors import AriTuiError
from ari_tui.core.exit_codes import READER_GONE, SIGNAL_CODES, UNREACHABLE, WRONG_USE
from ari_tui.core.log import get
from ari_tui.core.text import escaped

COMMANDS: Final = (
    "run demo loadtest attach echo sim analyze report check calibrate config themes keys"
)
"""Each is the function of that name in the file `ari_tui/cli/NAME.py`."""


class _Group(click.Group):
    """A group whose default command is `run`: `ari-tui --headless` is `ari-tui run --headless`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        own = {name for param in self.get_params(ctx) for name in param.opts}
        if not args or (args[0].startswith("-") and args[0].partition("=")[0] not in own):
            args = ["run", *args]
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        # click would exit with 1, which is our code for a failed SLA
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            return READER_GONE


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="ari-tui", message="%(prog)s %(version)s")
def cli() -> None:
    """Measure live Asterisk calls packet by packet. Without a command: `run`."""


for _name in COMMANDS.split():
    cli.add_command(getattr(import_module(f"ari_tui.cli.{_name}"), _name))


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit with its code."""
    sys.exit(execute(sys.argv[1:] if arguments is None else arguments))


def execute(arguments: Sequence[str]) -> int:
    """Run one command; return its exit code, with every failure printed as one line.

    A failure goes to the parent while it waits for our ready line, else to stderr.
    """
    start = Start()
    try:
        code = cli.main(list(arguments), prog_name="ari-tui", standalone_mode=False, obj=start)
    except (click.Abort, KeyboardInterrupt):
        return SIGNAL_CODES[signal.SIGINT]
    except click.ClickException as error:
        return _fail(start, _usage(error), WRONG_USE)
    except AriTuiError as error:
        return _fail(start, str(error), error.exit_code, getattr(error, "question", ""))
    except Exception as error:
        message = f"internal error: {type(error).__name__}: {error}"
        hint = "" if start.debug else " (--log-level debug shows where)"
        return _fail(start, message + hint, UNREACHABLE)
    return code if isinstance(code, int) else 0


def _usage(error: click.ClickException) -> str:
    context = error.ctx if isinstance(error, click.UsageError) else None
    hint = f" (see {context.command_path} --help)" if context else ""
    return error.format_message() + hint


def _fail(start: Start, message: str, code: int, question: str = "") -> int:
    if start.debug:
        get("cli").debug("the failure was here", exc_info=True)
    lines = [escaped(start.mask(line)) for line in message.splitlines() if line.strip()]
    if start.link.parent_waits:
        start.link.failed("\n".join(lines), code, escaped(start.mask(question)))
        return code
    for line in lines:
        print(f"ari-tui: {line}", file=sys.stderr)  # noqa: T201  what the user reads
    return code
