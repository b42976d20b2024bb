"""What people are told of single calls, in words."""

from __future__ import annotations

from ari_tui.analysis.stream.gaps import CallGaps
from ari_tui.ari import commands as do
from ari_tui.ari.events import ChannelDtmfReceived, ChannelHold, ChannelUnhold, Event
from ari_tui.engine.event_log import EventLog
from ari_tui.engine.measured_call import MeasuredCall


class CallEventMessages:
    """Tells the event log of calls, by the names that documents have for them."""

    def __init__(self, events: EventLog) -> None:
        self._events = events

    def add(self, call: MeasuredCall, level: str, kind: str, text: str) -> None:
        """Tell something of a call."""
        channel = call.machine.caller.name
        self._events.add(level, kind, text, call=call.id, channel=channel)

    def started(self, call: MeasuredCall) -> None:
        """Tell that a caller came."""
        self.add(
            call, "info", "call", f"call from {call.machine.caller.caller.number or 'unknown'}"
        )

    def up(self, call: MeasuredCall) -> None:
        """Tell that a call stands."""
        self.add(call, "info", "call_up", f"up, {call.machine.bridge_technology or 'bridged'}")

    def no_rtp(self, call: MeasuredCall) -> None:
        """Tell that a call stands and has no RTP."""
        self.add(
            call,
            "warning",
            "no_rtp",
            "answered and bridged, but no RTP for 2 s: is there a source? Local into Echo() "
            "sends nothing (try Milliwatt, Playback, music on hold), and a firewall between "
            f"Asterisk and {call.media_local} looks the same",
        )

    def source_learned(self, call: MeasuredCall, source: str, reported: str | None) -> None:
        """Tell that a call's media comes from another address than reported."""
        text = f"media comes from {source}, not from {reported} as reported (NAT?)"
        self.add(call, "warning", "learned", text)

    def ended(self, call: MeasuredCall, reason: str) -> None:
        """Tell that a call has ended, and why."""
        self.add(call, "info", "call_ended", f"call ended: {reason}")

    def finished(self, call: MeasuredCall, command: do.Finished) -> None:
        """Tell how a call's machine finished, and what it left behind."""
        if command.state is do.CallState.FAILED:
            step = command.failed_step.value if command.failed_step else "?"
            self.add(call, "error", "call_failed", f"call failed at {step}: {command.reason}")
        else:
            self.ended(call, command.reason)
        for leftover in command.leftovers:
            self.add(call, "warning", "leftover", f"left behind for the next sweep: {leftover}")


def gap_event_text(gaps: CallGaps, event: Event, now_ns: int) -> tuple[str, str] | None:
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
