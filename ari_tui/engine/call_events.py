"""The texts of events about single calls."""

from __future__ import annotations

from ari_tui.analysis.stream.gaps import CallGaps
from ari_tui.ari import commands as do
from ari_tui.ari.call_machine import TAKEN_OUT
from ari_tui.ari.events import ChannelDtmfReceived, ChannelHold, ChannelUnhold, Event
from ari_tui.ari.sweep import MOVED
from ari_tui.engine.event_log import EventLog
from ari_tui.engine.measured_call import MeasuredCall


class CallEventMessages:
    """Adds events about calls to the event log, by the ids that documents have for them."""

    def __init__(self, events: EventLog) -> None:
        self._events = events

    def add(self, call: MeasuredCall, level: str, kind: str, text: str) -> None:
        """Add an event about a call."""
        channel = call.machine.caller.name
        self._events.add(level, kind, text, call=call.id, channel=channel)

    def started(self, call: MeasuredCall) -> None:
        """Report a new caller."""
        number = call.machine.caller.caller.number or "unknown"
        self.add(call, "info", "call", f"call from {number}")

    def up(self, call: MeasuredCall) -> None:
        """Report that a call is up."""
        self.add(call, "info", "call_up", f"up, {call.machine.bridge_technology or 'bridged'}")

    def no_rtp(self, call: MeasuredCall) -> None:
        """Report that a call is up and has no RTP."""
        text = (
            "answered and bridged, but no RTP for 2 s: is there a source? Local into Echo() "
            "sends nothing (try Milliwatt, Playback, music on hold), and a firewall between "
            f"Asterisk and {call.media_local} looks the same"
        )
        self.add(call, "warning", "no_rtp", text)

    def source_learned(self, call: MeasuredCall, source: str, reported: str | None) -> None:
        """Report that a call's media comes from another address than Asterisk reported."""
        text = f"media comes from {source}, not from {reported} as reported (NAT?)"
        self.add(call, "warning", "learned", text)

    def ended(self, call: MeasuredCall, reason: str) -> None:
        """Report that a call has ended, and why; that another client took it is a warning."""
        level = "warning" if reason in (MOVED, TAKEN_OUT) else "info"
        self.add(call, level, "call_ended", f"call ended: {reason}")

    def finished(self, call: MeasuredCall, command: do.Finished) -> None:
        """Report how a call's machine finished, and what could not be undone."""
        if command.state is do.CallState.FAILED:
            step = command.failed_step.value if command.failed_step else "?"
            self.add(call, "error", "call_failed", f"call failed at {step}: {command.reason}")
        else:
            self.ended(call, command.reason)
        for leftover in command.leftovers:
            self.add(
                call,
                "warning",
                "leftover",
                f"could not be removed, the next clean-up tries again: {leftover}",
            )


def gap_event_text(gaps: CallGaps, event: Event, now_ns: int) -> tuple[str, str] | None:
    """Note a DTMF or hold event of `now_ns` (CLOCK_REALTIME), which explains gaps in the RTP.

    Returns kind and text of the event to report; None for every other event.
    """
    if isinstance(event, ChannelDtmfReceived):
        gaps.digit(now_ns, event.duration_ms * 1_000_000)
        return "dtmf", "digit • pressed"
    if isinstance(event, ChannelHold):
        gaps.hold(now_ns)
        return "hold", "on hold"
    if isinstance(event, ChannelUnhold):
        gaps.unhold(now_ns)
        return "hold", "off hold"
    return None
