"""How the SLA stands now, by the last minute alone, as it is told in a document."""

from __future__ import annotations

from typing import Final

from ari_tui.analysis import sla
from ari_tui.analysis.last_minute import WINDOW_S
from ari_tui.analysis.sla_profiles import Profile, TierChoice
from ari_tui.analysis.store import Store
from ari_tui.snapshot import model

NO_TRAFFIC: Final = "no_traffic"


def standing_of(store: Store, last_second: int) -> model.SlaNow:
    """Judge the last minute; `last_second` is the last that has passed.

    What was sent in the newest seconds is not settled: it is traffic, but no evidence yet.
    """
    minute = store.jury.last_minute
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
