"""Where to look: what the figures of a call prove, and no more.

Four places can be told apart: Asterisk and the caller's path (interval A, what is missing in
Asterisk's numbering), ourselves (B, D, drops at our sockets), the path to the echo server and
that server (C, losses). The echo server's own counts, and Asterisk's of the caller's leg, divide
further where they are there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

from ari_tui.core.number_format import ms_three_digits, percent_significant
from ari_tui.document.detail import CallDetail
from ari_tui.document.model import Call
from ari_tui.ui.limits import Limits, grade
from ari_tui.ui.widgets.detail_view import DetailView, joined, newest
from ari_tui.ui.widgets.line_canvas import Style

Place = Literal["ours", "network", "echo", "either", "asterisk", "caller"]
PLACES: Final[dict[Place, str]] = {
    "ours": "this machine",
    "network": "the network to the echo server",
    "echo": "the echo server",
    "either": "the network or the echo server",
    "asterisk": "Asterisk or the caller's path",
    "caller": "the caller's path to Asterisk",
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


class Verdict(NamedTuple):
    """Where to look, and why; or that there is nothing."""

    text: str
    style: Style


def conclusion(view: DetailView) -> list[Verdict]:
    """Say where to look first, and then, as far as it is proved: a place a line."""
    call = view.call
    if not call.packets.received:
        return [_of_silence(call)]
    found = sorted(findings(view), key=lambda finding: not finding.serious)
    if not found:
        if call.rtt_ms.count < _FEW:
            return [Verdict("Too few packets yet to say anything.", "dim")]
        return [Verdict("Nothing stands out: all four intervals are within limits.", "ok")]
    told: dict[Place, list[Finding]] = {}
    for finding in found:
        told.setdefault(finding.place, []).append(finding)
    return [_of_place(place, of_it, first=n == 0) for n, (place, of_it) in enumerate(told.items())]


def _of_place(place: Place, found: list[Finding], *, first: bool) -> Verdict:
    serious = found[0].serious
    verb = ("Look at" if serious else "Worth a look:") if first else "then at"
    texts = joined(finding.text for finding in found)
    return Verdict(f"{verb} {PLACES[place]}: {texts}", "fail" if serious else "near")


def _of_silence(call: Call) -> Verdict:
    if call.state == "failed":
        return Verdict(f"The call failed before any RTP: {call.reason or 'no reason'}.", "fail")
    if call.ended_at is not None:
        return Verdict("The call ended, and no RTP ever came from Asterisk.", "near")
    if call.state != "up":
        return Verdict("No RTP from Asterisk yet.", "dim")
    return Verdict("Look at Asterisk: the call is up, and no RTP has come from it.", "fail")


def findings(view: DetailView) -> Iterator[Finding]:
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
        why = f" by {joined(detail.limited_by)}" if detail.limited_by else ""
        text = f"{limited} of {seconds} s limited{why}"
        yield Finding("ours", limited * 2 >= seconds, text)


def _at_the_echo(call: Call, limits: Limits) -> Iterator[Finding]:
    if call.packets.echo_refused:
        yield Finding("echo", True, "its host says that nothing listens there")
    stands = grade(call.loss_ratio, limits.loss_ratio)
    if stands in ("fail", "near") or (call.packets.lost and stands == "none"):
        yield _loss(call, serious=stands == "fail")
    broken = [
        (value / limit, f"{name} {ms_three_digits(value)} of {limit:g} ms")
        for name, value, limit in (
            ("p50", call.rtt_ms.p50, limits.p50_ms),
            ("p95", call.rtt_ms.p95, limits.p95_ms),
            ("p99", call.rtt_ms.p99, limits.p99_ms),
            ("max", call.rtt_ms.max, limits.max_ms),
        )
        if value is not None and limit is not None and value > limit
    ]
    if broken:
        yield Finding("network", True, f"RTT {max(broken)[1]}")
    if call.late_ratio is not None and grade(call.late_ratio, limits.late_ratio) == "fail":
        late = call.packets.late_echo
        yield Finding("network", True, f"{late:,} late ({percent_significant(call.late_ratio, 2)})")


def _loss(call: Call, *, serious: bool) -> Finding:
    lost, split = call.packets.lost, call.loss_directions
    share = "" if call.loss_ratio is None else f" ({percent_significant(call.loss_ratio, 2)})"
    text = f"{lost:,} lost{share}"
    if split is None:
        return Finding("either", serious, text)
    if split.at_echo and not split.outward and not split.back:
        return Finding("echo", serious, f"{text}, all within it")
    parts = [
        f"{count:,} {where}"
        for count, where in (
            (split.outward, "out"),
            (split.at_echo, "in the echo server"),
            (split.back, "back"),
        )
        if count
    ]
    return Finding("network", serious, f"{text}: {joined(parts)}" if parts else text)


def _at_asterisk(view: DetailView) -> Iterator[Finding]:
    found = list(_upstream(view.call, view.detail))
    rtp = view.statistics.rtp if view.statistics is not None else None
    if rtp is not None and rtp.received_lost:
        yield Finding("caller", True, f"{rtp.received_lost:,} lost before Asterisk, as it counts")
    jitter = rtp.received_jitter_ms if rtp is not None and not rtp.received_lost else None
    if found and jitter is not None and jitter < _CLEAN_LEG_MS:
        # of now: it clears the caller of nothing that was before
        found[-1] = found[-1]._replace(text=f"{found[-1].text} (the caller's leg is clean now)")
    yield from found


def _upstream(call: Call, detail: CallDetail | None) -> Iterator[Finding]:
    packets = call.packets
    missing = packets.upstream_missing - call.missing_explained
    if missing > 0:
        share = percent_significant(missing / (packets.received + missing), 2)
        yield Finding("asterisk", True, f"{missing:,} numbered packets never came ({share})")
    if packets.interruptions:
        longest = call.longest_interruption_ms or 0.0
        number = packets.interruptions
        length = f"{longest / 1000:.1f} s"
        text = f"{number} silences of up to {length}" if number > 1 else f"a silence of {length}"
        yield Finding("asterisk", True, text)
    late = detail.intervals.asterisk_ms.p99 if detail is not None else None
    if detail is not None and late is not None and late > detail.late_ms:
        yield Finding("asterisk", True, f"p99 {ms_three_digits(late)} ms behind its clock")
