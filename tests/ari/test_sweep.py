from __future__ import annotations

from typing import Any

from ari_tui.ari.ids import build_id
from ari_tui.ari.models import Bridge, Channel, DialplanLocation
from ari_tui.ari.sweep import LiveCall, LostCall, SweepPlan, plan_sweep

MEDIA, BRIDGE = build_id("app", "now", 1, "media"), build_id("app", "now", 1, "bridge")
UP = LiveCall(1, "caller", True, MEDIA, BRIDGE)
NOTHING = SweepPlan((), (), (), ())
EXISTING: dict[str, Any] = {
    "channels": [Channel("caller"), Channel(MEDIA)],
    "bridges": [Bridge(BRIDGE)],
    "app_channel_ids": ["caller", MEDIA],
    "calls_before": [UP],
    "calls_now": [UP],
}


def _plan(**changes: Any) -> SweepPlan:
    return plan_sweep("app", "now", **{**EXISTING, **changes})


def test_a_call_in_order_needs_nothing() -> None:
    assert _plan() == NOTHING


def test_leftovers_of_other_sessions_of_ours_are_reaped_even_with_a_live_number() -> None:
    old_media, old_bridge = build_id("app", "old", 1, "media"), build_id("app", "old", 1, "bridge")
    plan = _plan(
        channels=[*EXISTING["channels"], Channel(old_media)],
        bridges=[*EXISTING["bridges"], Bridge(old_bridge)],
        app_channel_ids=["caller", MEDIA, old_media],
    )
    assert plan == SweepPlan((), (old_media,), (old_bridge,), ())


def test_leftovers_of_an_ended_call_of_this_session_are_reaped() -> None:
    plan = _plan(calls_before=[], calls_now=[])
    assert plan.hang_up == (MEDIA,)
    assert plan.delete_bridges == (BRIDGE,)


def test_nothing_of_another_application_is_touched() -> None:
    others = [build_id("app2", "old", 1, "media"), build_id("app.x", "old", 1, "media"), "1553.4"]
    plan = _plan(
        channels=[*EXISTING["channels"], *(Channel(text) for text in others)],
        bridges=[*EXISTING["bridges"], *(Bridge(text) for text in others)],
    )
    assert plan == NOTHING


def test_a_call_whose_caller_is_gone_is_lost() -> None:
    plan = _plan(channels=[Channel(MEDIA)])
    assert plan.lost == (LostCall(1, "caller is no longer in Asterisk", True),)
    assert plan.hang_up == ()


def test_a_call_whose_caller_went_elsewhere_is_lost() -> None:
    elsewhere = Channel("caller", dialplan=DialplanLocation(app_name="Echo"))
    plan = _plan(channels=[elsewhere, Channel(MEDIA)], app_channel_ids=[MEDIA])
    assert plan.lost == (LostCall(1, "caller left the application", True),)


def test_a_caller_in_another_clients_bridge_is_that_clients() -> None:
    bridges = [*EXISTING["bridges"], Bridge("theirs", channels=("caller",))]
    plan = _plan(bridges=bridges)
    reason = "moved to another bridge by another client"
    assert plan == SweepPlan((LostCall(1, reason, True),), (), (), ())
    after = _plan(bridges=[bridges[1]], channels=[Channel("caller")], calls_before=[], calls_now=[])
    assert after == NOTHING  # nor is it taken up as a new call


def test_a_caller_in_a_bridge_that_a_crash_of_ours_left_is_taken_up() -> None:
    left = Bridge(build_id("app", "old", 7, "bridge"), channels=("caller",))
    plan = _plan(
        bridges=[left],
        channels=[Channel("caller")],
        app_channel_ids=["caller"],
        calls_before=[],
        calls_now=[],
    )
    assert [one.id for one in plan.new_callers] == ["caller"]


def test_one_sign_alone_does_not_say_that_a_caller_left() -> None:
    in_stasis = Channel("caller", dialplan=DialplanLocation(app_name="Stasis"))
    originated = Channel("caller", dialplan=DialplanLocation(app_name="AppDial2"))
    assert _plan(channels=[in_stasis, Channel(MEDIA)], app_channel_ids=[]).lost == ()
    assert _plan(channels=[originated, Channel(MEDIA)]).lost == ()


def test_a_call_without_its_media_channel_or_bridge_is_lost_but_its_caller_is_not() -> None:
    assert _plan(channels=[Channel("caller")]).lost == (
        LostCall(1, "our media channel is no longer there", False),
    )
    assert _plan(bridges=[]).lost == (LostCall(1, "our bridge is no longer there", False),)


def test_a_call_on_its_way_down_is_neither_lost_nor_taken_up_anew() -> None:
    draining = LiveCall(1, "caller", False, None, None)
    assert _plan(calls_before=[draining], calls_now=[draining]) == NOTHING
    gone = _plan(calls_before=[draining], calls_now=[draining], channels=[], bridges=[])
    assert gone == NOTHING


def test_a_call_that_came_or_changed_during_the_look_is_left_alone() -> None:
    young = LiveCall(1, "caller", True, None, None)
    nothing_listed: dict[str, Any] = {"channels": [], "bridges": [], "app_channel_ids": []}
    assert _plan(calls_before=[], calls_now=[young], **nothing_listed) == NOTHING
    assert _plan(calls_before=[young], calls_now=[UP], **nothing_listed) == NOTHING


def test_a_caller_without_a_call_is_taken_up() -> None:
    orphan, stranger = Channel("orphan"), Channel("stranger")
    plan = _plan(
        channels=[*EXISTING["channels"], orphan, stranger],
        app_channel_ids=["caller", MEDIA, "orphan", "no longer there"],
    )
    assert plan == SweepPlan((), (), (), (orphan,))


def test_a_caller_whose_call_ended_during_the_look_is_not_taken_up() -> None:
    plan = _plan(calls_now=[])
    assert plan.new_callers == ()


def test_a_call_that_this_session_places_is_no_leftover_and_is_taken_up() -> None:
    placed, old = build_id("app", "now", 9, "caller"), build_id("app", "old", 9, "caller")
    plan = _plan(
        channels=[*EXISTING["channels"], Channel(placed), Channel(old)],
        app_channel_ids=["caller", MEDIA, placed, old],
    )
    assert plan.hang_up == (old,)
    assert [channel.id for channel in plan.new_callers] == [placed]
