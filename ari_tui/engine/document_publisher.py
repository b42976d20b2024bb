"""Builds documents from what the engine knows at one moment."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from functools import partial
from typing import Final

import msgspec

from ari_tui import __version__
from ari_tui.analysis.histogram import BucketCounts
from ari_tui.analysis.store import Store
from ari_tui.ari.client import AriClient
from ari_tui.ari.event_stream import EventStream
from ari_tui.building.bad_calls import bad_calls
from ari_tui.building.build import CallFacts, EngineFacts
from ari_tui.building.build import build as build_document
from ari_tui.building.live import build_live
from ari_tui.building.sla import Listener
from ari_tui.core.number_format import iso
from ari_tui.core.realtime import GRANTED
from ari_tui.core.text import clean_text
from ari_tui.document import model
from ari_tui.document.ended import EndedCalls
from ari_tui.document.live import SECONDS, Live
from ari_tui.engine.asterisk_pings import AsteriskPings
from ari_tui.engine.asterisk_watch import AsteriskWatch
from ari_tui.engine.call_manager import CallManager
from ari_tui.engine.caller_legs import CallerLegs
from ari_tui.engine.injected import InjectedCounts
from ari_tui.engine.measured_call import MeasuredCall
from ari_tui.engine.worker_pool import WorkerPool

MODE: Final = "takeover"
"""How calls are measured: the engine answers the caller and puts its media into a bridge."""
_SECOND_NS: Final = 1_000_000_000
_MARGIN_S: Final = 3
"""How much longer than the loss time-out a second is repeated: folds and snapshots lag."""


def _iso(time_ns: int | None) -> str | None:
    return None if time_ns is None else iso(time_ns)


class DocumentPublisher:
    """Builds documents. `newest` is the last one."""

    newest: model.Document
    round_trips: BucketCounts
    """The round trips of the newest document."""

    def __init__(
        self,
        calls: CallManager,
        *,
        store: Store,
        worker_pool: WorkerPool,
        client: AriClient,
        event_stream: EventStream,
        injected: InjectedCounts,
        caller_legs: CallerLegs,
        pings: AsteriskPings,
        watch: AsteriskWatch,
        histograms: bool,
        ended_calls: int,
    ) -> None:
        self._calls, self._store, self._worker_pool = calls, store, worker_pool
        self._client, self._event_stream, self._injected = client, event_stream, injected
        self._caller_legs, self._pings, self._watch = caller_legs, pings, watch
        self._histograms = histograms
        self.ended = EndedCalls(ended_calls)
        """The calls that documents no longer have."""
        self._host = socket.gethostname()
        self._started_ns = time.time_ns()
        self._listener = Listener()
        self.load: Callable[[], model.LoadProgress | None] = lambda: None
        """Returns the progress of the load test that this engine runs; None without one."""
        self.blind_s = 0.0
        """Seconds in which the engine stood still."""
        self.tick_lag_ms = 0.0
        """The largest delay of the engine's tick since the last document."""

    def build(self, *, end_reason: str | None = None) -> model.Document:
        """Build a document; with `end_reason` the final one."""
        now_ns = time.time_ns()
        final = end_reason is not None
        calls, worker_pool = self._calls, self._worker_pool
        ports = calls.media.ports
        facts = EngineFacts(
            kind="final" if final else "interval",
            now_ns=now_ns,
            session_id=calls.session,
            host=self._host,
            version=__version__,
            started_ns=self._started_ns,
            ended_ns=now_ns if final else None,
            end_reason=end_reason,
            asterisks=[self._asterisk()],
            calls=[self._facts(call) for call in calls.calls.values()],
            counts=model.CallCounts(
                active=calls.active,
                peak=calls.peak,
                started=calls.started,
                ended=calls.ended,
                failed=calls.failed,
            ),
            log_overflow=worker_pool.log_overflow,
            log_fill=worker_pool.log_fill,
            tick_lag_ms=self.tick_lag_ms,
            ari_ms=self._client.latency_ms,
            workers=len(worker_pool.workers),
            worker_restarts=worker_pool.restarts,
            realtime=self._realtime(),
            blind_s=self.blind_s,
            receive_buffer_bytes=calls.media.receive_buffer_bytes,
            ports_in_use=ports.in_use,
            ports_total=ports.size,
            injected=self._injected.newest,
            histograms=self._histograms,
            draining=not final and not calls.accepting,
            load=self.load(),
            caller_legs=self._caller_legs.totals,
            intake=self._intake(),
        )
        self.tick_lag_ms = 0.0
        document = build_document(self._store, facts, self._listener)
        self.ended.take(document)
        self.newest = self._with_bad_calls(document) if final else document
        self.round_trips = self._store.buckets.read()
        return self.newest

    def _with_bad_calls(self, document: model.Document) -> model.Document:
        bad = bad_calls([*self.ended.all(), *document.calls], document.sla)
        return msgspec.structs.replace(document, bad_calls=bad.calls, bad_calls_more=bad.more)

    def live(self) -> Live:
        """Return the newest seconds of the calls: all in which a loss may still be counted."""
        return self._live(-(-self._store.loss_timeout_ns // _SECOND_NS) + _MARGIN_S)

    def history(self) -> Live:
        """Return the last five minutes of the calls."""
        return self._live(SECONDS)

    def _live(self, seconds: int) -> Live:
        calls = self._calls
        ids = {number: call.id for number, call in calls.calls.items()}
        last_second = time.time_ns() // _SECOND_NS - 1
        return build_live(self._store, ids, last_second, min(seconds, SECONDS))

    def _realtime(self) -> model.Realtime:
        echo = self._calls.media.echo_status.realtime
        words = None if echo is None else (GRANTED if echo else "ordinary")
        return model.Realtime(worker=self._worker_pool.scheduling, echo=words)

    def _asterisk(self) -> model.AsteriskState:
        endpoint, latency = self._client.endpoint, self._client.latency_ms
        return model.AsteriskState(
            id=endpoint.host,
            version=self._watch.version,
            connected=self._event_stream.connected,
            url=endpoint.url,
            latency_ms=None if latency is None else round(latency, 3),
            events_lost_s=round(self._event_stream.events_lost_s, 3),
            disconnected_since=_iso(self._event_stream.disconnected_since_ns),
            next_attempt_at=_iso(self._event_stream.next_attempt_ns),
            started_at=self._watch.started_at,
            restarts=self._watch.restarts,
            ping_ms=self._pings.figures,
        )

    def _intake(self) -> model.Intake:
        answers, note = self._injected.echo_answers
        return model.Intake(
            app=self._calls.asterisk.app,
            echo=self._calls.media.echo_address,
            echo_answers=answers,
            echo_note=note or None,
        )

    def _facts(self, call: MeasuredCall) -> CallFacts:
        machine, caller = call.machine, call.machine.caller
        known = partial(
            model.Call,
            id=call.id,
            mode=MODE,
            asterisk=self._client.endpoint.host,
            channel=caller.name,
            channel_id=clean_text(caller.id),
            caller=" ".join(part for part in (caller.caller.name, caller.caller.number) if part),
            call_id=caller.protocol_id or None,
            linkedid=call.linkedid,
            state=call.state.value,
            reason=call.reason or None,
            bridge_technology=machine.bridge_technology,
            caller_leg=self._caller_legs.newest(call.number),
            ports=model.Ports(
                media_local=call.media_local,
                media_remote=call.media_remote,
                echo_local=call.echo_local,
                echo_remote=self._calls.media.echo_address,
            ),
        )
        return CallFacts(call.number, call.started_ns, call.ended_ns, known)
