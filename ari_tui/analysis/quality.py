"""Estimated voice quality by the E-model (ITU-T G.107), shown as "MOS-CQ est., this hop".

An estimate for G.711 from one-way loss and delay alone; every other parameter has its default
value. MOS is not linear in them, so it is never averaged: loss and delay are pooled first. The
worst ten seconds are reported beside the whole.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ari_tui.analysis.records import Floats, Ints

BASIC_RATING: Final = 93.2
IE_G711: Final = 0.0
BPL_CONCEALED: Final = 25.1
BPL_PLAIN: Final = 4.3
"""Packet-loss robustness factors of G.711 (G.113 appendix I), with and without concealment."""
BUFFER_MS: Final = 20.0 + 40.0
"""Delay of a packet time and the jitter buffer."""
WORST_SECONDS: Final = 10
LEAST_PACKETS: Final = 50
"""The fewest settled packets to judge a window by: a second of 20 ms packets."""
OUTWARD: Final = "outward"
BACK: Final = "back"
HALVED: Final = "half of the round trip"
_NS_PER_MS: Final = 1_000_000


class Pool(NamedTuple):
    """Sums of loss and delay over a call, many calls, or a span of time."""

    settled: int = 0
    """Packets sent that are returned or lost."""
    lost: int = 0
    discarded: int = 0
    """Returned too late for the jitter buffer."""
    rtt_sum_ns: int = 0
    rtt_count: int = 0
    reached: int | None = None
    """Settled packets that the echo server received; None where it does not report that."""

    def plus(self, other: Pool) -> Pool:
        """Return the sum; `reached` is known only where it is known of both."""
        if not other.settled:
            reached = self.reached
        elif not self.settled:
            reached = other.reached
        else:
            known = self.reached is not None and other.reached is not None
            reached = (self.reached or 0) + (other.reached or 0) if known else None
        return Pool(
            self.settled + other.settled,
            self.lost + other.lost,
            self.discarded + other.discarded,
            self.rtt_sum_ns + other.rtt_sum_ns,
            self.rtt_count + other.rtt_count,
            reached,
        )


class OneWayLoss(NamedTuple):
    """The share of packets lost or discarded one way, and how it was obtained."""

    ratio: float
    source: str
    """OUTWARD or BACK (measured, the worse direction), or HALVED (both assumed equal)."""


class Quality(NamedTuple):
    """The E-model's result and its inputs."""

    mos: float
    """1 (bad) to 4.5."""
    rating: float
    """R, at most 93.2; may be below 0."""
    loss: OneWayLoss
    delay_ms: float
    """Ta, mouth to ear: half the mean RTT, a packet time and the jitter buffer."""
    delay_impairment: float
    loss_impairment: float


class Worst(NamedTuple):
    """The window of lowest MOS, and the index of its first second (from 0)."""

    mos: float
    start: int


def delay_impairment(delay_ms: Floats | float) -> Floats:
    """Return Idd of a one-way delay (ms, any shape): 0 up to 100 ms (G.107, equation 7-27)."""
    x = np.log2(np.maximum(delay_ms, 100.0) / 100)
    return np.asarray(25 * ((1 + x**6) ** (1 / 6) - 3 * (1 + (x / 3) ** 6) ** (1 / 6) + 2))


def loss_impairment(
    loss_ratio: Floats | float, burst_ratio: float = 1.0, *, concealed: bool = True
) -> Floats:
    """Return Ie-eff of G.711 at a one-way loss (0 … 1, any shape) (G.107, equation 7-29).

    `concealed`: with packet loss concealment (G.711 appendix I). The formula holds from random loss
    (burst ratio 1) upwards; a lower ratio counts as 1.
    """
    percent = np.asarray(loss_ratio) * 100
    bpl = BPL_CONCEALED if concealed else BPL_PLAIN
    return np.asarray(IE_G711 + (95 - IE_G711) * percent / (percent / max(burst_ratio, 1.0) + bpl))


def mos_of(rating: Floats | float) -> Floats:
    """Return the MOS of a rating R (any shape), within 1 … 4.5 (G.107, annex B)."""
    r = np.clip(rating, 0.0, 100.0)  # outside, the polynomial is not monotonic
    return np.asarray(np.clip(1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6, 1.0, 4.5))


def one_way_loss(pool: Pool) -> OneWayLoss | None:
    """Return the loss of the worse direction; None where nothing is settled.

    Discards are known for the round trip only: each direction gets 1 − √(1 − p) of them.
    """
    if not pool.settled:
        return None
    returned = pool.settled - pool.lost
    if pool.reached is None:
        gone = (pool.lost + pool.discarded) / pool.settled
        return OneWayLoss(float(_half(min(gone, 1.0))), HALVED)
    # the echo server counts at another moment: without this a loss might be below 0
    reached = min(max(pool.reached, returned), pool.settled)
    outward = 1 - reached / pool.settled
    back = 1 - returned / reached if reached else 0.0
    ratio, source = (outward, OUTWARD) if outward >= back else (back, BACK)
    discards = float(_half(min(pool.discarded / returned, 1.0))) if returned else 0.0
    return OneWayLoss(1 - (1 - ratio) * (1 - discards), source)


def mos(pool: Pool, burst_ratio: float | None = None, *, concealed: bool = True) -> Quality | None:
    """Estimate the quality from a pool; None where nothing is settled.

    `burst_ratio` is that of `loss_runs.LossPattern`; None counts as random.
    """
    loss = one_way_loss(pool)
    if loss is None:
        return None
    rtt_ms = pool.rtt_sum_ns / pool.rtt_count / _NS_PER_MS if pool.rtt_count else 0.0
    delay_ms = rtt_ms / 2 + BUFFER_MS
    idd = float(delay_impairment(delay_ms))
    ie = float(loss_impairment(loss.ratio, burst_ratio or 1.0, concealed=concealed))
    rating = BASIC_RATING - idd - ie
    return Quality(float(mos_of(rating)), rating, loss, delay_ms, idd, ie)


def worst_windows(
    settled: Ints, gone: Ints, rtt_sum_ns: Ints, rtt_count: Ints
) -> list[Worst | None]:
    """Find the window of lowest MOS in each call's consecutive seconds (calls × time, int).

    `gone` is lost plus discarded; the direction is not known by the second, so the loss is halved.
    Windows of WORST_SECONDS slide by a second; a shorter call is one window. None where no window
    has LEAST_PACKETS settled.
    """
    width = min(WORST_SECONDS, settled.shape[1])
    if not width:
        return [None] * len(settled)
    sent, away, rtt, count = (
        _sliding_sums(each, width) for each in (settled, gone, rtt_sum_ns, rtt_count)
    )
    loss = _half(np.minimum(away / np.maximum(sent, 1), 1.0))
    delay = rtt / np.maximum(count, 1) / (2 * _NS_PER_MS) + BUFFER_MS
    found = mos_of(BASIC_RATING - delay_impairment(delay) - loss_impairment(loss))
    found[sent < LEAST_PACKETS] = np.inf
    start = np.argmin(found, axis=1)
    least = found[np.arange(len(found)), start]
    return [
        Worst(float(value), int(at)) if np.isfinite(value) else None
        for value, at in zip(least, start, strict=True)
    ]


def _half(ratio: Floats | float) -> npt.NDArray[np.float64]:
    """Return the loss of each direction when both are equal and together lose `ratio`."""
    return np.asarray(1 - np.sqrt(1 - np.asarray(ratio, dtype=np.float64)))


def _sliding_sums(values: Ints, width: int) -> Ints:
    """Return the sums of `width` consecutive elements along the last axis (calls × time)."""
    total = np.cumsum(values.astype(np.int64), axis=1)
    total = np.concatenate((np.zeros((len(values), 1), dtype=np.int64), total), axis=1)
    return np.asarray(total[:, width:] - total[:, :-width], dtype=np.int64)
