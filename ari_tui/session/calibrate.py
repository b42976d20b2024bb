"""Samples a path through an engine, running or started for it, to derive SLA limits."""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import time
from collections import Counter
from collections.abc import AsyncIterator
from typing import Final

from ari_tui.analysis.sla.calibration import PathSample
from ari_tui.client.source import LiveSource, parse_target
from ari_tui.config.dump import to_environment
from ari_tui.config.settings import Settings
from ari_tui.core.cancellation import cancel_tasks
from ari_tui.core.errors import AriTuiError
from ari_tui.core.log import get
from ari_tui.core.process import Child
from ari_tui.core.signals import StopSignals
from ari_tui.document.live import SECONDS
from ari_tui.document.model import Document
from ari_tui.report import sparse_histogram

_OPEN_S: Final = 20.0
_UPDATE_S: Final = 0.5
"""Longest time until a request to stop takes effect."""
_COARSE_PER_OCTAVE: Final = 8
"""Buckets of the stream's histogram, for documents without one; each is up to 12 % wide."""


async def watch_engine(
    target: str, settings: Settings, seconds: float, *, take_over: bool = False
) -> tuple[PathSample, int]:
    """Watch the engine at `target` for a time; with "" start one, which may `take_over`.

    Returns the sample, and the exit code of a signal that ended the watch early (else 0). Raises
    AriTuiError when the engine cannot be reached.
    """
    with StopSignals() as signals:
        async with _engine(target, settings, take_over=take_over) as address:
            source = LiveSource(parse_target(address), token=settings.http.token)
            following = asyncio.create_task(source.run())
            try:
                watched = await watch(source, seconds, signals.stop)
            finally:
                await cancel_tasks([following])
        return watched, signals.exit_code


@contextlib.asynccontextmanager
async def _engine(target: str, settings: Settings, *, take_over: bool) -> AsyncIterator[str]:
    if target:
        yield target
        return
    environment = {
        **os.environ,
        **to_environment(settings),
        "ARI_TUI_OUTPUT_STATUS_S": "0",
        "ARI_TUI_OUTPUT_JSON": "",
        "ARI_TUI_OUTPUT_HISTOGRAMS": "true",
    }
    command = ["run", "--headless", *(["--take-over"] if take_over else [])]
    engine = await Child.spawn(
        "engine", command, environment=environment, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        yield str(engine.info["socket"])
    finally:
        await engine.stop("calibrated")


async def watch(source: LiveSource, seconds: float, stop: asyncio.Event) -> PathSample:
    """Watch a running source from its first document on; `stop` ends it early.

    Raises AriTuiError when no engine answers, or when the session changes.
    """
    await asyncio.wait_for(source.opened(), _OPEN_S)
    if source.document is None:
        raise AriTuiError(f"{source.address} sent no document")
    sample = _Sampling(source, source.document)
    until = time.monotonic() + seconds
    while not stop.is_set() and source.link.state != "ended":
        left_s = until - time.monotonic()
        if left_s <= 0:
            break
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(source.changed(), min(left_s, _UPDATE_S))
        sample.update()
    if not sample.fine:
        get("calibrate").warning(
            "the engine's documents hold no histograms: percentiles may be off by a few percent; "
            "one that was started with --histograms tells them within 1 %"
        )
    return sample.result()


class _Sampling:
    """The measurements since a first document."""

    def __init__(self, source: LiveSource, first: Document) -> None:
        self._source, self._first, self._newest = source, first, first
        self._coarse = source.history.rtt_histogram
        self._begun = time.monotonic()
        self._calls = 0
        self._shortest_ms: float | None = None
        self._longest_us = 0
        self.update()

    @property
    def fine(self) -> bool:
        """Whether the documents hold the engine's own histogram."""
        return None not in (self._first.totals.rtt_histogram, self._newest.totals.rtt_histogram)

    def update(self) -> None:
        """Read the newest document. Raises AriTuiError when it is of another session."""
        document = self._source.document
        if document is None:
            return
        if document.session.id != self._first.session.id:
            raise AriTuiError(f"another engine has taken the place of {self._source.address}")
        self._newest = document
        self._calls = max(self._calls, document.totals.calls.active)
        shortest = document.window.rtt_ms.min
        if shortest is not None:
            self._shortest_ms = min(shortest, self._shortest_ms or shortest)
        # at every update: the history holds five minutes, a watch may last longer
        watched_s = min(math.ceil(time.monotonic() - self._begun), SECONDS)
        maxima = self._source.history.all.tail("rtt_max_us", watched_s)
        self._longest_us = max(self._longest_us, *(value or 0 for value in maxima), 0)

    def result(self) -> PathSample:
        """Return the difference between the first document and the newest."""
        first, last = self._first.totals.packets, self._newest.totals.packets
        limited = self._newest.instrument.limited_s - self._first.instrument.limited_s
        histogram, per_octave = self._round_trips()
        return PathSample(
            seconds=time.monotonic() - self._begun,
            calls=self._calls,
            settled=(last.sent - last.in_flight) - (first.sent - first.in_flight),
            lost=last.lost - first.lost,
            late=last.late_echo - first.late_echo,
            histogram=_by_middle(histogram, per_octave),
            shortest_ms=_clamped(self._shortest_ms or 0.0, histogram[:1], per_octave),
            longest_ms=_clamped(self._longest_us / 1000, histogram[-1:], per_octave),
            limited_s=max(limited, 0.0),
        )

    def _round_trips(self) -> tuple[list[list[int]], int]:
        """Return the histogram of the watch, `[upper_ns, count]`, and its buckets per octave."""
        before, now = self._first.totals.rtt_histogram, self._newest.totals.rtt_histogram
        if before is not None and now is not None:
            return sparse_histogram.since(now, before), sparse_histogram.PER_OCTAVE
        grown_us = sparse_histogram.since(self._source.history.rtt_histogram, self._coarse)
        return [[upper_us * 1000, count] for upper_us, count in grown_us], _COARSE_PER_OCTAVE


def _by_middle(histogram: sparse_histogram.Sparse, per_octave: int) -> Counter[int]:
    """Count round trips by the middle of their bucket (µs); coarse buckets are spread evenly."""
    found: Counter[int] = Counter()
    parts = sparse_histogram.PER_OCTAVE // per_octave
    for middle_ns, count in sparse_histogram.spread_evenly(histogram, per_octave, parts):
        found[round(middle_ns / 1000)] += count
    return found


def _clamped(extreme_ms: float, bucket: sparse_histogram.Sparse, per_octave: int) -> float:
    """Clamp an extreme to the outermost bucket, as windows reach back before the watch."""
    for upper_ns, _ in bucket:
        low, high = sparse_histogram.lower(upper_ns, per_octave) / 1e6, upper_ns / 1e6
        return min(max(extreme_ms, low), high)
    return extreme_ms
