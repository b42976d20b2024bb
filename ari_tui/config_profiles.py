"""Named profiles of limits: `[sla.profiles.NAME]` in the file, one of them chosen by sla.profile.

A choice replaces the limits of the layers below it; limits of its own layer or a higher one stay.
So `--profile wan` judges by that profile whatever [sla] says, and a file that chooses `wan` may
change one limit of it beside. What is chosen becomes values of plain keys: nobody behind the
layers knows of profiles.
"""

from __future__ import annotations

import difflib
from typing import Final

from ari_tui.config_draft import Draft, refusal
from ari_tui.config_parse import parse_tier

SEED: Final = "seed"
"""The original's limits, which are the defaults."""
LIMITS: Final = (
    "sla.tiers",
    "sla.max_ms",
    "sla.max_budget_s",
    "sla.late_ratio",
    "sla.loss_ratio",
)
_CHOICE: Final = "sla.profile"


def choose_profile(draft: Draft) -> None:
    """Put the limits of the chosen profile where limits belong; note a choice that there is not.

    Without a choice nothing is changed. A name that is no profile's may be what limits beside it
    are called.
    """
    _check_tiers(draft)
    if _CHOICE not in draft.values:
        return
    name, rank = draft.values[_CHOICE], draft.ranks[_CHOICE]
    replaced = [key for key in LIMITS if draft.ranks.get(key, -1) < rank]
    if name != SEED and name not in draft.profiles:
        if len(replaced) == len(LIMITS):
            draft.refuse(_CHOICE, _known(name, draft))
        return
    limits = draft.profiles.get(name, {})
    for key in replaced:
        for layered in (draft.values, draft.origins, draft.ranks):
            layered.pop(key, None)
        if key in limits:
            draft.values[key], draft.origins[key] = limits[key]
            draft.ranks[key] = rank


def _check_tiers(draft: Draft) -> None:
    """Note tiers that cannot be read, of profiles that are not chosen too."""
    for limits in draft.profiles.values():
        if "sla.tiers" not in limits:
            continue
        tiers, origin = limits["sla.tiers"]
        for text in tiers:
            try:
                parse_tier(text)
            except ValueError as error:  # noqa: PERF203  each mistake is told
                draft.problems.append(refusal("sla.tiers", text, origin, str(error)))


def _known(name: str, draft: Draft) -> str:
    known = [SEED, *draft.profiles]
    near = difflib.get_close_matches(name, known, n=1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    return f"one of {', '.join(known)}{hint}, or limits beside it that go by that name"
