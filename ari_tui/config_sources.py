"""Where settings come from: the TOML file, `.env`, and the variables of the environment.

Each is read into a `Layer` of raw values, with a word for each key that there is not.
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import platformdirs
from dotenv import dotenv_values

from ari_tui.config import KEY_TYPES, SECTIONS
from ari_tui.config_profiles import LIMITS, SEED
from ari_tui.config_values import profile_name
from ari_tui.errors import ConfigError
from ari_tui.log import clean

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PREFIX = "ARI_TUI_"
_NOT_KEYS = {"ARI_TUI_CONFIG", "ARI_TUI_READY_FD", "ARI_TUI_LIFELINE_FD"}
ALERT_PREFIX = "ARI_TUI_ALERT_"
"""What the command of an alert is told; it may run `ari-tui` itself."""

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
    """One value as one layer gave it."""

    key: str
    value: Any
    origin: str
    typed: bool = False
    """TOML's values have types of their own; all other layers hold text."""


class Layer(msgspec.Struct, kw_only=True):
    """What one layer says, lowest precedence first, and what was wrong with its keys."""

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
            raise ConfigError(f"{source}: there is no file {clean(str(path))}")
        return path
    path = platformdirs.user_config_path("ari-tui", appauthor=False) / "config.toml"
    return path if path.is_file() else None


def read_file(path: Path, *, rank: int) -> Layer:
    """Read a TOML file; raise ConfigError when it cannot be read or is not TOML."""
    shown = clean(str(path))
    try:
        document = tomllib.loads(path.read_bytes().decode("utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot read {shown}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{shown} is not TOML: {clean(str(error))}") from error
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
        place = f"[sla.profiles.{clean(name, 80)}] in {shown}"
        if wrong := _wrong_profile(name, body):
            layer.problems.append(f"{place}: {wrong}")
            continue
        profile = layer.profiles.setdefault(name, {})
        for limit, value in body.items():
            key = f"sla.{limit}"
            if key in LIMITS:
                profile[key] = Raw(key=key, value=value, origin=place, typed=True)
            else:
                near = _nearest(limit, [known.partition(".")[2] for known in LIMITS])
                layer.problems.append(_unknown(limit, f"below {place}", "key", near))


def _wrong_profile(name: str, body: object) -> str:
    if name == SEED:
        return "the original's limits have that name; give these another"
    if allowed := profile_name(name):
        return f"give it a name of {allowed}"
    return "" if isinstance(body, dict) else "give it limits, as [sla] has them"


def _unknown_section(section: str, body: object, shown: str) -> str:
    if section in SECTIONS:
        return f"{section} in {shown} is a section: write [{section}] and its keys below"
    if isinstance(body, dict):
        return _unknown(section, f"in {shown}", "section", _nearest(section, SECTIONS))
    for key in KEY_TYPES:
        home, _, name = key.partition(".")
        if name == section:
            return f"{section} in {shown} stands in no section: put it below [{home}]"
    names = [key.partition(".")[2] for key in KEY_TYPES]
    return _unknown(section, f"in {shown}", "key", _nearest(section, names))


def _unknown(name: str, where: str, what: str, near: str | None) -> str:
    hint = f": did you mean {near}?" if near else ""
    return f"unknown {what} {clean(name, 80)} {where}{hint}"


def _nearest(name: str, known: Iterable[str]) -> str | None:
    return next(iter(difflib.get_close_matches(name, list(known), n=1)), None)


def _nearest_key(section: str, name: str) -> str | None:
    """Look in the key's own section first, then for the same name in another."""
    if near := _nearest(name, SECTIONS[section].__struct_fields__):
        return f"{section}.{near}"
    return next((key for key in KEY_TYPES if key.endswith(f".{name}")), None)


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
        elif name.startswith(PREFIX) and not _is_no_key(name):
            near = _nearest(name.removeprefix(PREFIX), (v.removeprefix(PREFIX) for v in VARIABLES))
            near = f"{PREFIX}{near}" if near else None
            layer.problems.append(_unknown(name, where, "variable", near))
    return layer


def _is_no_key(name: str) -> bool:
    return name in _NOT_KEYS or name.startswith(ALERT_PREFIX)


def read_dot_env(path: Path) -> dict[str, str]:
    """Read a `.env` file, if it is there; raise ConfigError when it cannot be read.

    Never into os.environ: children and libraries have no business with it.
    """
    if not path.is_file():
        return {}
    try:
        values = dotenv_values(path)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read {clean(str(path))}: {clean(str(error))}") from error
    return {name: value for name, value in values.items() if value is not None}
