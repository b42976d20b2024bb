"""The filter language: words, all of which a call must meet.

`1001` or `"John Smith"` must stand in one of the call's names, ids, addresses or its codec, `!1001`
in none. `p95>12`, `late>=1`, `loss>0.1%`, `dur>5m` compare a column, named by id or label;
`state=ended`, `codec!=alaw`, `caller~smith` compare a text, whole or in part; `!` before any of
them turns it round. `=none` is no sample, which meets no other comparison of figures. Figures are
those that the table shows: the window's, in a window.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from ari_tui.errors import AriTuiError
from ari_tui.ui import forms
from ari_tui.ui.comparing import CompareError, Test, comparison
from ari_tui.ui.frame import WindowLength

if TYPE_CHECKING:
    from ari_tui.ui.rows import Row  # for annotations alone: rows filters

_WORD: Final = re.compile(
    r"""(?P<turn>!?)(?:
        "(?P<quoted>[^"]+)"
        |(?P<name>[\w%-]+)\s*(?P<sign>>=|<=|!=|=|>|<|~)\s*(?:"(?P<text>[^"]*)"|(?P<value>[^\s"]*))
        |(?P<plain>[^\s"!][^\s"]*)
    )\s*""",
    re.VERBOSE,
)


class FilterError(AriTuiError):
    """A filter makes no sense; `position` (from 0) is where, the text says what and what would."""

    exit_code = 2

    def __init__(self, message: str, position: int) -> None:
        super().__init__(f"at {position + 1}: {message}")
        self.position = position


class Filter(NamedTuple):
    """A filter, as it was written and as tests, all of which a row must meet."""

    text: str = ""
    tests: tuple[Test, ...] = ()

    def matches(self, row: Row, window: WindowLength = 0) -> bool:
        """Tell whether the row is to be shown; figures are those of the window."""
        return all(test(row, window) for test in self.tests)


EVERYTHING: Final = Filter()


def parse(text: str) -> Filter:
    """Read a filter; blank is everything. Raises FilterError."""
    tests: list[Test] = []
    position = len(text) - len(text.lstrip())
    while position < len(text):
        match = _WORD.match(text, position)
        if match is None:
            raise FilterError(_nonsense(text[position:]), position)
        tests.append(_test(match))
        position = match.end()
    return Filter(text.strip(), tuple(tests))


def _nonsense(rest: str) -> str:
    if rest.lstrip("!").startswith('""'):
        return "nothing stands between the quotes"
    if rest.lstrip("!").startswith('"'):
        return "this quote is not closed"
    return "a word must follow one !"


def _test(match: re.Match[str]) -> Test:
    if match["name"] is None:
        test = _holds(match["quoted"] or match["plain"])
    else:
        wanted = match["value"] if match["text"] is None else match["text"]
        try:
            test = comparison(match["name"], match["sign"], wanted)
        except CompareError as error:
            raise FilterError(str(error), match.start("name")) from None
    return _turned(test) if match["turn"] else test


def _turned(test: Test) -> Test:
    return lambda row, window: not test(row, window)


def _holds(wanted: str) -> Test:
    folded = wanted.casefold()
    return lambda row, _window: folded in searched(row)


def searched(row: Row) -> str:
    """Return the texts that a plain word is looked for in, without case."""
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
