"""Puts an engine together, part after part, each undone in reverse when a later one fails."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Mapping
from typing import Any

import msgspec

from ari_tui.analysis.series import LIMITS
from ari_tui.analysis.sla.profiles import SEED_PROFILE, Profile, Tier
from ari_tui.analysis.store import Store
from ari_tui.ari.client import AriClient
from ari_tui.ari.event_stream import EventStream
from ari_tui.ari.ids import new_session
from ari_tui.ari.models import AsteriskInfo
from ari_tui.config.settings import Echo, Settings, Sla
from ari_tui.config.text_values import parse_tier
from ari_tui.core import log
from ari_tui.core.backoff import Backoff
from ari_tui.core.cancellation import end_tasks
from ari_tui.core.errors import ConfigError
from ari_tui.core.runtime_folder import find_group, socket_path
from ari_tui.document.model import SCHEMA
from ari_tui.engine.actions import EngineActions, Inquiries
from ari_tui.engine.alerts.watcher import Alerts, doors_of
from ari_tui.engine.call_manager import Switchboard
from ari_tui.engine.call_media import CallMedia
from ari_tui.engine.document_publisher import Scribe
from ari_tui.engine.event_log import EventLog
from ari_tui.engine.http.server import Door, Health, SlaPage, check_exposure, sla_page
from ari_tui.engine.http.stream import Action, Stream
from ari_tui.engine.injected import InjectedTruth
from ari_tui.engine.live_analyzer import Metering
from ari_tui.engine.sweeper import Sweeper
from ari_tui.engine.worker_pool import Hooks, Supervisor


def profile_of(sla: Sla) -> Profile:
    """Return the profile. Raises ConfigError when its limits contradict one another.

    Other limits than the original's do not go by its name.
    """
    try:
        profile = Profile(
            name=sla.profile,
            tiers=tuple(Tier(**parse_tier(text)._asdict()) for text in sla.tiers),
            max_ms=sla.max_ms,
            max_budget_s=sla.max_budget_s,
            late_ratio=sla.late_ratio,
            loss_ratio=sla.loss_ratio,
        )
    except ValueError as error:
        raise ConfigError(f"sla: {error}") from None
    if len(profile.thresholds_ms()) > LIMITS:
        raise ConfigError(
            f"sla: {len(profile.thresholds_ms())} different round-trip limits; at most {LIMITS}, "
            "which four tiers need"
        )
    if profile.name == SEED_PROFILE.name and profile != SEED_PROFILE:
        return msgspec.structs.replace(profile, name=f"{SEED_PROFILE.name} (changed)")
    return profile


_log = log.get("engine")


class Parts:
    """Everything that a running engine consists of."""

    client: AriClient
    store: Store
    supervisor: Supervisor
    calls: Switchboard
    events: EventLog
    stream: EventStream
    sweeper: Sweeper
    metering: Metering
    injected: InjectedTruth
    scribe: Scribe
    alerts: Alerts
    readers: Stream
    door: Door

    def __init__(self, settings: Settings, stack: contextlib.AsyncExitStack) -> None:
        self.settings, self._stack = settings, stack
        self.session = new_session()
        self.quit = asyncio.Event()
        """Set when a reader of the stream asks the engine to drain and stop."""

    async def assemble(self) -> None:
        """Build and start every part but the event stream. Raises AriTuiError in one line."""
        settings, stack = self.settings, self._stack
        check_exposure(settings.http)
        find_group(settings.http.socket_group)
        asterisk, media, profile = settings.asterisk, settings.media, profile_of(settings.sla)
        alert_doors = doors_of(settings.alerts)
        echo_host = await _resolve(settings.echo)
        self.client = AriClient(
            asterisk.url,
            asterisk.username,
            asterisk.password,
            timeout_s=asterisk.request_timeout_s,
            tls_verify=asterisk.verify_tls,
        )
        stack.push_async_callback(self.client.close)
        self.events = EventLog()
        self.supervisor = Supervisor(media.workers, self._hooks())
        stack.push_async_callback(self.supervisor.stop)
        info = await self._start_workers_and_ask()
        version = info.system.version or None
        bind = media.bind or await self.client.local_address()
        _log.info("asterisk found", url=self.client.endpoint.url, version=version, bind=bind)

        self.alerts = Alerts(settings.alerts, self.events, alert_doors)
        stack.push_async_callback(self.alerts.close)
        self.store = Store(
            loss_timeout_ns=media.loss_timeout_ms * 1_000_000,
            late_ns=round(media.late_ms * 1e6),
            jitter_buffer_ns=round(media.jitter_buffer_ms * 1e6),
            profile=profile,
        )
        call_media = CallMedia(
            asterisk,
            media,
            settings.echo,
            supervisor=self.supervisor,
            store=self.store,
            bind=bind,
            echo_host=echo_host,
        )
        self.calls = Switchboard(
            self.session,
            asterisk,
            client=self.client,
            media=call_media,
            store=self.store,
            events=self.events,
        )
        self.metering = Metering(
            self.store, self.supervisor, self.calls, self.events, call_media.echo_address
        )
        self.sweeper = Sweeper(asterisk.app, self.session, self.client, self.calls, self.events)
        self.stream = EventStream(
            self.client.endpoint, asterisk.app, backoff=Backoff(longest_s=asterisk.reconnect_max_s)
        )
        self.injected = InjectedTruth(self.client, echo_host, settings.echo.port)
        self.scribe = Scribe(
            self.calls,
            store=self.store,
            supervisor=self.supervisor,
            client=self.client,
            stream=self.stream,
            injected=self.injected,
            version=version,
            histograms=settings.output.histograms,
        )
        self.scribe.write()
        stack.push_async_callback(self.calls.close)
        await self._open_door()

    async def _start_workers_and_ask(self) -> AsteriskInfo:
        """Start the workers while Asterisk answers who it is."""
        starting = asyncio.create_task(self.supervisor.start())
        try:
            info = await self.client.info()
            await starting
        finally:
            await end_tasks([starting])
        return info

    async def _open_door(self) -> None:
        self.readers = Stream(self._hello, self._actions())
        self.events.listeners.add(self.readers.publish_event)
        self.door = Door(
            self.settings.http,
            newest=lambda: self.scribe.newest,
            round_trips=lambda: self.scribe.round_trips,
            health=self.health,
            stream=self.readers,
            sla=self._sla,
        )
        self.socket = socket_path(self.settings.asterisk.app)
        await self.door.open(self.socket)
        self._stack.push_async_callback(self.door.close)

    def health(self) -> Health:
        """Return what `/health` says."""
        connected, alive = self.stream.connected, self.supervisor.healthy
        return Health(
            ok=connected and alive,
            asterisk_connected=connected,
            workers_alive=alive,
            calls=self.calls.active,
            version=self.scribe.newest.session.version,
        )

    def _sla(self) -> SlaPage:
        profile = self.store.jury.last_minute.profile
        return sla_page(self.scribe.newest, profile, self.alerts.standing)

    def _hooks(self) -> Hooks:
        return Hooks(
            learned=lambda call, host, port: self.calls.media_learned(call, host, port),
            reported=lambda message: self.calls.media.take_report(message),
            lost=lambda call, reason: self.calls.media_lost(call, reason),
            told=lambda level, text: self.events.tell(level, "worker", text),
        )

    def _actions(self) -> Mapping[str, Action]:
        own = EngineActions(self.calls, scribe=self.scribe, ending=self.quit)
        inquiries = Inquiries(self.calls, store=self.store, client=self.client, events=self.events)
        return {**own.actions(), **inquiries.actions()}

    def _hello(self) -> Mapping[str, Any]:
        return {
            "schema": SCHEMA,
            "session": self.session,
            "document": self.scribe.newest,
            "live": self.scribe.history(),
            "events": list(self.events.lines),
        }


async def _resolve(echo: Echo) -> str:
    """Return the echo server's address: workers connect to addresses, never to names."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(
            echo.host, echo.port, type=socket.SOCK_DGRAM
        )
    except OSError as error:
        raise ConfigError(f"echo.host {echo.host!r} cannot be resolved: {error}") from None
    return str(found[0][4][0])
