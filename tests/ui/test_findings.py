from typing import Any

import msgspec
import pytest

from ari_tui.document import model
from ari_tui.ui.findings import BEFORE, ECHO, OURS, Findings, findings
from ari_tui.ui.limits import Limits
from tests.ui import kit

LIMITS = Limits.of(kit.an_sla())


def found(*, instrument: dict[str, Any] | None = None, **changed: Any) -> Findings:
    call = kit.a_call(1, **{"p50": 3.0, **changed})
    document = kit.a_document([call])
    told = msgspec.structs.replace(document.instrument, **(instrument or {}))
    return findings(call, msgspec.structs.replace(document, instrument=told), LIMITS)


def counted(**changed: int) -> model.Packets:
    return kit.packets(**{"received": 3000, "sent": 3000, "returned": 3000, **changed})


def test_a_good_call_points_nowhere() -> None:
    assert found() == Findings([], [], [], "")
    assert found().conclusion == ""


@pytest.mark.parametrize(
    ("outward", "at_echo", "back", "where"),
    [
        (9, 1, 2, "on the way out"),
        (1, 9, 2, "within the echo server"),
        (1, 2, 9, "on the way back"),
        (5, 0, 5, "both ways"),
        (6, 0, 6, "both ways"),
    ],
)
def test_losses_point_to_the_part_of_the_echo_path_that_lost_most(
    outward: int, at_echo: int, back: int, where: str
) -> None:
    known = model.LossDirections(outward=outward, at_echo=at_echo, back=back)
    told = found(lost=outward + at_echo + back, loss_directions=known)
    assert told.conclusion == f"{ECHO} ({where})"
    assert f"lost on the way out {outward}, within the echo server {at_echo}" in told.echo[0]
    assert (told.before, told.ours) == ([], [])


def test_without_the_echo_servers_counts_the_direction_is_not_known() -> None:
    told = found(lost=12)
    assert told.conclusion == ECHO
    assert told.echo == [
        "12 of 3000 packets did not come back (0.40%, limit 0.20%); where is not known: "
        "the echo server does not count for us"
    ]


def test_losses_and_lateness_within_their_limits_are_no_findings() -> None:
    assert found(lost=6, late=3).echo == []


def test_slow_round_trips_are_told_with_their_limits() -> None:
    assert found(p50=9.0).echo == [
        "round trip p50 9.0 ms, limit 8 ms",
        "round trip p95 18.0 ms, limit 12 ms",
        "round trip p99 27.0 ms, limit 18 ms",
        "round trip maximum 27.0 ms, limit 22 ms",
    ]
    assert found(late=4).echo == ["4 of 3000 packets came back late (0.13%, limit 0.10%)"]


def test_an_echo_server_that_is_gone_shows_before_packets_count_as_lost() -> None:
    told = found(packets=counted(returned=2900, in_flight=100, overdue=80, echo_refused=60))
    assert told.echo == [
        "80 packets are out for more than 500 ms",
        "nothing listens at the echo address (60 refusals)",
    ]


def test_an_interruption_points_before_us_and_its_gaps_say_why() -> None:
    told = found(
        packets=counted(interruptions=2),
        longest_interruption_ms=3020.0,
        dead_air_s=4.5,
        gaps={"stalled": 1, "hidden": 1, "dtmf": 4, "delayed": 0},
    )
    assert told.conclusion == BEFORE
    assert told.before == [
        "2 interruptions of what Asterisk sends, the longest 3020 ms, 4.5 s of dead air in all",
        "1 gaps where only the timestamp jumped: silence suppression, or an outage that Asterisk "
        "hides",
        "1 gaps where Asterisk itself stalled",
    ]


def test_gaps_alone_are_no_finding() -> None:
    assert found(gaps={"hidden": 12}).before == []


def test_packets_missing_from_asterisk_count_when_nothing_explains_them() -> None:
    missing = counted(upstream_missing=30)
    assert found(packets=missing, missing_explained=30).before == []
    told = found(packets=missing, missing_explained=10)
    assert told.before == ["20 packets that Asterisk numbered never came (0.66% of 3030)"]
    assert found(packets=missing, missing_explained=99).before == []


def test_packets_late_from_asterisk_point_before_us() -> None:
    assert found(packets=counted(late_media=3)).before == []
    assert found(packets=counted(late_media=30)).before == [
        "30 packets came late from Asterisk (1.00% of 3000)"
    ]


def test_our_own_drops_errors_and_limited_seconds_are_told_of_ourselves() -> None:
    told = found(
        packets=counted(socket_drops=5, send_errors=2),
        instrument={"limited_s": 30.0, "reasons": ["30 of 60 s limited by its own delay"]},
    )
    assert told.conclusion == OURS
    assert told.ours == [
        "our machine dropped 5 packets for want of room",
        "2 packets could not be sent or received",
        "30 of 60 s could not be measured well: 30 of 60 s limited by its own delay",
    ]


def test_a_few_limited_seconds_make_us_no_suspect() -> None:
    assert found(instrument={"limited_s": 6.0}).ours == []


def test_several_sides_are_all_named() -> None:
    assert found(p50=9.0, packets=counted(interruptions=1)).conclusion == f"{BEFORE}, and {ECHO}"


def test_our_own_trouble_casts_doubt_on_what_points_elsewhere() -> None:
    told = found(p50=9.0, packets=counted(interruptions=1, socket_drops=1))
    assert told.conclusion == (f"{OURS}; what points to {BEFORE}, and {ECHO} may come from it too")
