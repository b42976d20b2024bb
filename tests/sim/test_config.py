from __future__ import annotations

from ari_tui.sim.config import SimConfig


def test_random_streams_repeat_with_the_seed_and_differ_by_purpose() -> None:
    one, same = SimConfig(seed=7), SimConfig(seed=7)
    draws = {
        purpose: one.stream(*purpose).random()
        for purpose in (("caller", 0), ("caller", 1), ("source", 0))
    }
    assert len(set(draws.values())) == 3
    assert all(same.stream(*purpose).random() == draw for purpose, draw in draws.items())
    assert SimConfig(seed=8).stream("caller", 0).random() != draws["caller", 0]


def test_the_password_is_not_in_the_text_of_a_configuration() -> None:
    assert "hunter2" not in repr(SimConfig(password="hunter2"))
