"""From documents to alerts: delays, order, receivers that are slow, stuck or broken."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from ari_tui.config.settings import AlertSettings
from ari_tui.core.errors import ConfigError, DeliveryError
from ari_tui.document.alert import Alert
from ari_tui.document.model import Document, SlaNow
from ari_tui.engine.alerts import watcher as module
from ari_tui.engine.alerts.command import AlertCommand
from ari_tui.engine.alerts.watcher import (
    QUEUED,
    AlertReceiver,
    AlertWatcher,
    judgement_of,
    receivers_of,
)
from ari_tui.engine.alerts.webhook import AlertWebhook
from ari_tui.engine.event_log import EventLog
from tests.document.kit import a_document, sla_now
from tests.engine.kit import until

GOOD = sla_now("pass")
BAD = sla_now("fail", failing={"loss": 3}, reasons=["loss: 3%, allowed 0.2%"])
SILENT = sla_now("no_traffic", of_s=0, clean_s=0.0)


class Noted:
    """A receiver that notes what it is told; `work` is awaited each time."""

    def __init__(self, work: Callable[[], Any] | None = None, name: str = "noted") -> None:
        self.name, self.work = name, work
        self.alerts: list[Alert] = []

    async def deliver(self, alert: Alert) -> None:
        self.alerts.append(alert)
        if self.work is not None:
            await self.work()

    @property
    def states(self) -> list[str]:
        return [alert.state for alert in self.alerts]


class Watch:
    """Alerts under a clock that the test sets, a document a second."""

    def __init__(self, *receivers: AlertReceiver, **settings: Any) -> None:
        self.at = 100.0
        self.events = EventLog()
        self.alerts = AlertWatcher(
            AlertSettings(**{"after_s": 15, "clear_s": 60, **settings}),
            self.events,
            receivers,
            clock=lambda: self.at,
        )

    def see(self, now: SlaNow | None, seconds: int, **changed: Any) -> None:
        made = a_document(now)
        made = msgspec.structs.replace(made, **changed)
        for _ in range(seconds):
            self.alerts.take(made)
            self.at += 1

    def told(self, kind: str) -> list[str]:
        return [line.text for line in self.events.lines if line.kind == kind]


@pytest.mark.parametrize(
    ("now", "min_calls", "judgement"),
    [
        (None, 1, "unknown"),
        (GOOD, 1, "good"),
        (sla_now("inconclusive"), 1, "good"),
        (SILENT, 1, "silent"),
        (BAD, 3, "bad"),
        (BAD, 4, "good"),
        (sla_now("inconclusive", clean_s=29.9), 1, "unknown"),
        (sla_now("inconclusive", of_s=0, clean_s=0.0), 1, "unknown"),
    ],
)
def test_the_last_minute_is_looked_at_with_a_least_number_of_calls(
    now: SlaNow | None, min_calls: int, judgement: str
) -> None:
    assert judgement_of(now, min_calls) == judgement


async def test_a_metric_that_flaps_for_half_an_hour_is_told_once() -> None:
    http_server = Noted()
    watch = Watch(http_server)
    for _ in range(30):
        watch.see(BAD, 20)
        watch.see(GOOD, 40)
    await until(lambda: http_server.alerts)
    await watch.alerts.close()
    assert http_server.states == ["fail"]
    assert len(watch.told("alert")) == 1
    assert watch.alerts.summary.told == 1


async def test_failure_and_recovery_are_delivered_in_order_to_every_receiver() -> None:
    receivers = Noted(), Noted()
    watch = Watch(*receivers)
    assert (watch.alerts.summary.state, watch.alerts.summary.since) == ("ok", None)
    watch.see(BAD, 16)
    assert watch.alerts.summary.state == "fail"
    watch.see(GOOD, 61)
    await watch.alerts.close()
    for http_server in receivers:
        assert http_server.states == ["fail", "ok"]
        assert http_server.alerts[0].failing == {"loss": 3}
    levels = [line.level for line in watch.events.lines if line.kind == "alert"]
    assert levels == ["error", "info"]
    assert watch.alerts.summary.since == http_server.alerts[1].time


async def test_too_few_affected_calls_wake_nobody() -> None:
    http_server = Noted()
    watch = Watch(http_server, min_calls=4)
    watch.see(BAD, 600)
    await watch.alerts.close()
    assert http_server.alerts == []


async def test_no_traffic_is_told_where_asked_for() -> None:
    asked, not_asked = Noted(), Noted()
    watch, other = Watch(asked, no_traffic_s=30), Watch(not_asked)
    for one in (watch, other):
        one.see(SILENT, 100)
        await one.alerts.close()
    assert (asked.states, not_asked.states) == (["no_traffic"], [])
    assert [line.level for line in watch.events.lines] == ["warning"]


async def test_an_engine_on_its_way_to_its_end_raises_nothing() -> None:
    http_server = Noted()
    watch = Watch(http_server, after_s=0)
    watch.see(BAD, 5, kind="final")
    draining = msgspec.structs.replace(a_document(BAD).session, draining=True)
    watch.see(BAD, 5, session=draining)
    await watch.alerts.close()
    assert http_server.alerts == []


async def test_a_receiver_that_hangs_delays_neither_documents_nor_another_receiver() -> None:
    released = asyncio.Event()
    slow, quick = Noted(released.wait, "slow"), Noted(name="quick")
    watch = Watch(slow, quick, after_s=0, clear_s=0)
    begun = time.monotonic()
    for _ in range(3):
        watch.see(BAD, 1)
        watch.see(GOOD, 1)
    assert time.monotonic() - begun < 5
    await until(lambda: len(quick.alerts) == 6)
    assert slow.states == ["fail"]
    released.set()
    await until(lambda: len(slow.alerts) == 6)
    assert slow.states == ["fail", "ok"] * 3
    await watch.alerts.close()


async def test_a_full_queue_drops_the_oldest_alert_and_reports_it() -> None:
    released = asyncio.Event()
    http_server = Noted(released.wait, "stuck")
    watch = Watch(http_server, after_s=0, clear_s=0)
    watch.see(BAD, 1)
    await until(lambda: http_server.alerts)
    for number in range(QUEUED + 1):
        watch.see(GOOD if number % 2 == 0 else BAD, 1)
    assert watch.told("alert_undelivered") == [
        f"alert not delivered by stuck: more than {QUEUED} alerts wait for it"
    ]
    released.set()
    await until(lambda: len(http_server.alerts) == QUEUED + 1)
    await watch.alerts.close()
    assert watch.alerts.summary.undelivered == 1


async def test_a_receiver_that_fails_is_named_and_gets_the_next_alert() -> None:
    async def refuse() -> None:
        raise DeliveryError("it answered 404")

    http_server = Noted(refuse, "webhook chat")
    watch = Watch(http_server, after_s=0, clear_s=0)
    watch.see(BAD, 1)
    watch.see(GOOD, 1)
    await watch.alerts.close()
    assert http_server.states == ["fail", "ok"]
    assert (
        watch.told("alert_undelivered")
        == ["alert not delivered by webhook chat: it answered 404"] * 2
    )
    assert watch.alerts.summary.undelivered == 2


async def test_the_end_waits_for_deliveries_but_not_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "CLOSE_TIMEOUT_S", 0.1)
    never = asyncio.Event()
    ended: list[str] = []

    async def hang() -> None:
        try:
            await never.wait()
        finally:
            ended.append("broken off")

    watch = Watch(Noted(hang, "stuck"), after_s=0)
    watch.see(BAD, 1)
    await watch.alerts.close()
    assert ended == ["broken off"]
    assert "waits no longer" in watch.told("alert_undelivered")[0]


def test_receivers_are_what_is_configured() -> None:
    assert receivers_of(AlertSettings()) == []
    command, webhook = receivers_of(
        AlertSettings(command=(sys.executable, "-c", ""), webhook="https://chat.example/secret")
    )
    assert isinstance(command, AlertCommand)
    assert isinstance(webhook, AlertWebhook)
    assert webhook.name == "webhook chat.example"


def test_a_program_that_is_not_there_is_told_before_anything_starts() -> None:
    with pytest.raises(ConfigError, match=r"alerts\.command: there is no program /no/such/pager"):
        receivers_of(AlertSettings(command=("/no/such/pager",)))


def test_documents_of_older_engines_are_no_reason() -> None:
    watch = Watch(after_s=0)
    watch.see(None, 10)
    document: Document = a_document(None)
    watch.alerts.take(document)
    assert watch.alerts.summary.told == 0
