"""How numbers read."""

import pytest

from ari_tui.ui.widgets import pane_figures as f
from tests.ui.widgets.frames import a_bad_frame


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        (None, ""),
        ("up to 30 calls", "≤30"),
        ("up to 30 and 100 calls (120 seen)", "≤30/100"),
        ("gold", "gold"),
    ],
)
def test_a_tier_is_told_in_short(label: str | None, shown: str) -> None:
    assert f.tier(label) == shown


@pytest.mark.parametrize(
    ("value", "part"),
    [(5.0, ("x", "ok")), (9.0, ("x~", "near")), (11.0, ("x!", "fail")), (None, ("x", ""))],
)
def test_a_mark_stands_beside_every_colour(value: float | None, part: tuple[str, str]) -> None:
    assert f.graded("x", value, 10.0) == part


def test_the_headline_is_of_the_window_that_is_shown() -> None:
    frame = a_bad_frame()
    assert f.Headline(frame).rtt.p95 == 16.8
    assert f.Headline(frame).window == ""
    ten = f.Headline(frame._replace(window=10))
    assert (ten.rtt.p95, ten.loss_ratio, ten.window) == (10.0, 0.0, "10s")
