"""The columns of the overview: one for each metric, and those for a call's names, state and media.

A column has a row's value (raw, for filters and exports), its text (at most as wide as the column),
its key (for sorting: rounded like the text, so that rows do not swap for invisible differences)
and its grade. In a window of 10 or 60 s some columns show that window; the others show the whole
session, or nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Any, Final, Literal, NamedTuple

from ari_tui.core.number_format import DASH
from ari_tui.document.metrics import METRICS, Metric
from ari_tui.document.model import Call
from ari_tui.document.where import PLACES, SHORT_PLACES, Where
from ari_tui.ui import number_format as forms
from ari_tui.ui.frame import Frame, WindowLength
from ari_tui.ui.limits import MARKS, Grade, Limits, grade, late_grade, loss_grade, window_of
from ari_tui.ui.view_state import Row

Value = float | str | None
Judge = Callable[[Row, WindowLength, Limits], Grade]


class Column(NamedTuple):
    """One column; `value` is a number in `unit` ("" for counts and shares), a text or None."""

    id: str
    label: str
    width: int
    align: Literal["left", "right"]
    help: str
    value: Callable[[Row, WindowLength], Value]
    unit: str = ""
    form: Callable[[Any], str] = str
    """Formats a value that is not None."""
    order: Callable[[Any], float | str] | None = None
    """Sort key of a value that is not None; by default the value, texts case-insensitive."""
    judge: Judge | None = None
    numeric: bool = False
    whole: bool = False
    """The value is a whole number."""
    marked: bool = False
    """A mark of the grade stands after the text."""
    window_label: str = ""
    """Heading in a window, if another than for the session."""

    def heading(self, window: WindowLength = 0) -> str:
        """Return the column's heading."""
        return self.window_label if window and self.window_label else self.label

    def text(self, row: Row, frame: Frame) -> str:
        """Return the text of the row's cell; a dash for no sample."""
        value = self.value(row, frame.window)
        text = DASH if value is None else self.form(value)
        if self.marked:
            text += MARKS[self.grade(row, frame)]
        return forms.plain_ascii(text) if frame.ascii else text

    def key(self, row: Row, window: WindowLength = 0) -> float | str | None:
        """Return the sort key of the row; None for no sample."""
        value = self.value(row, window)
        if value is None:
            return None
        if self.order is not None:
            return self.order(value)
        return value.casefold() if isinstance(value, str) else value

    def grade(self, row: Row, frame: Frame) -> Grade:
        """Return the cell's grade against its limit; none without a limit."""
        if self.judge is None:
            return "none"
        return self.judge(row, frame.window, frame.limits)


WINDOWED: Final = {
    "packets_sent": "sent",
    "packets_returned": "returned",
    "packets_lost": "lost",
    "packets_late_echo": "late",
    "loss_ratio": "loss_ratio",
    "late_ratio": "late_ratio",
    "rtt_count": "rtt_ms.count",
    "rtt_min_ms": "rtt_ms.min",
    "rtt_mean_ms": "rtt_ms.mean",
    "rtt_p50_ms": "rtt_ms.p50",
    "rtt_p99_ms": "rtt_ms.p99",
    "rtt_max_ms": "rtt_ms.max",
}
"""Metrics that a document has for windows too, and their attributes of `model.Window`."""

_LIMITED: Final = {
    "rtt_p50_ms": ("rtt_p50_ms", "p50_ms"),
    "rtt_p95_ms": ("rtt_p95_ms", "p95_ms"),
    "rtt_p99_ms": ("rtt_p99_ms", "p99_ms"),
    "rtt_max_ms": ("rtt_max_ms", "max_ms"),
    "packets_late_echo": ("late_ratio", "late_ratio"),
    "late_ratio": ("late_ratio", "late_ratio"),
    "packets_lost": ("loss_ratio", "loss_ratio"),
    "loss_ratio": ("loss_ratio", "loss_ratio"),
}
"""Columns with a limit: the metric that it is compared with, and the limit's name."""

_SHARE_GRADES: Final = {"late_ratio": late_grade, "loss_ratio": loss_grade}

_ALARMING: Final = {"packets_overdue", "packets_interruptions", "longest_interruption_ms"}
"""Metrics without a limit, highlighted when not 0."""

SHARES: Final = {
    *("loss_ratio", "late_ratio", "gone_ratio", "loss_burst_density", "loss_gap_density"),
    *("caller_loss_in", "caller_loss_out"),
}
"""Columns whose value is a share, shown in percent."""
_MEASURES: Final = {"loss_burst_ratio", "loss_mean_burst", "loss_mean_gap"}


def tenths(value: float) -> float:
    """Return a figure rounded as it is shown, with one decimal, for sorting."""
    return round(value, 1)


def _metric_value(metric: Metric) -> Callable[[Row, WindowLength], Value]:
    place = WINDOWED.get(metric.id)
    if metric.id == "rtt_p95_ms":
        return lambda row, window: worst_p95_ms(row, window) if window else metric.value(row.call)
    if place is None:
        return lambda row, _: metric.value(row.call)
    of_window = attrgetter(place)

    def value(row: Row, window: WindowLength) -> Value:
        if not window:
            return metric.value(row.call)
        found = window_of(row.call, window)
        return None if found is None else of_window(found)

    return value


def worst_p95_ms(row: Row, window: WindowLength) -> float | None:
    """Return the worst second's p95 (ms) of the last `window` seconds: windows have no p95."""
    if row.course is None:
        return None
    known = [us for us in row.course.tail("rtt_p95_us", window) if us is not None]
    return max(known) / 1000 if known else None


def _judge_of(metric: Metric) -> Judge | None:
    if metric.id in _ALARMING:
        return lambda row, _window, _limits: "near" if metric.value(row.call) else "none"
    if metric.id not in _LIMITED:
        return None
    source, limit = _LIMITED[metric.id]
    if source in _SHARE_GRADES:
        of_share = _SHARE_GRADES[source]
        return lambda row, window, limits: of_share(row.call, limits, window)
    value = _metric_value(next(found for found in METRICS if found.id == source))

    def judge(row: Row, window: WindowLength, limits: Limits) -> Grade:
        if window and source == "rtt_p95_ms":
            return "none"  # one bad second breaks no rule
        found = value(row, window)
        return "none" if isinstance(found, str) else grade(found, getattr(limits, limit))

    return judge


def _form_of(metric: Metric) -> tuple[Callable[[float], str], int]:
    """Return the formatter of a metric, and its largest width."""
    if metric.id == "longest_interruption_ms":
        return forms.span_ms, 4
    if metric.unit == "ms":
        return forms.milliseconds, 4
    if metric.unit == "s":
        return forms.seconds, 4
    if metric.id in SHARES:
        return forms.percent, 6
    if metric.id in _MEASURES or metric.id.startswith("mos"):
        return forms.number, 4
    return forms.count, 4


def _of_metric(metric: Metric) -> Column:
    form, width = _form_of(metric)
    return Column(
        metric.id,
        metric.label,
        max(width, len(metric.label)),
        "right",
        metric.help,
        _metric_value(metric),
        unit=metric.unit,
        form=form,
        order=tenths if form is forms.milliseconds else None,
        judge=_judge_of(metric),
        numeric=True,
        whole=form is forms.count,
        window_label="P95s" if metric.id == "rtt_p95_ms" else "",
    )


METRIC_COLUMNS: Final = tuple(_of_metric(metric) for metric in METRICS)


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
WHERE_WIDTH: Final = 11
_CLEAN, _UNKNOWN = "clean", "unknown"
_SHORT: Final = {**SHORT_PLACES, _UNKNOWN: "not known"}
_PLACE_RANKS: Final = {name: rank for rank, name in enumerate((_CLEAN, _UNKNOWN, *PLACES))}
_LONG_RUN: Final = 10
"""Runs of lost packets are counted up to "10+"."""


def _serial(call_id: str) -> str:
    """Return a call's number in its session: ids are `session.number`."""
    return call_id.rpartition(".")[2]


def _serial_order(call_id: str) -> float:
    serial = _serial(call_id)
    return int(serial) if serial.isascii() and serial.isdigit() else -1


def _where(where: Where | None) -> str | None:
    """Return the place's code, clean, unknown (trouble of no known place), or None for no data."""
    if where is None:
        return None
    if where.place is not None:
        return where.place
    if where.clean:
        return _CLEAN
    return _UNKNOWN if where.has_trouble else None


def _where_grade(where: Where | None) -> Grade:
    """Return the grade of the first finding: only a proved one fails."""
    if where is None or where.clean:
        return "none"
    if where.findings:
        return "fail" if where.findings[0].proved else "near"
    return "near" if where.has_trouble else "none"


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


def _leg_loss(end: str) -> Callable[[Call], float | None]:
    return lambda call: None if call.caller_leg is None else getattr(call.caller_leg, end)


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

_LEG_ENDS: Final = (
    (
        "caller_loss_in",
        "CLIN",
        "lost_in_ratio",
        "Lost between caller and Asterisk, as it counts",
    ),
    (
        "caller_loss_out",
        "CLOUT",
        "lost_out_ratio",
        "Lost between Asterisk and the caller, by its RTCP reports; no value without them",
    ),
)

_OWN: Final = (
    Column(
        "mark",
        "",
        1,
        "left",
        "! a proved fault, ~ a likely one or of unknown place, ? nothing known yet",
        lambda row, _: row.mark,
        order=_RANKS.__getitem__,
        judge=lambda row, _window, _limits: _MARK_GRADES[row.mark],
    ),
    Column(
        "where",
        "WHERE",
        WHERE_WIDTH,
        "left",
        "Where the call's fault is: ! proved, ~ likely; clean, or not known",
        lambda row, _: _where(row.call.where),
        form=lambda code: _SHORT.get(code, code[: WHERE_WIDTH - 1]),
        order=lambda code: _PLACE_RANKS.get(code, len(_PLACE_RANKS)),
        judge=lambda row, _window, _limits: _where_grade(row.call.where),
        marked=True,
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
    _text(
        "state",
        "STATE",
        8,
        "State of the call: starting, up, draining, ended, failed",
        lambda call: call.state,
    ),
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
    *(
        _number(name, label, 6, text, _leg_loss(end), form=forms.percent)
        for name, label, end, text in _LEG_ENDS
    ),
)

COLUMNS: Final = (*_OWN, *METRIC_COLUMNS)
BY_ID: Final = {column.id: column for column in COLUMNS}

MEDIUM: Final = (
    *("mark", "channel", "where", "caller", "duration", "rtt_mean_ms", "rtt_p95_ms", "rtt_max_ms"),
    *("packets_late_echo", "packets_lost", "longest_interruption_ms"),
    *("rtt_p99_ms", "codec", "state"),
)
"""Between 80 and 200 cells: who calls is worth more than a longer course."""
WIDE: Final = (
    *("mark", "channel", "where", "caller", "duration", "rtt_mean_ms", "rtt_p50_ms", "rtt_p95_ms"),
    *("rtt_p99_ms", "rtt_max_ms", "packets_late_echo", "packets_lost"),
    *("longest_interruption_ms", "jitter", "codec", "state", "burst"),
    *("packets_reordered_echo", "packets_duplicates_echo", "id", "ports"),
)
"""For 200x50: the least important last, which are left out first."""


def chosen(ids: Iterable[str]) -> list[Column]:
    """Return columns by their ids, in that order, each once. Raises KeyError for an unknown one."""
    return [BY_ID[name] for name in dict.fromkeys(ids)]


def columns_width(columns: Sequence[Column]) -> int:
    """Return how many cells columns take, with one blank between."""
    return sum(column.width for column in columns) + max(0, len(columns) - 1)


def fitting(columns: Sequence[Column], width: int, spark_min: int = 0) -> list[Column]:
    """Drop columns from the right until `spark_min` cells are left of `width` for sparklines.

    The first two, by default mark and channel, always stay.
    """
    room = width - (spark_min + 1 if spark_min else 0)
    kept = list(columns)
    while len(kept) > 2 and columns_width(kept) > room:
        kept.pop()
    return kept
