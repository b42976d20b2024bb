"""The profile of limits that the configuration asks for."""

from __future__ import annotations

import msgspec

from ari_tui.analysis.series import LIMITS
from ari_tui.analysis.sla_profiles import SEED_PROFILE, Profile, Tier
from ari_tui.config_parse import parse_tier
from ari_tui.config_slices import Sla
from ari_tui.errors import ConfigError


def profile_of(sla: Sla) -> Profile:
    """Return the profile. Raises ConfigError when its limits contradict one another.

    Other limits than the original's do not go by its name.
    """
    try:
        profile = Profile(
            name=sla.profile,
            tiers=tuple(Tier(**parse_tier(text)._asdict()) for text in sla.tiers),
            max_ms=sla.max_ms,
            max_budget_s=sla.max_budget_s,
            late_ratio=sla.late_ratio,
            loss_ratio=sla.loss_ratio,
        )
    except ValueError as error:
        raise ConfigError(f"sla: {error}") from None
    if len(profile.thresholds_ms()) > LIMITS:
        raise ConfigError(
            f"sla: {len(profile.thresholds_ms())} different round-trip limits; at most {LIMITS}, "
            "which four tiers need"
        )
    if profile.name == SEED_PROFILE.name and profile != SEED_PROFILE:
        return msgspec.structs.replace(profile, name=f"{SEED_PROFILE.name} (changed)")
    return profile
