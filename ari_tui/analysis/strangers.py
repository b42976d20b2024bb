"""Packets of other streams, sent to the echo server unmeasured: each counts once, not twice.

What is kept is their SSRC and sequence, in a ring that such a stream goes round in 512 packets
(10 s at 20 ms). A return that another packet has pushed out meanwhile counts as one never sent.
"""

from __future__ import annotations

from array import array
from typing import Final

SLOTS: Final = 512
_EMPTY: Final = -1


class Strangers:
    """Those of one call; made with the first, for most calls have none."""

    def __init__(self) -> None:
        self.met = 0
        """How many came from Asterisk."""
        self._keys = array("q", [_EMPTY]) * SLOTS

    def meet(self, ssrc: int, sequence: int) -> None:
        """Remember a packet that was forwarded and is not measured."""
        self.met += 1
        self._keys[_slot(ssrc, sequence)] = _key(ssrc, sequence)

    def knows(self, ssrc: int, sequence: int) -> bool:
        """Tell whether a packet that comes back is one of these."""
        return self._keys[_slot(ssrc, sequence)] == _key(ssrc, sequence)

    def pushed_by(self, ssrc: int, sequence: int) -> int | None:
        """Return the sequence of the packet whose place one would take; None of a place so far
        empty, or its own.
        """
        held = self._keys[_slot(ssrc, sequence)]
        return None if held in (_EMPTY, _key(ssrc, sequence)) else held & 0xFFFF


def _slot(ssrc: int, sequence: int) -> int:
    # streams may follow each other with one numbering, their SSRCs are random
    return (ssrc + sequence) % SLOTS


def _key(ssrc: int, sequence: int) -> int:
    return ssrc << 16 | sequence
