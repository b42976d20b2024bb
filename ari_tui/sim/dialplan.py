"""The simulated dialplan: what each extension does with an originated call.

`tone` answers at once and hums; `tone-500` rings for 500 ms first; `fade-2000` hums for 2 s and
falls silent; `silent` (and `echo`, which waits for sound) answers and says nothing; `busy` is
busy; `ring` rings until the caller gives up. Any other does not exist.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from ari_tui.sim.model import SimChannel
from ari_tui.sim.pbx import Pbx

_PICK_UP_S: Final = 0.001
_TONE_HZ: Final = 1004
_LOUD: Final = ("tone", "fade")
_FORMS: Final = re.compile(r"(tone|fade|silence|silent|echo|busy|ring)(?:-(\d{1,6}))?")
_UNKNOWN, _BUSY, _NO_ANSWER = (0, "Unknown"), (17, "User busy"), (19, "User alerting, no answer")


class Extension(NamedTuple):
    """What an extension does."""

    rings_s: float | None
    """Until it is answered; None rings for ever."""
    cause: tuple[int, str] | None
    """Why it is not answered after all (Q.850); None answers."""
    frequency_hz: int
    """The tone that it hums; 0 is silence."""
    hums_s: float | None
    """How long; None goes on."""


def extension(name: str) -> Extension:
    """Return what an extension does; an unknown one is refused as one that does not exist."""
    found = _FORMS.fullmatch(name)
    if found is None:
        return Extension(_PICK_UP_S, _UNKNOWN, 0, None)
    kind, number = found[1], int(found[2] or 0) / 1000
    if kind == "busy":
        return Extension(number or _PICK_UP_S, _BUSY, 0, None)
    if kind == "ring":
        return Extension(None, _NO_ANSWER, 0, None)
    if kind == "fade":
        return Extension(_PICK_UP_S, None, _TONE_HZ, number)
    return Extension(number or _PICK_UP_S, None, _TONE_HZ if kind in _LOUD else 0, None)


class DialplanRunner:
    """Carries out originated calls."""

    def __init__(self, pbx: Pbx) -> None:
        self._pbx = pbx

    def ring(self, channel: SimChannel, app: str, args: tuple[str, ...], timeout_s: float) -> None:
        """Let the far end of a Local channel ring, and do what its extension does."""
        found, later = extension(channel.dialplan.exten), self._pbx.timers.later
        if found.rings_s is None or found.rings_s > _PICK_UP_S:
            self._pbx.set_state(channel, "Ringing")
        if found.rings_s is None or found.rings_s >= timeout_s:
            later(timeout_s, lambda: self._refuse(channel, _NO_ANSWER))
        elif found.cause is not None:
            cause = found.cause
            later(found.rings_s, lambda: self._refuse(channel, cause))
        else:
            later(found.rings_s, lambda: self._answer(channel, found, app, args))

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
        elif found.hums_s is not None:
            self._pbx.timers.later(found.hums_s, lambda: _fall_silent(channel))


def _fall_silent(channel: SimChannel) -> None:
    if channel.phone is not None:
        channel.phone.on_hold = True  # without an event, unlike a hold
