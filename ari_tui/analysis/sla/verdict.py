"""The verdict on a profile by evidence: pass, fail, or inconclusive and what is missing.

A rule on a share passes when the upper exact bound (`binomial`, 95 %) meets its limit, and fails
when the lower bound breaks it; between them it is inconclusive, and more packets are needed. The
rule on the largest RTT passes while the seconds that violate it are within their budget.
"""

from __future__ import annotations

import math
from typing import Final, Literal

import msgspec

from ari_tui.analysis.sla.evidence import MAX, RTT_SHARES, RULES, Evidence, Limited, share_limits
from ari_tui.core.binomial import CONFIDENCE, lower_bound, packets_needed, upper_bound
from ari_tui.core.number_format import percent_significant, rounded_up

Outcome = Literal["pass", "fail", "inconclusive"]
NO_PACKETS: Final = "no packets"
_SHOWN: Final = {"pass": "PASS", "fail": "FAIL", "inconclusive": "inconclusive"}


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict on one rule.

    `limit` and `actual` are shares (of packets above the RTT limit, late, lost), with exact bounds
    `low` and `high`; for "max" they are seconds, without bounds. None: no packet yet.
    """

    id: str
    limit: float
    limits_ms: tuple[float, ...]
    """RTT limits, one for each tier by which any second was judged; () for late and loss."""
    violations: int
    trials: int
    """Packets judged; `violations` of them were over their limit."""
    actual: float | None
    low: float | None
    high: float | None
    verdict: Outcome
    violated_s: int
    """Seconds that alone would break the rule."""
    needed: int | None
    """About how many packets a verdict needs, if inconclusive; None: cannot be estimated."""
    missing: str
    """What an inconclusive rule lacks, as a text; else ""."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict on a profile; `clean_s` of `of_s` seconds were judged."""

    verdict: Outcome
    profile: str
    tier: str | None
    clean_s: float
    of_s: int
    reasons: tuple[str, ...]
    """Why it failed or is inconclusive, worst first; then limited seconds and load."""
    rules: tuple[Rule, ...]


def judge(evidence: Evidence) -> Verdict:
    """Judge the evidence by its profile."""
    rules = tuple(_rule(evidence, index) for index in range(len(RULES)))
    outcome, reasons = _overall(evidence, rules)
    reasons += [text for text in _limitations(evidence) if text not in reasons]
    if evidence.beyond_s:
        last = evidence.profile.tiers[-1].calls_up_to
        reasons.append(
            f"{evidence.peak_calls} calls are above the last tier (up to {last}), whose limits "
            f"apply ({evidence.beyond_s} s)"
        )
    return Verdict(
        verdict=outcome,
        profile=evidence.profile.name,
        tier=_tier_label(evidence),
        clean_s=evidence.clean_s,
        of_s=evidence.of_s,
        reasons=tuple(reasons),
        rules=rules,
    )


def _overall(evidence: Evidence, rules: tuple[Rule, ...]) -> tuple[Outcome, list[str]]:
    if not evidence.packets and not evidence.clean_call_s:
        return "inconclusive", [NO_PACKETS]
    if evidence.mostly_limited:
        return "inconclusive", _limitations(evidence)
    failed = [rule for rule in rules if rule.verdict == "fail"]
    if failed:
        return "fail", [describe(rule) for rule in failed]
    # the rule that needs the most packets first: it decides how long to wait
    open_rules = [rule for rule in rules if rule.verdict == "inconclusive"]
    open_rules.sort(key=lambda rule: math.inf if rule.needed is None else rule.needed, reverse=True)
    if open_rules:
        return "inconclusive", [f"{rule.missing} ({rule.id})" for rule in open_rules]
    return "pass", []


def _limitations(evidence: Evidence) -> list[str]:
    """Return how many seconds each reason limited, most first."""
    ordered = sorted(Limited, key=lambda reason: -evidence.limited_call_s[reason])
    found = []
    for reason in (reason for reason in ordered if evidence.limited_call_s[reason]):
        seconds = f"{evidence.limited_s(reason):g}" if evidence.limited_s(reason) else "under 0.1"
        found.append(f"{seconds} of {evidence.of_s} s limited by {reason.words}")
    return found


def _rule(evidence: Evidence, index: int) -> Rule:
    k, n = int(evidence.violations[index]), int(evidence.trials[index])
    seconds = int(evidence.violated_s[index])
    if index == MAX:
        limit = float(evidence.profile.max_budget_s)
        actual = float(seconds) if n else None
        low = high = None
        outcome: Outcome = "pass" if seconds <= limit else "fail"
    else:
        limit = share_limits(evidence.profile)[index]
        actual = k / n if n else None
        low, high = lower_bound(k, n), upper_bound(k, n)
        outcome = "pass" if high <= limit else "fail" if low > limit else "inconclusive"
    if not n:
        outcome, low, high = "inconclusive", None, None
    needed, missing = None, ""
    if outcome == "inconclusive":
        needed = packets_needed(limit, CONFIDENCE, k, n) if index != MAX else None
        missing = _missing(k, n, limit, needed)
    return Rule(
        id=RULES[index],
        limit=limit,
        limits_ms=_limits_ms(evidence, index),
        violations=k,
        trials=n,
        actual=actual,
        low=low,
        high=high,
        verdict=outcome,
        violated_s=seconds,
        needed=needed,
        missing=missing,
    )


def _limits_ms(evidence: Evidence, index: int) -> tuple[float, ...]:
    if index == MAX:
        return (evidence.profile.max_ms,)
    if index not in RTT_SHARES:
        return ()
    limits = {(tier.p50_ms, tier.p95_ms, tier.p99_ms)[index] for tier in evidence.tiers}
    return tuple(sorted(limits))


def _missing(k: int, n: int, limit: float, needed: int | None) -> str:
    """Return what is missing: `1,240 of about 3,700 packets needed`."""
    if not n:
        return "no clean packets"
    if needed is None:
        return f"{n:,} packets, too near the limit to tell"
    tendency = "" if k <= limit * n else ", tends to fail"
    return f"{n:,} of about {rounded_up(needed):,} packets needed{tendency}"


def _tier_label(evidence: Evidence) -> str | None:
    tiers = evidence.tiers
    if not tiers:
        return None
    bounds = " and ".join(str(tier.calls_up_to) for tier in tiers)
    return f"up to {bounds} calls" + (f" ({evidence.peak_calls} seen)" if evidence.beyond_s else "")


def headline(verdict: Verdict) -> str:
    """Return the verdict as a short line: `PASS over 54 of 60 s`."""
    shown = _SHOWN[verdict.verdict]
    if verdict.verdict == "inconclusive":
        return f"{shown}, {verdict.reasons[0]}"
    why = f": {verdict.reasons[0]}" if verdict.verdict == "fail" else ""
    return f"{shown} over {verdict.clean_s:g} of {verdict.of_s} s{why}"


def describe(rule: Rule) -> str:
    """Return a rule's actual value and its limit: `p99: 2.3% above 18 ms, allowed 1%`."""
    limits = "/".join(f"{limit:g}" for limit in rule.limits_ms) + " ms" if rule.limits_ms else ""
    if rule.id == RULES[MAX]:
        if rule.actual is None:
            return f"max: no round trips, allowed {limits}"
        return f"max: {rule.violated_s} s above {limits}, allowed {rule.limit:g} s"
    found = NO_PACKETS if rule.actual is None else percent_significant(rule.actual, 3, least=1e-6)
    what = f" above {limits}" if limits else ""
    return f"{rule.id}: {found}{what}, allowed {percent_significant(rule.limit, 3, least=1e-6)}"
