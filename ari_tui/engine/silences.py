"""What Asterisk tells that makes silence meant: a digit, a hold."""

from __future__ import annotations

from ari_tui.analysis.gaps import CallGaps
from ari_tui.ari.event_models import ChannelDtmfReceived, ChannelHold, ChannelUnhold, Event


def explain(gaps: CallGaps, event: Event, now_ns: int) -> tuple[str, str] | None:
    """Note what an event that came at `now_ns` (CLOCK_REALTIME) says of a call's gaps.

    Returns kind and text of what is worth telling; None when it says nothing of gaps.
    """
    if isinstance(event, ChannelDtmfReceived):
        gaps.digit(now_ns, event.duration_ms * 1_000_000)
        return "dtmf", f"digit {event.digit!r} pressed"
    if isinstance(event, ChannelHold):
        gaps.hold(now_ns)
        return "hold", "on hold"
    if isinstance(event, ChannelUnhold):
        gaps.unhold(now_ns)
        return "hold", "off hold"
    return None
