"""Assembles an engine from the settings; what was started is closed in reverse order."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Mapping
from typing import Any

import msgspec

from ari_tui.analysis.own_outages import DIED
from ari_tui.analysis.series import LIMITS
from ari_tui.analysis.sla.profiles import SEED_PROFILE, Profile, Tier
from ari_tui.analysis.store import Store
from ari_tui.ari.client import AriClient, Pinger
from ari_tui.ari.event_stream import EventStream
from ari_tui.ari.ids import new_session
from ari_tui.ari.models import AsteriskInfo
from ari_tui.config.settings import EchoSettings, Settings, SlaSettings
from ari_tui.config.text_values import parse_tier
from ari_tui.core import log
from ari_tui.core.backoff import Backoff
from ari_tui.core.cancellation import cancel_tasks
from ari_tui.core.errors import ConfigError
from ari_tui.core.runtime_folder import group_id, socket_path
from ari_tui.core.sockets import endpoint_text
from ari_tui.document.model import SCHEMA
from ari_tui.engine.actions import DetailActions, EngineActions
from ari_tui.engine.alerts.watcher import AlertWatcher, receivers_of
from ari_tui.engine.asterisk_pings import AsteriskPings
from ari_tui.engine.asterisk_watch import AsteriskWatch
from ari_tui.engine.call_manager import CallManager
from ari_tui.engine.call_media import CallMedia
from ari_tui.engine.caller_legs import CallerLegs
from ari_tui.engine.document_publisher import DocumentPublisher
from ari_tui.engine.echo_status import EchoStatus
from ari_tui.engine.echo_watch import EchoWatch
from ari_tui.engine.event_log import EventLog
from ari_tui.engine.http.server import Health, HttpServer, SlaPage, check_exposure, sla_page
from ari_tui.engine.http.stream import DocumentStream
from ari_tui.engine.injected import InjectedCounts
from ari_tui.engine.live_analyzer import LiveAnalyzer
from ari_tui.engine.sweeper import Sweeper
from ari_tui.engine.worker_pool import WorkerCallbacks, WorkerPool


def profile_of(sla: SlaSettings) -> Profile:
    """Return the SLA profile. Raises ConfigError when its limits contradict one another.

    A profile with other limits than the original does not keep its name.
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


class EngineParts:
    """Everything that a running engine consists of."""

    client: AriClient
    store: Store
    worker_pool: WorkerPool
    calls: CallManager
    events: EventLog
    event_stream: EventStream
    sweeper: Sweeper
    watch: AsteriskWatch
    pings: AsteriskPings
    caller_legs: CallerLegs
    analyzer: LiveAnalyzer
    injected: InjectedCounts
    publisher: DocumentPublisher
    alerts: AlertWatcher
    document_stream: DocumentStream
    http_server: HttpServer

    def __init__(self, settings: Settings, stack: contextlib.AsyncExitStack) -> None:
        self.settings, self._stack = settings, stack
        self.session = new_session()
        self.quit = asyncio.Event()
        """Set when a reader of the stream asks the engine to drain and stop."""

    async def assemble(self) -> None:
        """Build and start every part but the event stream. Raises AriTuiError in one line."""
        settings, stack = self.settings, self._stack
        check_exposure(settings.http)
        group_id(settings.http.socket_group)
        profile = profile_of(settings.sla)
        receivers = receivers_of(settings.alerts)
        echo_host = await _resolve(settings.echo)
        self.events = EventLog()
        info, bind = await self._connect()
        self.alerts = AlertWatcher(settings.alerts, self.events, receivers)
        stack.push_async_callback(self.alerts.close)
        self._create_calls(profile, bind, echo_host)
        self.store.outside.local_asterisk = await self.client.on_this_machine()
        self._create_watches(info)
        self._create_publisher(echo_host)
        stack.push_async_callback(self.calls.close)
        await self._open_http_server()

    async def _connect(self) -> tuple[AsteriskInfo, str]:
        """Start the workers and ask Asterisk who it is; return that and our address."""
        asterisk, media = self.settings.asterisk, self.settings.media
        self.client = AriClient(
            asterisk.url,
            asterisk.username,
            asterisk.password,
            timeout_s=asterisk.request_timeout_s,
            tls_verify=asterisk.verify_tls,
        )
        self._stack.push_async_callback(self.client.close)
        self.worker_pool = WorkerPool(
            media.workers, self._worker_callbacks(), realtime=media.realtime
        )
        self._stack.push_async_callback(self.worker_pool.stop)
        starting = asyncio.create_task(self.worker_pool.start())
        try:
            info = await self.client.info()
            await starting
        finally:
            await cancel_tasks([starting])
        bind = media.bind or await self.client.local_address()
        version = info.system.version or None
        _log.info("asterisk found", url=self.client.endpoint.url, version=version, bind=bind)
        return info, bind

    def _create_calls(self, profile: Profile, bind: str, echo_host: str) -> None:
        """Create the store, the calls, and what reads packet logs."""
        asterisk, media = self.settings.asterisk, self.settings.media
        self.store = Store(
            loss_timeout_ns=media.loss_timeout_ms * 1_000_000,
            late_ns=round(media.late_ms * 1e6),
            jitter_buffer_ns=round(media.jitter_buffer_ms * 1e6),
            profile=profile,
        )
        echo_address = endpoint_text(echo_host, self.settings.echo.port)
        watch = EchoWatch(self.store, self.events.add, echo_address)
        call_media = CallMedia(
            asterisk,
            media,
            self.settings.echo,
            worker_pool=self.worker_pool,
            store=self.store,
            bind=bind,
            echo_host=echo_host,
            echo_status=EchoStatus(self.worker_pool, self.store, watch),
        )
        self.calls = CallManager(
            self.session,
            asterisk,
            client=self.client,
            media=call_media,
            store=self.store,
            events=self.events,
        )
        self.analyzer = LiveAnalyzer(
            self.store, self.worker_pool, self.calls, self.events, call_media.echo_address
        )

    def _create_watches(self, info: AsteriskInfo) -> None:
        """Create the event stream, unopened, and what asks Asterisk again and again."""
        asterisk = self.settings.asterisk
        self.event_stream = EventStream(
            self.client.endpoint, asterisk.app, backoff=Backoff(longest_s=asterisk.reconnect_max_s)
        )
        self.watch = AsteriskWatch(
            self.client,
            self.store.outside,
            self.events,
            info=info,
            gone=self.calls.gone_with_asterisk,
        )
        self._stack.push_async_callback(self.watch.close)
        self.pings = AsteriskPings(
            Pinger(self.client.endpoint),
            self.store.outside,
            self.events,
            watch=self.watch,
            connected=lambda: self.event_stream.connected,
        )
        self._stack.push_async_callback(self.pings.close)
        self.caller_legs = CallerLegs(self.calls, self.client, self.store.outside)
        self.sweeper = Sweeper(
            asterisk.app, self.session, self.client, self.calls, self.events, self.watch
        )

    def _create_publisher(self, echo_host: str) -> None:
        """Create what builds documents, and build the first."""
        self.injected = InjectedCounts(self.client, echo_host, self.settings.echo.port)
        self.publisher = DocumentPublisher(
            self.calls,
            store=self.store,
            worker_pool=self.worker_pool,
            client=self.client,
            event_stream=self.event_stream,
            injected=self.injected,
            caller_legs=self.caller_legs,
            pings=self.pings,
            watch=self.watch,
            histograms=self.settings.output.histograms,
            ended_calls=self.settings.ui.ended_calls,
        )
        self.publisher.build()

    async def _open_http_server(self) -> None:
        engine = EngineActions(self.calls, publisher=self.publisher, ending=self.quit)
        details = DetailActions(
            self.calls, store=self.store, client=self.client, events=self.events
        )
        self.document_stream = DocumentStream(
            self._hello, {**engine.actions(), **details.actions()}
        )
        self.events.listeners.add(self.document_stream.publish_event)
        self.http_server = HttpServer(
            self.settings.http,
            newest=lambda: self.publisher.newest,
            round_trips=lambda: self.publisher.round_trips,
            health=self.health,
            stream=self.document_stream,
            sla=self._sla,
            ended=lambda call: self.publisher.ended.find(call),
        )
        self.socket = socket_path(self.settings.asterisk.app)
        await self.http_server.open(self.socket)
        self._stack.push_async_callback(self.http_server.close)

    def health(self) -> Health:
        """Return what `/health` says."""
        connected, alive = self.event_stream.connected, self.worker_pool.healthy
        return Health(
            ok=connected and alive,
            asterisk_connected=connected,
            workers_alive=alive,
            calls=self.calls.active,
            version=self.publisher.newest.session.version,
        )

    def _sla(self) -> SlaPage:
        profile = self.store.sla_evaluator.last_minute.profile
        return sla_page(self.publisher.newest, profile, self.alerts.summary)

    def _worker_callbacks(self) -> WorkerCallbacks:
        return WorkerCallbacks(
            on_source_learned=lambda call, host, port: self.calls.media_learned(call, host, port),
            on_echo_report=lambda message: self.calls.media.echo_status.take_report(message),
            on_media_lost=lambda call, reason: self.calls.media_lost(call, reason),
            on_event=lambda level, text: self.events.add(level, "worker", text),
            on_outage=lambda call, since, until: self.store.own_outage(call, since, until, DIED),
        )

    def _hello(self) -> Mapping[str, Any]:
        return {
            "schema": SCHEMA,
            "session": self.session,
            "document": self.publisher.newest,
            "live": self.publisher.history(),
            "events": list(self.events.lines),
            "ended": len(self.publisher.ended),
        }


async def _resolve(echo: EchoSettings) -> str:
    """Return the echo server's address: workers connect to addresses, never to names."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(
            echo.host, echo.port, type=socket.SOCK_DGRAM
        )
    except OSError as error:
        raise ConfigError(f"echo.host {echo.host!r} cannot be resolved: {error}") from None
    return str(found[0][4][0])
