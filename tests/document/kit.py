"""Alerts and what they are made of, by hand."""

from __future__ import annotations

from typing import Any

import msgspec

from ari_tui.analysis.sla.alarm import Change, State
from ari_tui.document.alert import Alert, alert_of
from ari_tui.document.model import Document, SlaLimits, SlaNow
from tests.engine.kit import call_facts, document

LIMITS = SlaLimits(p50_ms=8, p95_ms=12, p99_ms=18, max_ms=22, late_ratio=0.001, loss_ratio=0.002)


def sla_now(state: str = "pass", **changed: Any) -> SlaNow:
    made = SlaNow(
        state=state,
        seconds=60,
        clean_s=60.0,
        of_s=60,
        calls=2,
        tier="up to 30 calls",
        limits=LIMITS,
        failing={},
        reasons=[],
    )
    return msgspec.structs.replace(made, **changed)


def a_document(now: SlaNow | None) -> Document:
    made = document(call_facts(1), call_facts(2))
    return msgspec.structs.replace(made, sla=msgspec.structs.replace(made.sla, now=now))


def alert(state: State, previous: State, now: SlaNow | None) -> Alert:
    return alert_of(Change(state, previous), a_document(now))
