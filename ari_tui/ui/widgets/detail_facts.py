"""The call's identifiers and media, its counters, and Asterisk's statistics of it."""

from __future__ import annotations

from typing import Final

from rich.text import Text

from ari_tui.core.number_format import DASH, fixed, ms_three_digits, percent_short, time_of_day
from ari_tui.document.detail import CallerStatistics, RtpFigures
from ari_tui.document.model import Call, CallerLeg
from ari_tui.ui.limits import MARKS
from ari_tui.ui.widgets.detail_view import DetailView, box, lines_of, wrapped
from ari_tui.ui.widgets.line_canvas import LineCanvas, Part, Style
from ari_tui.ui.widgets.pane_figures import STYLES, graded

_LABEL: Final = 12


def facts(view: DetailView, width: int) -> list[Text]:
    """Return the identifiers of the call in all tools, its media and its addresses."""
    canvas, call = box(view, width), view.call
    canvas.heading("Call")
    _fact(canvas, "caller", call.caller or DASH)
    _fact(canvas, "Call-ID", call.call_id or DASH)
    _fact(canvas, "linkedid", call.linkedid or DASH)
    if call.channel_id != call.linkedid:
        _fact(canvas, "uniqueid", call.channel_id)
    ptime = "" if call.ptime_ms is None else f" {call.ptime_ms:g} ms"
    _fact(canvas, "codec", f"{call.codec or DASH}{ptime}", f"SSRC {call.ssrc or DASH}")
    ports = call.ports
    _fact(canvas, "Asterisk", f"{ports.media_remote or DASH} - {ports.media_local or DASH}")
    _fact(canvas, "echo", f"{ports.echo_local or DASH} - {ports.echo_remote or DASH}")
    _fact(canvas, "started", f"{time_of_day(call.started_at)} UTC on {call.asterisk}", call.mode)
    return lines_of(canvas)


def counts(view: DetailView, width: int) -> list[Text]:
    """Return what was counted over the whole call."""
    canvas, call, limits = box(view, width), view.call, view.limits
    packets, jitter, mos = call.packets, call.jitter_ms, call.mos
    canvas.heading("Counted")
    _fact(
        canvas,
        "packets",
        f"{packets.sent:,} sent, {packets.returned:,} back",
        f"{packets.in_flight:,} in flight",
    )
    share, style = graded(percent_short(call.loss_ratio), call.loss_ratio, limits.loss_ratio)
    _fact(canvas, "lost", (f"{packets.lost:,} ({share})", style), _split(call))
    share, style = graded(percent_short(call.late_ratio), call.late_ratio, limits.late_ratio)
    _fact(canvas, "late", (f"{packets.late_echo:,} ({share})", style))
    _fact(
        canvas,
        "Asterisk",
        f"{packets.upstream_missing - call.missing_explained:,} missing",
        f"{packets.interruptions:,} over 200 ms silent",
        f"{call.dead_air_s:g} s dead air",
        f"late {packets.late_media:,}",
    )
    _fact(
        canvas,
        "duplicates",
        f"{packets.duplicates_media:,} from Asterisk, {packets.duplicates_echo:,} from the echo",
    )
    _fact(
        canvas,
        "reordered",
        f"{packets.reordered_media:,} from Asterisk, {packets.reordered_echo:,} from the echo",
    )
    _fact(
        canvas,
        "jitter",
        f"from Asterisk {ms_three_digits(jitter.media)}",
        f"echo {ms_three_digits(jitter.echo)}",
        f"hop {ms_three_digits(jitter.hop)} ms",
    )
    _fact(
        canvas,
        "MOS est.",
        f"{mos.session or DASH} session",
        f"{mos.now or DASH} now",
        f"{mos.worst_10s or DASH} worst 10 s",
    )
    if view.detail is not None:
        skew = view.detail.skew_ppm
        _fact(
            canvas,
            "fastest",
            f"{ms_three_digits(view.detail.echo_floor_ms)} ms round trip",
            f"clock skew {fixed(skew, 1, sign='+')} ppm",
        )
    return lines_of(canvas)


def asterisk_says(view: DetailView, width: int) -> list[Text]:
    """Return Asterisk's statistics of the caller's leg, or why there are none."""
    canvas, found = box(view, width), view.statistics
    age = () if found is None else ((f"at {time_of_day(found.time)}", "dim"),)
    canvas.heading("Asterisk says", *age)
    if found is not None:
        _bridge(canvas, found, view.call)
        if found.rtp is not None:
            _rtp(canvas, found.rtp)
        if found.note:
            _note(canvas, found.note, "")
    leg = view.call.caller_leg
    if (found is None or found.rtp is None) and leg is not None and leg.received is not None:
        _rtp(canvas, _of_leg(leg))
        _fact(canvas, "as of", f"{time_of_day(leg.time)} UTC")
    if view.statistics_trouble:
        _note(canvas, view.statistics_trouble, "!")
    elif found is None:
        canvas.line(("not asked: the call has ended" if view.has_left else "loading", "dim"))
    return lines_of(canvas)


def _bridge(canvas: LineCanvas, found: CallerStatistics, call: Call) -> None:
    technology = found.bridge or call.bridge_technology
    members = "" if found.members is None else f"{found.members} channels"
    # a third member makes it softmix, which re-clocks media
    mixing: Part = (technology or DASH, "near" if technology == "softmix" else "")
    if technology == "softmix":
        mixing = (f"{technology}{MARKS['near']} re-clocks media", STYLES["near"])
    _fact(canvas, "channel", found.state or DASH)
    _fact(canvas, "bridge", mixing, members)


def _of_leg(leg: CallerLeg) -> RtpFigures:
    """Return the document's figures of the caller's leg as those of an action."""
    return RtpFigures(
        received=leg.received,
        sent=leg.sent,
        received_lost=leg.lost_in,
        sent_lost=leg.lost_out,
        received_jitter_ms=leg.jitter_in_ms,
        sent_jitter_ms=leg.jitter_out_ms,
        rtt_ms=leg.rtt_ms,
        local_ssrc=None,
        remote_ssrc=None,
    )


def _rtp(canvas: LineCanvas, rtp: RtpFigures) -> None:
    def count(value: int | None) -> str:
        return DASH if value is None else f"{value:,}"

    def lost(value: int | None, whole: int) -> str:
        share = f" ({percent_short(value / whole)})" if value and whole else ""
        return f"lost {count(value)}{share}"

    _fact(
        canvas,
        "from caller",
        count(rtp.received),
        lost(rtp.received_lost, (rtp.received or 0) + (rtp.received_lost or 0)),
        f"jitter {ms_three_digits(rtp.received_jitter_ms)} ms",
    )
    if rtp.sent_jitter_ms is None:
        _fact(canvas, "to caller", count(rtp.sent), "loss not known: no RTCP reports")
        return
    _fact(
        canvas,
        "to caller",
        count(rtp.sent),
        lost(rtp.sent_lost, rtp.sent or 0),
        f"jitter {ms_three_digits(rtp.sent_jitter_ms)} ms by RTCP",
    )
    _fact(canvas, "its RTT", f"{ms_three_digits(rtp.rtt_ms)} ms by RTCP")


def _split(call: Call) -> str:
    split = call.loss_directions
    if split is None or not call.packets.lost:
        return ""
    return f"out {split.outward:,}, at echo {split.at_echo:,}, back {split.back:,}"


def _fact(canvas: LineCanvas, label: str, *values: str | Part) -> None:
    """Add a line `label  value  value`; values without room on the first go on further ones."""
    parts = [value if isinstance(value, tuple) else (value, "") for value in values]
    line: list[str | Part] = [(canvas.left(label, _LABEL), "dim")]
    room = canvas.width - _LABEL
    for text, style in (part for part in parts if part[0]):
        if len(line) > 1 and len(text) + 2 > room:
            canvas.line(*line)
            line, room = [" " * _LABEL], canvas.width - _LABEL
        gap = "  " if len(line) > 1 else ""
        line.append((gap + text, style))
        room -= len(gap) + len(text)
    canvas.line(*line)


def _note(canvas: LineCanvas, text: str, mark: str) -> None:
    style: Style = "fail" if mark else "dim"
    for line in wrapped(f"{mark} {text}".strip(), canvas.width):
        canvas.line((line, style))
