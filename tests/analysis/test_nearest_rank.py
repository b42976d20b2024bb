"""The nearest rank, as it is worked out by hand."""

import pytest

from ari_tui.analysis.nearest_rank import nearest_rank


@pytest.mark.parametrize(
    ("share", "total", "rank"),
    [
        (0.5, 1, 1),
        (0.5, 4, 2),
        (0.5, 5, 3),
        (0.95, 20, 19),
        (0.95, 21, 20),
        (0.99, 100, 99),
        (0.99, 101, 100),
        (0.999, 1000, 999),
        (1.0, 7, 7),
        (0.0, 7, 1),
    ],
)
def test_the_rank_is_the_share_of_all_rounded_up(share: float, total: int, rank: int) -> None:
    assert nearest_rank(share, total) == rank


def test_a_share_that_is_no_binary_fraction_is_not_rounded_beyond_its_rank() -> None:
    assert 0.07 * 100 > 7  # what a product of floats would round up to 8
    assert nearest_rank(0.07, 100) == 7
