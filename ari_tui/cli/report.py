"""`ari-tui report`: the report of a run or a load test, from its file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from ari_tui.report.files import Form

_FORMS: Final[tuple[Form, ...]] = ("html", "text", "json")


@click.command(short_help="Draw the report of a run or a load test.")
@click.argument("file", metavar="FILE")
@click.option("--html", metavar="OUT", help="Write one HTML file with charts; - is stdout.")
@click.option("--text", metavar="OUT", help="Write text with charts; - is stdout, the default.")
@click.option("--json", metavar="OUT", help="Write the final document alone; - is stdout.")
@click.option("--width", type=click.IntRange(60, 500), help="Columns of the text.")
@click.option("--ascii", "ascii_only", is_flag=True, help="Draw the text with ASCII only.")
def report(**values: Any) -> int:
    """Draw FILE again: a load test's report, or the documents of a run by --json.

    FILE is `-` for stdin. Without --html, --text or --json the text goes to stdout.
    """
    from ari_tui.report.files import render, terminal_width, write_file
    from ari_tui.report.report_input import read_report_input, read_stream
    from ari_tui.report.text.summary import readable

    file = values["file"]
    report_input = (
        read_stream(sys.stdin.buffer, "stdin") if file == "-" else read_report_input(Path(file))
    )
    forms: list[Form] = [form for form in _FORMS if values[form]] or ["text"]
    width = values["width"] or terminal_width()
    for form in forms:
        shown = render(report_input, form, width=width, ascii_only=values["ascii_only"])
        out = values[form] or "-"
        if out == "-":
            click.echo(readable(shown, sys.stdout.encoding), nl=False)
        else:
            write_file(out, shown, f"--{form}")
    return 0
