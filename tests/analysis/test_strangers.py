from __future__ import annotations

import pytest

from ari_tui.analysis.strangers import SLOTS, Strangers


def test_a_packet_that_was_met_is_known_by_ssrc_and_sequence() -> None:
    strangers = Strangers()
    strangers.meet(0xFFFFFFFF, 65_535)
    assert strangers.knows(0xFFFFFFFF, 65_535)
    assert not strangers.knows(0xFFFFFFFE, 65_535)
    assert not strangers.knows(0xFFFFFFFF, 65_535 - SLOTS)
    assert strangers.met == 1


def test_nobody_is_known_before_anyone_was_met() -> None:
    strangers = Strangers()
    assert not any(strangers.knows(ssrc, 0) for ssrc in (0, 1, 0xFFFFFFFF))
    assert (strangers.met, strangers.pushed_by(0, 0)) == (0, None)


def test_streams_of_one_numbering_do_not_push_each_other_out() -> None:
    strangers = Strangers()
    for ssrc in (1, 100):
        for sequence in range(50):
            strangers.meet(ssrc, sequence)
    assert all(strangers.knows(ssrc, n) for ssrc in (1, 100) for n in range(50))


def test_a_stream_is_remembered_for_as_many_packets_as_there_are_slots() -> None:
    strangers = Strangers()
    for sequence in range(SLOTS + 10):
        strangers.meet(7, sequence)
    assert [n for n in range(SLOTS + 10) if not strangers.knows(7, n)] == list(range(10))


@pytest.mark.parametrize(
    ("ssrc", "sequence", "pushed"),
    [(1, 5, None), (1, 6, None), (2, 5, None), (1, 5 + SLOTS, 5), (2, 4, 5)],
)
def test_whose_place_is_taken_is_said_beforehand(
    ssrc: int, sequence: int, pushed: int | None
) -> None:
    strangers = Strangers()
    strangers.meet(1, 5)
    assert strangers.pushed_by(ssrc, sequence) == pushed
    assert strangers.knows(1, 5)
