"""A call's figures as a table of plain text: the whole call beside its windows and the limits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from ari_tui.snapshot.model import Call, Window
from ari_tui.ui import forms
from ari_tui.ui.limits import Limits, window_of

_NONE: Final = "-"


def figures(call: Call, limits: Limits) -> list[str]:
    """Return the lines: round trips, losses, lateness, then what else was counted."""
    windows = [window_of(call, 60), window_of(call, 10)]
    return [
        _line("", ["whole call", "last 60 s", "last 10 s", "limit"]),
        *_round_trips(call, windows, limits),
        *_shares(call, windows, limits),
        *_further(call),
    ]


def _line(name: str, cells: list[str]) -> str:
    return f"{name:<22}{''.join(f'{cell:>12}' for cell in cells)}".rstrip()


def _round_trips(call: Call, windows: list[Window | None], limits: Limits) -> Iterator[str]:
    spreads = [call.rtt_ms, *(window.rtt_ms if window else None for window in windows)]
    for name in ("min", "mean", "p50", "p95", "p99", "max"):
        values = [getattr(spread, name) if spread else None for spread in spreads]
        limit = getattr(limits, f"{name}_ms", None)
        yield _line(f"round trip {name}, ms", [tenths(value) for value in (*values, limit)])


def _shares(call: Call, windows: list[Window | None], limits: Limits) -> Iterator[str]:
    def line(
        name: str,
        whole: float | None,
        read: Callable[[Window], float | None],
        show: Callable[[float], str] = str,
        limit: float | None = None,
    ) -> str:
        values = [whole, *(read(window) if window else None for window in windows), limit]
        return _line(name, [_NONE if value is None else show(value) for value in values])

    packets = call.packets
    yield line("sent to echo", packets.sent, lambda window: window.sent)
    yield line("lost", packets.lost, lambda window: window.lost)
    yield line(
        "lost, share",
        call.loss_ratio,
        lambda window: window.loss_ratio,
        forms.percent,
        limits.loss_ratio,
    )
    yield line("late", packets.late_echo, lambda window: window.late)
    yield line(
        "late, share",
        call.late_ratio,
        lambda window: window.late_ratio,
        forms.percent,
        limits.late_ratio,
    )


def _further(call: Call) -> list[str]:
    packets, jitter, known = call.packets, call.jitter_ms, call.loss_directions
    where = "not known"
    if known is not None:
        where = f"outward {known.outward}, at echo {known.at_echo}, back {known.back}"
    runs = ", ".join(f"{count} of {length}" for length, count in call.loss_runs.items() if count)
    mos = [
        _NONE if value is None else f"{value:.2f}"
        for value in (call.mos.session, call.mos.worst_10s)
    ]
    return [
        f"from Asterisk: received {packets.received}, missing {packets.upstream_missing} "
        f"({call.missing_explained} explained), late {packets.late_media}",
        f"lost where: {where}; runs of losses: {runs or 'none'}",
        f"in flight {packets.in_flight}, overdue {packets.overdue}, "
        f"duplicates {packets.duplicates_echo}, reordered {packets.reordered_echo}",
        f"jitter (RFC 3550), ms: from Asterisk {tenths(jitter.media)}, "
        f"from echo {tenths(jitter.echo)}, echo path alone {tenths(jitter.hop)}",
        f"MOS-CQ est., this hop: {mos[0]}, worst 10 s {mos[1]}",
    ]


def tenths(value: float | None) -> str:
    """Return a figure with one decimal, `-` for no sample."""
    return _NONE if value is None else f"{value:.1f}"
