"""The draft of the settings: what the layers say, merged, while it is looked at.

Problems are collected in words; nothing is raised here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from ari_tui.config.settings import Settings, is_secret
from ari_tui.core.log import clean

_DEFAULTS = Settings()


class Limit(NamedTuple):
    """One limit of a profile, and whence."""

    value: Any
    origin: str


class Draft(msgspec.Struct, kw_only=True):
    """The merged layers: values set by any of them, whence, and by which rank of layer."""

    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    ranks: dict[str, int] = {}
    profiles: dict[str, dict[str, Limit]] = {}
    """The limits of each named profile, by key."""
    problems: list[str] = []
    warnings: list[str] = []
    file: Path | None = None

    def get(self, key: str) -> Any:
        """Return a key's value, or its default."""
        return self.values.get(key, _DEFAULTS.get(key))

    def origin(self, key: str) -> str:
        """Return in words where a key's value comes from."""
        return self.origins.get(key, "default")

    def refuse(self, key: str, allowed: str) -> None:
        """Note that a key's value is not allowed, and what is."""
        self.problems.append(refusal(key, self.get(key), self.origin(key), allowed))


def refusal(key: str, value: object, origin: str, allowed: str) -> str:
    """Say that a value is not allowed, where it stands, and what is."""
    shown = "this value" if is_secret(key) else clean(repr(value), 80)
    return f"{key} ({origin}): {shown} is not allowed; give {allowed}"
