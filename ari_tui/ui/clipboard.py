"""Copying to the clipboard of the user's terminal by OSC 52, and always to a file as well.

OSC 52 has no reply: a terminal that does not support or allow it ignores it. Only the file is
certain, so the message names it.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

from ari_tui.core.errors import ExportError
from ari_tui.ui.export import stamp, write_new

LARGEST: Final = 74_994
"""Bytes of base64 that terminals take (xterm, hterm; others take more)."""


class ClipboardSequence(NamedTuple):
    """An OSC 52 sequence."""

    sequence: str
    cut: bool
    """The text was too long."""


class Copied(NamedTuple):
    """The result of a copy."""

    sequence: str
    """To be written to the terminal as it is."""
    path: Path | None
    """Holds the whole text; None when no file could be written."""
    message: str
    """For the user, one line."""


def osc52(text: str, largest: int = LARGEST) -> ClipboardSequence:
    """Return the sequence for a text; a longer one is cut, at a newline if possible."""
    data = text.encode("utf-8", "replace")
    room = largest // 4 * 3
    cut = len(data) > room
    if cut:
        data = _cut(data, room)
    return ClipboardSequence(f"\x1b]52;c;{base64.b64encode(data).decode('ascii')}\x07", cut)


def _cut(data: bytes, room: int) -> bytes:
    data = data[:room]
    line_end = data.rfind(b"\n") + 1
    if line_end > room // 2:
        return data[:line_end]
    return data.decode("utf-8", "ignore").encode()  # no half character


def copy(
    text: str, what: str, *, folder: Path, now: datetime, environment: Mapping[str, str]
) -> Copied:
    """Prepare a copy of `text` and write it to a new file in `folder`.

    `what` is its name in the message and the file name, `environment` is that of the terminal.
    """
    sequence, cut = osc52(text)
    path: Path | None = None
    try:
        path = write_new(
            folder, f"ari-tui-{what}-{stamp(now)}", ".txt", text.encode("utf-8", "replace")
        )
        kept = f"{'all of it' if cut else 'also'} in {path}"
    except ExportError as error:
        kept = str(error)
    message = f"{what} {'cut, then copied' if cut else 'copied'}; {kept}"
    note = clipboard_caveat(environment)
    return Copied(sequence, path, f"{message} ({note})" if note else message)


def clipboard_caveat(environment: Mapping[str, str]) -> str:
    """Return what may keep OSC 52 from the terminal; "" for nothing known."""
    if environment.get("TMUX"):
        return "tmux passes it on only with: set -s set-clipboard on"
    if environment.get("STY"):
        return "screen does not pass it on"
    if environment.get("TERM") == "linux":
        return "a console has no clipboard"
    return ""
