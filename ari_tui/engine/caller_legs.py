"""Reads Asterisk's own counts of the callers' legs (ARI: rtp_statistics), within a budget.

They alone tell what was lost between a caller and Asterisk. Asterisk changes the losses with each
RTCP report, every 5 s, their number and jitter with each packet.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final

from ari_tui.analysis.diagnosis.outside import LegCounts, OutsideFacts
from ari_tui.ari.client import AriClient
from ari_tui.ari.commands import CallState
from ari_tui.ari.models import RtpStatistics
from ari_tui.core.errors import AriError
from ari_tui.core.number_format import iso
from ari_tui.core.tasks import until_next
from ari_tui.document.detail import RtpFigures
from ari_tui.document.model import CallerLeg, CallerLegTotals
from ari_tui.engine.call_manager import CallManager
from ari_tui.engine.measured_call import MeasuredCall

ROUND_S: Final = 0.25
"""No leg is read more often: a jitter that rose is seen for half a second."""
READS_A_ROUND: Final = 8
"""With more calls than this each is read in every second, third … round: 32 reads a second."""
_AGAIN_S: Final = 5.0
"""A PJSIP leg without statistics may yet get some: it is asked again after this time."""
NO_STATISTICS: Final = (
    "Asterisk keeps no RTP statistics of this channel: it does for PJSIP, and for none of "
    "Local, chan_sip and the like"
)
NO_REPORTS: Final = "no RTCP reports from the caller: what is lost on the way to it is not known"


def rtp_figures(found: RtpStatistics) -> RtpFigures:
    """Return Asterisk's statistics by what they mean."""

    def milliseconds(seconds: float | None) -> float | None:
        return None if seconds is None else round(seconds * 1000, 3)

    # zeros mean that no RTCP report has come: SIPp, and many phones behind NAT, send none
    reported = bool(found.rtt or found.rxjitter or found.txploss)
    return RtpFigures(
        received=found.rxcount,
        sent=found.txcount,
        received_lost=_signed(found.rxploss),
        sent_lost=_signed(found.txploss) if reported else None,
        # swapped in Asterisk: its txjitter is what it measures on packets that it receives
        received_jitter_ms=milliseconds(found.txjitter),
        sent_jitter_ms=milliseconds(found.rxjitter) if reported else None,
        rtt_ms=milliseconds(found.rtt) if found.rtt else None,
        local_ssrc=found.local_ssrc,
        remote_ssrc=found.remote_ssrc,
    )


def _signed(lost: int | None) -> int | None:
    """Return a count of losses: duplicates make it negative, which Asterisk tells as unsigned."""
    return 0 if lost is not None and not 0 <= lost < 1 << 31 else lost


def leg_counts(rtp: RtpFigures) -> LegCounts:
    """Return what the diagnosis needs of a leg's statistics."""
    jitter_ms = rtp.received_jitter_ms
    return LegCounts(
        received=rtp.received or 0,
        lost_in=rtp.received_lost or 0,
        sent=rtp.sent or 0,
        lost_out=rtp.sent_lost,
        jitter_in_ns=None if jitter_ms is None else round(jitter_ms * 1e6),
    )


def caller_leg(rtp: RtpFigures | None, at_ns: int) -> CallerLeg:
    """Return a leg's statistics as documents have them; None where Asterisk keeps none."""
    if rtp is None:
        return CallerLeg(time=iso(at_ns), note=NO_STATISTICS)
    received, lost_in = rtp.received or 0, rtp.received_lost or 0
    return CallerLeg(
        time=iso(at_ns),
        received=received,
        sent=rtp.sent,
        lost_in=lost_in,
        lost_in_ratio=_ratio(lost_in, received + lost_in),
        lost_out=rtp.sent_lost,
        lost_out_ratio=None if rtp.sent_lost is None else _ratio(rtp.sent_lost, rtp.sent or 0),
        jitter_in_ms=rtp.received_jitter_ms,
        jitter_out_ms=rtp.sent_jitter_ms,
        rtt_ms=rtp.rtt_ms,
        note=NO_REPORTS if rtp.sent_lost is None else None,
    )


_NOTHING: Final = rtp_figures(RtpStatistics())


def _added(totals: CallerLegTotals, rtp: RtpFigures, before: RtpFigures) -> CallerLegTotals:
    """Return the totals with what a leg has counted since an earlier reading of it."""

    def grown(new: int | None, old: int | None) -> int:
        return max((new or 0) - (old or 0), 0)

    # what is lost of a leg without reports is not known: what was sent on it does not count
    sent = rtp.sent if rtp.sent_lost is not None else 0
    sent_before = before.sent if before.sent_lost is not None else 0
    return CallerLegTotals(
        received=totals.received + grown(rtp.received, before.received),
        lost_in=totals.lost_in + grown(rtp.received_lost, before.received_lost),
        sent=totals.sent + grown(sent, sent_before),
        lost_out=totals.lost_out + grown(rtp.sent_lost, before.sent_lost),
    )


def _ratio(part: int, whole: int) -> float | None:
    # a report may run ahead of the count that it refers to
    return round(min(part / whole, 1.0), 6) if whole else None


class CallerLegs:
    """The newest counts of every caller's leg, and what they have added up to."""

    def __init__(self, calls: CallManager, client: AriClient, facts: OutsideFacts) -> None:
        self._calls, self._client, self._facts = calls, client, facts
        self._newest: dict[int, CallerLeg] = {}
        self._last: dict[int, tuple[str, RtpFigures]] = {}
        """By call: the channel and what it had at its last reading."""
        self._due: dict[int, float] = {}
        """By call: when it was read last, or the time from which it may be read again."""
        self._refused: dict[int, str] = {}
        """By call: the channel of which Asterisk keeps no statistics."""
        self.totals = CallerLegTotals()
        """All legs since the start, those of calls that have ended included."""

    def newest(self, number: int) -> CallerLeg | None:
        """Return a call's leg as it was read last; None before."""
        return self._newest.get(number)

    async def run(self) -> None:
        """Read the legs, round by round."""
        due = asyncio.get_running_loop().time()
        while True:
            due = await until_next(due, ROUND_S)
            await self.read_round()

    async def read_round(self) -> None:
        """Read the legs that have waited longest, one after the other; at most `READS_A_ROUND`."""
        self._forget_retired()
        now = time.monotonic()
        up = [call for call in self._calls.calls.values() if call.state is CallState.UP]
        waiting = [call for call in up if self._due_at(call) <= now]
        waiting.sort(key=self._due_at)
        for call in waiting[:READS_A_ROUND]:
            self._due[call.number] = time.monotonic()
            try:
                found = await self._client.rtp_statistics(call.machine.caller.id)
            except AriError:
                return  # the pings and the event stream tell of it
            self._take(call, found)

    def _due_at(self, call: MeasuredCall) -> float:
        refused = self._refused.get(call.number)
        caller = call.machine.caller
        if refused == caller.id and not caller.name.startswith("PJSIP/"):
            return float("inf")
        return self._due.get(call.number, 0.0) + (_AGAIN_S if refused == caller.id else 0.0)

    def _take(self, call: MeasuredCall, found: RtpStatistics | None) -> None:
        if call.state is not CallState.UP:
            return  # it ended meanwhile: nothing was refused
        number, channel, at_ns = call.number, call.machine.caller.id, time.time_ns()
        rtp = None if found is None else rtp_figures(found)
        if rtp is None and number in self._last and self._last[number][0] == channel:
            return  # the channel is gone, which an event is about to tell
        self._newest[number] = caller_leg(rtp, at_ns)
        self._facts.leg_counts(number, at_ns, None if rtp is None else leg_counts(rtp))
        if rtp is None:
            self._refused[number] = channel
            return
        before_channel, before = self._last.get(number, ("", _NOTHING))
        self.totals = _added(self.totals, rtp, before if before_channel == channel else _NOTHING)
        self._last[number] = channel, rtp

    def _forget_retired(self) -> None:
        for book in (self._newest, self._last, self._due, self._refused):
            for number in [one for one in book if one not in self._calls.calls]:
                del book[number]
