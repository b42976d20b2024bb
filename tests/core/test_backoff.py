from __future__ import annotations

import random

from ari_tui.core.backoff import Backoff


def test_the_wait_doubles_up_to_its_bound_without_jitter() -> None:
    backoff = Backoff(0.25, 3.0, 2.0, 0.0)
    waits = [backoff.delay_s(attempt, random.Random(1)) for attempt in range(6)]
    assert waits == [0.25, 0.5, 1.0, 2.0, 3.0, 3.0]


def test_jitter_takes_up_to_its_share_off_and_never_adds() -> None:
    backoff, rng = Backoff(1.0, 1.0, 2.0, 0.5), random.Random(7)
    waits = [backoff.delay_s(3, rng) for _ in range(500)]
    assert 0.5 <= min(waits) < 0.55
    assert 0.95 < max(waits) <= 1.0


def test_a_very_long_outage_does_not_overflow() -> None:
    assert Backoff(jitter=0.0).delay_s(1_000_000, random.Random(1)) == 10.0
