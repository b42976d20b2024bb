"""Where settings come from: the TOML file, `.env`, and the variables of the environment.

Each is read into a `Layer` of raw values and the problems with its keys.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
import platformdirs
from dotenv import dotenv_values

from ari_tui.config.rules import check_profile_name
from ari_tui.config.settings import KEY_TYPES, SECTIONS, Draft, refusal
from ari_tui.config.text_values import parse_tier
from ari_tui.core.errors import ConfigError
from ari_tui.core.text import did_you_mean, escaped, nearest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SEED: Final = "seed"
"""The profile of the original's limits, which are the defaults."""
LIMITS: Final = ("sla.tiers", "sla.max_ms", "sla.max_budget_s", "sla.late_ratio", "sla.loss_ratio")
_PROFILE: Final = "sla.profile"


def apply_profile(draft: Draft) -> None:
    """Replace limits by those of the chosen profile; an unknown profile is a problem.

    Limits of the same or a higher layer than the choice stay, and may have a name of their own:
    then the name need not be a profile's.
    """
    _check_tiers(draft)
    if _PROFILE not in draft.values:
        return
    name, rank = draft.values[_PROFILE], draft.ranks[_PROFILE]
    replaced = [key for key in LIMITS if draft.ranks.get(key, -1) < rank]
    if name != SEED and name not in draft.profiles:
        if len(replaced) == len(LIMITS):
            draft.refuse(_PROFILE, _known(name, draft))
        return
    limits = draft.profiles.get(name, {})
    for key in replaced:
        for layered in (draft.values, draft.origins, draft.ranks):
            layered.pop(key, None)
        if key in limits:
            draft.values[key], draft.origins[key] = limits[key]
            draft.ranks[key] = rank


def _check_tiers(draft: Draft) -> None:
    """Report tiers that cannot be read, also of profiles that are not chosen."""
    for limits in draft.profiles.values():
        tiers, origin = limits.get("sla.tiers", ((), ""))
        for text in tiers:
            try:
                parse_tier(text)
            except ValueError as error:  # noqa: PERF203  each mistake is reported
                draft.problems.append(refusal("sla.tiers", text, origin, str(error)))


def _known(name: str, draft: Draft) -> str:
    known = [SEED, *draft.profiles]
    hint = did_you_mean(name, known)
    shown = f" ({hint})" if hint else ""
    return f"one of {', '.join(known)}{shown}, or limits beside it that go by that name"


PREFIX = "ARI_TUI_"
_NOT_KEYS = {"ARI_TUI_CONFIG", "ARI_TUI_READY_FD", "ARI_TUI_LIFELINE_FD"}
ALERT_PREFIX = "ARI_TUI_ALERT_"
"""Variables for the command of an alert, which may run `ari-tui` itself."""

# The original's variables, the later one of a key before the earlier.
ORIGINAL_VARIABLES = {
    "ARI_URL": "asterisk.url",
    "ARI_USER": "asterisk.username",
    "ARI_PASS": "asterisk.password",
    "ASTERISK_USERNAME": "asterisk.username",
    "ASTERISK_PASSWORD": "asterisk.password",
    "APP_NAME": "asterisk.app",
    "BIND_IP": "media.bind",
    "PORT_RANGE": "media.ports",
    "ECHO_HOST": "echo.host",
    "ECHO_PORT": "echo.port",
    "METRICS_INTERVAL_SEC": "output.status_s",
    "SERVICE_PORT": "http.bind",
    "LOAD_TEST_CONCURRENT_CALLS": "loadtest.calls",
    "LOAD_TEST_DURATION_SECONDS": "loadtest.duration_s",
    "LOAD_TEST_CALL_DURATION_SECONDS": "loadtest.call_duration_s",
    "LOAD_TEST_ENDPOINT": "loadtest.endpoints",
    "LOAD_TEST_REPORT": "loadtest.report",
}

VARIABLES = {f"{PREFIX}{key.replace('.', '_').upper()}": key for key in KEY_TYPES}
"""`ARI_TUI_MEDIA_PORTS` to `media.ports`, for every key."""


class Raw(msgspec.Struct, frozen=True, kw_only=True):
    """One value of one layer, not yet converted."""

    key: str
    value: Any
    origin: str
    typed: bool = False
    """TOML's values have types of their own; all other layers hold text."""


class Layer(msgspec.Struct, kw_only=True):
    """The values of one layer, lowest precedence first, and the problems with its keys."""

    rank: int
    values: list[Raw] = []
    profiles: dict[str, dict[str, Raw]] = {}
    """Limits by the name of their profile and their key."""
    problems: list[str] = []


def find_file(
    config_file: str | None, environment: Mapping[str, str], folder: Path = Path()
) -> Path | None:
    """Return the configuration file: --config, $ARI_TUI_CONFIG, the user's, or none.

    Raises ConfigError when a file that was named is not there.
    """
    named = config_file or environment.get("ARI_TUI_CONFIG", "")
    if named:
        path = folder / Path(named).expanduser()
        if not path.is_file():
            source = "--config" if config_file else "ARI_TUI_CONFIG"
            raise ConfigError(f"{source}: there is no file {escaped(str(path))}")
        return path
    path = platformdirs.user_config_path("ari-tui", appauthor=False) / "config.toml"
    return path if path.is_file() else None


def read_file(path: Path, *, rank: int) -> Layer:
    """Read a TOML file; raise ConfigError when it cannot be read or is not TOML."""
    shown = escaped(str(path))
    try:
        document = tomllib.loads(path.read_bytes().decode("utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot read {shown}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{shown} is not TOML: {escaped(str(error))}") from error
    layer = Layer(rank=rank)
    for section, body in document.items():
        if section not in SECTIONS or not isinstance(body, dict):
            layer.problems.append(_unknown_section(section, body, shown))
            continue
        for name, value in body.items():
            key = f"{section}.{name}"
            if key == "sla.profiles" and isinstance(value, dict):
                _read_profiles(layer, value, shown)
            elif key in KEY_TYPES:
                layer.values.append(Raw(key=key, value=value, origin=shown, typed=True))
            else:
                near = _nearest_key(section, name)
                layer.problems.append(_unknown(key, f"in {shown}", "key", near))
    return layer


def _read_profiles(layer: Layer, tables: dict[str, Any], shown: str) -> None:
    for name, body in tables.items():
        place = f"[sla.profiles.{escaped(name, 80)}] in {shown}"
        if wrong := _wrong_profile(name, body):
            layer.problems.append(f"{place}: {wrong}")
            continue
        profile = layer.profiles.setdefault(name, {})
        for limit, value in body.items():
            key = f"sla.{limit}"
            if key in LIMITS:
                profile[key] = Raw(key=key, value=value, origin=place, typed=True)
            else:
                near = nearest(limit, [known.partition(".")[2] for known in LIMITS])
                layer.problems.append(_unknown(limit, f"below {place}", "key", near))


def _wrong_profile(name: str, body: object) -> str:
    if name == SEED:
        return "the original's limits have that name; give these another"
    if allowed := check_profile_name(name):
        return f"give it a name of {allowed}"
    return "" if isinstance(body, dict) else "give it limits, as [sla] has them"


def _unknown_section(section: str, body: object, shown: str) -> str:
    if section in SECTIONS:
        return f"{section} in {shown} is a section: write [{section}] and its keys below"
    if isinstance(body, dict):
        return _unknown(section, f"in {shown}", "section", nearest(section, SECTIONS))
    for key in KEY_TYPES:
        home, _, name = key.partition(".")
        if name == section:
            return f"{section} in {shown} stands in no section: put it below [{home}]"
    names = [key.partition(".")[2] for key in KEY_TYPES]
    return _unknown(section, f"in {shown}", "key", nearest(section, names))


def _unknown(name: str, where: str, what: str, near: str) -> str:
    hint = f": did you mean {near}?" if near else ""
    return f"unknown {what} {escaped(name, 80)} {where}{hint}"


def _nearest_key(section: str, name: str) -> str:
    """Look in the key's own section first, then for the same name in another."""
    if near := nearest(name, SECTIONS[section].__struct_fields__):
        return f"{section}.{near}"
    return next((key for key in KEY_TYPES if key.endswith(f".{name}")), "")


def read_variables(variables: Mapping[str, str], where: str, *, rank: int) -> Layer:
    """Read the original's variables and ours; an empty one of the original's counts as unset."""
    layer = Layer(rank=rank)
    for name, key in ORIGINAL_VARIABLES.items():
        if value := variables.get(name):
            if name == "SERVICE_PORT":
                value = f"127.0.0.1:{value}"
            layer.values.append(Raw(key=key, value=value, origin=f"{name} {where}"))
    for name in sorted(variables):
        if name in VARIABLES:
            value, key = variables[name], VARIABLES[name]
            layer.values.append(Raw(key=key, value=value, origin=f"{name} {where}"))
        elif name.startswith(PREFIX) and not (name in _NOT_KEYS or name.startswith(ALERT_PREFIX)):
            near = nearest(name.removeprefix(PREFIX), (v.removeprefix(PREFIX) for v in VARIABLES))
            near = near and f"{PREFIX}{near}"
            layer.problems.append(_unknown(name, where, "variable", near))
    return layer


def read_dot_env(path: Path) -> dict[str, str]:
    """Read a `.env` file, if it is there; raise ConfigError when it cannot be read.

    Never into os.environ, which children and libraries read.
    """
    if not path.is_file():
        return {}
    try:
        values = dotenv_values(path)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read {escaped(str(path))}: {escaped(str(error))}") from error
    return {name: value for name, value in values.items() if value is not None}


SECRET_FILES = (
    ("asterisk.password", "asterisk.password_file"),
    ("http.token", "http.token_file"),
    ("alerts.webhook", "alerts.webhook_file"),
    ("alerts.webhook_token", "alerts.webhook_token_file"),
)
"""Each secret and the key that names its file."""
_READABLE_BY_OTHERS = stat.S_IRGRP | stat.S_IROTH
_MAX_SECRET = 4096


def read_secret_files(draft: Draft) -> None:
    """Set secrets from their files; report problems and permissions that are too wide.

    Of a secret and its file the one of the higher layer counts; both in one layer is a problem.
    """
    for secret, file in SECRET_FILES:
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
            _read_secret_file(draft, secret, file)
    if draft.file is None:
        return
    shown = escaped(str(draft.file))
    held = [secret for secret, _ in SECRET_FILES if draft.origins.get(secret) == shown]
    if held and draft.file.stat().st_mode & _READABLE_BY_OTHERS:
        draft.warnings.append(f"{shown} holds {held[0]} and can be read by others; chmod 600 it")


def _read_secret_file(draft: Draft, secret: str, file: str) -> None:
    origin = draft.origin(file)
    path = Path(draft.get(file)).expanduser()
    if draft.file is not None and origin == escaped(str(draft.file)):
        path = draft.file.parent / path
    shown = escaped(str(path))
    try:
        with path.open(encoding="utf-8") as opened:
            mode = os.fstat(opened.fileno()).st_mode
            text = opened.read(_MAX_SECRET).rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        draft.problems.append(f"{file} ({origin}): cannot read {shown}: {why}")
        return
    if not text:
        draft.problems.append(f"{file} ({origin}): {shown} is empty")
        return
    if mode & _READABLE_BY_OTHERS:
        draft.warnings.append(f"{file}: {shown} can be read by others; chmod 600 it")
    draft.values[secret] = text
    draft.origins[secret] = f"{shown}, named by {origin}"
