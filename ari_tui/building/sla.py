"""The SLA verdict and the E-model figures of a document."""

from __future__ import annotations

from typing import Final

import numpy as np

from ari_tui.analysis import counters as c
from ari_tui.analysis import quality
from ari_tui.analysis.quality import Pool
from ari_tui.analysis.sla import verdict as sla
from ari_tui.analysis.sla.evaluator import WINDOW_S
from ari_tui.analysis.sla.evidence import Evidence
from ari_tui.analysis.sla.profiles import Profile, TierChoice
from ari_tui.analysis.store import Store
from ari_tui.analysis.totals import CallTotals
from ari_tui.building.figures import rounded
from ari_tui.document import model

NO_TRAFFIC: Final = "no_traffic"


def sla_now_of(store: Store, last_second: int) -> model.SlaNow:
    """Judge the last minute; `last_second` is the last complete second.

    Packets of the newest seconds are not settled: they count as traffic, not as evidence.
    """
    minute = store.sla_evaluator.last_minute
    evidence, choice = minute.evidence, minute.tier
    verdict = sla.judge(evidence)
    silent = not evidence.packets and not store.recent.window(last_second, WINDOW_S).sent
    failing: dict[str, int] = {}
    if verdict.verdict == "fail":
        affected = minute.affected()
        failing = {rule.id: affected[rule.id] for rule in verdict.rules if rule.verdict == "fail"}
    return model.SlaNow(
        state=NO_TRAFFIC if silent else verdict.verdict,
        seconds=WINDOW_S,
        clean_s=verdict.clean_s,
        of_s=verdict.of_s,
        calls=minute.calls_up,
        tier=f"up to {choice.tier.calls_up_to} calls" + (" (above)" if choice.beyond_last else ""),
        limits=_limits(minute.profile, choice),
        failing=failing,
        reasons=list(verdict.reasons),
    )


def _limits(profile: Profile, choice: TierChoice) -> model.SlaLimits:
    tier = choice.tier
    return model.SlaLimits(
        p50_ms=float(tier.p50_ms),
        p95_ms=float(tier.p95_ms),
        p99_ms=float(tier.p99_ms),
        max_ms=float(profile.max_ms),
        late_ratio=profile.late_ratio,
        loss_ratio=profile.loss_ratio,
    )


def sla_of(evidence: Evidence, now: model.SlaNow | None = None) -> model.Sla:
    """Judge the evidence of a session; `now` is the state of its last minute."""
    verdict = sla.judge(evidence)
    silent = not evidence.packets and (now is None or now.state == NO_TRAFFIC)
    return model.Sla(
        verdict=verdict.verdict,
        state=NO_TRAFFIC if silent else verdict.verdict,
        now=now,
        headline=sla.headline(verdict),
        profile=verdict.profile,
        tier=verdict.tier,
        clean_s=verdict.clean_s,
        of_s=verdict.of_s,
        reasons=list(verdict.reasons),
        rules=[_rule(rule) for rule in verdict.rules],
    )


def _rule(rule: sla.Rule) -> model.SlaRule:
    return model.SlaRule(
        id=rule.id,
        limit=rule.limit,
        limits_ms=[float(ms) for ms in rule.limits_ms],
        actual=rounded(rule.actual, 8),
        low=rounded(rule.low, 8),
        high=rounded(rule.high, 8),
        verdict=rule.verdict,
        violated_s=rule.violated_s,
        missing=rule.missing or None,
    )


def pool_of(totals: CallTotals) -> Pool:
    """Return loss and delay of a call, or of several in total."""
    settled = int(totals.counters[c.SENT]) - totals.in_flight
    known = totals.directions
    return Pool(
        settled=settled,
        lost=int(totals.counters[c.LOST]),
        discarded=int(totals.counters[c.DISCARDED]),
        rtt_sum_ns=totals.rtt.total,
        rtt_count=totals.rtt.number,
        reached=settled - known.outward if known is not None else None,
    )


class Listener:
    """Keeps the worst ten seconds of every call, beyond the length of the series."""

    def __init__(self) -> None:
        self._worst: dict[int, float] = {}
        self._worst_of_all: float | None = None

    def listen(self, store: Store, second: int) -> None:
        """Take in the seconds up to `second`; to be called once a second."""
        numbers = [number for number, row in store.row_of.items() if store.media.started[row]]
        self._worst = {number: self._worst[number] for number in numbers if number in self._worst}
        if not numbers:
            return
        rows = np.array([store.row_of[number] for number in numbers], dtype=np.int64)
        wanted = np.arange(second - 2 * quality.WORST_SECONDS + 1, second + 1)
        sums = store.series.of_seconds(rows, wanted)
        found = quality.worst_windows(sums.sent, sums.lost, sums.rtt_sum, sums.rtt_count)
        for number, worst in zip(numbers, found, strict=True):
            if worst is not None:
                self._worst[number] = min(self._worst.get(number, worst.mos), worst.mos)
                self._worst_of_all = min(self._worst_of_all or worst.mos, worst.mos)

    def mos_of(self, totals: CallTotals, now: Pool, number: int | None) -> model.Mos:
        """Return the MOS of a call; of all calls together with None."""
        pool, burst = pool_of(totals), totals.losses.burst_ratio
        whole = quality.mos(pool, burst)
        plain = quality.mos(pool, burst, concealed=False)
        recent = quality.mos(now)
        worst = self._worst_of_all if number is None else self._worst.get(number)
        return model.Mos(
            session=_mos(whole),
            now=_mos(recent),
            worst_10s=rounded(worst, 2),
            plain=_mos(plain),
            loss_from=None if whole is None else whole.loss.source,
        )


def _mos(found: quality.Quality | None) -> float | None:
    return None if found is None else round(found.mos, 2)
