"""The extensions of the simulated dialplan, for originated calls.

`tone` answers at once and sends a tone; `tone-500` rings for 500 ms first; `fade-2000` sends a
tone for 2 s, then nothing; `silent` and `echo` answer and send nothing; `busy` is busy; `ring`
rings until the timeout. Others do not exist.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from ari_tui.sim.model import SimChannel
from ari_tui.sim.pbx import Pbx

_ANSWER_S: Final = 0.001
_TONE_HZ: Final = 1004
_FORMS: Final = re.compile(r"(tone|fade|silence|silent|echo|busy|ring)(?:-(\d{1,6}))?")
_UNKNOWN, _BUSY, _NO_ANSWER = (0, "Unknown"), (17, "User busy"), (19, "User alerting, no answer")


class Extension(NamedTuple):
    """The behaviour of an extension."""

    ring_s: float | None
    """Ringing time; None is unlimited."""
    cause: tuple[int, str] | None
    """The cause (Q.850) with which it ends unanswered; None answers."""
    frequency_hz: int
    """The tone that it sends; 0 is silence."""
    tone_s: float | None
    """Length of the tone; None is unlimited."""


def extension(name: str) -> Extension:
    """Return an extension; an unknown one ends with the cause of a missing extension."""
    found = _FORMS.fullmatch(name)
    if found is None:
        return Extension(_ANSWER_S, _UNKNOWN, 0, None)
    kind, number = found[1], int(found[2] or 0) / 1000
    if kind == "busy":
        return Extension(number or _ANSWER_S, _BUSY, 0, None)
    if kind == "ring":
        return Extension(None, _NO_ANSWER, 0, None)
    if kind == "fade":
        return Extension(_ANSWER_S, None, _TONE_HZ, number)
    return Extension(number or _ANSWER_S, None, _TONE_HZ if kind == "tone" else 0, None)


class DialplanRunner:
    """Runs originated calls."""

    def __init__(self, pbx: Pbx) -> None:
        self._pbx = pbx

    def ring(self, channel: SimChannel, app: str, args: tuple[str, ...], timeout_s: float) -> None:
        """Ring the far end of a Local channel, then answer or end it as its extension does."""
        found, later = extension(channel.dialplan.exten), self._pbx.timers.later
        if found.ring_s is None or found.ring_s > _ANSWER_S:
            self._pbx.set_state(channel, "Ringing")
        if found.ring_s is None or found.ring_s >= timeout_s:
            later(timeout_s, lambda: self._refuse(channel, _NO_ANSWER))
        elif found.cause is not None:
            cause = found.cause
            later(found.ring_s, lambda: self._refuse(channel, cause))
        else:
            later(found.ring_s, lambda: self._answer(channel, found, app, args))

    def _refuse(self, channel: SimChannel, cause: tuple[int, str]) -> None:
        half = channel.other_half
        if half is not None and channel.alive:
            self._pbx.end(half, cause=cause[0], cause_txt=cause[1])

    def _answer(
        self, channel: SimChannel, found: Extension, app: str, args: tuple[str, ...]
    ) -> None:
        half = channel.other_half
        if half is None or not channel.alive:
            return
        self._pbx.set_state(half, "Up")
        self._pbx.set_state(channel, "Up")
        if not self._pbx.enter_stasis(channel, app, args):
            self._pbx.end(channel)
        elif found.tone_s is not None:
            self._pbx.timers.later(found.tone_s, lambda: _stop_tone(channel))


def _stop_tone(channel: SimChannel) -> None:
    if channel.phone is not None:
        channel.phone.on_hold = True  # without the event of a hold
