"""What every form of a report tells, as words: drawn once here, laid out elsewhere.

All text from outside is cleaned here; whoever lays it out only has to escape it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from ari_tui.ari.text import clean_text
from ari_tui.report.scales import clock
from ari_tui.report.subject import Subject
from ari_tui.snapshot.load import LoadCall, LoadPlan
from ari_tui.snapshot.model import Call, Document, SlaRule, Spread

DASH: Final = "—"
STEP_WORDS: Final = {
    "accepted": "accepted", "ringing": "ringing", "answered": "answered", "bridged": "bridged",
    "media_out": "media from Asterisk", "media_back": "media back from the echo",
    "held": "held to its end",
}  # fmt: skip
RULE_WORDS: Final = {
    "p50": "Round trip, median", "p95": "Round trip, p95",
    "p99": "Round trip, p99", "late": "Late packets", "loss": "Lost packets",
    "max": "Longest round trip",
}  # fmt: skip


class Fact(NamedTuple):
    """One line of a list of facts."""

    name: str
    value: str
    note: str = ""


class RuleWords(NamedTuple):
    """A rule of the SLA in words."""

    name: str
    asked: str
    found: str
    evidence: str
    verdict: str
    violated: str


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


def number(value: float | None, digits: int = 0) -> str:
    """Return a number with commas between thousands, a dash for no sample."""
    return DASH if value is None else f"{value:,.{digits}f}"


def ms(value: float | None) -> str:
    """Return milliseconds with the digits that tell something: `0.42`, `8.2`, `1,240`."""
    if value is None:
        return DASH
    digits = 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0
    return f"{value:,.{digits}f}"


def percent(value: float | None) -> str:
    """Return a share in percent, small ones with more digits, a dash for no sample."""
    if value is None:
        return DASH
    shown = value * 100
    if 0 < shown < 0.01:
        return f"{shown:.4f} %" if shown >= 0.0001 else "under 0.0001 %"
    return f"{shown:.2f} %"


def share(value: float) -> str:
    """Return a limit in percent with the digits that it has: `0.2 %`, `50 %`."""
    return f"{value * 100:g} %"


def span(seconds: float) -> str:
    """Return a length of time: `8.5 s`, `1:05 min`, `1:00:00 h`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    return clock(seconds) + (" h" if seconds >= 3600 else " min")


def moment(iso: str) -> str:
    """Return an ISO 8601 time in UTC to the second; what is none is returned cleaned."""
    try:
        found = datetime.fromisoformat(iso.replace("Z", "+00:00"))
    except ValueError:
        return clean_text(iso, 40)
    return found.strftime("%Y-%m-%d %H:%M:%S UTC")


def title(subject: Subject) -> str:
    """Return what the report is about."""
    if subject.load is None:
        return f"Calls measured on {clean_text(subject.document.session.host, 60)}"
    shown = subject.load.plan.endpoints
    more = f" and {len(shown) - 2} more" if len(shown) > 2 else ""
    return f"Load test of {', '.join(clean_text(one, 60) for one in shown[:2])}{more}"


def verdict(subject: Subject) -> str:
    """Return the word that all is about: pass, fail, inconclusive, no_traffic."""
    sla = subject.document.sla
    return clean_text(
        sla.state or sla.verdict if subject.load is None else subject.load.verdict, 40
    )


def reasons(subject: Subject) -> list[str]:
    """Return why."""
    found = subject.document.sla.reasons if subject.load is None else subject.load.reasons
    return [clean_text(reason, 300) for reason in found]


def judged(document: Document) -> str:
    """Return what the verdict rests on."""
    sla = document.sla
    left_out = sla.of_s - sla.clean_s
    note = f"; {left_out:g} s left out because of the instrument" if left_out >= 0.1 else ""
    tier = f", tier {clean_text(sla.tier, 80)}" if sla.tier else ""
    return (
        f"Judged over {sla.clean_s:g} of {sla.of_s} s with packets{note}. "
        f"Profile {clean_text(sla.profile, 60)}{tier}."
    )


def rule_words(rule: SlaRule) -> RuleWords:
    """Return a rule as it is told."""
    limit = " / ".join(f"{value:g}" for value in rule.limits_ms)
    asked = f"≤ {limit} ms" if limit else f"≤ {share(rule.limit)}"
    evidence = "" if rule.low is None else f"{percent(rule.low)} … {percent(rule.high)}"
    if rule.actual is None:
        found = "no packets"
    elif rule.id == "max":
        found = f"above it in {rule.violated_s} s"
        evidence = f"budget {rule.limit:g} s"
    elif limit:
        found = f"{percent(rule.actual)} above"
        asked += f" for all but {share(rule.limit)}"
    else:
        found = percent(rule.actual)
    if rule.missing:
        evidence = ". ".join(part for part in (evidence, clean_text(rule.missing, 200)) if part)
    return RuleWords(
        RULE_WORDS.get(rule.id, clean_text(rule.id, 20)), asked, found, evidence,
        clean_text(rule.verdict, 40), number(rule.violated_s),
    )  # fmt: skip


def rtt_limit(document: Document, rule: str) -> float | None:
    """Return the strictest limit in force of `p50` … `max` in ms; None where no tier judged."""
    limits = [limit for one in document.sla.rules if one.id == rule for limit in one.limits_ms]
    return min(limits, default=None)


def share_limit(document: Document, rule: str) -> float | None:
    """Return the limit of `late` or `loss`."""
    return next((one.limit for one in document.sla.rules if one.id == rule), None)


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
        clean_text(call.channel, 60), clean_text(call.id, 40), moment(call.started_at),
        call.duration_s, call.packets.sent, call.loss_ratio, call.late_ratio, call.rtt_ms,
        call.mos.session, clean_text(call.state, 40),
    )  # fmt: skip


def _of_load(call: LoadCall) -> CallRow:
    settled = call.returned + call.lost
    return CallRow(
        clean_text(call.channel or call.endpoint, 60), str(call.number), moment(call.started_at),
        call.held_s, call.sent, call.lost / settled if settled else None,
        call.late / settled if settled else None, call.rtt_ms, call.mos,
        clean_text(call.outcome, 40),
    )  # fmt: skip


def failures(calls: Sequence[LoadCall]) -> list[Failures]:
    """Return the failed calls by step and reason, the commonest first."""
    groups: dict[tuple[str, str, str], list[int]] = {}
    for call in calls:
        if call.outcome == "failed":
            step = clean_text(call.failed_at or "", 40)
            told = (
                clean_text(call.reason or "no reason given", 300),
                clean_text(call.hint or "", 300),
            )
            groups.setdefault((STEP_WORDS.get(step, step), *told), []).append(call.number)
    found = [
        Failures(len(numbers), step, reason, hint, _some(numbers))
        for (step, reason, hint), numbers in groups.items()
    ]
    return sorted(found, key=lambda one: -one.size)


def _some(numbers: Sequence[int], most: int = 8) -> str:
    shown = ", ".join(str(one) for one in numbers[:most])
    return shown + (f" and {len(numbers) - most} more" if len(numbers) > most else "")


def outcomes(calls: Sequence[LoadCall]) -> Counter[str]:
    """Return how many calls came to which end."""
    return Counter(clean_text(call.outcome, 40) for call in calls)


def plan_facts(plan: LoadPlan) -> Iterator[Fact]:
    """Yield what a load test was asked to do."""
    yield Fact("Endpoints", ", ".join(clean_text(one, 80) for one in plan.endpoints))
    tiers = " → ".join(str(one) for one in plan.tiers)
    yield Fact("Calls at once", number(plan.calls), f"climbing {tiers}" if tiers else "")
    yield Fact("Ramp", f"{plan.ramp_cps:g} calls/s")
    yield Fact("Each call", span(plan.call_duration_s), f"rings at most {span(plan.ring_s)}")
    yield Fact("Duration", span(plan.duration_s), "of each tier" if tiers else "")
    yield Fact("Failed calls allowed", number(plan.max_failed))
    if plan.caller_id:
        yield Fact("Caller id", clean_text(plan.caller_id, 80))
    if plan.variables:
        yield Fact("Variables set", ", ".join(clean_text(one, 60) for one in plan.variables))
    yield Fact("Against", "a simulated Asterisk" if plan.simulated else "a real Asterisk")
