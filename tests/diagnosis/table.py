"""Prints the trial's table: fault → first line → right, not known or wrong.

    python -m tests.diagnosis.table [--seeds 1,2,3] [--only TEXT] [--pairs] [--fuzz N] [--all]

`--only` takes scenarios whose name has the text; `--fuzz` adds N of drawn faults a seed; `--all`
prints the right ones too. A wrong line, of the session or of a call, at the end or on the way, is
printed with the findings.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Mapping
from typing import Final, NamedTuple

from ari_tui.document.where import Finding, Where
from tests.diagnosis.faults import Scenario, fuzz, none, pairs, singles
from tests.diagnosis.schedule import MS, START_NS, Schedule
from tests.diagnosis.trial import ask, fresh_store, play

RIGHT, UNKNOWN, WRONG, FALSE = "right", "not known", "WRONG", "FALSE ALARM"
MISSED, NOT_TOLD = "MISSED", "NOT TOLD"
BAD: Final = (WRONG, MISSED, NOT_TOLD, FALSE)
"""NOT TOLD is "not known" where the evidence exists; MISSED is no fault seen where there is one."""
DIRECTIONS: Final = frozenset({"echo-out", "echo-back"})


class Outcome(NamedTuple):
    """What came out of one scenario."""

    scenario: Scenario
    verdict: str
    """Of the end of the session."""
    where: Where
    early: tuple[tuple[float, str], ...]
    """Wrong places and false alarms on the way: second, and the line."""
    calls: Mapping[int, tuple[str, Where]]
    also_wrong: tuple[str, ...]
    """Further findings at the end, of the session or of calls, whose place is wrong."""
    right_after_s: float | None
    """From the fault's begin until the right line first stood."""

    @property
    def bad_calls(self) -> list[int]:
        """Return the calls whose own first line is wrong."""
        return [call for call, (verdict, _) in self.calls.items() if verdict in BAD]

    @property
    def bad(self) -> bool:
        """Return whether anything at all was wrong."""
        return self.verdict in BAD or bool(self.early or self.bad_calls or self.also_wrong)


def verdict_of(scenario: Scenario, where: Where, call: int | None = None) -> str:
    """Compare a diagnosis at the end with what was done to the session, or to a call."""
    places, may_be_unknown = scenario.expected(call)
    if scenario.may_be_clean and where.clean:
        return RIGHT if not places else UNKNOWN
    if not places:
        return RIGHT if where.clean and not where.findings else FALSE
    if where.findings and where.findings[0].place not in places:
        blunt = UNKNOWN if may_be_unknown else NOT_TOLD
        return blunt if fits(where.findings[0], places) else WRONG
    if where.findings:
        return RIGHT
    if any(unknown.text for unknown in where.unknown):
        return UNKNOWN if may_be_unknown else NOT_TOLD
    told = any(unknown.place in places for unknown in where.unknown)
    return UNKNOWN if may_be_unknown and (told or where.clean) else MISSED


def run(scenario: Scenario) -> Outcome:
    """Play a scenario and judge its lines, every second and at the end."""
    store = fresh_store(scenario)
    places, _ = scenario.expected()
    early: list[tuple[float, str]] = []
    right_after_s = None
    session, calls = ask(store)
    for now_ns in play(Schedule(scenario), store):
        session, calls = ask(store)
        second = (now_ns - START_NS) / MS / 1000
        if session.findings and not fits(session.findings[0], places):
            early.append((second, session.line))
        elif session.findings and right_after_s is None:
            right_after_s = second - min(fault.from_s for fault in scenario.faults)
    judged = {call: (verdict_of(scenario, where, call), where) for call, where in calls.items()}
    verdict = verdict_of(scenario, session)
    also = [finding.text for finding in session.findings[1:] if not fits(finding, places)]
    for call, where in calls.items():
        here, _ = scenario.expected(call)
        also += [f"call {call}: {one.text}" for one in where.findings[1:] if not fits(one, here)]
    return Outcome(scenario, verdict, session, tuple(early), judged, tuple(also), right_after_s)


def fits(finding: Finding, places: frozenset[str]) -> bool:
    """Return whether a finding's place is right; the path is, where one direction of it is."""
    return finding.place in places or (finding.place == "echo-path" and bool(places & DIRECTIONS))


def scenarios(seeds: list[int], *, with_pairs: bool, fuzzed: int, only: str) -> list[Scenario]:
    """Return the scenarios of some seeds, those with `only` in their name."""
    found = [one for seed in seeds for one in (*none(seed), *singles(seed))]
    found += [one for seed in seeds for one in pairs(seed) if with_pairs]
    found += [fuzz(number) for seed in seeds for number in range(1000 * seed, 1000 * seed + fuzzed)]
    return [one for one in found if only in one.name]


def row(outcome: Outcome) -> str:
    """Return an outcome as a line of the table."""
    after = "" if outcome.right_after_s is None else f"{outcome.right_after_s:.0f} s"
    name = f"{outcome.scenario.name} (seed {outcome.scenario.seed})"
    extra = f"  [{len(outcome.early)} s wrong on the way]" if outcome.early else ""
    extra += f"  [calls wrong: {outcome.bad_calls}]" if outcome.bad_calls else ""
    return f"{name:<62} {outcome.verdict:<11} {after:>5}  {outcome.where.line}{extra}"


def details(outcome: Outcome) -> list[str]:
    """Return the findings of a bad outcome."""
    lines = [f"    at {second:.0f} s: {line}" for second, line in outcome.early[:3]]
    lines += [f"    also: {text}" for text in outcome.also_wrong[:4]]
    shown = {"session": outcome.where}
    shown |= {f"call {call}": outcome.calls[call][1] for call in outcome.bad_calls[:2]}
    for name, where in shown.items():
        lines += [f"    {name}: {f.text} for {f.evidence} but {f.against}" for f in where.findings]
        lines += [f"    {name}: not known: {u.place}: {u.text} ({u.why})" for u in where.unknown]
    return lines


def say(*lines: str) -> None:
    """Print lines at once."""
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def main(arguments: list[str]) -> int:
    """Print the table; return 1 when anything was wrong."""
    parser = argparse.ArgumentParser(description="The trial's table.")
    parser.add_argument("--seeds", default="1")
    parser.add_argument("--only", default="")
    parser.add_argument("--pairs", action="store_true")
    parser.add_argument("--fuzz", type=int, default=0, metavar="N")
    parser.add_argument("--all", action="store_true")
    options = parser.parse_args(arguments)
    seeds = [int(seed) for seed in options.seeds.split(",")]
    counts: Counter[str] = Counter()
    bad, started = 0, time.monotonic()
    for scenario in scenarios(
        seeds, with_pairs=options.pairs, fuzzed=options.fuzz, only=options.only
    ):
        outcome = run(scenario)
        counts[outcome.verdict] += 1
        bad += outcome.bad
        if options.all or outcome.bad:
            say(row(outcome), *(details(outcome) if outcome.bad else []))
    summary = ", ".join(f"{count} {verdict}" for verdict, count in counts.most_common())
    took_s = time.monotonic() - started
    say(f"{counts.total()} scenarios: {summary}; {bad} with anything wrong ({took_s:.0f} s)")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
