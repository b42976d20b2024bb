from __future__ import annotations

from ari_tui.config.settings import LoadtestSettings
from ari_tui.session.loadtest.call_results import CallResults
from ari_tui.session.loadtest.failure_causes import FailureCause
from ari_tui.session.loadtest.placed_call import PlacedCall
from ari_tui.session.loadtest.plan import plan_of

PLAN = plan_of(LoadtestSettings(calls=3), simulated=True)


def placed(book: CallResults, number: int, *steps: str, at_s: float = 1.0) -> PlacedCall:
    call = PlacedCall(number, "Local/tone@lab", 3, f"id{number}", at_s, 10**18)
    book.add(call)
    for step in steps:
        call.reach(step, 1.0)
    return call


def test_calls_are_up_under_way_or_done() -> None:
    book = CallResults()
    placed(book, 1, "media_back")
    placed(book, 2, "accepted")
    busy = placed(book, 3, "accepted")
    busy.fail("answered", FailureCause("busy"))
    book.close(busy, busy.close(None, 0.0))
    leaving = placed(book, 4, "media_back")
    leaving.hung_up_s = 2.0
    progress = book.progress(PLAN, "holding", 3, 0.5, 12.34)
    assert (progress.up, progress.under_way, progress.started) == (1, 1, 4)
    assert (progress.good, progress.failed, progress.cut) == (0, 1, 0)
    assert progress.failed_at == {"answered": 1}
    assert (progress.elapsed_s, progress.duration_s) == (12.3, 60.0)


def test_the_rate_is_over_the_time_from_the_first_call_to_the_last() -> None:
    book = CallResults()
    assert book.calls_per_s is None
    placed(book, 1, at_s=10.0)
    assert book.calls_per_s is None
    placed(book, 2, at_s=10.5)
    placed(book, 3, at_s=11.0)
    assert book.calls_per_s == 2.0


def test_with_tiers_the_climb_is_part_of_the_planned_time() -> None:
    plan = plan_of(
        LoadtestSettings(tiers=("10", "20"), duration_s=60.0, ramp_cps=5.0), simulated=True
    )
    assert CallResults().progress(plan, "ramping", 10, 0.0, 0.0).duration_s == 124.0
