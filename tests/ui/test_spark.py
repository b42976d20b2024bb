import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_tui.ui.spark import ASCII_LEVELS, BLOCKS, heading, spark

CELLS = st.lists(
    st.tuples(st.none() | st.integers(0, 4_000_000), st.none() | st.integers(0, 60)), max_size=60
)


def test_a_cell_a_second_rises_with_the_round_trip() -> None:
    p95_us = [0, 2750, 5500, 8250, 11000, 13750, 16500, 22000]
    assert spark(p95_us, [0] * 8, 22.0) == [("▁▂▃▄", "plain"), ("▅▆▇█", "high")]


def test_loss_over_scale_and_no_data_have_shapes_of_their_own() -> None:
    p95_us = [1000, None, 22_001, 1000, None]
    lost = [0, 0, 0, 2, 5]
    assert spark(p95_us, lost, 22.0) == [
        ("▁", "plain"),
        (" ", "none"),
        ("^", "over"),
        ("××", "lost"),
    ]


def test_ascii_draws_the_same_heights_without_blocks() -> None:
    p95_us: list[int | None] = [0, 2750, 5500, 8250, 11000, 13750, 16500, 22000, 23000, None, 5]
    lost = [0] * 10 + [1]
    assert spark(p95_us, lost, 22.0, ascii=True) == [
        ("_.:-", "plain"),
        ("=+*#", "high"),
        ("^", "over"),
        (" ", "none"),
        ("x", "lost"),
    ]


def test_the_scale_is_what_it_is_told_to_be() -> None:
    assert spark([22_000], [0], 44.0) == [("▅", "high")]
    assert heading(22.0) == "RTT 0..22ms, 1 s a cell"


def test_seconds_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(ValueError):
        spark([1, 2], [0], 22.0)


@given(cells=CELLS, plain=st.booleans(), scale_ms=st.floats(0.5, 1000))
def test_every_second_has_one_cell_and_neighbouring_runs_differ(
    cells: list[tuple[int | None, int | None]], plain: bool, scale_ms: float
) -> None:
    p95_us, lost = [cell[0] for cell in cells], [cell[1] for cell in cells]
    runs = spark(p95_us, lost, scale_ms, ascii=plain)
    text = "".join(part for part, _ in runs)
    assert len(text) == len(cells)
    assert all(a[1] != b[1] for a, b in itertools.pairwise(runs))
    kinds = [kind for part, kind in runs for _ in part]
    for (value, gone), kind, char in zip(cells, kinds, text, strict=True):
        assert (kind == "lost") == bool(gone)
        assert (kind == "none") == (not gone and value is None)
        assert (kind == "over") == (not gone and value is not None and value > scale_ms * 1000)
        levels = ASCII_LEVELS if plain else BLOCKS
        assert (char in levels) == (kind in ("plain", "high"))
