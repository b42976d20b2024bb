"""CPU time that the hypervisor gave to others while this machine wanted it: /proc/stat, "steal".

Linux only; elsewhere nothing is known. The kernel counts in ticks of 10 ms.
"""

from __future__ import annotations

import os
from typing import Final

NOTABLE_NS: Final = 30_000_000
"""Three ticks of one CPU in a second: longer than any limit of lateness. A single tick is the
error of the count; on a virtual machine at rest and under load one came in 60 s."""
_STEAL_FIELD: Final = 8
_SECOND_NS: Final = 1_000_000_000


def parse_stolen(text: str) -> dict[str, int]:
    """Return the stolen ticks of each CPU since the start, from the text of /proc/stat.

    Lines of other contents, and of kernels without that field, are left out (proc(5)).
    """
    found = {}
    for line in text.splitlines():
        fields = line.split()
        if len(fields) > _STEAL_FIELD and fields[0].startswith("cpu") and fields[0] != "cpu":
            found[fields[0]] = int(fields[_STEAL_FIELD])
    return found


class StolenCpu:
    """The seconds in which a CPU lost much of its time to other machines."""

    def __init__(self, path: str = "/proc/stat") -> None:
        self._path = path
        self._tick_ns = _SECOND_NS // (os.sysconf("SC_CLK_TCK") or 100)
        self._before = self._read()
        self._before_ns: int | None = None
        self._second, self._lost_ns = 0, dict.fromkeys(self._before, 0)

    @property
    def known(self) -> bool:
        """Return whether this system tells it."""
        return bool(self._before)

    def poor_second(self, now_ns: int) -> int | None:
        """Read again; return a second since 1970 in which a CPU has lost NOTABLE_NS by now.

        To be called several times a second; what was lost between two readings counts in the
        second of the middle between them. None: no such second, or not known.
        """
        before, self._before = self._before, self._read()
        before_ns, self._before_ns = self._before_ns, now_ns
        if before_ns is None:
            return None
        second = (before_ns + now_ns) // 2 // _SECOND_NS
        if second != self._second:
            self._second, self._lost_ns = second, {}
        for cpu, ticks in self._before.items():
            lost_ns = (ticks - before.get(cpu, ticks)) * self._tick_ns
            self._lost_ns[cpu] = self._lost_ns.get(cpu, 0) + lost_ns
        return second if max(self._lost_ns.values(), default=0) >= NOTABLE_NS else None

    def _read(self) -> dict[str, int]:
        try:
            with open(self._path, encoding="ascii") as file:
                return parse_stolen(file.read())
        except (OSError, ValueError):
            return {}
