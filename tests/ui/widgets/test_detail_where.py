from __future__ import annotations

from typing import Any

import msgspec
import pytest

from ari_tui.document.model import LossDirections
from ari_tui.ui.widgets.detail_view import DetailView
from ari_tui.ui.widgets.detail_where import conclusion
from tests.ui.detail_kit import (
    a_course_of,
    a_detail,
    a_spread_of,
    a_view,
    counted,
    last,
    statistics,
)
from tests.ui.kit import NO_SPREAD, a_call


def of(view: DetailView) -> tuple[str, str]:
    found = conclusion(view)
    return "\n".join(verdict.text for verdict in found), found[0].style


def up(**changed: Any) -> Any:
    return a_call(1, **{"p50": 4.0, "state": "up", **changed})


def test_a_quiet_call_is_called_quiet() -> None:
    assert of(a_view()) == ("Nothing stands out: all four intervals are within limits.", "ok")


def test_too_few_packets_prove_nothing() -> None:
    call = counted(up(rtt_ms=NO_SPREAD), received=3, sent=3)
    assert of(a_view(call)) == ("Too few packets yet to say anything.", "dim")


@pytest.mark.parametrize(
    ("changed", "text", "style"),
    [
        ({"state": "up"}, "Look at Asterisk: the call is up, and no RTP has come from it.", "fail"),
        ({"state": "bridging"}, "No RTP from Asterisk yet.", "dim"),
        ({"state": "failed", "reason": "422"}, "The call failed before any RTP: 422.", "fail"),
        (
            {"state": "ended", "ended_at": "2026-11-22T12:00:00.000+00:00"},
            "The call ended, and no RTP ever came from Asterisk.",
            "near",
        ),
    ],
)
def test_silence_is_told_by_the_state(changed: Any, text: str, style: str) -> None:
    silent = counted(up(rtt_ms=NO_SPREAD, **changed), received=0, sent=0, returned=0)
    assert of(a_view(silent)) == (text, style)


def test_round_trips_over_a_limit_point_to_the_network() -> None:
    text, style = of(a_view(up(p50=9.0)))
    # the rule that is broken most: p99 is 27 of 18 ms
    assert text == "Look at the network to the echo server: RTT p99 27.0 of 18 ms"
    assert style == "fail"


@pytest.mark.parametrize(
    ("split", "text"),
    [
        (None, "Look at the network or the echo server: 25 lost (0.83%)"),
        ((20, 0, 5), "Look at the network to the echo server: 25 lost (0.83%): 20 out and 5 back"),
        ((0, 25, 0), "Look at the echo server: 25 lost (0.83%), all within it"),
    ],
)
def test_losses_are_blamed_as_far_as_counts_divide_them(split: Any, text: str) -> None:
    call = up(lost=25)
    if split is not None:
        outward, at_echo, back = split
        directions = LossDirections(outward=outward, at_echo=at_echo, back=back)
        call = msgspec.structs.replace(call, loss_directions=directions)
    assert of(a_view(call)) == (text, "fail")


def test_a_loss_within_the_limit_is_no_alarm() -> None:
    assert of(a_view(up(lost=1)))[1] == "ok"
    assert of(a_view(up(lost=5)))[0].startswith("Worth a look: the network or the echo server")


def test_our_own_seconds_point_to_this_machine() -> None:
    few = a_course_of(limited=last([1, 1]), dwell_max_us=last([9000, 9000], quiet=300))
    view = a_view(detail=a_detail(course=few, limited_by=["delay in this engine"]))
    assert of(view) == (
        "Worth a look: this machine: 2 of 60 s limited by delay in this engine",
        "near",
    )
    many = a_course_of(limited=last([1] * 30))
    view = a_view(detail=a_detail(course=many, limited_by=["delay in this engine"]))
    assert of(view)[1] == "fail"
    dropped = counted(up(), socket_drops=7)
    assert of(a_view(dropped))[0] == "Look at this machine: our sockets dropped 7 packets"


def test_what_is_missing_or_silent_points_upstream() -> None:
    call = up(missing_explained=7, longest_interruption_ms=420.0)
    call = counted(call, upstream_missing=27, interruptions=1)
    assert of(a_view(call))[0] == (
        "Look at Asterisk or the caller's path: 20 numbered packets never came (0.66%) and "
        "a silence of 0.4 s"
    )


def test_an_explained_gap_points_nowhere() -> None:
    call = counted(up(missing_explained=7), upstream_missing=7)
    assert of(a_view(call))[1] == "ok"


def test_late_arrivals_point_upstream_and_a_clean_leg_is_said() -> None:
    found = a_detail()
    late = msgspec.structs.replace(found.intervals, asterisk_ms=a_spread_of(0.4, 25.0))
    view = a_view(detail=msgspec.structs.replace(found, intervals=late))
    place = "Look at Asterisk or the caller's path: p99 25.0 ms behind its clock"
    assert of(view)[0] == place
    clean = view._replace(statistics=statistics())
    assert of(clean)[0] == f"{place} (the caller's leg is clean now)"
    jittery = view._replace(statistics=statistics(received_jitter_ms=12.0))
    assert of(jittery)[0] == place


def test_asterisks_own_count_of_losses_points_to_the_callers_path() -> None:
    view = a_view(statistics=statistics(received_lost=12))
    assert (
        of(view)[0]
        == "Look at the caller's path to Asterisk: 12 lost before Asterisk, as it counts"
    )


def test_what_breaks_a_limit_comes_before_what_is_near_one() -> None:
    course = a_course_of(limited=last([1]))
    detail = a_detail(course=course, limited_by=["drops at our socket"])
    text = of(a_view(up(p50=9.0), detail=detail))[0]
    assert text.startswith("Look at the network to the echo server: RTT p99")
    assert text.endswith("\nthen at this machine: 1 of 60 s limited by drops at our socket")


def test_a_refusing_echo_host_is_told() -> None:
    call = counted(up(), echo_refused=4)
    assert "its host says that nothing listens there" in of(a_view(call))[0]


def test_late_round_trips_are_told_beside_a_broken_limit() -> None:
    assert of(a_view(up(late=30)))[0] == "Look at the network to the echo server: 30 late (1%)"
    text = of(a_view(up(p50=9.0, late=30)))[0]
    assert text.endswith("RTT p99 27.0 of 18 ms and 30 late (1%)")
