"""Lateness of what comes from Asterisk: above the moving floor, and by the original's formula.

Late is never explained away: packets whose sequence and timestamp follow on but which arrive late
are late, be it by a second. Only a timestamp that jumps against both sequence and arrival, and
stays there for HELD packets, moves the anchor; those packets are not judged.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ari_tui.analysis import counters as c
from ari_tui.analysis.events import Moved, Note, Reanchored
from ari_tui.analysis.gaps import JUMP_NS
from ari_tui.analysis.records import Ints, Mask
from ari_tui.analysis.store import Store

HELD: Final = 5


def judge_transit(store: Store, rows: Ints, rx: Ints, transit: Ints, jumped: Mask) -> list[Note]:
    """Judge the transit (n, ns; `rows` sorted) of voice packets; `jumped` marks timestamp jumps."""
    leg = store.media
    suspect = jumped | (leg.jump_left[rows] > 0)
    if not suspect.any():
        _judge_by_anchor(store, rows, transit)
        return _judge(store, rows, rx, transit)
    special = np.isin(rows, rows[suspect])
    _judge_by_anchor(store, rows[~special], transit[~special])
    notes = _judge(store, rows[~special], rx[~special], transit[~special])
    for i in np.flatnonzero(special):
        at = slice(int(i), int(i) + 1)
        _judge_by_anchor(store, rows[at], transit[at])
        if _held_back(store, int(rows[i]), int(rx[i]), int(transit[i]), bool(jumped[i]), notes):
            continue
        notes += _judge(store, rows[at], rx[at], transit[at])
    return notes


def _judge_by_anchor(store: Store, rows: Ints, transit: Ints) -> None:
    """Judge by the original's formula: against the first packet."""
    store.tally(c.LATE_FIXED_ANCHOR, rows[transit - store.media.anchor_ns[rows] > store.late_ns])


def _judge(store: Store, rows: Ints, rx: Ints, transit: Ints) -> list[Note]:
    excess, steps = store.media_floor.judge(rows, rx, transit)
    store.book_excess(rows, rx, excess)
    store.tally(c.LATE_MEDIA, rows[excess > store.late_ns])
    store.tally(c.BASELINE_STEPS, np.array([step.row for step in steps], dtype=np.int64))
    return [Moved(step.row, step.at_ns, step.by_ns, "media") for step in steps]


def _held_back(
    store: Store, row: int, rx: int, transit: int, jumped: bool, notes: list[Note]
) -> bool:
    """Follow one packet of a call whose timestamp may have jumped; tell if it is not judged."""
    leg = store.media
    if leg.jump_left[row] and abs(transit - int(leg.jump_ns[row])) > JUMP_NS:
        leg.jump_left[row] = 0  # it did not hold
    if not leg.jump_left[row]:
        floor = store.media_floor.at(row, rx)
        away = floor is None or abs(transit - floor) > JUMP_NS
        if not (jumped and away):
            return False
        leg.jump_left[row], leg.jump_ns[row] = HELD, transit
    leg.jump_left[row] -= 1
    if not leg.jump_left[row]:
        floor = store.media_floor.at(row, rx)
        notes.append(Reanchored(row, rx, round(transit - floor) if floor is not None else 0))
        store.media_floor.clear(row)
        leg.anchor_ns[row] = transit
        store.counters[row, c.REANCHORS] += 1
    return True
