"""Watches the documents for the SLA to fail or recover, and delivers alerts.

Each receiver has a queue and a task of its own, so that a slow one delays neither the engine nor
another. A failed delivery is an event that names the receiver.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from ari_tui.analysis.sla.alarm import Alarm, AlarmDelays, Judgement
from ari_tui.building.sla import NO_TRAFFIC
from ari_tui.config.settings import AlertSettings
from ari_tui.core.errors import DeliveryError
from ari_tui.core.tasks import Tasks
from ari_tui.document.alert import Alert, alert_of
from ari_tui.document.model import Base, Document, SlaNow
from ari_tui.engine.alerts.command import AlertCommand
from ari_tui.engine.alerts.webhook import AlertWebhook
from ari_tui.engine.event_log import EventLog

QUEUED: Final = 16
"""Alerts that wait for one receiver; the oldest is dropped."""
CLOSE_TIMEOUT_S: Final = 3.0
"""How long the engine's end waits for deliveries."""
_LEVELS: Final = {"fail": "error", "ok": "info", "no_traffic": "warning"}


class AlertReceiver(Protocol):
    """Where an alert goes."""

    name: str

    async def deliver(self, alert: Alert) -> None:
        """Deliver an alert. Raises DeliveryError."""


class AlertState(Base, frozen=True, kw_only=True):
    """The state of the alert, for `/sla`."""

    state: str
    """ok, fail or no_traffic: the last alert; ok before the first."""
    since: str | None
    """Time of the last alert; null before the first."""
    told: int
    """Alerts in this session."""
    receivers: list[str]
    undelivered: int
    """Deliveries that failed, each to one receiver."""


def receivers_of(settings: AlertSettings) -> list[AlertReceiver]:
    """Return the configured receivers. Raises ConfigError when there is no such program."""
    receivers: list[AlertReceiver] = []
    if settings.command:
        receivers.append(AlertCommand(settings.command, settings.timeout_s))
    if settings.webhook:
        receivers.append(
            AlertWebhook(
                settings.webhook,
                token=settings.webhook_token,
                timeout_s=settings.timeout_s,
                verify_tls=settings.webhook_verify_tls,
            )
        )
    return receivers


def judgement_of(now: SlaNow | None, min_calls: int) -> Judgement:
    """Judge the last minute; it is not "bad" when fewer than `min_calls` calls fail.

    It is "unknown" when less than half of it counts.
    """
    if now is None:
        return "unknown"
    if now.state == NO_TRAFFIC:
        return "silent"
    if not now.of_s or 2 * now.clean_s < now.of_s:
        return "unknown"
    return "bad" if max(now.failing.values(), default=0) >= min_calls else "good"


class AlertWatcher:
    """One engine's alerts. Documents come in about once a second."""

    def __init__(
        self,
        settings: AlertSettings,
        events: EventLog,
        receivers: Sequence[AlertReceiver],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings, self._events, self._clock = settings, events, clock
        delays = AlarmDelays(settings.after_s, settings.clear_s, settings.no_traffic_s)
        self._alarm = Alarm(delays)
        self._queues = [_DeliveryQueue(receiver, self._failed) for receiver in receivers]
        self._since: str | None = None
        self._sent = self._undelivered = 0

    def take(self, document: Document) -> None:
        """Judge a document; not while the engine drains or ends."""
        if document.kind == "final" or document.session.draining:
            return
        judgement = judgement_of(document.sla.now, self._settings.min_calls)
        change = self._alarm.see(self._clock(), judgement)
        if change is None:
            return
        alert = alert_of(change, document)
        self._since, self._sent = alert.time, self._sent + 1
        self._events.add(_LEVELS[alert.state], "alert", alert.text)
        for queue in self._queues:
            queue.put(alert)

    @property
    def summary(self) -> AlertState:
        """Return the state of the alert."""
        return AlertState(
            state=self._alarm.state,
            since=self._since,
            told=self._sent,
            receivers=[queue.receiver.name for queue in self._queues],
            undelivered=self._undelivered,
        )

    async def close(self) -> None:
        """Wait for deliveries for a moment, then cancel them."""
        await asyncio.gather(*(queue.close() for queue in self._queues))

    def _failed(self, receiver: AlertReceiver, why: str) -> None:
        self._undelivered += 1
        text = f"alert not delivered by {receiver.name}: {why}"
        self._events.add("error", "alert_undelivered", text)


class _DeliveryQueue:
    """One receiver and the alerts that wait for it, delivered in order, one at a time."""

    def __init__(
        self, receiver: AlertReceiver, failed: Callable[[AlertReceiver, str], None]
    ) -> None:
        self.receiver, self._failed = receiver, failed
        self._waiting: deque[Alert] = deque()
        self._tasks = Tasks("alerts")
        self._idle = asyncio.Event()
        self._idle.set()

    def put(self, alert: Alert) -> None:
        if len(self._waiting) == QUEUED:
            self._waiting.popleft()
            self._failed(self.receiver, f"more than {QUEUED} alerts wait for it")
        self._waiting.append(alert)
        if self._idle.is_set():
            self._idle.clear()
            self._tasks.spawn(self._deliver())

    async def _deliver(self) -> None:
        try:
            while self._waiting:
                try:
                    await self.receiver.deliver(self._waiting.popleft())
                except DeliveryError as error:  # noqa: PERF203  the next is another
                    self._failed(self.receiver, str(error))
        finally:
            self._idle.set()

    async def close(self) -> None:
        try:
            await asyncio.wait_for(self._idle.wait(), CLOSE_TIMEOUT_S)
        except asyncio.TimeoutError:
            self._failed(
                self.receiver, f"the engine ends and waits no longer than {CLOSE_TIMEOUT_S:g} s"
            )
        await self._tasks.close()
