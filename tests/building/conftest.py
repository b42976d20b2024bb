"""A store with a measured call, and the facts of its documents, made without an engine."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

from ari_tui.analysis.fold import fold
from ari_tui.analysis.records import RECORD_DTYPE
from ari_tui.analysis.store import Store
from ari_tui.building.build import CallFacts, EngineFacts
from ari_tui.document import model
from ari_tui.wire import record as r

MS = 1_000_000
START_NS = 1_700_000_000_000_000_000


@pytest.fixture
def store() -> Store:
    """Call 1: ten packets, 10 ms there and back, the last still under way. Call 2: silent."""
    store = Store(loss_timeout_ns=3_000 * MS, late_ns=3 * MS)
    store.add_call(1)
    store.add_call(2)
    log = np.zeros(19, dtype=RECORD_DTYPE)
    media, echo = log[:10], log[10:]
    media["kind"], media["sequence"], media["bracket_ns"] = r.KIND_MEDIA_IN, np.arange(10), 1000
    media["rx_ns"] = START_NS + np.arange(10) * 20 * MS
    echo["kind"], echo["sequence"] = r.KIND_ECHO_IN, np.arange(9)
    echo["rx_ns"] = media["rx_ns"][:9] + 10 * MS + 50_000
    log["tx_ns"] = log["rx_ns"] + 50_000
    log["timestamp"] = log["sequence"].astype(np.uint32) * 160
    log["ssrc"], log["call"] = 0xABC, 1
    fold(store, log[np.argsort(log["rx_ns"], kind="stable")], START_NS + 190 * MS)
    return store


@pytest.fixture
def call_facts() -> Callable[..., CallFacts]:
    def make(number: int, ended_ns: int | None = None, **changed: Any) -> CallFacts:
        ports = model.Ports(
            media_local="127.0.0.1:5000", media_remote=None, echo_local=None, echo_remote=None
        )
        known = partial(
            model.Call,
            id=f"id-{number}",
            mode="takeover",
            asterisk="pbx",
            channel=f"SIP/{number}",
            channel_id="c",
            caller="",
            call_id=None,
            linkedid=None,
            state="measuring",
            reason=None,
            bridge_technology=None,
            ports=ports,
        )
        return CallFacts(number, START_NS, ended_ns, partial(known, **changed))

    return make


@pytest.fixture
def engine_facts(call_facts: Callable[..., CallFacts]) -> EngineFacts:
    return EngineFacts(
        kind="interval",
        now_ns=START_NS + 190 * MS,
        session_id="s",
        host="h",
        version="1",
        started_ns=START_NS,
        ended_ns=None,
        end_reason=None,
        asterisks=[
            model.AsteriskState(
                id="pbx",
                version=None,
                connected=True,
                url="http://pbx",
                latency_ms=None,
                events_lost_s=0.0,
            )
        ],
        calls=[call_facts(1), call_facts(2)],
        counts=model.CallCounts(active=2, peak=2, started=2, ended=0, failed=0),
        log_overflow=0,
        log_fill=0.123456,
        tick_lag_ms=0.1234,
        ari_ms=None,
        workers=1,
        worker_restarts=0,
        receive_buffer_bytes=None,
        ports_in_use=2,
        ports_total=10,
        injected=model.InjectedBy(echo=None, media=None),
        histograms=False,
    )
