"""Where to look: what the figures of a call prove, and no more.

Four places can be told apart: Asterisk and the caller's path (interval A, what is missing in
Asterisk's numbering), ourselves (B, D, drops at our sockets), the path to the echo server and
that server (C, losses). The echo server's own counts, and Asterisk's of the caller's leg, divide
further where they are there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

from ari_tui.snapshot.detail import CallDetail
from ari_tui.snapshot.model import Call
from ari_tui.ui.limits import Limits, grade
from ari_tui.ui.widgets.detail_view import View, joined, ms, newest
from ari_tui.ui.widgets.ink import Style

Place = Literal["ours", "network", "echo", "asterisk"]
PLACES: Final[dict[Place, str]] = {
    "ours": "this machine",
    "network": "the network to the echo server",
    "echo": "the echo server",
    "asterisk": "Asterisk or the caller's path",
}
_FEW: Final = 50
"""Fewer packets than in a second of a call say nothing."""
_CLEAN_LEG_MS: Final = 3.0


class Finding(NamedTuple):
    """Something that the figures show."""

    place: Place
    serious: bool
    """It breaks a limit, or something was not heard."""
    text: str


class Conclusion(NamedTuple):
    """One sentence, and how it stands."""

    text: str
    style: Style


def conclusion(view: View) -> Conclusion:
    """Say where to look, as far as it is proved."""
    call = view.call
    if not call.packets.received:
        return _of_silence(call)
    found = sorted(findings(view), key=lambda finding: not finding.serious)
    if not found:
        if call.rtt_ms.count < _FEW:
            return Conclusion("Too few packets yet to say anything.", "dim")
        return Conclusion("Nothing stands out: all four intervals are within limits.", "ok")
    told: dict[Place, list[str]] = {}
    for finding in found:
        told.setdefault(finding.place, []).append(finding.text)
    parts = [f"{PLACES[place]}: {joined(texts)}" for place, texts in told.items()]
    serious = found[0].serious
    verb = "Look at " if serious else "Worth a look: "
    return Conclusion(verb + "; then ".join(parts) + ".", "fail" if serious else "near")


def _of_silence(call: Call) -> Conclusion:
    if call.state == "failed":
        return Conclusion(f"The call failed before any RTP: {call.reason or 'no reason'}.", "fail")
    if call.state != "up":
        return Conclusion("No RTP from Asterisk yet.", "dim")
    return Conclusion("Look at Asterisk: the call is up, and no RTP has come from it.", "fail")


def findings(view: View) -> Iterator[Finding]:
    """Yield what speaks against one of the places."""
    yield from _at_ourselves(view.call, view.detail)
    yield from _at_the_echo(view.call, view.limits)
    yield from _at_asterisk(view)


def _at_ourselves(call: Call, detail: CallDetail | None) -> Iterator[Finding]:
    if call.packets.socket_drops:
        yield Finding("ours", True, f"our sockets dropped {call.packets.socket_drops:,} packets")
    if detail is None:
        return
    limited, seconds = sum(newest(detail.course.limited, 300)), len(newest(detail.course.sent, 300))
    if limited:
        why = ", ".join(detail.limited_by) or "something of ours"
        text = f"{why} was in the way in {limited} of {seconds} s"
        yield Finding("ours", limited * 2 >= seconds, text)


def _at_the_echo(call: Call, limits: Limits) -> Iterator[Finding]:
    if call.packets.echo_refused:
        yield Finding("echo", True, "its host says that nothing listens there")
    stands = grade(call.loss_ratio, limits.loss_ratio)
    if stands in ("fail", "near") or (call.packets.lost and stands == "none"):
        yield _loss(call, serious=stands == "fail")
    broken = [
        f"{name} {ms(value)} of {limit:g} ms"
        for name, value, limit in (
            ("p50", call.rtt_ms.p50, limits.p50_ms), ("p95", call.rtt_ms.p95, limits.p95_ms),
            ("p99", call.rtt_ms.p99, limits.p99_ms), ("max", call.rtt_ms.max, limits.max_ms),
        )
        if value is not None and limit is not None and value > limit
    ]  # fmt: skip
    if broken:
        yield Finding("network", True, f"round trip {joined(broken)}")
    if not broken and grade(call.late_ratio, limits.late_ratio) == "fail":
        yield Finding("network", True, f"{call.packets.late_echo:,} round trips were late")


def _loss(call: Call, *, serious: bool) -> Finding:
    lost, split = call.packets.lost, call.loss_directions
    share = "" if call.loss_ratio is None else f" ({call.loss_ratio * 100:.2g}%)"
    text = f"{lost:,} packets lost{share}"
    if split is None:
        return Finding("network", serious, f"{text}, on the way there, in it or back")
    parts = [
        f"{count:,} {where}"
        for count, where in (
            (split.outward, "on the way out"), (split.at_echo, "in the echo server"),
            (split.back, "on the way back"),
        )
        if count
    ]  # fmt: skip
    inside = split.at_echo > 0 and not split.outward and not split.back
    return Finding("echo" if inside else "network", serious, f"{text}: {joined(parts or ['?'])}")


def _at_asterisk(view: View) -> Iterator[Finding]:
    call, found = view.call, False
    for finding in _upstream(call, view.detail):
        found = True
        yield finding
    rtp = view.statistics.rtp if view.statistics is not None else None
    if rtp is None:
        return
    if rtp.received_lost:
        text = f"by Asterisk's count {rtp.received_lost:,} packets from the caller never came to it"
        yield Finding("asterisk", True, text)
    elif found and rtp.received_jitter_ms is not None and rtp.received_jitter_ms < _CLEAN_LEG_MS:
        text = (
            "but what the caller sends reaches Asterisk clean now "
            f"(jitter {ms(rtp.received_jitter_ms)} ms, none lost)"
        )
        yield Finding("asterisk", False, text)


def _upstream(call: Call, detail: CallDetail | None) -> Iterator[Finding]:
    packets = call.packets
    missing = packets.upstream_missing - call.missing_explained
    if missing > 0:
        share = missing / (packets.received + missing) * 100
        yield Finding(
            "asterisk", True, f"{missing:,} packets that it numbered never came ({share:.2g}%)"
        )
    if packets.interruptions:
        longest = call.longest_interruption_ms or 0.0
        number = packets.interruptions
        text = f"{number} silence{'s' * (number > 1)} of up to {longest / 1000:.1f} s"
        yield Finding("asterisk", True, text)
    late = detail.intervals.asterisk_ms.p99 if detail is not None else None
    if detail is not None and late is not None and late > detail.late_ms:
        yield Finding("asterisk", True, f"one packet in a hundred came {ms(late)} ms late from it")
