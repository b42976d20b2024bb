from __future__ import annotations

import msgspec

from ari_tui.report.html.calls import WORST, failed_calls, tiers, worst_calls
from tests.report.kit import Page, a_failed_call, a_load_call, a_load_report, a_rule, a_subject


def cells(page: Page) -> list[str]:
    return [tag for tag in page.tags if tag in ("td", "th")]


def test_a_tier_has_a_row_with_its_rules() -> None:
    report = a_load_report()
    sla = report.document.sla
    page = Page(tiers(report.tiers))
    assert page.tags.count("tr") == 1 + 2
    assert len(cells(page)) == 3 * (5 + len(sla.rules) + 1)
    assert page.texts.count("Fail") == 2


def test_a_rule_that_a_tier_lacks_is_an_empty_cell() -> None:
    first, second = a_load_report().tiers
    sla = msgspec.structs.replace(second.sla, rules=[a_rule("late")])
    page = Page(tiers([first, msgspec.structs.replace(second, sla=sla)]))
    assert len(cells(page)) == 3 * (5 + 4 + 1)


def test_failed_calls_are_told_with_step_reason_and_hint() -> None:
    (chapter,) = failed_calls(a_load_report())
    page = Page(chapter)
    told = ["1", "answered", "busy (cause 17)", "fewer at once", "Local/tone@lab", "3"]
    assert page.texts[-6:] == told
    assert list(failed_calls(a_load_report(calls=[a_load_call(1)]))) == []


def test_of_many_calls_the_worst_are_told_and_how_many_there_were() -> None:
    calls = [a_load_call(n, mos=4.4 - n / 100) for n in range(30)]
    (chapter,) = worst_calls(a_subject(calls=[*calls, a_failed_call(40)]))
    page = Page(chapter)
    assert f"The worst {WORST} of 30" in page.text
    assert page.tags.count("tr") == 1 + WORST
    assert "Local/tone@lab-29;1" in page.texts
    assert "Local/tone@lab-0;1" not in page.texts


def test_few_calls_are_told_all_and_none_make_no_chapter() -> None:
    (chapter,) = worst_calls(a_subject())
    assert "All measured calls" in Page(chapter).text
    assert list(worst_calls(a_subject(calls=[a_failed_call(1)]))) == []
