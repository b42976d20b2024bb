"""The document `ari-tui.alert/1`, sent when the SLA fails, recovers, or has no traffic."""

from __future__ import annotations

from typing import Final

import msgspec

from ari_tui.analysis.sla.alarm import Change
from ari_tui.document.model import Base, Document
from ari_tui.document.where import MOST_SHOWN, Where
from ari_tui.document.where_text import line_of

SCHEMA: Final = "ari-tui.alert/1"
_REASONS: Final = 10


class Alert(Base, frozen=True, kw_only=True):
    """One change, as commands and webhooks are told it; it names no caller."""

    schema: str = SCHEMA
    time: str
    state: str
    """fail, ok (it has recovered) or no_traffic."""
    previous: str
    text: str
    """All of it in one line, under the name that chat services show."""
    host: str
    session: str
    profile: str
    tier: str
    calls: int
    """Calls up."""
    failing: dict[str, int]
    """The rules that fail by the last minute, each with how many calls break it."""
    reasons: list[str]
    verdict: str
    """That of the whole session."""
    where: Where | None = None
    """Where the fault is, over all calls, at most the three worst findings; null where the engine
    does not tell."""


def alert_of(change: Change, document: Document) -> Alert:
    """Return the alert for a change of the SLA state, with figures of the document."""
    sla, now, session = document.sla, document.sla.now, document.session
    failing = dict(now.failing) if now is not None else {}
    reasons = list(now.reasons[:_REASONS]) if now is not None else []
    return Alert(
        time=document.time,
        state=change.state,
        previous=change.previous,
        text=_text(change, document, reasons),
        host=session.host,
        session=session.id,
        profile=sla.profile,
        tier=now.tier if now is not None else "",
        calls=document.totals.calls.active,
        failing=failing,
        reasons=reasons,
        verdict=sla.verdict,
        where=_worst_of(document.where),
    )


def _worst_of(where: Where | None) -> Where | None:
    if where is None:
        return None
    return msgspec.structs.replace(where, findings=where.findings[:MOST_SHOWN])


def _text(change: Change, document: Document, reasons: list[str]) -> str:
    head = f"ari-tui on {document.session.host}"
    if change.state == "no_traffic":
        return f"{head}: no traffic ({document.totals.calls.active} calls up)"
    if change.state == "ok":
        past = {"fail": "the SLA no longer fails", "no_traffic": "there is traffic again"}
        return f"{head}: {past.get(change.previous, 'the SLA does not fail')}"
    now = document.sla.now
    most = max(now.failing.values(), default=0) if now is not None else 0
    why = "; ".join(reasons) or "no reasons"
    place = "" if document.where is None else f", {line_of(document.where)}"
    return f"{head}: SLA fails, {_calls(most)} affected{place}: {why}"


def _calls(number: int) -> str:
    return f"{number} call" if number == 1 else f"{number} calls"
