"""The filter language: terms, all of which a call must match.

`1001` or `"John Smith"` must occur in one of the call's names, ids, addresses or its codec, `!1001`
in none. `p95>12`, `late>=1`, `loss>0.1%`, `dur>5m` compare a column, named by id or label;
`state=ended`, `codec!=alaw`, `caller~smith` compare a text, whole or in part; `!` before any
term negates it. `=none` matches no sample, which matches no other comparison of figures. Figures
are those of the table: of the window, where one is chosen.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import Final

from ari_tui.core.errors import CompareError, FilterError
from ari_tui.core.text import did_you_mean
from ari_tui.ui import number_format as forms
from ari_tui.ui.columns import BY_ID, COLUMNS, SHARES, Column
from ari_tui.ui.frame import WindowLength
from ari_tui.ui.view_state import Filter, Row, Test

COMMON: Final = (
    *("rtt", "p50", "p95", "p99", "max", "late", "loss", "gap", "jitter", "dur", "mos"),
    *("burst", "state", "mark", "channel", "caller", "codec", "call-id"),
)
"""Names listed in errors; the id and the label of every column are names too."""

_ALIASES: Final = {
    "loss": "packets_lost",
    "late": "packets_late_echo",
    "gone": "gone_ratio",
    "latency": "rtt_mean_ms",
    "p95s": "rtt_p95_ms",
    "reorder": "packets_reordered_echo",
    "reordered": "packets_reordered_echo",
    "duplicates": "packets_duplicates_echo",
    "port": "ports",
    "uniqueid": "channel_id",
}
_SHARE_OF: Final = {"packets_lost": "loss_ratio", "packets_late_echo": "late_ratio"}
"""Counts that can be compared in percent."""

_NUMBERS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    "!=": operator.ne,
}
_TEXTS: Final = ("=", "!=", "~")
_NUMBER: Final = re.compile(r"(\d{1,15}(?:\.\d{0,15})?|\.\d{1,15})(%|[a-zµμ]*)")
_CLOCK: Final = re.compile(r"(?:(\d{1,4}):)?(\d{1,4}):(\d{2})")
_IN_SECONDS: Final = {
    "us": 1e-6,
    "µs": 1e-6,
    "μs": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "m": 60.0,
    "min": 60.0,
    "h": 3600.0,
    "d": 86400.0,
}


def _names() -> dict[str, Column]:
    names: dict[str, Column] = {}
    for column in COLUMNS:
        names.setdefault(column.label.casefold(), column)
    for column in COLUMNS:
        names.setdefault(column.id.removeprefix("packets_"), column)
    names |= {name: BY_ID[column] for name, column in _ALIASES.items()}
    names |= BY_ID
    names.pop("", None)
    return names


NAMES: Final = _names()
"""Every name that a comparison may use, in lower case."""


def comparison(name: str, sign: str, wanted: str) -> Test:
    """Return the test of one comparison. Raises CompareError."""
    column = _column(name)
    if wanted.casefold() in ("none", "—"):
        return _of_none(column, sign)
    if column.numeric:
        return _of_number(name, column, sign, wanted)
    return _of_text(name, column, sign, wanted)


def _column(name: str) -> Column:
    folded = name.casefold()
    column = NAMES.get(folded) or NAMES.get(folded.replace("-", "_"))
    if column is None and folded.endswith("%"):
        column = NAMES.get(folded[:-1])
    if column is None:
        hint = did_you_mean(folded, NAMES)
        meant = f" ({hint})" if hint else ""
        raise CompareError(
            f"no column {name!r}{meant}; known are {' '.join(COMMON)} and the columns' ids; "
            "a text to look for goes in quotes"
        )
    return column


def _of_none(column: Column, sign: str) -> Test:
    if sign not in ("=", "!="):
        raise CompareError("none goes with = and != only")
    present = sign == "!="
    return lambda row, window: (column.value(row, window) is not None) == present


def _of_text(name: str, column: Column, sign: str, wanted: str) -> Test:
    if sign not in _TEXTS:
        raise CompareError(f"{name} is a text: use {' '.join(_TEXTS)}")
    if not wanted:
        raise CompareError(f"{name}{sign} lacks a text")
    folded = wanted.casefold()

    def texts(row: Row, window: WindowLength) -> list[str]:
        value = column.value(row, window)
        # users type the text of the screen, or paste the value from another tool
        return [] if value is None else [str(value).casefold(), column.form(value).casefold()]

    if sign == "~":
        return lambda row, window: any(folded in text for text in texts(row, window))
    equal = sign == "="
    return lambda row, window: (folded in texts(row, window)) == equal


def _of_number(name: str, column: Column, sign: str, wanted: str) -> Test:
    if sign not in _NUMBERS:
        raise CompareError(f"{name} is a number: use {' '.join(_NUMBERS)}")
    column, limit = _limit(name, column, wanted)
    compare = _NUMBERS[sign]

    def test(row: Row, window: WindowLength) -> bool:
        value = column.value(row, window)
        return value is not None and not isinstance(value, str) and compare(value, limit)

    return test


def _limit(name: str, column: Column, wanted: str) -> tuple[Column, float]:
    """Return the column that is meant, and the number in its own unit."""
    if column.unit == "s" and (clock := _CLOCK.fullmatch(wanted)):
        hours, minutes, seconds = (int(part or 0) for part in clock.groups())
        return column, hours * 3600.0 + minutes * 60 + seconds
    match = _NUMBER.fullmatch(wanted.casefold())
    if match is None:
        example = {"ms": "12 or 1.5s", "s": "90, 5m or 1:30"}.get(column.unit, "3")
        raise CompareError(f"{name} needs a number, like {example}: {wanted!r} is none")
    number, unit = float(match[1]), match[2]
    if name.endswith("%") and not unit:
        unit = "%"
    if unit == "%":
        return _share(name, column), number / 100
    if unit:
        return column, number * _factor(name, column, unit)
    if column.id in SHARES and number > 1:
        raise CompareError(f"{name} is a share: write {number:g}%")
    if column.whole and not number.is_integer():
        hint = f": write {number:g}% for a share" if column.id in _SHARE_OF else ""
        raise CompareError(f"{name} counts whole packets or events{hint}")
    return column, number


def _share(name: str, column: Column) -> Column:
    shared = BY_ID[_SHARE_OF.get(column.id, column.id)]
    if shared.id not in SHARES:
        raise CompareError(f"{name} is no share: leave the % out")
    return shared


def _factor(name: str, column: Column, unit: str) -> float:
    if column.unit not in ("ms", "s") or unit not in _IN_SECONDS:
        known = " ".join(_IN_SECONDS) if column.unit in ("ms", "s") else "none"
        raise CompareError(f"{name} has no unit {unit!r}: known are {known}")
    return _IN_SECONDS[unit] / _IN_SECONDS[column.unit]


_WORD: Final = re.compile(
    r"""(?P<negated>!?)(?:
        "(?P<quoted>[^"]+)"
        |(?P<name>[\w%-]+)\s*(?P<sign>>=|<=|!=|=|>|<|~)\s*(?:"(?P<text>[^"]*)"|(?P<value>[^\s"]*))
        |(?P<plain>[^\s"!][^\s"]*)
    )\s*""",
    re.VERBOSE,
)


def parse(text: str) -> Filter:
    """Read a filter; blank is everything. Raises FilterError."""
    tests: list[Test] = []
    finds_ended = False
    position = len(text) - len(text.lstrip())
    while position < len(text):
        match = _WORD.match(text, position)
        if match is None:
            raise FilterError(_syntax_error(text[position:]), position)
        tests.append(_test(match))
        finds_ended |= _finds_ended(match)
        position = match.end()
    return Filter(text.strip(), tuple(tests), finds_ended)


def _finds_ended(match: re.Match[str]) -> bool:
    """Return whether a term looks for a call by a text or by its state, ended or not."""
    name = match["name"]
    return not match["negated"] and (name is None or name.casefold() in ("state", "reason"))


def _syntax_error(rest: str) -> str:
    if rest.lstrip("!").startswith('""'):
        return "nothing stands between the quotes"
    if rest.lstrip("!").startswith('"'):
        return "this quote is not closed"
    return "a word must follow one !"


def _test(match: re.Match[str]) -> Test:
    if match["name"] is None:
        test = _contains(match["quoted"] or match["plain"])
    else:
        wanted = match["value"] if match["text"] is None else match["text"]
        try:
            test = comparison(match["name"], match["sign"], wanted)
        except CompareError as error:
            raise FilterError(str(error), match.start("name")) from None
    return (lambda row, window: not test(row, window)) if match["negated"] else test


def _contains(wanted: str) -> Test:
    folded = wanted.casefold()
    return lambda row, _window: folded in searched(row)


def searched(row: Row) -> str:
    """Return the texts in which a plain word is searched, case-folded."""
    call = row.call
    texts = (
        call.channel,
        forms.channel(call.channel),
        call.caller,
        call.id,
        call.channel_id,
        call.call_id,
        call.linkedid,
        call.codec,
        call.asterisk,
        call.state,
        call.reason,
        call.mode,
        call.ssrc,
        call.bridge_technology,
        call.ports.media_local,
        call.ports.media_remote,
        call.ports.echo_local,
        call.ports.echo_remote,
    )
    return "\n".join(text for text in texts if text).casefold()
