"""Facts of calls: each measured one as a row, the failed ones grouped by why.

Cleaned as all facts are: whoever lays them out only has to escape them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ari_tui.ari.text import clean_text
from ari_tui.report.facts import STEP_WORDS
from ari_tui.report.subject import Subject
from ari_tui.report.units import moment
from ari_tui.snapshot.load import LoadCall
from ari_tui.snapshot.model import Call, Spread


class CallRow(NamedTuple):
    """One call of a table, measured by a load test or by any run."""

    name: str
    number: str
    started: str
    held_s: float
    sent: int
    loss: float | None
    late: float | None
    rtt: Spread
    mos: float | None
    state: str


class Failures(NamedTuple):
    """Calls of a load test that failed for the same reason."""

    size: int
    step: str
    reason: str
    hint: str
    calls: str
    endpoints: str


def call_rows(subject: Subject) -> list[CallRow]:
    """Return every measured call, the worst first: by MOS, then what was lost, then RTT."""
    if subject.load is None:
        rows = [_of_document(call) for call in subject.document.calls if call.packets.sent]
    else:
        rows = [_of_load(call) for call in subject.load.calls if call.sent]
    return sorted(rows, key=_badness)


def _badness(row: CallRow) -> tuple[float, float, float]:
    return (row.mos or 9.0, -(row.loss or 0.0) - (row.late or 0.0), -(row.rtt.p99 or 0.0))


def _of_document(call: Call) -> CallRow:
    return CallRow(
        clean_text(call.channel, 60),
        clean_text(call.id, 40),
        moment(call.started_at),
        call.duration_s,
        call.packets.sent,
        call.loss_ratio,
        call.late_ratio,
        call.rtt_ms,
        call.mos.session,
        clean_text(call.state, 40),
    )


def _of_load(call: LoadCall) -> CallRow:
    settled = call.returned + call.lost
    return CallRow(
        clean_text(call.channel or call.endpoint, 60),
        str(call.number),
        moment(call.started_at),
        call.held_s,
        call.sent,
        call.lost / settled if settled else None,
        call.late / settled if settled else None,
        call.rtt_ms,
        call.mos,
        clean_text(call.outcome, 40),
    )


def failures(calls: Sequence[LoadCall]) -> list[Failures]:
    """Return the failed calls by step and reason, the commonest first."""
    groups: dict[tuple[str, str, str], list[LoadCall]] = {}
    for call in calls:
        if call.outcome == "failed":
            step = clean_text(call.failed_at or "", 40)
            told = (
                clean_text(call.reason or "no reason given", 300),
                clean_text(call.hint or "", 300),
            )
            groups.setdefault((STEP_WORDS.get(step, step), *told), []).append(call)
    found = [
        Failures(
            len(alike),
            step,
            reason,
            hint,
            _some([str(call.number) for call in alike]),
            _some(list(dict.fromkeys(clean_text(call.endpoint, 60) for call in alike)), 3),
        )
        for (step, reason, hint), alike in groups.items()
    ]
    return sorted(found, key=lambda one: -one.size)


def _some(names: Sequence[str], most: int = 8) -> str:
    shown = ", ".join(names[:most])
    return shown + (f" and {len(names) - most} more" if len(names) > most else "")
