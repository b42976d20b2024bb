"""Tracks placed calls by channel events and the engine's measurements."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from ari_tui.ari.commands import CallState
from ari_tui.ari.events import (
    ChannelDestroyed,
    ChannelStateChange,
    Dial,
    Event,
    StasisEnd,
    StasisStart,
)
from ari_tui.engine.assembly import EngineParts
from ari_tui.session.loadtest import failure_causes as causes
from ari_tui.session.loadtest.call_results import CallResults
from ari_tui.session.loadtest.placed_call import PlacedCall

MEDIA_S: Final = 5.0
"""Time for the first packet each way after a call is bridged."""
_EVENT_S: Final = 10.0
"""Time for the event of the end after the ringing timeout."""
_RANG_OUT_SHARE: Final = 0.9
"""A call that rang for this share of the timeout counts as unanswered, whatever its cause."""
_BUSY: Final = 17


class CallTracker:
    """Reads events and the store; calls `hang_up` for calls that should end."""

    def __init__(
        self,
        parts: EngineParts,
        results: CallResults,
        ring_s: float,
        hang_up: Callable[[PlacedCall], None],
    ) -> None:
        self._parts, self._results, self._ring_s, self._hang_up = parts, results, ring_s, hang_up

    def on_event(self, event: Event) -> None:
        """Apply an event; those of other channels are ignored."""
        channel = event.peer if isinstance(event, Dial) else getattr(event, "channel", None)
        call = self._results.live.get(channel.id) if channel is not None else None
        if channel is None or call is None:
            return
        call.channel = channel.name or call.channel
        took_ms = (time.monotonic() - call.started_s) * 1000
        if isinstance(event, Dial):
            call.dialstatus = event.dialstatus or call.dialstatus
        elif isinstance(event, StasisStart):
            call.reach("answered", took_ms)
        elif isinstance(event, ChannelStateChange) and channel.state in ("Ringing", "Ring"):
            call.reach("ringing", took_ms)
        elif isinstance(event, ChannelDestroyed):
            self._destroyed(call, event, took_ms)
        elif isinstance(event, StasisEnd):
            call.gone = True

    def _destroyed(self, call: PlacedCall, event: ChannelDestroyed, took_ms: float) -> None:
        call.gone = True
        if "answered" in call.steps or call.hung_up_s is not None:
            return
        call.reach("accepted", took_ms)
        if took_ms / 1000 > self._ring_s * _RANG_OUT_SHARE and event.cause != _BUSY:
            call.fail("answered", causes.unanswered(self._ring_s))
        else:
            call.fail("answered", causes.ended(event.cause, event.cause_txt, call.dialstatus))

    def update(self, now_s: float, call_duration_s: float) -> None:
        """Update every live call; hang up those at their duration or past a timeout."""
        by_caller = {one.machine.caller.id: one for one in self._parts.calls.calls.values()}
        for call in list(self._results.live.values()):
            if call.measured is None and call.channel_id in by_caller:
                call.measured = by_caller[call.channel_id]
                call.call_id = call.measured.id
            self._update_steps(call)
            if call.active:
                self._check_time(call, now_s, call_duration_s)

    def _update_steps(self, call: PlacedCall) -> None:
        measured, store = call.measured, self._parts.store
        if measured is None or measured.number not in store.row_of:
            return
        if measured.up_at is not None:
            call.reach("bridged", (measured.up_at - call.started_s) * 1000)
        row = store.row_of[measured.number]
        first_out, first_back = int(store.media.first_rx[row]), int(store.echo.first_rx[row])
        if first_out:
            call.reach("media_out", (first_out - call.started_ns) / 1e6)
        if first_back:
            call.reach("media_back", (first_back - call.started_ns) / 1e6)
            silent_s = (int(store.media.last_rx[row]) - int(store.echo.last_rx[row])) / 1e9
            call.back_silent_s = max(call.back_silent_s, silent_s)
        if measured.state is CallState.FAILED and call.hung_up_s is None:
            call.fail("bridged", causes.not_bridged(measured.reason))

    def _check_time(self, call: PlacedCall, now_s: float, call_duration_s: float) -> None:
        steps, age_s = call.steps, now_s - call.started_s
        if "answered" not in steps:
            if age_s > self._ring_s + _EVENT_S:
                call.fail("answered", causes.NO_EVENT)
                self._hang_up(call)
            return
        bridged_s = steps.get("bridged", float("inf")) / 1000
        if "media_back" not in steps and age_s - bridged_s > MEDIA_S:
            if "media_out" in steps:
                echo = self._parts.calls.media.echo_address
                call.fail("media_back", causes.no_media_back(echo))
            else:
                call.fail("media_out", causes.NO_MEDIA_OUT)
            self._hang_up(call)
        elif age_s - steps["answered"] / 1000 >= call_duration_s:
            self._hang_up(call)
