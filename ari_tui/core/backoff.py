"""How long to wait before the next attempt: exponential, bounded, with jitter."""

from __future__ import annotations

import random
from typing import NamedTuple


class Backoff(NamedTuple):
    """The wait doubles from `first_s` up to `longest_s`; jitter takes up to its share off."""

    first_s: float = 0.25
    longest_s: float = 10.0
    factor: float = 2.0
    jitter: float = 0.5

    def delay_s(self, attempt: int, rng: random.Random) -> float:
        """Return the wait after failed attempt `attempt` (0 is the first one), in seconds.

        Jitter keeps many clients of one restarted Asterisk from reconnecting at the same time.
        """
        # the exponent is bounded, or many attempts would overflow the float
        whole = min(self.longest_s, self.first_s * self.factor ** min(attempt, 64))
        return whole * (1.0 - self.jitter * rng.random())
