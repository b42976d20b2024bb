"""Secrets from files: `password_file` and its like are read when the settings are."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from ari_tui.config_draft import Draft
from ari_tui.log import clean

PAIRS = (
    ("asterisk.password", "asterisk.password_file"),
    ("http.token", "http.token_file"),
    ("alerts.webhook", "alerts.webhook_file"),
    ("alerts.webhook_token", "alerts.webhook_token_file"),
)
"""Each secret and the key that names its file."""
_OTHERS = stat.S_IRGRP | stat.S_IROTH
_LONGEST = 4096


def read_secret_files(draft: Draft) -> None:
    """Put the files' contents where the secrets belong; note problems and open permissions.

    Of a secret and its file the one of the higher layer counts; both in one layer is a problem.
    """
    for secret, file in PAIRS:
        if not draft.get(file):
            continue
        secret_rank = draft.ranks[secret] if draft.values.get(secret) else -1
        if secret_rank == draft.ranks[file]:
            draft.problems.append(
                f"{secret} ({draft.origin(secret)}) and {file} ({draft.origin(file)}): give one"
            )
        elif secret_rank > draft.ranks[file]:
            draft.values[file] = ""
            draft.origins.pop(file)
        else:
            _read(draft, secret, file)
    _warn_of_open_config(draft)


def _read(draft: Draft, secret: str, file: str) -> None:
    origin = draft.origin(file)
    path = Path(draft.get(file)).expanduser()
    if draft.file is not None and origin == clean(str(draft.file)):
        path = draft.file.parent / path
    shown = clean(str(path))
    try:
        with path.open(encoding="utf-8") as opened:
            mode = os.fstat(opened.fileno()).st_mode
            text = opened.read(_LONGEST).rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        draft.problems.append(f"{file} ({origin}): cannot read {shown}: {why}")
        return
    if not text:
        draft.problems.append(f"{file} ({origin}): {shown} is empty")
        return
    if mode & _OTHERS:
        draft.warnings.append(f"{file}: {shown} can be read by others; chmod 600 it")
    draft.values[secret] = text
    draft.origins[secret] = f"{shown}, named by {origin}"


def _warn_of_open_config(draft: Draft) -> None:
    if draft.file is None:
        return
    shown = clean(str(draft.file))
    held = [secret for secret, _ in PAIRS if draft.origins.get(secret) == shown]
    if held and draft.file.stat().st_mode & _OTHERS:
        draft.warnings.append(f"{shown} holds {held[0]} and can be read by others; chmod 600 it")
