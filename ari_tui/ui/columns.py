"""The columns of the overview, made of the one metric table and of what a call is called.

A column gives a row's value (raw: what filters and exports see), its text (as wide as the column
at most), its key (what sorting sees: rounded like the text, so that rows do not change places
over what nobody can see) and its grade. In a window of 10 or 60 s some columns speak of that
window; those that cannot stay with the session, or say nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Any, Final

from ari_tui.snapshot.model import Call
from ari_tui.ui import forms
from ari_tui.ui.column import Column, Value
from ari_tui.ui.limits import Grade
from ari_tui.ui.metric_columns import METRIC_COLUMNS, SHARES, tenths

__all__ = [
    "BY_ID",
    "CHANNEL_WIDTH",
    "COLUMNS",
    "NARROW",
    "SHARES",
    "WIDE",
    "Column",
    "Value",
    "chosen",
    "columns_width",
    "fitting",
]


def _text(
    name: str, label: str, width: int, text: str, value: Callable[[Call], str | None], **more: Any
) -> Column:
    return Column(name, label, width, "left", text, lambda row, _: value(row.call), **more)


def _number(
    name: str, label: str, width: int, text: str, value: Callable[[Call], float | None], **more: Any
) -> Column:
    return Column(
        name, label, width, "right", text, lambda row, _: value(row.call), numeric=True, **more
    )


_RANKS: Final = {" ": 0, "?": 1, "~": 2, "!": 3}
_MARK_GRADES: Final[dict[str, Grade]] = {"!": "fail", "~": "near", "?": "none", " ": "ok"}
CHANNEL_WIDTH: Final = 16
_LONG_RUN: Final = 10
"""Runs of lost packets are counted up to "10+"."""


def _serial(call_id: str) -> str:
    """Return a call's number in its session: ids are `session.number`."""
    return call_id.rpartition(".")[2]


def _serial_order(call_id: str) -> float:
    serial = _serial(call_id)
    return int(serial) if serial.isascii() and serial.isdigit() else -1


def _port(address: str | None) -> str | None:
    return None if address is None else address.rpartition(":")[2]


def _ports(call: Call) -> str | None:
    ends = [_port(call.ports.media_local), _port(call.ports.echo_local)]
    return "/".join(end or "?" for end in ends) if any(ends) else None


def _longest_run(call: Call) -> int | None:
    if not call.packets.sent:
        return None
    runs = [name for name, number in call.loss_runs.items() if number]
    return max((int(name.rstrip("+")) for name in runs), default=0)


def _lost_where(end: str) -> Callable[[Call], float | None]:
    return lambda call: None if call.loss_directions is None else getattr(call.loss_directions, end)


def _jitter(leg: str) -> Callable[[Call], float | None]:
    value: Callable[[Call], float | None] = attrgetter(f"jitter_ms.{leg}")
    return value


_JITTERS: Final = (
    ("jitter", "JIT", "media", "Jitter of what Asterisk sends (RFC 3550)"),
    ("jitter_echo", "JITE", "echo", "Jitter of what comes back from the echo server (RFC 3550)"),
    ("jitter_hop", "JITH", "hop", "Jitter that the echo path alone adds"),
)
_ENDS: Final = (
    ("lost_outward", "LOUT", "outward", "Lost on the way to the echo server, by its own counts"),
    ("lost_at_echo", "LECHO", "at_echo", "Lost within the echo server, by its own counts"),
    ("lost_back", "LBACK", "back", "Lost on the way back from the echo server, by its own counts"),
)

_OWN: Final = (
    Column(
        "mark",
        "",
        1,
        "left",
        "! breaks a limit, ~ is near one or was interrupted, ? has no data",
        lambda row, _: row.mark,
        order=_RANKS.__getitem__,
        judge=lambda row, _window, _limits: _MARK_GRADES[row.mark],
    ),
    _text(
        "channel",
        "CHANNEL",
        CHANNEL_WIDTH,
        "Asterisk's name of the caller's channel",
        lambda call: call.channel or None,
        form=lambda name: forms.middle_cut(forms.channel(name), CHANNEL_WIDTH),
    ),
    _text(
        "id",
        "ID",
        4,
        "The call's number in this session",
        lambda call: call.id,
        form=_serial,
        order=_serial_order,
    ),
    _text("caller", "CALLER", 14, "Caller's name and number", lambda call: call.caller or None),
    _number(
        "duration",
        "DUR",
        6,
        "How long the call has been up",
        lambda call: call.duration_s,
        unit="s",
        form=forms.duration,
        order=int,
    ),
    _text("state", "STATE", 8, "Where the call is in its life", lambda call: call.state),
    _text("reason", "REASON", 20, "Why it ended, is ending, or failed", lambda call: call.reason),
    _text("codec", "CODEC", 5, "Codec of what Asterisk sends", lambda call: call.codec),
    _number(
        "ptime",
        "PTIM",
        4,
        "Packet time (ms)",
        lambda call: call.ptime_ms,
        unit="ms",
        form=lambda value: f"{value:g}"[:4],
    ),
    _text("ports", "PORTS", 11, "Our ports towards Asterisk and the echo server", _ports),
    _text("asterisk", "ASTERISK", 10, "Which Asterisk the call is on", lambda call: call.asterisk),
    _text("call_id", "CALL-ID", 24, "SIP Call-ID of the caller's leg", lambda call: call.call_id),
    _text("linkedid", "LINKEDID", 16, "Asterisk's linkedid", lambda call: call.linkedid),
    _text(
        "channel_id",
        "UNIQUEID",
        16,
        "Asterisk's id of the channel",
        lambda call: call.channel_id or None,
    ),
    _text("ssrc", "SSRC#", 10, "SSRC of what Asterisk sends", lambda call: call.ssrc),
    _text("mode", "MODE", 8, "How the call is measured", lambda call: call.mode),
    _text(
        "bridge",
        "BRIDGE",
        13,
        "Technology of the bridge: softmix re-clocks media",
        lambda call: call.bridge_technology,
    ),
    _number(
        "burst",
        "BURST",
        5,
        "Longest run of lost packets",
        _longest_run,
        whole=True,
        form=lambda run: f"{run}+" if run >= _LONG_RUN else str(run),
    ),
    *(
        _number(
            name, label, 4, text, _jitter(leg), unit="ms", form=forms.milliseconds, order=tenths
        )
        for name, label, leg, text in _JITTERS
    ),
    *(
        _number(name, label, 5, text, _lost_where(end), form=forms.count, whole=True)
        for name, label, end, text in _ENDS
    ),
)

COLUMNS: Final = (*_OWN, *METRIC_COLUMNS)
BY_ID: Final = {column.id: column for column in COLUMNS}

NARROW: Final = (
    "mark",
    "channel",
    "duration",
    "rtt_mean_ms",
    "rtt_p95_ms",
    "rtt_max_ms",
    "packets_late_echo",
    "packets_lost",
    "longest_interruption_ms",
)
"""For 80x24."""
WIDE: Final = (
    "mark",
    "channel",
    "caller",
    "duration",
    "rtt_mean_ms",
    "rtt_p50_ms",
    "rtt_p95_ms",
    "rtt_p99_ms",
    "rtt_max_ms",
    "packets_late_echo",
    "packets_lost",
    "longest_interruption_ms",
    "jitter",
    "codec",
    "state",
    "burst",
    "packets_reordered_echo",
    "packets_duplicates_echo",
    "id",
    "ports",
)
"""For 200x50: what is needed least comes last, and is left out first."""


def chosen(ids: Iterable[str]) -> list[Column]:
    """Return columns by their ids, in that order, each once. Raises KeyError for an unknown one."""
    return [BY_ID[name] for name in dict.fromkeys(ids)]


def columns_width(columns: Sequence[Column]) -> int:
    """Return how many cells columns take, with one blank between."""
    return sum(column.width for column in columns) + max(0, len(columns) - 1)


def fitting(columns: Sequence[Column], width: int, spark_min: int = 0) -> list[Column]:
    """Drop columns from the right until `spark_min` cells are left of `width` for sparklines.

    Mark and channel, or whatever the first two are, stay in any case.
    """
    room = width - (spark_min + 1 if spark_min else 0)
    kept = list(columns)
    while len(kept) > 2 and columns_width(kept) > room:
        kept.pop()
    return kept
