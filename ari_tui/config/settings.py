"""The settings: frozen groups of keys with their types and defaults, and their draft.

Each part of the program gets the group that it needs. What types cannot express is checked in
`config/rules.py`.
"""

from __future__ import annotations

import base64
import typing
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple
from urllib.parse import quote

import msgspec
from msgspec import Meta, inspect

from ari_tui.config.text_values import parse_host_port, parse_ports
from ari_tui.core.log import MASK
from ari_tui.core.text import escaped

T0_RING_ENTRIES = 1024
"""Packets of a call that can be in flight at once; see `analysis`."""
SHORTEST_PACKET_MS = 10
"""For which the entries must last, too."""
_LONGEST_LOSS_TIMEOUT_MS = T0_RING_ENTRIES * SHORTEST_PACKET_MS

Positive = Annotated[float, Meta(gt=0, le=86400)]
Share = Annotated[float, Meta(gt=0, le=0.999)]
Port = Annotated[int, Meta(ge=1, le=65535)]


def is_secret(key: str) -> bool:
    """Return whether a key (dotted or not) holds a secret itself, not the path of one."""
    return key.rpartition(".")[2] in {"password", "token", "webhook", "webhook_token"}


class SettingsGroup(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A group of settings. Its text form masks secrets, so that no log can hold one."""

    def __repr__(self) -> str:
        fields = (
            f"{name}={MASK if is_secret(name) and value else repr(value)}"
            for name, value in msgspec.structs.asdict(self).items()
        )
        return f"{type(self).__name__}({', '.join(fields)})"


class AsteriskSettings(SettingsGroup, frozen=True, kw_only=True):
    """Where Asterisk's REST interface is, and how we behave as its application."""

    url: str = "localhost:8088"
    """`host:port`, or with `http://` or `https://`; never with credentials."""
    username: str = "ari"
    password: str = "ari"  # noqa: S105  # the original's well-known default
    password_file: str = ""
    app: str = "ari-tui"
    media_address: str = ""
    """Where Asterisk's RTP is, when the address it reports cannot be reached (NAT)."""
    on_release: Literal["continue", "hangup"] = "continue"
    request_timeout_s: Positive = 5.0
    reconnect_max_s: Positive = 30.0
    sweep_s: Positive = 120.0
    verify_tls: bool = True


class MediaSettings(SettingsGroup, frozen=True, kw_only=True):
    """The RTP side: addresses, ports, sockets, and what counts as late or lost."""

    bind: str = ""
    """Our address towards Asterisk; "" takes the local address of the ARI connection."""
    advertise: str = ""
    """The external_host given to Asterisk; "" gives the bound address."""
    ports: str = "21000-24999"
    echo_ports: str = ""
    """The echo legs' local ports; "" lets the kernel choose."""
    workers: Annotated[int, Meta(ge=1, le=64)] = 1
    realtime: Literal["auto", "yes", "no"] = "auto"
    """Realtime scheduling of media workers and echo server; auto: with no Asterisk on this host."""
    dscp: Annotated[int, Meta(ge=0, le=63)] = 46
    buffer_bytes: Annotated[int, Meta(ge=4096, le=1 << 30)] = 2097152
    learn_source: Literal["auto", "always", "never"] = "auto"
    learn_networks: tuple[str, ...] = ()
    loss_timeout_ms: Annotated[int, Meta(ge=100, le=_LONGEST_LOSS_TIMEOUT_MS)] = 3000
    late_ms: Annotated[float, Meta(gt=0, le=10000)] = 3.0
    jitter_buffer_ms: Annotated[float, Meta(gt=0, le=10000)] = 40.0
    """What comes back later than this above the floor is of no use to a listener."""
    format: Literal["ulaw", "alaw"] = "ulaw"

    @property
    def port_range(self) -> tuple[int, int]:
        """Return the first and last media port."""
        return parse_ports(self.ports)

    @property
    def echo_port_range(self) -> tuple[int, int] | None:
        """Return the first and last echo-leg port; None lets the kernel choose."""
        return parse_ports(self.echo_ports) if self.echo_ports else None


class EchoSettings(SettingsGroup, frozen=True, kw_only=True):
    """The echo server that packets are sent to."""

    host: str = "127.0.0.1"
    port: Port = 4000


class SlaSettings(SettingsGroup, frozen=True, kw_only=True):
    """The limits that the verdict is about; the defaults are the original system's."""

    profile: str = "seed"
    """Which limits: `seed`, one of the file's `[sla.profiles.NAME]`, or a name for those below."""
    tiers: tuple[str, ...] = ("30:8/12/18", "100:10/15/20", "150:12/18/22")
    """`calls:p50/p95/p99`: RTT limits in ms for up to so many calls at once."""
    max_ms: Annotated[float, Meta(gt=0, le=10000)] = 22.0
    max_budget_s: Annotated[int, Meta(ge=0, le=86400)] = 0
    """How many seconds may hold a packet above `max_ms`."""
    late_ratio: Share = 0.001
    loss_ratio: Share = 0.002


class AlertSettings(SettingsGroup, frozen=True, kw_only=True):
    """Who is alerted when the SLA begins to fail and when it recovers, and after how long."""

    command: tuple[str, ...] = ()
    """A program and its arguments, run without a shell; () is none."""
    webhook: str = ""
    """A URL that takes a POST of JSON, "" for none. Such URLs often are secrets: it is masked."""
    webhook_file: str = ""
    webhook_token: str = ""
    """Sent as a bearer token."""
    webhook_token_file: str = ""
    webhook_verify_tls: bool = True
    timeout_s: Annotated[float, Meta(gt=0, le=300)] = 10.0
    after_s: Annotated[float, Meta(ge=0, le=86400)] = 15.0
    """The last minute must fail for so long before an alert is sent."""
    clear_s: Annotated[float, Meta(ge=0, le=86400)] = 120.0
    """It must not fail for so long before the recovery is sent."""
    min_calls: Annotated[int, Meta(ge=1, le=100000)] = 1
    """So many calls must break the same rule."""
    no_traffic_s: Annotated[float, Meta(ge=0, le=86400)] = 0.0
    """Alert when nothing has been sent for so long; 0 never does."""


class HttpSettings(SettingsGroup, frozen=True, kw_only=True):
    """HTTP on TCP; on the Unix socket it is always served."""

    bind: str = ""
    """`address:port`; "" opens no TCP port."""
    token: str = ""
    token_file: str = ""
    per_call_metrics: bool = False
    """Give each call series of its own in /metrics."""
    socket_group: str = ""
    """The group whose members may open the Unix socket too; "" for the own user only."""

    @property
    def address(self) -> tuple[str, int] | None:
        """Return the host and port to listen on; None for no TCP."""
        return parse_host_port(self.bind) if self.bind else None


class OutputSettings(SettingsGroup, frozen=True, kw_only=True):
    """What a headless run writes, and how often."""

    interval_s: Annotated[float, Meta(ge=0.25, le=86400)] = 1.0
    status_s: Annotated[float, Meta(ge=0, le=86400)] = 5.0
    json: str = ""
    """A file for one JSON document a line, "-" for stdout, "" for none."""
    histograms: bool = False
    exit_zero: bool = False


class LogSettings(SettingsGroup, frozen=True, kw_only=True):
    """The log."""

    file: str = ""
    """A file (mode 0600), "" for stderr."""
    level: Literal["debug", "info", "warning", "error"] = "info"
    json: bool = False


class UiSettings(SettingsGroup, frozen=True, kw_only=True):
    """The screen; a headless run checks it too and uses none of it."""

    theme: str = "dark"
    themes_dir: str = ""
    """A folder of theme files beside ours and the user's, "" for none."""
    refresh_hz: Annotated[float, Meta(ge=0.1, le=10)] = 2.0
    ascii: bool = False
    mouse: bool = False
    """Take the mouse from the terminal, which then cannot select text."""
    bell: bool = False
    columns: tuple[str, ...] = ()
    """Ids of columns, in order; () takes what fits the width."""
    ended_calls: Annotated[int, Meta(ge=0, le=100000)] = 2000
    """So many ended calls can be found after the half minute in which they are shown."""
    keys: tuple[str, ...] = ()
    """`id=key,key`, as `ui.bindings.keymap` reads it."""


class LoadtestSettings(SettingsGroup, frozen=True, kw_only=True):
    """Which calls a load test places, and what it may never do."""

    endpoints: tuple[str, ...] = ("Local/tone@ari-tui-loadtest",)
    """Called in turn, as ARI writes them: `Local/tone@lab`, `PJSIP/100`.

    The default sends a tone: in contrib/asterisk/extensions.conf, and in the simulated Asterisk.
    """
    calls: Annotated[int, Meta(ge=1, le=2000)] = 10
    """How many at once."""
    duration_s: Positive = 60.0
    call_duration_s: Positive = 30.0
    ramp_cps: Annotated[float, Meta(gt=0, le=1000)] = 5.0
    """New calls a second at most."""
    tiers: tuple[str, ...] = ()
    """Numbers of calls to climb, each judged for `duration_s`; () takes `calls` alone."""
    ring_s: Annotated[int, Meta(ge=1, le=600)] = 30
    caller_id: str = ""
    variables: tuple[str, ...] = ()
    """`NAME=value`, set on each channel."""
    app_args: tuple[str, ...] = ()
    max_failed: Annotated[int, Meta(ge=0, le=1000000)] = 0
    """More failed calls than this fail the test."""
    report: tuple[str, ...] = ()
    """Files, by their endings .json, .txt or .html."""
    allow: tuple[str, ...] = ("Local/*",)
    """Patterns of endpoints that may be called."""
    max_calls: Annotated[int, Meta(ge=1, le=2000)] = 200
    max_cps: Annotated[float, Meta(gt=0, le=1000)] = 10.0


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """All groups, where each value came from, and warnings for the user."""

    asterisk: AsteriskSettings = AsteriskSettings()
    media: MediaSettings = MediaSettings()
    echo: EchoSettings = EchoSettings()
    sla: SlaSettings = SlaSettings()
    alerts: AlertSettings = AlertSettings()
    http: HttpSettings = HttpSettings()
    output: OutputSettings = OutputSettings()
    log: LogSettings = LogSettings()
    ui: UiSettings = UiSettings()
    loadtest: LoadtestSettings = LoadtestSettings()
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
        """Return where a key's value was set, in words."""
        return self.origins.get(key, "default")

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return the texts that may appear nowhere, as they are and as URLs and headers hold them.

        The well-known default password is no secret.
        """
        password, alerts = self.asterisk.password, self.alerts
        found = {password, self.http.token, alerts.webhook, alerts.webhook_token} - {""}
        found.discard(AsteriskSettings().password)
        found |= {quote(value, safe="") for value in found}
        if password in found:
            credentials = f"{self.asterisk.username}:{password}".encode()
            found.add(base64.b64encode(credentials).decode())
        return tuple(sorted(found))


SECTIONS: dict[str, type[SettingsGroup]] = {
    field.name: field.type
    for field in msgspec.structs.fields(Settings)
    if isinstance(field.type, type) and issubclass(field.type, SettingsGroup)
}
KEY_TYPES: dict[str, Any] = {
    f"{section}.{name}": hint
    for section, group in SECTIONS.items()
    for name, hint in typing.get_type_hints(group, include_extras=True).items()
    if name in group.__struct_fields__
}
"""Every dotted key and its annotated type."""

_REASONS = {
    "media.loss_timeout_ms": f" (a call's {T0_RING_ENTRIES} entries must hold it at "
    f"{SHORTEST_PACKET_MS} ms packets)"
}


def describe_allowed(key: str) -> str:
    """Return in words what a key may hold."""
    match inspect.type_info(KEY_TYPES[key]):
        case inspect.LiteralType(values=values):
            return "one of " + ", ".join(map(str, values))
        case inspect.BoolType():
            return "true or false"
        case inspect.VarTupleType():
            return "a list of texts"
        case inspect.IntType() | inspect.FloatType() as info:
            noun = "a whole number" if isinstance(info, inspect.IntType) else "a number"
            low = f"above {info.gt:g}" if info.gt is not None else f"from {info.ge:g}"
            return f"{noun} {low} to {info.le:.15g}{_REASONS.get(key, '')}"
        case _:
            return "a text"


_DEFAULTS = Settings()


class Limit(NamedTuple):
    """One limit of a profile, and where it was set."""

    value: Any
    origin: str


class Draft(msgspec.Struct, kw_only=True):
    """The merged layers: values, where each was set, and the rank of its layer."""

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
        """Return where a key's value was set, in words."""
        return self.origins.get(key, "default")

    def refuse(self, key: str, allowed: str) -> None:
        """Add the problem that a key's value is not allowed, and what is."""
        self.problems.append(refusal(key, self.get(key), self.origin(key), allowed))


def refusal(key: str, value: object, origin: str, allowed: str) -> str:
    """Return in words that a value is not allowed, where it was set, and what is allowed."""
    shown = "this value" if is_secret(key) else escaped(repr(value), 80)
    return f"{key} ({origin}): {shown} is not allowed; give {allowed}"
