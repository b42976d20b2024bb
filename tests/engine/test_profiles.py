"""The limits as configured become the limits that the verdict is about."""

import pytest

from ari_tui.analysis.sla_profiles import SEED_PROFILE
from ari_tui.analysis.store import Store
from ari_tui.config_slices import Sla
from ari_tui.engine.profiles import profile_of
from ari_tui.errors import ConfigError


def test_the_defaults_are_the_original_systems_limits() -> None:
    assert profile_of(Sla()) == SEED_PROFILE


def test_every_key_reaches_the_profile() -> None:
    own = Sla(
        profile="carrier",
        tiers=("10:1/2/3", "20:1.5/2.5/3.5"),
        max_ms=50,
        max_budget_s=2,
        late_ratio=0.02,
        loss_ratio=0.03,
    )
    found = profile_of(own)
    assert (found.name, found.max_ms, found.max_budget_s) == ("carrier", 50, 2)
    assert (found.late_ratio, found.loss_ratio) == (0.02, 0.03)
    limits = [(t.calls_up_to, t.p50_ms, t.p95_ms, t.p99_ms) for t in found.tiers]
    assert limits == [(10, 1, 2, 3), (20, 1.5, 2.5, 3.5)]


def test_changed_limits_do_not_go_by_the_original_name() -> None:
    assert profile_of(Sla(loss_ratio=0.01)).name == "seed (changed)"


@pytest.mark.parametrize(
    ("sla", "words"),
    [
        (Sla(tiers=()), "tiers is empty"),
        (Sla(tiers=("30:9/8/18",)), "p50_ms = 9 is above p95_ms = 8"),
        (Sla(tiers=("30:8/12/18", "30:8/12/18")), "calls_up_to = 30 is not above"),
        (Sla(max_ms=10), "p99_ms = 18 is above max_ms = 10"),
        (
            Sla(tiers=tuple(f"{n}:{n}/{n}.3/{n}.6" for n in range(1, 6))),
            "16 different round-trip limits; at most 13",
        ),
    ],
)
def test_limits_that_contradict_one_another_are_told_in_words(sla: Sla, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        profile_of(sla)


def test_four_tiers_of_their_own_limits_fit_into_the_counters() -> None:
    own = Sla(profile="own", tiers=tuple(f"{n}:{n}/{n}.3/{n}.6" for n in range(1, 5)))
    profile = profile_of(own)
    assert len(profile.thresholds_ms()) == 13
    Store(loss_timeout_ns=10**9, late_ns=3_000_000, profile=profile)
