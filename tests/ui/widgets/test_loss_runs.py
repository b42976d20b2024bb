"""Runs of lost packets."""

from ari_tui.ui.widgets.loss_runs import RunsPane, render_loss_runs
from tests.ui.widgets.frames import PaneApp, a_bad_frame, a_frame, assert_fits_everywhere, changed


def drawn(width: int = 65, height: int = 7) -> list[str]:
    return render_loss_runs(a_bad_frame(), width, height).plain.split("\n")


def test_runs_are_counted_by_length() -> None:
    told = drawn()
    assert told[0].startswith("Loss runs 210 lost in 65 runs ─")
    assert told[-3].split() == ["length", *"123456789", "10+"]
    assert told[-2].split() == ["runs", "44", "12", "5", "·", "·", "·", "1", "·", "·", "3"]


def test_bars_are_as_high_as_the_runs_are_many() -> None:
    rows = drawn(height=12)[1:-3]
    heights = [
        sum(bar in row[start : start + 5] for row in rows for bar in "▁▂▃▄▅▆▇█")
        for start in range(8, 58, 5)
    ]
    assert heights[0] == len(rows)
    assert heights[0] > heights[1] > heights[2]
    assert heights[3] == 0
    # one run among many is seen
    assert heights[6] == 1


def test_where_packets_were_lost_is_told_where_it_is_known() -> None:
    where = "lost    outward 180  at the echo server 2  on the way back 28"
    assert drawn()[-1] == where
    unknown = changed(a_bad_frame().document, "totals", loss_directions=None)
    assert "outward" not in render_loss_runs(a_bad_frame(document=unknown), 65, 7).plain


def test_losses_in_bursts_are_told() -> None:
    document = changed(a_bad_frame().document, "totals.loss_bursts", burst_ratio=2.34)
    assert "burst ratio 2.3" in render_loss_runs(a_bad_frame(document=document), 65, 7).plain


def test_a_narrow_box_has_the_numbers_alone() -> None:
    assert drawn(40)[1] == "length 1: 44, 2: 12, 3: 5, 7: 1, 10+: 3"


def test_nothing_lost_is_said() -> None:
    assert render_loss_runs(a_frame(), 65, 7).plain.startswith("Loss runs nothing lost ─")


def test_no_box_is_too_small() -> None:
    assert_fits_everywhere(render_loss_runs)


async def test_the_pane_draws_the_runs() -> None:
    pane = RunsPane()
    async with PaneApp(pane).run_test(size=(65, 12)) as pilot:
        pane.show(a_bad_frame())
        await pilot.pause()
        assert "210 lost" in pane.shown
