from __future__ import annotations

import pytest

from ari_tui.report.html.parts import badge, section, tone, word
from tests.report.kit import HOSTILE, Page


@pytest.mark.parametrize(
    ("verdict", "shown", "colour"),
    [
        ("pass", "Pass", "pass"),
        ("fail", "Fail", "fail"),
        ("inconclusive", "Inconclusive", "open"),
        ("no_traffic", "No traffic", "open"),
    ],
)
def test_a_verdict_has_a_word_and_a_colour(verdict: str, shown: str, colour: str) -> None:
    assert (word(verdict), tone(verdict)) == (shown, colour)
    assert badge(verdict) == f'<span class="badge {colour}">{shown}</span>'


@pytest.mark.parametrize("verdict", HOSTILE)
def test_a_verdict_that_is_none_has_no_colour_of_its_own(verdict: str) -> None:
    assert tone(verdict) == "open"
    assert Page(badge(verdict)).tags == ["span"]


def test_a_chapter_has_a_heading_and_perhaps_a_lead() -> None:
    assert Page(section("Name", "lead", "content")).tags == ["section", "h2", "p"]
    assert Page(section("Name", None)).tags == ["section", "h2"]
