"""Stolen CPU time, from texts of /proc/stat."""

import os
from pathlib import Path

import pytest

from ari_tui.core.stolen_cpu import NOTABLE_NS, StolenCpu, parse_stolen

S = 1_000_000_000
TICK_NS = S // os.sysconf("SC_CLK_TCK")
NOTABLE = NOTABLE_NS // TICK_NS
STAT = """cpu  100 0 50 1000 3 0 9 {all} 0 0
cpu0 50 0 25 500 1 0 4 {first} 0 0
cpu1 50 0 25 500 2 0 5 {second} 0 0
intr 12 3 4
ctxt 99
"""


def text(first: int, second: int = 0) -> str:
    return STAT.format(all=first + second, first=first, second=second)


def test_the_stolen_ticks_of_each_cpu_are_read() -> None:
    assert parse_stolen(text(7, 2)) == {"cpu0": 7, "cpu1": 2}


@pytest.mark.parametrize("told", ["", "cpu0 1 2 3 4\n", "what is this"])
def test_an_old_kernel_or_another_system_tells_nothing(told: str) -> None:
    assert parse_stolen(told) == {}


@pytest.fixture
def stat(tmp_path: Path) -> Path:
    path = tmp_path / "stat"
    path.write_text(text(5))
    return path


def test_a_second_is_poor_once_one_cpu_has_lost_enough_in_it(stat: Path) -> None:
    stolen = StolenCpu(str(stat))
    assert stolen.known
    assert stolen.poor_second(100 * S) is None
    stat.write_text(text(5 + NOTABLE - 1))
    assert stolen.poor_second(100 * S + S // 4) is None
    stat.write_text(text(5 + NOTABLE))
    assert stolen.poor_second(100 * S + S // 2) == 100
    assert stolen.poor_second(100 * S + 3 * S // 4) == 100
    assert stolen.poor_second(101 * S + S // 2) is None


def test_what_two_cpus_lose_in_two_seconds_does_not_add_up(stat: Path) -> None:
    stolen = StolenCpu(str(stat))
    stolen.poor_second(100 * S)
    stat.write_text(text(5 + NOTABLE - 1, NOTABLE - 1))
    assert stolen.poor_second(100 * S + S // 2) is None
    stat.write_text(text(5 + 2 * NOTABLE - 2, NOTABLE - 1))
    assert stolen.poor_second(102 * S) is None


def test_without_proc_nothing_is_known(tmp_path: Path) -> None:
    stolen = StolenCpu(str(tmp_path / "stat"))
    assert not stolen.known
    assert [stolen.poor_second(n * S) for n in range(3)] == [None] * 3
