"""What every form of a report tells, as words: drawn once here, laid out elsewhere.

All text from outside is cleaned here; whoever lays it out only has to escape it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from ari_tui.ari.text import clean_text
from ari_tui.report.subject import Subject
from ari_tui.report.units import number, percent, share, span
from ari_tui.snapshot.load import LoadPlan
from ari_tui.snapshot.model import Document, SlaRule

STEP_WORDS: Final = {
    "accepted": "accepted",
    "ringing": "ringing",
    "answered": "answered",
    "bridged": "bridged",
    "media_out": "media from Asterisk",
    "media_back": "media back from the echo",
    "held": "held to its end",
}
RULE_WORDS: Final = {
    "p50": "Round trip, median",
    "p95": "Round trip, p95",
    "p99": "Round trip, p99",
    "late": "Late packets",
    "loss": "Lost packets",
    "max": "Longest round trip",
}


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
        RULE_WORDS.get(rule.id, clean_text(rule.id, 20)),
        asked,
        found,
        evidence,
        clean_text(rule.verdict, 40),
        number(rule.violated_s),
    )


def rtt_limit(document: Document, rule: str) -> float | None:
    """Return the strictest limit in force of `p50` … `max` in ms; None where no tier judged."""
    limits = [limit for one in document.sla.rules if one.id == rule for limit in one.limits_ms]
    return min(limits, default=None)


def share_limit(document: Document, rule: str) -> float | None:
    """Return the limit of `late` or `loss`."""
    return next((one.limit for one in document.sla.rules if one.id == rule), None)


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
