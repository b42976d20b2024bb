"""The diagnosis in the HTML report: where the fault is, and the calls that have one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from ari_tui.core.text import clean_text
from ari_tui.document.load_test import LoadCall
from ari_tui.document.model import Call
from ari_tui.document.where_text import WORD, Told, faulty, told
from ari_tui.report.html.markup import Markup, element
from ari_tui.report.report_input import ReportInput

_FAULTY: Final = 50
_LONG: Final = 300
_TONES: Final = {"!": "fail", "~": "open", " ": "pass", "?": "open"}
_HEADS: Final = {
    "finding": "Also: ",
    "evidence": "Evidence: ",
    "against": "Against: ",
    "unknown": "Not known: ",
}


def where_section(report_input: ReportInput) -> Iterator[Markup]:
    """Yield the card with the diagnosis; none where the engine did not tell."""
    document, load = report_input.document, report_input.load
    if document.where is None:
        return
    first, *others = told(document.where)
    yield element(
        "section",
        element("p", element("span", f"{WORD} ", class_="small"), _text(first), class_="word"),
        element("ul", [_item(line) for line in others]) if others else None,
        _calls(document.named_calls if load is None else load.calls),
        class_=f"verdict {_TONES[first.mark]}",
    )


def _text(line: Told) -> str:
    return clean_text(line.text, _LONG)


def _item(line: Told) -> Markup:
    words = _HEADS[line.kind] + _text(line)
    return element("li", element("b", words) if line.kind == "finding" else words)


def _calls(calls: Sequence[Call | LoadCall]) -> Markup | None:
    rows = [
        element(
            "tr",
            element("td", clean_text(channel, 60), class_="name"),
            element("td", clean_text(text, _LONG)),
        )
        for channel, text in faulty(calls, _FAULTY)
    ]
    if not rows:
        return None
    names = [element("th", name, scope="col") for name in ("Call with a fault", "Where")]
    head = element("thead", element("tr", names))
    return element("div", element("table", head, element("tbody", rows)), class_="scroll")
