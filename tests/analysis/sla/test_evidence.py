"""Evidence: what a second adds to each rule, and how seconds are counted."""

from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_tui.analysis.sla.evidence import LATE, LOSS, MAX, P50, P95, P99, Evidence, Limited, Second
from ari_tui.analysis.sla.profiles import SEED_PROFILE, Profile, Tier

LIMITS = SEED_PROFILE.thresholds_ms()


def call(
    rtts_ms: list[float], *, lost: int = 0, late: int = 0, limited: int = 0
) -> tuple[int, int, int, int, list[int], int]:
    """One call's second, from its round trips."""
    above = [sum(rtt > limit for rtt in rtts_ms) for limit in LIMITS]
    return len(rtts_ms) + lost, late, lost, len(rtts_ms), above, limited


def second(*calls: Any) -> Second:
    columns = (np.array(column, dtype=np.int64) for column in zip(*calls, strict=True))
    return Second(*columns)


def evidence(*seconds: tuple[int, Second]) -> Evidence:
    found = Evidence(SEED_PROFILE)
    for calls_up, each in seconds:
        found.add(calls_up, each)
    return found


def counts(found: Evidence) -> dict[str, Any]:
    plain = {k: v for k, v in vars(found).items() if not k.startswith("_") and k != "profile"}
    return {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in plain.items()}


def test_packets_are_counted_over_the_limits_of_the_tier() -> None:
    rtts = [5.0] * 44 + [9.0, 13.0, 16.0, 19.0, 21.0, 23.0]
    found = evidence((1, second(call(rtts, lost=2, late=3))))
    assert found.violations.tolist() == [6, 5, 3, 3, 2, 1]
    assert found.trials.tolist() == [50, 50, 50, 52, 52, 50]
    busier = evidence((100, second(call(rtts, lost=2, late=3))))
    assert busier.violations.tolist() == [5, 4, 2, 3, 2, 1]
    busiest = evidence((150, second(call(rtts, lost=2, late=3))))
    assert busiest.violations.tolist() == [5, 3, 1, 3, 2, 1]


def test_a_packet_right_at_the_limit_is_within_it() -> None:
    assert evidence((1, second(call([8.0, 12.0, 18.0, 22.0])))).violations.tolist() == [
        3,
        2,
        1,
        0,
        0,
        0,
    ]


def test_each_second_is_judged_by_the_tier_of_its_own_load() -> None:
    one = second(call([9.0] * 50))  # above 8 ms, below 10 ms
    found = evidence((30, one), (31, one), (100, one))
    assert found.violations[P50] == 50
    assert found.trials[P50] == 150
    assert found.tier_s == {0: 1, 1: 2}
    assert [tier.calls_up_to for tier in found.tiers] == [30, 100]
    assert found.beyond_s == 0


def test_above_the_last_tier_its_limits_apply_and_the_seconds_are_told() -> None:
    found = evidence((151, second(call([12.5] * 50))), (180, second(call([5.0] * 50))))
    assert found.violations[P50] == 50
    assert (found.beyond_s, found.peak_calls) == (2, 180)


def test_limited_calls_are_left_out_of_the_counts_and_counted_by_reason() -> None:
    bad = call([30.0] * 50, lost=9, late=9, limited=Limited.DWELL | Limited.SOCKET_DROPS)
    found = evidence((2, second(call([5.0] * 50), bad)), (2, second(call([5.0] * 50), bad)))
    assert found.violations.tolist() == [0] * 6
    assert found.trials[P50] == 100
    assert found.limited_call_s == {Limited.DWELL: 2, Limited.SOCKET_DROPS: 2}
    assert (found.of_s, found.of_call_s, found.clean_call_s, found.clean_s) == (2, 4, 2, 1.0)
    assert found.limited_s(Limited.DWELL) == 1.0
    assert found.limited_s(Limited.CLOCK_STEP) == 0
    assert found.packets == 50 + 59 + 50 + 59


def test_one_calls_limited_seconds_are_its_wall_seconds() -> None:
    clean, limited = call([5.0] * 50), call([5.0] * 50, limited=Limited.ECHO_DWELL)
    found = evidence(*[(1, second(clean))] * 54, *[(1, second(limited))] * 6)
    assert (found.clean_s, found.of_s) == (54, 60)
    assert found.limited_s(Limited.ECHO_DWELL) == 6


def test_one_limited_call_among_many_does_not_spoil_the_second() -> None:
    calls = [call([5.0])] * 149 + [call([5.0], limited=Limited.SOCKET_DROPS)]
    found = evidence(*[(150, second(*calls))] * 60)
    assert found.clean_s == 59.6
    assert found.clean_s < found.of_s == 60
    assert not found.mostly_limited


@pytest.mark.parametrize(("clean", "limited", "mostly"), [(30, 30, False), (29, 31, True)])
def test_less_than_half_clean_is_mostly_limited(clean: int, limited: int, mostly: bool) -> None:
    good, bad = call([5.0]), call([5.0], limited=Limited.DWELL)
    found = evidence(*[(1, second(good))] * clean, *[(1, second(bad))] * limited)
    assert found.mostly_limited is mostly


def test_a_call_on_hold_is_no_evidence_but_a_frozen_instrument_is_told() -> None:
    found = evidence((1, second(call([]))))
    assert (found.of_s, found.of_call_s, found.packets) == (0, 0, 0)
    assert found.clean_s == 0
    found = evidence((1, second(call([], limited=Limited.DWELL))))
    assert (found.of_s, found.of_call_s, found.clean_call_s) == (1, 1, 0)
    found = evidence(
        (
            0,
            Second(
                *(np.zeros(0, dtype=np.int64),) * 4,
                np.zeros((0, len(LIMITS)), dtype=np.int64),
                np.zeros(0, dtype=np.int64),
            ),
        )
    )
    assert found.of_s == 0


def test_a_second_is_violated_when_it_alone_would_break_the_rule() -> None:
    just = call([5.0] * 90 + [13.0] * 5 + [5.0] * 5)  # 5 % above 12 ms: allowed
    over = call([5.0] * 90 + [13.0] * 6 + [5.0] * 4)
    assert evidence((1, second(just))).violated_s[P95] == 0
    assert evidence((1, second(over))).violated_s[P95] == 1
    # two calls are judged together, by the wall second
    assert evidence((2, second(just, over))).violated_s[P95] == 1
    assert evidence((2, second(just, just))).violated_s[P95] == 0
    one_above = evidence((9, second(call([22.1]), *[call([5.0] * 50)] * 8)))
    assert one_above.violated_s[MAX] == 1
    assert one_above.violated_s[P99] == 0  # 1 of 401


def test_loss_and_late_violate_a_second_above_their_ratios() -> None:
    fine = call([5.0] * 998, lost=2, late=1)
    bad = call([5.0] * 997, lost=3, late=2)
    assert evidence((1, second(fine))).violated_s[[LATE, LOSS]].tolist() == [0, 0]
    assert evidence((1, second(bad))).violated_s[[LATE, LOSS]].tolist() == [1, 1]


def test_a_share_that_floating_point_cannot_hold_is_still_met_exactly() -> None:
    found = Evidence(msgspec.structs.replace(SEED_PROFILE, late_ratio=0.29))
    found.add(1, second(call([5.0] * 100, late=29)))  # 0.29 · 100 = 28.999999999999996
    assert found.violated_s[LATE] == 0
    found.add(1, second(call([5.0] * 100, late=30)))
    assert found.violated_s[LATE] == 1


rtt = st.sampled_from([1.0, 8.0, 8.5, 11.0, 14.0, 17.0, 19.0, 21.0, 25.0])
calls = st.builds(
    lambda rtts, lost, late, limited: call(
        rtts, lost=lost, late=min(late, len(rtts)), limited=limited
    ),
    st.lists(rtt, max_size=8),
    st.integers(0, 3),
    st.integers(0, 3),
    st.sampled_from([0, 0, 1, 6]),
)
pieces = st.lists(
    st.tuples(st.integers(0, 200), st.lists(calls, min_size=1, max_size=3)), max_size=8
)


@given(pieces, st.integers(0, 8))
def test_merged_pieces_of_time_equal_the_whole(
    drawn: list[tuple[int, list[Any]]], cut: int
) -> None:
    seconds = [(calls_up, second(*calls)) for calls_up, calls in drawn]
    whole = evidence(*seconds)
    parts = evidence(*seconds[:cut])
    parts.merge(evidence(*seconds[cut:]))
    assert counts(parts) == counts(whole)
    assert parts.clean_s == whole.clean_s


@given(pieces)
def test_no_rule_has_more_violations_than_packets(drawn: list[tuple[int, list[Any]]]) -> None:
    found = evidence(*((calls_up, second(*calls)) for calls_up, calls in drawn))
    assert (found.violations <= found.trials).all()
    assert (found.violated_s <= found.of_s).all()
    assert found.violations[P50] >= found.violations[P95] >= found.violations[P99]
    assert found.violations[P99] >= found.violations[MAX]
    assert found.clean_s <= found.of_s


def test_evidence_for_another_profile_is_not_mixed_in() -> None:
    other = Profile(
        name="own",
        tiers=(Tier(calls_up_to=1, p50_ms=1, p95_ms=2, p99_ms=3),),
        max_ms=4,
        late_ratio=0.1,
        loss_ratio=0.1,
    )
    with pytest.raises(ValueError, match="'own' does not speak of 'seed'"):
        Evidence(SEED_PROFILE).merge(Evidence(other))


def test_every_reason_has_its_words() -> None:
    assert len({reason.words for reason in Limited}) == len(Limited)
