"""Prints the trial's table: fault → first line → right, not known or wrong.

    python -m tests.diagnosis.table [--seeds 1,2,3] [--only TEXT] [--pairs] [--fuzz N] [--all]

`--only` takes scenarios whose name has the text; `--fuzz` adds N of drawn faults a seed; `--all`
prints the right ones too. A wrong line, of the session or of a call, at the end or on the way, is
printed with the findings.
"""

from __future__ import annotations

from typing import Final

RIGHT, UNKNOWN, WRONG, FALSE = "right", "not known", "WRONG", "FALSE ALARM"
MISSED, NOT_TOLD = "MISSED", "NOT TOLD"
BAD: Final = (WRONG, MISSED, NOT_TOLD, FALSE)
"""NOT TOLD is "not known" where the evidence exists; MISSED is no fault seen where there is one."""
DIRECTIONS: Final = frozenset({"echo-out", "echo-back"})
