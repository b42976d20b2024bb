"""`ari-tui analyze`: the RTP streams of a capture file."""

from __future__ import annotations

import ipaddress
import os
import sys
from pathlib import Path
from typing import Any

import click

from ari_tui.cli.options import Start, option_type, prepare, settings_options
from ari_tui.config.text_values import parse_host_port
from ari_tui.core.errors import ConfigError
from ari_tui.core.exit_codes import INCONCLUSIVE


def _ssrc(text: str) -> int:
    try:
        ssrc = int(text, 0)
    except ValueError:
        ssrc = -1
    if not 0 <= ssrc <= 0xFFFFFFFF:
        raise click.BadParameter(f"{text!r} is no SSRC, such as 0x5fec8dbd.")
    return ssrc


@click.command(short_help="The RTP streams of a capture file.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--port",
    "ports",
    type=click.IntRange(1, 65535),
    multiple=True,
    help="Only datagrams to or from this UDP port; may be repeated.",
)
@click.option(
    "--ssrc",
    "ssrcs",
    type=option_type("SSRC", _ssrc),
    multiple=True,
    help="Only streams of this SSRC; may be repeated.",
)
@click.option(
    "--echo",
    metavar="ADDR:PORT",
    help="Pair what goes to this echo server with what it returns: round trip, loss, order.",
)
@click.option("--json", "json_file", metavar="FILE", help="Write JSON; - is stdout.")
@click.option("-v", "--verbose", is_flag=True, help="Print all figures and events of each stream.")
@settings_options()
@click.pass_obj
def analyze(start: Start, /, **values: Any) -> int:
    """Measure the RTP streams of a capture (pcap, pcapng) as live calls are measured.

    What is late (media.late_ms) and lost (media.loss_timeout_ms) says the configuration. Exit
    code 4 means that no stream was found.
    """
    echo = None if values["echo"] is None else _echo(values["echo"])
    media = prepare(start, values).media

    from ari_tui.capture.streams import Options, analyze_file
    from ari_tui.capture.text import streams_text
    from ari_tui.document.model import encode
    from ari_tui.report.text.summary import readable

    options = Options(
        ports=frozenset(values["ports"]),
        ssrcs=frozenset(values["ssrcs"]),
        echo=echo,
        late_ns=round(media.late_ms * 1e6),
        loss_timeout_ns=media.loss_timeout_ms * 1_000_000,
    )
    document = analyze_file(values["file"], options)
    if values["json_file"] is not None:
        _write(values["json_file"], encode(document) + b"\n")
    if values["json_file"] != "-":
        text = streams_text(document, details=values["verbose"])
        click.echo(readable(text, sys.stdout.encoding))
    return 0 if document.streams else INCONCLUSIVE


def _echo(text: str) -> tuple[bytes, int]:
    """Read the echo server's address; names are not looked up, a capture holds addresses."""
    try:
        host, port = parse_host_port(text, lowest=1)
        return ipaddress.ip_address(host).packed, port
    except ValueError:
        raise ConfigError(
            f"--echo: expected an address and a port, such as 10.0.0.7:4000, not {text!r}"
        ) from None


def _write(file: str, data: bytes) -> None:
    if file == "-":
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    try:
        fd = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError as error:
        raise ConfigError(f"--json: cannot write {file}: {error.strerror}") from None
    with os.fdopen(fd, "wb") as out:
        out.write(data)
