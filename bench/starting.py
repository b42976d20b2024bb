"""Start-up times of whole processes, and what one document costs at 200 calls."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from functools import partial
from typing import Any

from ari_tui.analysis.fold import fold
from ari_tui.analysis.store import Store
from ari_tui.building.build import CallFacts, EngineFacts, build
from ari_tui.building.sla import Listener
from ari_tui.document import model
from bench.folding import synthetic_log

ROUNDS = 5
_CALLS = 200


def _seconds(*arguments: str, until_line: bool = False) -> float:
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    if until_line:
        process.stdout.readline()
        took = time.perf_counter() - began
        process.terminate()
        process.communicate()
        return took
    process.communicate()
    return time.perf_counter() - began


def start_ups() -> dict[str, Any]:
    """Return medians in ms, of ours beside a bare interpreter's start, in turns."""
    bare, version, first = [], [], []
    for _ in range(ROUNDS):
        bare.append(_seconds("-c", "pass"))
        version.append(_seconds("-m", "ari_tui", "--version"))
        first.append(
            _seconds("-m", "ari_tui", "demo", "--headless", "--json", "-", until_line=True)
        )
    return {
        "python_ms": round(statistics.median(bare) * 1000),
        "version_ms": round(statistics.median(version) * 1000),
        "version_ratio": round(statistics.median(version) / statistics.median(bare), 2),
        "demo_to_first_document_ms": round(statistics.median(first) * 1000),
    }


def documents() -> dict[str, Any]:
    """Return the median time to build and to encode one document at 200 calls."""
    store = Store(loss_timeout_ns=3_000_000_000, late_ns=3_000_000)
    for call in range(1, _CALLS + 1):
        store.add_call(call)
    log = synthetic_log(_CALLS, 10)
    fold(store, log, int(log["rx_ns"][-1]))
    facts = facts_of(_CALLS, int(log["rx_ns"][-1]))
    listener = Listener()
    building, encoding, size = [], [], 0
    for _ in range(ROUNDS):
        began = time.process_time()
        document = build(store, facts, listener)
        built = time.process_time()
        size = len(model.encode(document))
        building.append(built - began)
        encoding.append(time.process_time() - built)
    return {
        "calls": _CALLS,
        "build_ms": round(statistics.median(building) * 1000, 1),
        "encode_ms": round(statistics.median(encoding) * 1000, 1),
        "bytes": size,
    }


def facts_of(count: int, now_ns: int) -> EngineFacts:
    """Return what an engine knows of so many calls that are up since now."""
    ports = model.Ports(
        media_local="127.0.0.1:1",
        media_remote="127.0.0.1:2",
        echo_local="127.0.0.1:3",
        echo_remote="127.0.0.1:4",
    )
    calls = [
        CallFacts(
            n,
            now_ns,
            None,
            partial(
                model.Call,
                id=f"bench.{n}",
                mode="takeover",
                asterisk="pbx",
                channel=f"PJSIP/{n}",
                channel_id=str(n),
                caller="",
                call_id=None,
                linkedid=None,
                state="up",
                reason=None,
                bridge_technology="simple_bridge",
                ports=ports,
            ),
        )
        for n in range(1, count + 1)
    ]
    counts = model.CallCounts(active=count, peak=count, started=count, ended=0, failed=0)
    return EngineFacts(
        kind="interval",
        now_ns=now_ns,
        session_id="bench",
        host="host",
        version="0",
        started_ns=now_ns,
        ended_ns=None,
        end_reason=None,
        asterisks=[],
        calls=calls,
        counts=counts,
        log_overflow=0,
        log_fill=0.0,
        tick_lag_ms=0.0,
        ari_ms=None,
        workers=1,
        worker_restarts=0,
        receive_buffer_bytes=None,
        ports_in_use=0,
        ports_total=1,
        injected=model.InjectedBy(echo=None, media=None),
        histograms=False,
    )
