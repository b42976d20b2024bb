"""Builds a document from the store and what the engine knows of its calls. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final, NamedTuple

from ari_tui.analysis.store import Store
from ari_tui.analysis.totals import CallTotals, merge
from ari_tui.building.figures import NS_PER_MS, NS_PER_US, figures, packets, rounded, spread
from ari_tui.building.sla import Listener, sla_now_of, sla_of
from ari_tui.building.where import wheres_of
from ari_tui.building.windows import CallWindows, windows_of_all
from ari_tui.core.number_format import iso
from ari_tui.document import model
from ari_tui.document.where import Where
from ari_tui.wire.rtp import CODEC_NAMES

_OUTAGES_SHOWN: Final = 16


_UNHEARD_NS: Final = 5_000_000_000
"""How long after its start a call may be without a packet: it rings, is answered and bridged."""


class CallFacts(NamedTuple):
    """What the engine knows of one call besides its packets."""

    number: int
    started_ns: int
    ended_ns: int | None
    known: partial[model.Call]
    """The document's call, lacking only what is measured: ids, names, state and ports are set."""


class EngineFacts(NamedTuple):
    """The engine's own state."""

    kind: str
    now_ns: int
    session_id: str
    host: str
    version: str
    started_ns: int
    ended_ns: int | None
    end_reason: str | None
    asterisks: Sequence[model.AsteriskState]
    calls: Sequence[CallFacts]
    counts: model.CallCounts
    log_overflow: int
    log_fill: float
    tick_lag_ms: float
    ari_ms: float | None
    workers: int
    worker_restarts: int
    receive_buffer_bytes: int | None
    ports_in_use: int
    ports_total: int
    injected: model.InjectedBy
    histograms: bool
    draining: bool = False
    realtime: model.Realtime | None = None
    blind_s: float = 0.0
    load: model.LoadProgress | None = None
    caller_legs: model.CallerLegTotals | None = None
    intake: model.Intake | None = None


def build(store: Store, facts: EngineFacts, listener: Listener) -> model.Document:
    """Build the document of the moment `facts.now_ns`."""
    second = facts.now_ns // 1_000_000_000 - 1
    listener.listen(store, second)
    measured = {
        call.number: store.call_totals(call.number, facts.now_ns)
        for call in facts.calls
        if call.number in store.row_of
    }
    everything = merge([store.retired_totals(), *measured.values()])
    windows, recent = windows_of_all(store, second)
    each = CallWindows(store, list(measured), second)
    sla = sla_of(store.sla_evaluator.evidence, sla_now_of(store, second))
    where, where_of = wheres_of(
        store,
        sla.clean_s,
        sla.of_s,
        _unheard(store, facts),
        [rule.id for rule in sla.rules if rule.verdict == "fail"],
    )
    return model.Document(
        kind=facts.kind,
        time=iso(facts.now_ns),
        session=_session(facts),
        asterisks=list(facts.asterisks),
        sla=sla,
        totals=model.Totals(
            calls=facts.counts,
            caller_legs=facts.caller_legs,
            **figures(  # type: ignore[arg-type]  # its fields
                everything,
                # reports are made from the final document: it always has the histogram of all calls
                histograms=facts.histograms or facts.kind == "final",
                mos=listener.mos_of(everything, recent, None),
                windows=windows,
            ),
        ),
        window=windows[0],
        calls=[
            _call(
                store,
                facts,
                call,
                measured[call.number],
                listener,
                each,
                where_of[call.number],
            )
            for call in facts.calls
            if call.number in measured
        ],
        instrument=_instrument(store, facts, packets(everything), sla),
        injected=facts.injected,
        intake=facts.intake,
        load=facts.load,
        where=where,
    )


def _unheard(store: Store, facts: EngineFacts) -> dict[int, int]:
    """Return the calls that have waited long for their first packet, and since when (ns)."""
    return {
        call.number: call.started_ns
        for call in facts.calls
        if call.ended_ns is None
        and facts.now_ns - call.started_ns > _UNHEARD_NS
        and (row := store.row_of.get(call.number)) is not None
        and not store.media.started[row]
    }


def _session(facts: EngineFacts) -> model.Session:
    until = facts.ended_ns if facts.ended_ns is not None else facts.now_ns
    return model.Session(
        id=facts.session_id,
        host=facts.host,
        version=facts.version,
        started_at=iso(facts.started_ns),
        ended_at=iso(facts.ended_ns) if facts.ended_ns is not None else None,
        duration_s=round((until - facts.started_ns) / 1e9, 3),
        end_reason=facts.end_reason,
        draining=facts.draining,
    )


def _call(
    store: Store,
    facts: EngineFacts,
    call: CallFacts,
    totals: CallTotals,
    listener: Listener,
    each: CallWindows,
    where: Where,
) -> model.Call:
    windows, recent = each.of(call.number)
    mos = listener.mos_of(totals, recent, call.number)
    row, leg = store.row_of[call.number], store.media
    started = bool(leg.started[row])
    until = call.ended_ns if call.ended_ns is not None else facts.now_ns
    payload_type = int(leg.payload_type[row])
    return call.known(
        started_at=iso(call.started_ns),
        ended_at=iso(call.ended_ns) if call.ended_ns is not None else None,
        duration_s=round((until - call.started_ns) / 1e9, 3),
        codec=CODEC_NAMES.get(payload_type, str(payload_type)) if started else None,
        ptime_ms=leg.ptime_ms(row),
        ssrc=f"0x{int(leg.ssrc[row]):08x}" if started else None,
        jitter_ms=_jitter(store, row),
        where=where,
        **figures(totals, histograms=facts.histograms, mos=mos, windows=windows),
    )


def _jitter(store: Store, row: int) -> model.Jitter:
    def scaled(value_ns: float, samples: int) -> float | None:
        return round(value_ns / NS_PER_MS, 4) if samples else None

    media, echo = store.media, store.echo
    return model.Jitter(
        media=scaled(float(media.jitter_ns[row]), int(media.jitter_count[row])),
        echo=scaled(float(echo.jitter_ns[row]), int(echo.jitter_count[row])),
        hop=scaled(float(echo.hop_jitter_ns[row]), int(echo.jitter_count[row])),
    )


def _instrument(
    store: Store, facts: EngineFacts, counted: model.Packets, sla: model.Sla
) -> model.Instrument:
    dwell = {way: spread(store.dwell_spread(way), NS_PER_US) for way in ("out", "back")}
    return model.Instrument(
        dwell_out_us=dwell["out"],
        dwell_back_us=dwell["back"],
        uncertain=counted.uncertain,
        socket_drops=counted.socket_drops,
        log_overflow=facts.log_overflow,
        log_fill=round(facts.log_fill, 4),
        tick_lag_ms=round(facts.tick_lag_ms, 3),
        ari_ms=rounded(facts.ari_ms, 3),
        limited_s=round(sla.of_s - sla.clean_s, 1),
        reasons=[reason for reason in sla.reasons if "limited by" in reason],
        orphans=store.orphans,
        workers=facts.workers,
        worker_restarts=facts.worker_restarts,
        receive_buffer_bytes=facts.receive_buffer_bytes,
        ports_in_use=facts.ports_in_use,
        ports_total=facts.ports_total,
        echo_holds=_echo_holds(store),
        realtime=facts.realtime,
        worker_outage_s=round(store.own_outages.total_ns / 1e9, 3),
        worker_outages=[
            model.WorkerOutage(
                since=iso(one.from_ns),
                seconds=round((one.until_ns - one.from_ns) / 1e9, 3),
                what=one.what,
                calls=calls,
            )
            for one, calls in store.own_outages.by_worker(_OUTAGES_SHOWN)
        ],
        blind_s=round(facts.blind_s, 3),
    )


def _echo_holds(store: Store) -> model.EchoHolds:
    found = store.holds.totals
    held = spread(found.spread, NS_PER_MS)
    return model.EchoHolds(
        told=store.holds.told,
        mean_ms=rounded(None if found.mean_ns is None else found.mean_ns / NS_PER_MS, 4),
        held=found.spread.number,
        p99_ms=held.p99,
        max_ms=held.max,
        explained_late=found.explained_late,
        uncertain=found.uncertain,
        untold=found.as_it_is,
    )
