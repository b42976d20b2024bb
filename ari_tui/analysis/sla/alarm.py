"""When to raise an alarm and when to take it back: a state machine that is patient both ways.

Told how things look, a glance at a time, it changes its mind only after that has lasted: once for
a metric that flaps. The time is an argument; nothing is done here.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

State = Literal["ok", "fail", "no_traffic"]
Judgement = Literal["good", "bad", "silent", "unknown"]
"""How a moment looks. "silent": there is no traffic; "unknown": there is, but it tells nothing."""

LONGEST_STEP_S: Final = 5.0
"""More than that between two glances was not seen, and does not count."""


class AlarmDelays(NamedTuple):
    """How long a look must last before it counts (s)."""

    after_s: float
    """Bad, before the alarm is raised; a single good moment begins anew."""
    clear_s: float
    """Good, before it is taken back; a single bad moment begins anew."""
    no_traffic_s: float = 0.0
    """Silent, before that is an alarm by itself; 0 is never."""


class Change(NamedTuple):
    """A change of state."""

    state: State
    previous: State


class Alarm:
    """One alarm; `state` is "ok" at first.

    Silence and moments that tell nothing prove no recovery and no trouble: they leave the state and
    the time of good and bad moments as they are.
    """

    def __init__(self, patience: AlarmDelays) -> None:
        self.state: State = "ok"
        self._patience = patience
        self._lasted: dict[Judgement, float] = {}
        """How long each look has lasted that counts at this moment."""
        self._last: tuple[float, Judgement] | None = None

    def see(self, at_s: float, sight: Judgement) -> Change | None:
        """Take one glance at `at_s` (s of a clock that is never set); return a change of state."""
        step_s = 0.0
        if self._last is not None and self._last[1] == sight:
            step_s = min(max(at_s - self._last[0], 0.0), LONGEST_STEP_S)
        self._last = (at_s, sight)
        for other in _ENDED_BY[sight]:
            self._lasted.pop(other, None)
        self._lasted[sight] = self._lasted.get(sight, 0.0) + step_s
        state = self._asked(sight)
        if state is None or state == self.state:
            return None
        change = Change(state, self.state)
        self.state = state
        self._lasted.clear()
        return change

    def _asked(self, sight: Judgement) -> State | None:
        """Return the state that a look asks for when it has lasted; None for none."""
        lasted, patience = self._lasted[sight], self._patience
        if sight == "bad":
            return "fail" if lasted >= patience.after_s else None
        if sight == "good":
            return "ok" if lasted >= patience.clear_s else None
        wanted_s = patience.no_traffic_s
        return "no_traffic" if sight == "silent" and wanted_s and lasted >= wanted_s else None


_ENDED_BY: Final[dict[Judgement, tuple[Judgement, ...]]] = {
    "good": ("bad", "silent"),
    "bad": ("good", "silent"),
    "silent": (),
    "unknown": ("silent",),
}
