"""Shared parts of the HTML report: sections, and verdicts as words and badges."""

from __future__ import annotations

from typing import Final

from ari_tui.report.html.markup import Content, Markup, element

_WORDS: Final = {"pass": "Pass", "fail": "Fail", "inconclusive": "Inconclusive"}


def section(name: str, lead: str | None, *content: Content, whole_page: bool = False) -> Markup:
    """Return a section with a heading and a lead sentence."""
    return element(
        "section",
        element("h2", name),
        element("p", lead, class_="lead") if lead else None,
        *content,
        class_="whole-page" if whole_page else None,
    )


def tone(verdict: str) -> str:
    """Return the CSS class of a verdict's colours: `pass`, `fail`, or `open` for all others."""
    return verdict if verdict in ("pass", "fail") else "open"


def word(verdict: str) -> str:
    """Return a verdict as it is shown."""
    return _WORDS.get(verdict, verdict.replace("_", " ").capitalize())


def badge(verdict: str) -> Markup:
    """Return a verdict as a badge in its colour."""
    return element("span", word(verdict), class_=f"badge {tone(verdict)}")
