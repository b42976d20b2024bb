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
