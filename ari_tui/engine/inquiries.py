"""What a reader of the stream may ask of one call: its detail, and what Asterisk says of it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from ari_tui.analysis.store import Store
from ari_tui.ari.client import AriClient
from ari_tui.ari.models import Bridge, Channel, RtpStatistics
from ari_tui.engine.actions import find_call
from ari_tui.engine.calls import MeasuredCall
from ari_tui.engine.events import EventLog
from ari_tui.engine.stream import Action, ActionFailedError
from ari_tui.engine.switchboard import ENDED_KEPT_S, Switchboard
from ari_tui.errors import AriError, AriNotFoundError
from ari_tui.snapshot.build import iso
from ari_tui.snapshot.closeup import detail_of
from ari_tui.snapshot.detail import CallDetail, CallerStatistics, RtpFigures

_NO_RTP = (
    "Asterisk keeps no RTP statistics of this channel: it does for PJSIP, and for none of "
    "Local, chan_sip and the like"
)


class Inquiries:
    """Answers questions about single calls; changes nothing."""

    def __init__(
        self, calls: Switchboard, *, store: Store, client: AriClient, events: EventLog
    ) -> None:
        self._calls, self._store, self._client, self._events = calls, store, client, events

    def actions(self) -> dict[str, Action]:
        """Return the actions by name."""
        return {"detail": self.detail, "statistics": self.statistics}

    async def detail(self, args: Mapping[str, Any]) -> CallDetail:
        """Return what is known of `call`. Raises ActionFailedError when it has left."""
        call = self._call(args)
        until_ns = time.time_ns()
        if call.ended_ns is not None:
            # with the second in which it ended; what comes after is not the call's
            until_ns = min(until_ns, call.ended_ns + 1_000_000_000)
        return detail_of(
            self._store,
            call.number,
            self._calls.call_id(call),
            until_ns=until_ns,
            events=self._events.lines,
        )

    async def statistics(self, args: Mapping[str, Any]) -> CallerStatistics:
        """Ask Asterisk for the caller's channel, its bridge and its RTP counts.

        What it does not have is told in words; raises ActionFailedError when it cannot be asked.
        """
        machine = self._call(args).machine
        try:
            channel = await self._client.channel(machine.caller.id)
        except AriNotFoundError:
            return _nothing(machine.caller.name, "the caller's channel is gone")
        except AriError as error:
            raise ActionFailedError(str(error)) from None
        try:
            bridge = await self._bridge(machine.ids.bridge)
            found = await self._client.rtp_statistics(channel.id)
        except AriError as error:
            raise ActionFailedError(str(error)) from None
        return _view(channel, bridge, found)

    async def _bridge(self, bridge_id: str) -> Bridge | None:
        try:
            return await self._client.bridge(bridge_id)
        except AriNotFoundError:
            return None

    def _call(self, args: Mapping[str, Any]) -> MeasuredCall:
        try:
            return find_call(self._calls, args)
        except ActionFailedError as error:
            kept = f"one that has ended is kept for {ENDED_KEPT_S:g} s"
            raise ActionFailedError(f"{error}: {kept}") from None


def _nothing(channel: str, note: str) -> CallerStatistics:
    return CallerStatistics(
        time=iso(time.time_ns()),
        channel=channel,
        state=None,
        bridge=None,
        members=None,
        rtp=None,
        note=note,
    )


def _view(channel: Channel, bridge: Bridge | None, found: RtpStatistics | None) -> CallerStatistics:
    return CallerStatistics(
        time=iso(time.time_ns()),
        channel=channel.name,
        state=channel.state or None,
        bridge=bridge.technology if bridge is not None else None,
        members=len(bridge.channels) if bridge is not None else None,
        rtp=figures(found) if found is not None else None,
        note=_NO_RTP if found is None else None,
    )


def figures(found: RtpStatistics) -> RtpFigures:
    """Return Asterisk's counts by what they mean."""

    def milliseconds(seconds: float | None) -> float | None:
        return None if seconds is None else round(seconds * 1000, 3)

    # zeros mean that no RTCP report has come: SIPp, and many a phone behind NAT, send none
    reported = bool(found.rtt or found.rxjitter or found.txploss)
    return RtpFigures(
        received=found.rxcount,
        sent=found.txcount,
        received_lost=found.rxploss,
        sent_lost=found.txploss if reported else None,
        # swapped in Asterisk: its txjitter is what it measures on packets that it receives
        received_jitter_ms=milliseconds(found.txjitter),
        sent_jitter_ms=milliseconds(found.rxjitter) if reported else None,
        rtt_ms=milliseconds(found.rtt) if found.rtt else None,
        local_ssrc=found.local_ssrc,
        remote_ssrc=found.remote_ssrc,
    )
