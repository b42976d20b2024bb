"""Settings as text: for `config print`, and as the environment of a child."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from ari_tui.config.settings import SECTIONS, Settings, is_secret
from ari_tui.config.sources import SECRET_FILES, VARIABLES
from ari_tui.core.log import MASK, Masker


def printed(settings: Settings) -> Iterator[str]:
    """Yield the lines of a TOML document: each value and where it came from, secrets masked."""
    mask = Masker(settings.secrets)
    for section, group in SECTIONS.items():
        yield f"[{section}]"
        for name in group.__struct_fields__:
            key = f"{section}.{name}"
            value = settings.get(key)
            shown = MASK if is_secret(key) and value else value
            yield mask(f"{name} = {_toml(shown)}") + f"  # {settings.origin(key)}"
        yield ""


def _toml(value: Any) -> str:
    # JSON's texts, numbers, truth values and lists of texts are TOML's too
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)


def to_environment(settings: Settings) -> dict[str, str]:
    """Return `ARI_TUI_*` variables that give a child exactly these settings.

    Secrets are passed by value, so that the child needs no secret file: others can read a
    process's arguments, but not its environment.
    """
    by_value = {file: "" for _, file in SECRET_FILES}
    return {
        variable: by_value.get(key, _text(settings.get(key))) for variable, key in VARIABLES.items()
    }


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, tuple):
        return str(value)
    plain = all(re.fullmatch(r"[^\s,\[][^\s,]*", entry) for entry in value)
    return ",".join(value) if plain else json.dumps(list(value))
