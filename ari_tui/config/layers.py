"""The layers of configuration: defaults < file < `.env` < environment < flags.

Every key of every layer is checked before any value is used, so that all mistakes are reported at
once.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from ari_tui.config.rules import check
from ari_tui.config.settings import (
    KEY_TYPES,
    SECTIONS,
    Draft,
    Limit,
    Settings,
    describe_allowed,
    refusal,
)
from ari_tui.config.sources import (
    Layer,
    Raw,
    apply_profile,
    find_file,
    read_dot_env,
    read_file,
    read_secret_files,
    read_variables,
)
from ari_tui.core.errors import ConfigError


def load(
    *,
    config_file: str | None = None,
    flags: Iterable[Raw] = (),
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Settings:
    """Read all layers into settings.

    `config_file` is that of --config; `environment` is the process's by default; `folder`, where
    `.env` is, is the working directory by default. Raises ConfigError, one line for each mistake.
    """
    environment = os.environ if environment is None else environment
    folder = Path.cwd() if folder is None else folder
    dot_env = read_dot_env(folder / ".env")
    path = find_file(config_file, {**dot_env, **environment}, folder)
    layers = [
        read_file(path, rank=0) if path else Layer(rank=0),
        read_variables(dot_env, "in .env", rank=1),
        read_variables(environment, "in the environment", rank=2),
        Layer(rank=3, values=list(flags)),
    ]
    return _merge(layers, path)


def _merge(layers: Iterable[Layer], path: Path | None) -> Settings:
    draft = Draft(file=path)
    for layer in layers:
        draft.problems += layer.problems
        draft.origins.update((raw.key, raw.origin) for raw in layer.values)
        draft.ranks.update((raw.key, layer.rank) for raw in layer.values)
        draft.values.update((raw.key, value) for raw, value in _converted(layer.values, draft))
        for name, limits in layer.profiles.items():
            converted = _converted(limits.values(), draft)
            draft.profiles[name] = {raw.key: Limit(value, raw.origin) for raw, value in converted}
    apply_profile(draft)
    read_secret_files(draft)
    check(draft)
    if draft.problems:
        raise ConfigError("\n".join(dict.fromkeys(draft.problems)))
    given: dict[str, dict[str, Any]] = {section: {} for section in SECTIONS}
    for key, value in draft.values.items():
        section, name = key.split(".")
        given[section][name] = value
    groups: dict[str, Any] = {section: SECTIONS[section](**given[section]) for section in given}
    file = str(path) if path else ""
    return Settings(**groups, origins=draft.origins, warnings=tuple(draft.warnings), file=file)


def _converted(values: Iterable[Raw], draft: Draft) -> Iterator[tuple[Raw, Any]]:
    """Yield each value with its conversion; those that cannot be converted are problems."""
    for raw in values:
        try:
            value = convert(raw)
        except ValueError as error:  # noqa: PERF203  each mistake is reported
            draft.problems.append(str(error))
        else:
            yield raw, value


_TRUE, _FALSE = {"true", "yes", "on", "1"}, {"false", "no", "off", "0"}


def convert(raw: Raw) -> Any:
    """Return a raw value in its key's type; raise ValueError, naming key, origin and types."""
    kind = KEY_TYPES[raw.key]
    value = raw.value
    try:
        if not raw.typed:
            value = _from_text(str(value), kind)
        converted = msgspec.convert(value, kind, strict=raw.typed or kind is bool)
    except (msgspec.ValidationError, ValueError):
        converted = None
    if converted is None or (isinstance(converted, float) and not math.isfinite(converted)):
        raise ValueError(refusal(raw.key, raw.value, raw.origin, describe_allowed(raw.key)))
    return converted


def _from_text(text: str, kind: Any) -> Any:
    if kind is bool and text.lower() in _TRUE | _FALSE:
        return text.lower() in _TRUE
    if kind == tuple[str, ...]:
        if text.startswith("["):
            return json.loads(text)  # entries that hold blanks or commas
        return [part for part in re.split(r"[,\s]+", text) if part]
    return text
