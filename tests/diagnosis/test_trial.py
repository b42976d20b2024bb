"""No wrong place in the whole trial, alone, in pairs and drawn; right wherever the evidence exists.

`python -m tests.diagnosis.table` prints the same as a table.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest

from tests.diagnosis.faults import SINGLES, Scenario, fuzz, none, pairs, singles
from tests.diagnosis.table import details, run

QUICK: Final = [
    *none(1),
    *(Scenario(fault.name, (fault,), seed=1) for fault in SINGLES),
    *(one for one in singles(1) if "transcoded" in one.name and "loss" in one.name),
]
"""Every fault once, shorter than in the others."""
SEEDS: Final = (2, 3)
SLOW: Final = [one for seed in SEEDS for one in (*none(seed), *singles(seed), *pairs(seed))]
DRAWN: Final = [fuzz(number) for seed in SEEDS for number in range(1000 * seed, 1000 * seed + 40)]
FIRST_RIGHT_S: Final = 12
BY_COUNTS_S: Final = 18
"""Only Asterisk's counts tell, twice, that it lost nothing on the caller's leg; they move every
5 s, and are read once a second."""


def name_of(scenario: Scenario) -> str:
    return f"{scenario.name}-{scenario.seed}"


def assert_nothing_wrong(scenario: Scenario) -> None:
    outcome = run(scenario)
    said = [outcome.verdict, outcome.where.line, *details(outcome)]
    assert not outcome.bad, "\n".join(said)


@pytest.mark.parametrize("scenario", QUICK, ids=name_of)
def test_every_fault_is_told_at_its_place_and_nothing_without_one(scenario: Scenario) -> None:
    assert_nothing_wrong(replace(scenario, seconds=48))


@pytest.mark.slow
@pytest.mark.parametrize("scenario", SLOW, ids=name_of)
def test_no_seed_and_no_pair_names_a_wrong_place(scenario: Scenario) -> None:
    assert_nothing_wrong(scenario)


@pytest.mark.slow
@pytest.mark.parametrize("scenario", DRAWN, ids=name_of)
def test_faults_of_any_size_at_any_time_name_no_wrong_place(scenario: Scenario) -> None:
    assert_nothing_wrong(scenario)


def test_the_right_line_stands_soon_after_a_fault_begins() -> None:
    later = {}
    for fault in SINGLES:
        if fault.unknown or fault.kind in ("suppressed", "swap"):
            continue
        after_s = run(Scenario(fault.name, (fault,), seconds=42, seed=4)).right_after_s
        limit_s = BY_COUNTS_S if fault.place == "asterisk-engine" else FIRST_RIGHT_S
        if after_s is None or after_s > limit_s:
            later[fault.name] = after_s
    assert later == {}
