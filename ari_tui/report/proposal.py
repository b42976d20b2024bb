"""Proposed limits as TOML that can be pasted into the configuration, each with its reason."""

from __future__ import annotations

import json
from collections.abc import Iterator

from ari_tui.analysis.calibration import Proposal, Watched


def proposal_lines(proposal: Proposal, watched: Watched) -> Iterator[str]:
    """Yield the lines of a `[sla.profiles.NAME]` table."""
    profile, reasons = proposal
    seen = sum(watched.histogram.values())
    yield f"# Proposed from {watched.seconds:.0f} s: {watched.calls} calls, {seen:,} round trips."
    if watched.limited_s >= 1:
        yield (
            f"# {watched.limited_s:.0f} s of it were limited by this machine itself: its delays "
            "are in here, a quieter one would tell better."
        )
    tiers = [
        f"{tier.calls_up_to}:{tier.p50_ms:g}/{tier.p95_ms:g}/{tier.p99_ms:g}"
        for tier in profile.tiers
    ]
    yield f"[sla.profiles.{profile.name}]"
    for key, value in (
        ("tiers", json.dumps(tiers)),
        ("max_ms", f"{profile.max_ms:.1f}"),
        ("late_ratio", f"{profile.late_ratio:.10f}".rstrip("0")),
        ("loss_ratio", f"{profile.loss_ratio:.10f}".rstrip("0")),
    ):
        yield f"# {reasons[key]}"
        yield f"{key} = {value}"
    yield f'# Judge by it: --profile {profile.name}, or profile = "{profile.name}" below [sla].'
