"""Verdicts: evidence too thin, just enough and failing, and how they read."""

from functools import partial
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_tui.analysis.sla.evidence import RULES, Evidence, Limited, Second
from ari_tui.analysis.sla.profiles import SEED_PROFILE, Profile
from ari_tui.analysis.sla.verdict import Rule, Verdict, describe, headline, judge
from ari_tui.core.binomial import lower_bound, upper_bound
from ari_tui.core.number_format import percent_significant

LIMITS = SEED_PROFILE.thresholds_ms()

percent = partial(percent_significant, figures=3, least=1e-6)


def second(
    packets: int = 50,
    *,
    lost: int = 0,
    late: int = 0,
    slow: int = 0,
    slow_ms: float = 0,
    limited: int = 0,
) -> Second:
    """One call's second; `slow` of its round trips lie at `slow_ms`, the others at nothing."""
    above = [[slow if slow_ms > limit else 0 for limit in LIMITS]]
    counted = np.array([packets, late, lost, packets - lost], dtype=np.int64)[:, None]
    return Second(
        *(counted[0], counted[1], counted[2], counted[3]),
        above=np.array(above, dtype=np.int64),
        limited=np.array([limited], dtype=np.int64),
    )


def verdict(*seconds: Second, calls_up: int = 1, profile: Profile = SEED_PROFILE) -> Verdict:
    evidence = Evidence(profile)
    for each in seconds:
        evidence.add(calls_up, each)
    return judge(evidence)


def rule(found: Verdict, name: str) -> Rule:
    (one,) = (rule for rule in found.rules if rule.id == name)
    return one


def test_a_minute_and_a_quarter_of_clean_audio_is_just_enough_to_pass() -> None:
    # 3688 packets of which none is late show, at 95 %, that at most 0.1 % are
    enough = verdict(*[second()] * 73, second(38))
    assert enough.verdict == "pass"
    assert [one.verdict for one in enough.rules] == ["pass"] * 6
    assert enough.reasons == ()
    assert headline(enough) == "PASS over 74 of 74 s"
    thin = verdict(*[second()] * 73, second(37))
    assert thin.verdict == "inconclusive"
    assert rule(thin, "late").verdict == "inconclusive"
    assert rule(thin, "loss").verdict == "pass"


def test_evidence_too_thin_says_what_is_missing() -> None:
    found = verdict(*[second()] * 24, second(40))
    assert found.verdict == "inconclusive"
    assert headline(found) == "inconclusive, 1,240 of about 3,700 packets needed (late)"
    assert found.reasons[1] == "1,240 of about 1,900 packets needed (loss)"
    late = rule(found, "late")
    assert (late.needed, late.actual, late.low) == (3688, 0.0, 0.0)
    assert rule(found, "p99").verdict == "pass"


def test_losses_beyond_doubt_fail() -> None:
    found = verdict(*[second(lost=1)] * 60)
    assert found.verdict == "fail"
    assert headline(found) == "FAIL over 60 of 60 s: loss: 2%, allowed 0.2%"
    loss = rule(found, "loss")
    assert (loss.violations, loss.trials, loss.violated_s) == (60, 3000, 60)
    assert loss.low is not None
    assert loss.low > 0.002


def test_a_rate_above_its_limit_that_may_still_be_chance_does_not_fail() -> None:
    found = verdict(*[second()] * 59, second(lost=9))
    loss = rule(found, "loss")
    assert loss.actual == pytest.approx(0.003)
    assert loss.low is not None
    assert loss.low < 0.002
    assert loss.verdict == "inconclusive"
    assert loss.missing.endswith("packets needed, tends to fail")
    assert loss.needed is not None
    assert loss.needed > 3000


def test_a_rate_right_at_its_limit_is_not_foretold() -> None:
    found = verdict(*[second()] * 19, second(lost=2))
    loss = rule(found, "loss")
    assert (loss.actual, loss.needed) == (0.002, None)
    assert headline(found) == "inconclusive, 1,000 packets, too near the limit to tell (loss)"


@pytest.mark.parametrize(
    ("name", "slow_ms", "share"), [("p50", 9, 0.5), ("p95", 13, 0.05), ("p99", 19, 0.01)]
)
def test_a_percentile_is_judged_by_the_share_above_its_limit(
    name: str, slow_ms: float, share: float
) -> None:
    def with_slow(part: float) -> Rule:
        slow = round(1000 * part)
        found = verdict(*[second(1000, slow=slow, slow_ms=slow_ms)] * 40)
        return rule(found, name)

    assert with_slow(share * 0.5).verdict == "pass"
    assert with_slow(share).verdict == "inconclusive"
    failing = with_slow(share * 1.5)
    assert failing.verdict == "fail"
    assert failing.limit == share
    assert failing.actual == pytest.approx(share * 1.5, abs=1e-3)
    assert list(failing.limits_ms) == [{"p50": 8, "p95": 12, "p99": 18}[name]]
    assert describe(failing).startswith(f"{name}: {percent(failing.actual or 0)} above ")


def test_one_packet_above_the_maximum_fails_without_a_budget() -> None:
    seconds = [second(1000)] * 59 + [second(1000, slow=1, slow_ms=23)]
    found = verdict(*seconds)
    assert found.verdict == "fail"
    assert headline(found) == "FAIL over 60 of 60 s: max: 1 s above 22 ms, allowed 0 s"
    one = rule(found, "max")
    assert (one.limit, one.actual, one.low, one.high) == (0, 1, None, None)
    assert rule(found, "p99").verdict == "pass"


def test_seconds_above_the_maximum_within_the_budget_pass() -> None:
    profile = msgspec.structs.replace(SEED_PROFILE, max_budget_s=2)
    slow = second(1000, slow=1, slow_ms=23)
    assert verdict(*[second(1000)] * 58, slow, slow, profile=profile).verdict == "pass"
    assert verdict(*[second(1000)] * 57, slow, slow, slow, profile=profile).verdict == "fail"


def test_limited_seconds_are_left_out_and_told() -> None:
    bad = second(1000, lost=900, slow=100, slow_ms=99, limited=Limited.DWELL)
    found = verdict(*[second(1000)] * 54, *[bad] * 6)
    assert found.verdict == "pass"
    assert headline(found) == "PASS over 54 of 60 s"
    assert found.reasons == ("6 of 60 s limited by delay in this engine",)


def test_a_run_that_was_mostly_limited_blames_nobody() -> None:
    clean = second(1000, lost=100)
    limited = second(1000, lost=100, limited=Limited.DWELL)
    found = verdict(*[clean] * 29, *[limited] * 31)
    assert rule(found, "loss").verdict == "fail"
    assert found.verdict == "inconclusive"
    assert headline(found) == "inconclusive, 31 of 60 s limited by delay in this engine"
    assert verdict(*[clean] * 30, *[limited] * 30).verdict == "fail"


def test_the_commonest_limitation_comes_first() -> None:
    drops = second(limited=Limited.SOCKET_DROPS)
    both = second(limited=Limited.SOCKET_DROPS | Limited.CLOCK_STEP)
    assert verdict(drops, both, second()).reasons == (
        "2 of 3 s limited by drops at our socket",
        "1 of 3 s limited by a step of the clock",
    )


def test_without_packets_there_is_a_state_of_its_own() -> None:
    found = verdict()
    assert (found.verdict, found.reasons, found.tier) == ("inconclusive", ("no packets",), None)
    assert headline(found) == "inconclusive, no packets"
    for one in found.rules:
        assert (one.verdict, one.actual, one.low, one.high) == ("inconclusive", None, None, None)
        assert one.missing == "no clean packets"
    frozen = verdict(second(0, limited=Limited.DWELL))
    assert frozen.reasons == ("no packets", "1 of 1 s limited by delay in this engine")


def test_an_echo_server_that_returns_nothing_fails_by_its_losses() -> None:
    found = verdict(*[second(lost=50)] * 10)
    assert found.verdict == "fail"
    assert rule(found, "loss").actual == 1
    assert rule(found, "p99").verdict == "inconclusive"
    assert rule(found, "max").missing == "no clean packets"
    assert describe(rule(found, "p99")) == "p99: no packets above 18 ms, allowed 1%"
    assert describe(rule(found, "max")) == "max: no round trips, allowed 22 ms"


def test_the_tier_is_named_and_one_that_is_too_small_is_told() -> None:
    assert verdict(second(), calls_up=30).tier == "up to 30 calls"
    assert verdict(second(), calls_up=31).tier == "up to 100 calls"
    found = verdict(*[second(5000)] * 2, calls_up=180)
    assert found.verdict == "pass"
    assert found.tier == "up to 150 calls (180 seen)"
    assert found.reasons == (
        "180 calls are above the last tier (up to 150), whose limits apply (2 s)",
    )


def test_a_load_that_changed_shows_the_limits_of_all_its_tiers() -> None:
    evidence = Evidence(SEED_PROFILE)
    evidence.add(30, second(5000))
    evidence.add(31, second(5000, slow=1000, slow_ms=21))
    found = judge(evidence)
    assert found.tier == "up to 30 and 100 calls"
    assert rule(found, "p99").limits_ms == (18, 20)
    assert describe(rule(found, "p99")) == "p99: 10% above 18/20 ms, allowed 1%"
    assert rule(found, "late").limits_ms == ()


def test_a_rule_holds_its_evidence() -> None:
    found = verdict(*[second(lost=1)] * 60)
    loss, longest, late = (rule(found, name) for name in ("loss", "max", "late"))
    assert [one.verdict for one in (loss, longest, late)] == ["fail", "pass", "inconclusive"]
    assert describe(loss) == "loss: 2%, allowed 0.2%"
    assert bounds(loss) == ("1.53%", "2.57%", 3000)
    assert describe(longest) == "max: 0 s above 22 ms, allowed 0 s"
    assert describe(late) == "late: 0%, allowed 0.1%"
    assert bounds(late) == ("0%", "0.123%", 3000)
    assert late.missing == "3,000 of about 3,700 packets needed"


def bounds(one: Rule) -> tuple[str, str, int]:
    assert one.low is not None
    assert one.high is not None
    return (
        percent_significant(one.low, 3, least=1e-6),
        percent_significant(one.high, 3, least=1e-6),
        one.trials,
    )


def test_a_verdict_is_json_with_the_contracts_keys() -> None:
    data: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(verdict(second())))
    assert {"verdict", "profile", "tier", "clean_s", "of_s", "reasons", "rules"} == data.keys()
    assert [one["id"] for one in data["rules"]] == list(RULES)
    assert {"id", "limit", "actual", "low", "high", "verdict", "violated_s"} <= data["rules"][
        0
    ].keys()


@given(st.integers(1, 100_000), st.integers(0, 300), st.integers(0, 300))
def test_a_verdict_follows_from_the_bounds_alone(packets: int, lost: int, late: int) -> None:
    lost, late = min(lost, packets), min(late, packets)
    found = verdict(second(packets, lost=lost, late=min(late, packets - lost)))
    loss = rule(found, "loss")
    low, high = lower_bound(lost, packets), upper_bound(lost, packets)
    assert (loss.low, loss.high) == (low, high)
    assert (loss.verdict == "pass") == (high <= 0.002)
    assert (loss.verdict == "fail") == (low > 0.002)
    verdicts = {one.verdict for one in found.rules}
    if "fail" in verdicts:
        assert found.verdict == "fail"
    else:
        assert found.verdict == ("pass" if verdicts == {"pass"} else "inconclusive")
    for one in found.rules:
        assert (one.missing != "") == (one.verdict == "inconclusive")
    assert bool(found.reasons) == (found.verdict != "pass")


def test_more_of_the_same_turns_inconclusive_into_the_foretold_verdict() -> None:
    # one late packet in 3,000, kept up: the number needed is where the verdict turns
    seconds = [second(1000, late=1), second(1000), second(1000)]
    late = rule(verdict(*seconds), "late")
    assert late.verdict == "inconclusive"
    assert late.needed is not None
    rounds = late.needed // 3000
    assert rule(verdict(*seconds * (rounds + 1)), "late").verdict == "pass"
    assert rule(verdict(*seconds * (rounds - 1)), "late").verdict == "inconclusive"
