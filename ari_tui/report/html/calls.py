"""The tables of the HTML report: tiers, failed calls, worst calls."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from ari_tui.core.number_format import grouped, ms, percent_precise, span
from ari_tui.document.load_test import LoadReport, LoadTier
from ari_tui.report import facts
from ari_tui.report.facts import CallRow
from ari_tui.report.html.markup import Markup, element
from ari_tui.report.html.parts import badge, section, tone
from ari_tui.report.report_input import ReportInput

WORST: Final = 20


def _table(head: Sequence[tuple[str, str]], rows: Sequence[Markup]) -> Markup:
    cells = [element("th", name, scope="col", class_=kind or None) for name, kind in head]
    table = element("table", element("thead", element("tr", cells)), element("tbody", rows))
    return element("div", table, class_="scroll")


def tiers(found: Sequence[LoadTier]) -> Markup:
    """Return one row per tier: its calls, and the verdict of each rule."""
    rules = list(dict.fromkeys(rule.id for tier in found for rule in tier.sla.rules))
    head = [("Calls", "n"), ("Reached", "n"), ("Good", "n"), ("Failed", "n"), ("Clean", "n")]
    head += [(rule, "") for rule in rules]
    return _table([*head, ("Verdict", "")], [_tier(tier, rules) for tier in found])


def _tier(tier: LoadTier, rules: Sequence[str]) -> Markup:
    verdicts = {rule.id: rule.verdict for rule in tier.sla.rules}
    counts = [grouped(tier.calls), grouped(tier.reached), grouped(tier.good), grouped(tier.failed)]
    counts.append(f"{tier.sla.clean_s:g} of {tier.sla.of_s} s")
    return element(
        "tr",
        [element("td", count, class_="n") for count in counts],
        [element("td", badge(verdicts[rule]) if rule in verdicts else "") for rule in rules],
        element("td", badge(tier.sla.verdict)),
        class_=tone(tier.sla.verdict),
    )


def failed_calls(load: LoadReport) -> Iterator[Markup]:
    """Yield the section of failed calls, if there are any."""
    found = facts.failures(load.calls)
    if not found:
        return
    rows = [
        element(
            "tr",
            element("td", grouped(one.size), class_="n"),
            element("td", one.step),
            element(
                "td",
                one.reason,
                element("span", one.hint, class_="small") if one.hint else None,
                class_="name",
            ),
            element("td", one.endpoints, class_="name"),
            element("td", one.calls, class_="id"),
        )
        for one in found
    ]
    names = ("Did not reach", "Why", "Endpoint", "Call numbers")
    head = [("Calls", "n"), *((name, "") for name in names)]
    yield section("Failed calls", None, _table(head, rows))


def worst_calls(report_input: ReportInput) -> Iterator[Markup]:
    """Yield the section of the worst measured calls, if any was measured."""
    rows = facts.call_rows(report_input)
    if not rows:
        return
    numbers = ("Held", "Sent", "Lost", "Late", "p50 ms", "p95 ms", "p99 ms", "Max ms", "MOS")
    head = [("Channel", ""), ("Call", ""), *((name, "n") for name in numbers), ("End", "")]
    lead = f"The worst {WORST} of {grouped(len(rows))}" if len(rows) > WORST else "All"
    lead += " measured calls, by MOS, then loss and lateness, then round trip."
    if len(rows) > WORST:
        lead += " More are in the JSON."
    if report_input.load is None and report_input.document.bad_calls:
        lead += " Of those that ended long before the end, only the bad ones are named."
    yield section("Worst calls", lead, _table(head, [_call(row) for row in rows[:WORST]]))


def _call(row: CallRow) -> Markup:
    rtt = row.rtt
    numbers = [
        span(row.held_s),
        grouped(row.sent),
        percent_precise(row.loss),
        percent_precise(row.late),
        *map(ms, (rtt.p50, rtt.p95, rtt.p99, rtt.max)),
        grouped(row.mos, 2),
    ]
    return element(
        "tr",
        element("td", row.name, class_="name"),
        element("td", row.number, class_="id"),
        [element("td", value, class_="n") for value in numbers],
        element("td", row.state),
    )
