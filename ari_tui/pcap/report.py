"""From a file's path to the document of its streams."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from ari_tui import __version__
from ari_tui.ari.text import clean_text
from ari_tui.errors import ConfigError
from ari_tui.pcap.container import Capture
from ari_tui.pcap.description import endpoint
from ari_tui.pcap.model import CaptureFile, Frames, StreamsDocument
from ari_tui.pcap.streams import Findings, Options, analyze
from ari_tui.snapshot.build import iso
from ari_tui.snapshot.figures import NS_PER_MS


def analyze_file(path: Path, options: Options) -> StreamsDocument:
    """Read a capture file and describe its streams.

    Raises ConfigError when the file cannot be opened or is no capture.
    """
    name = clean_text(path.name, 255)
    try:
        with path.open("rb") as file:
            capture = Capture(file, name)
            found = analyze(capture, options)
    except OSError as error:
        raise ConfigError(f"cannot read {clean_text(path, 1024)}: {error.strerror}") from None
    return StreamsDocument(
        version=__version__,
        file=_file(name, capture, found),
        late_ms=options.late_ns / NS_PER_MS,
        loss_timeout_ms=options.loss_timeout_ns / NS_PER_MS,
        echo=None if options.echo is None else endpoint(*options.echo),
        frames=_frames(found.frames),
        streams=found.streams,
    )


def _file(name: str, capture: Capture, found: Findings) -> CaptureFile:
    first_ns, last_ns = found.first_ns, found.last_ns
    return CaptureFile(
        name=name,
        format=capture.format,
        frames=sum(found.frames.values()),
        first_at=None if first_ns is None else iso(first_ns),
        last_at=None if last_ns is None else iso(last_ns),
        duration_s=(
            None if first_ns is None or last_ns is None else round((last_ns - first_ns) / 1e9, 3)
        ),
        damage=None if capture.damage is None else clean_text(capture.damage),
    )


def _frames(counted: Counter[str]) -> Frames:
    return Frames(**{name: counted[name] for name in Frames.__struct_fields__})
