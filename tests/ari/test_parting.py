from __future__ import annotations

import pytest

from ari_tui.ari.parting import HUNG_UP_BY_CALLER, HUNG_UP_HERE, LEFT, Parting


@pytest.mark.parametrize("destroyed", [True, False])
def test_a_channel_that_we_asked_to_hang_up_was_hung_up_from_here(destroyed: bool) -> None:
    parting = Parting()
    parting.ask("c")
    parting.requested("c", soft=True)
    assert parting.reason("c", destroyed=destroyed) == HUNG_UP_HERE


def test_what_events_do_not_tell_because_they_were_lost_our_own_asking_does() -> None:
    parting = Parting()
    parting.ask("c")
    assert parting.from_here("c")


def test_whoever_was_first_has_hung_up() -> None:
    parting = Parting()
    parting.requested("c", soft=False)
    parting.ask("c")
    parting.requested("c", soft=True)
    assert parting.reason("c", destroyed=False) == HUNG_UP_BY_CALLER


def test_a_request_of_somebody_else_is_not_ours() -> None:
    parting = Parting()
    parting.requested("c", soft=True)
    assert parting.reason("c", destroyed=True) == HUNG_UP_BY_CALLER


def test_who_leaves_without_hanging_up_has_left() -> None:
    assert Parting().reason("c", destroyed=False) == LEFT
    assert Parting().reason("c", destroyed=True) == HUNG_UP_BY_CALLER


def test_a_refusal_takes_back_one_asking_and_no_other() -> None:
    parting = Parting()
    parting.refused("c")
    parting.ask("c")
    parting.ask("c")
    parting.refused("c")
    assert parting.from_here("c")
    parting.refused("c")
    assert not parting.from_here("c")


def test_what_was_asked_of_one_channel_says_nothing_of_another() -> None:
    parting = Parting()
    parting.ask("c")
    parting.requested("c", soft=False)
    assert parting.reason("c'", destroyed=False) == LEFT
