"""The settings: all slices together, and what each of their keys may hold.

`config_slices` has the slices, `config_layers` makes settings of the layers.
"""

from __future__ import annotations

import base64
import typing
from typing import Any
from urllib.parse import quote

import msgspec
from msgspec import inspect

from ari_tui.config_slices import (
    SHORTEST_PACKET_MS,
    T0_RING_ENTRIES,
    Alerts,
    Asterisk,
    Echo,
    Http,
    Loadtest,
    Log,
    Media,
    Output,
    Sla,
    Slice,
    Ui,
)


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """All slices, where each value came from, and what a person should be told."""

    asterisk: Asterisk = Asterisk()
    media: Media = Media()
    echo: Echo = Echo()
    sla: Sla = Sla()
    alerts: Alerts = Alerts()
    http: Http = Http()
    output: Output = Output()
    log: Log = Log()
    ui: Ui = Ui()
    loadtest: Loadtest = Loadtest()
    origins: dict[str, str] = {}
    """Key ("media.ports") to the layer that set it; a key that is not here is at its default."""
    warnings: tuple[str, ...] = ()
    file: str = ""
    """The configuration file that was read, "" for none."""

    def get(self, key: str) -> Any:
        """Return the value of a dotted key."""
        section, name = key.split(".")
        return getattr(getattr(self, section), name)

    def origin(self, key: str) -> str:
        """Return in words where a key's value came from."""
        return self.origins.get(key, "default")

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return the texts that may appear nowhere, as they are and as URLs and headers hold them.

        The well-known default password is no secret.
        """
        password = self.asterisk.password
        alerts = self.alerts
        given = (password, self.http.token, alerts.webhook, alerts.webhook_token)
        found = {value for value in given if value}
        found.discard(Asterisk().password)
        found |= {quote(value, safe="") for value in found}
        if password in found:
            credentials = f"{self.asterisk.username}:{password}".encode()
            found.add(base64.b64encode(credentials).decode())
        return tuple(sorted(found))


SECTIONS: dict[str, type[Slice]] = {
    "asterisk": Asterisk,
    "media": Media,
    "echo": Echo,
    "sla": Sla,
    "alerts": Alerts,
    "http": Http,
    "output": Output,
    "log": Log,
    "ui": Ui,
    "loadtest": Loadtest,
}


def _key_types() -> dict[str, Any]:
    return {
        f"{section}.{name}": hint
        for section, slice_type in SECTIONS.items()
        for name, hint in typing.get_type_hints(slice_type, include_extras=True).items()
        if name in slice_type.__struct_fields__
    }


KEY_TYPES: dict[str, Any] = _key_types()
"""Every dotted key and its annotated type."""


_REASONS = {
    "media.loss_timeout_ms": f" (a call's {T0_RING_ENTRIES} entries must hold it at "
    f"{SHORTEST_PACKET_MS} ms packets)",
}


def describe_allowed(key: str) -> str:
    """Say in words what a key may hold."""
    info = inspect.type_info(KEY_TYPES[key])
    if isinstance(info, inspect.LiteralType):
        return "one of " + ", ".join(str(value) for value in info.values)
    if isinstance(info, inspect.BoolType):
        return "true or false"
    if isinstance(info, inspect.VarTupleType):
        return "a list of texts"
    if isinstance(info, (inspect.IntType, inspect.FloatType)):
        noun = "a whole number" if isinstance(info, inspect.IntType) else "a number"
        low = f"above {info.gt:g}" if info.gt is not None else f"from {info.ge:g}"
        return f"{noun} {low} to {info.le:.15g}{_REASONS.get(key, '')}"
    return "a text"
