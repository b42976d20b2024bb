"""Which side a call's trouble comes from, told from the intervals that were measured.

Before us: Asterisk and the caller's path (interval A, gaps). The echo path: out, the echo server,
back (interval C, losses by direction). Ourselves: this program and its machine (B and D).
"""

from __future__ import annotations

from typing import Final, NamedTuple

from ari_tui.document.model import Call, Document
from ari_tui.ui import number_format as forms
from ari_tui.ui.limits import Limits, grade

_GAPS: Final = {
    "missing": "with packets missing",
    "hidden": "where only the timestamp jumped: silence suppression, or an outage that Asterisk "
    "hides",
    "stalled": "where Asterisk itself stalled",
    "delayed": "where nothing was missing but the arrival late",
}
"""Kinds of gaps that nothing explains, in words."""

MUCH: Final = 0.1
"""From this share of limited seconds on we are a suspect ourselves."""
BEFORE: Final = "Asterisk, or the caller's path to it"
ECHO: Final = "the echo path"
OURS: Final = "this program or its machine"


class Findings(NamedTuple):
    """What speaks against each side, as sentences; none speaks for it."""

    before: list[str]
    echo: list[str]
    ours: list[str]
    where: str
    """Of the echo path: which part most losses point to, "" when unknown or none."""

    @property
    def conclusion(self) -> str:
        """Return in one line what the findings point to, "" when there are none."""
        echo = f"{ECHO}{f' ({self.where})' if self.where else ''}"
        sides = [(BEFORE, self.before), (echo, self.echo)]
        others = ", and ".join(side for side, found in sides if found)
        if not self.ours:
            return others
        # a machine that is too busy delays and loses what then looks like another's fault
        return f"{OURS}; what points to {others} may come from it too" if others else OURS


def findings(call: Call, document: Document, limits: Limits) -> Findings:
    """Look for what speaks against each side, over the call's whole length."""
    return Findings(_before(call, limits), _echo(call, limits), _ours(call, document), _where(call))


def _before(call: Call, limits: Limits) -> list[str]:
    packets, found = call.packets, []
    unexplained = max(0, packets.upstream_missing - call.missing_explained)
    numbered = packets.received + packets.upstream_missing
    if _breaks(unexplained, numbered, limits.loss_ratio):
        found.append(
            f"{unexplained} packets that Asterisk numbered never came "
            f"({forms.percent(unexplained / numbered)} of {numbered})"
        )
    if _breaks(packets.late_media, packets.received, limits.late_ratio):
        found.append(
            f"{packets.late_media} packets came late from Asterisk "
            f"({forms.percent(packets.late_media / packets.received)} of {packets.received})"
        )
    if packets.interruptions:
        longest = call.longest_interruption_ms
        found.append(
            f"{packets.interruptions} interruptions of what Asterisk sends"
            + (f", the longest {longest:.0f} ms" if longest is not None else "")
            + f", {call.dead_air_s:.1f} s of dead air in all"
        )
    if found:
        found += [
            f"{call.gaps[kind]} gaps {words}"
            for kind, words in _GAPS.items()
            if call.gaps.get(kind)
        ]
    return found


def _breaks(part: int, whole: int, limit: float | None) -> bool:
    return part > 0 and whole > 0 and part / whole > (limit or 0.0)


def _echo(call: Call, limits: Limits) -> list[str]:
    packets, rtt, found = call.packets, call.rtt_ms, []
    settled = packets.sent - packets.in_flight
    if grade(call.loss_ratio, limits.loss_ratio) == "fail":
        found.append(
            f"{packets.lost} of {settled} packets did not come back"
            f"{_against(call.loss_ratio, limits.loss_ratio)}; {_directions(call)}"
        )
    if grade(call.late_ratio, limits.late_ratio) == "fail":
        found.append(
            f"{packets.late_echo} of {settled} packets came back late"
            f"{_against(call.late_ratio, limits.late_ratio)}"
        )
    for name, value, limit in (
        ("p50", rtt.p50, limits.p50_ms),
        ("p95", rtt.p95, limits.p95_ms),
        ("p99", rtt.p99, limits.p99_ms),
        ("maximum", rtt.max, limits.max_ms),
    ):
        if value is not None and limit is not None and value > limit:
            found.append(f"round trip {name} {value:.1f} ms, limit {limit:g} ms")
    if packets.overdue:
        found.append(f"{packets.overdue} packets are out for more than 500 ms")
    if packets.echo_refused:
        found.append(f"nothing listens at the echo address ({packets.echo_refused} refusals)")
    return found


def _against(share: float | None, limit: float | None) -> str:
    if share is None or limit is None:
        return ""
    return f" ({forms.percent(share)}, limit {forms.percent(limit)})"


def _directions(call: Call) -> str:
    known = call.loss_directions
    if known is None:
        return "where is not known: the echo server does not count for us"
    return (
        f"lost on the way out {known.outward}, within the echo server {known.at_echo}, "
        f"on the way back {known.back}"
    )


def _where(call: Call) -> str:
    known = call.loss_directions
    if known is None or not call.packets.lost:
        return ""
    places = {
        "on the way out": known.outward,
        "within the echo server": known.at_echo,
        "on the way back": known.back,
    }
    most = max(places, key=places.__getitem__)
    return most if 2 * places[most] > sum(places.values()) else "both ways"


def _ours(call: Call, document: Document) -> list[str]:
    found, instrument, seconds = [], document.instrument, document.sla.of_s
    if call.packets.socket_drops:
        found.append(f"our machine dropped {call.packets.socket_drops} packets for want of room")
    if call.packets.send_errors:
        found.append(f"{call.packets.send_errors} packets could not be sent or received")
    if instrument.limited_s > MUCH * seconds:
        why = f": {'; '.join(instrument.reasons)}" if instrument.reasons else ""
        found.append(f"{instrument.limited_s:g} of {seconds} s could not be measured well{why}")
    return found
