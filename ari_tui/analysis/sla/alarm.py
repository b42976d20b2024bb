"""When to raise and when to clear an alarm: a state machine with a delay both ways.

It takes one judgement at a time and changes its state only after the judgement has lasted, so that
a flapping metric raises one alarm. Pure: the time is an argument, and no action is taken here.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

State = Literal["ok", "fail", "no_traffic"]
Judgement = Literal["good", "bad", "silent", "unknown"]
"""One moment. "silent": there is no traffic; "unknown": there is, but it cannot be judged."""

LONGEST_STEP_S: Final = 5.0
"""At most this much of the time between two judgements counts."""


class AlarmDelays(NamedTuple):
    """How long a judgement must last to change the state (s)."""

    after_s: float
    """Of "bad" to raise the alarm; a single "good" resets it."""
    clear_s: float
    """Of "good" to clear the alarm; a single "bad" resets it."""
    no_traffic_s: float = 0.0
    """Of "silent" for the state "no_traffic"; 0: never."""


class Change(NamedTuple):
    """A change of state."""

    state: State
    previous: State


class Alarm:
    """One alarm; `state` is "ok" at first.

    "silent" and "unknown" prove neither a failure nor a recovery: they change neither the state
    "ok" or "fail" nor how long "good" and "bad" have lasted.
    """

    def __init__(self, delays: AlarmDelays) -> None:
        self.state: State = "ok"
        self._delays = delays
        self._lasted_s: dict[Judgement, float] = {}
        self._last: tuple[float, Judgement] | None = None

    def see(self, at_s: float, judgement: Judgement) -> Change | None:
        """Take one judgement, made at `at_s` (s, monotonic); return a change of state."""
        step_s = 0.0
        if self._last is not None and self._last[1] == judgement:
            step_s = min(max(at_s - self._last[0], 0.0), LONGEST_STEP_S)
        self._last = (at_s, judgement)
        for other in _ENDED_BY[judgement]:
            self._lasted_s.pop(other, None)
        self._lasted_s[judgement] = self._lasted_s.get(judgement, 0.0) + step_s
        state = self._next_state(judgement)
        if state is None or state == self.state:
            return None
        change = Change(state, self.state)
        self.state = state
        self._lasted_s.clear()
        return change

    def _next_state(self, judgement: Judgement) -> State | None:
        """Return the state that a judgement leads to if it has lasted long enough; else None."""
        lasted_s, delays = self._lasted_s[judgement], self._delays
        if judgement == "bad":
            return "fail" if lasted_s >= delays.after_s else None
        if judgement == "good":
            return "ok" if lasted_s >= delays.clear_s else None
        due = 0 < delays.no_traffic_s <= lasted_s
        return "no_traffic" if judgement == "silent" and due else None


_ENDED_BY: Final[dict[Judgement, tuple[Judgement, ...]]] = {
    "good": ("bad", "silent"),
    "bad": ("good", "silent"),
    "silent": (),
    "unknown": ("silent",),
}
"""The judgements whose time each one resets."""
