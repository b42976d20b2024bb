from __future__ import annotations

from typing import Any, get_args

import pytest

from ari_tui.analysis.notes import Interruption, Moved, NewStream, Note, Reanchored, Refused


def test_every_note_names_its_call_and_its_time_first() -> None:
    kinds = get_args(Note)
    assert set(kinds) == {Interruption, Moved, NewStream, Reanchored, Refused}
    for kind in kinds:
        assert kind._fields[:2] == ("row", "at_ns")


def test_notes_of_different_kinds_are_told_apart_by_type(bench: Any) -> None:
    log = bench.log()
    for n in range(10):
        log.media(20 * n, n, ssrc=5)
    log.media(1000, 10, ssrc=5)
    notes = bench.fold(log, until_ms=2000).notes  # a gap is judged a second after it closed
    assert notes == [
        NewStream(0, bench.start_ns, 5, None),
        Interruption(0, bench.start_ns + 1000 * bench.ms, 820 * bench.ms, 1, "delayed"),
    ]


def test_a_note_cannot_be_changed() -> None:
    note = Refused(1, 2)
    with pytest.raises(AttributeError):
        note.row = 3  # type: ignore[misc]  # which is the point
