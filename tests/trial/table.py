"""The trial's table as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from tests.trial.faults import FAULTS
from tests.trial.scoring import MISSED, NOT_KNOWN, RIGHT, WRONG, Outcome

_HEAD = (
    "| fault | right place | first line at its end | verdict | stood after |\n|---|---|---|---|---|"
)


def table(title: str, outcomes: Sequence[Outcome]) -> str:
    """Return the table, and how many were right, not known, missed and wrong."""
    by_name = {fault.name: fault for fault in FAULTS}
    counts = ", ".join(
        f"{sum(outcome.verdict == verdict for outcome in outcomes)} {verdict}"
        for verdict in (RIGHT, NOT_KNOWN, MISSED, WRONG)
    )
    rows = [
        f"| {by_name[outcome.fault].text} | {' or '.join(sorted(by_name[outcome.fault].right))} "
        f"| {_cell(outcome)} | {outcome.verdict} | {_seconds(outcome)} |"
        for outcome in outcomes
    ]
    return "\n".join([f"# {title}", "", f"{len(outcomes)} faults: {counts}.", "", _HEAD, *rows, ""])


def _cell(outcome: Outcome) -> str:
    """Return the line, and which wrong ones stood for how long."""
    line = outcome.line or "—"
    if outcome.wrong_lines:
        line += f" — wrong in {outcome.wrong_s} documents: {'; '.join(outcome.wrong_lines[:3])}"
    return line.replace("|", "/")


def _seconds(outcome: Outcome) -> str:
    return "—" if outcome.after_s is None else f"{outcome.after_s:.1f} s"
