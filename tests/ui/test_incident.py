"""."""

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from ari_tui.client.source import Link
from ari_tui.document import model
from ari_tui.document.live import SECONDS
from ari_tui.document.where import NOTHING_YET
from ari_tui.document.where_text import NOT_TOLD
from ari_tui.ui.columns import WIDE, chosen
from ari_tui.ui.frame import Frame
from ari_tui.ui.incident import BadSpan, bad_spans, figures, incident, row_text, tenths
from ari_tui.ui.limits import Limits
from ari_tui.ui.view_state import NARROW, Row
from tests.ui import kit

BAD = kit.a_call(
    1,
    p50=7.0,
    lost=12,
    late=4,
    where=kit.FAULTY,
    ended_at="2026-11-22T12:00:00.000+00:00",
    state="ended",
    reason="hung up",
    loss_directions=model.LossDirections(outward=10, at_echo=0, back=2),
)


def told(call: model.Call = BAD, losses: dict[int, int] | None = None, **changed: Any) -> str:
    course = kit.a_course([5.0], losses or {})
    frame = kit.a_frame([call], {call.id: course}, **changed)
    return incident(frame, kit.a_row(call, course))


def test_the_call_is_named_as_other_tools_name_it() -> None:
    text = told()
    for name in (
        "PJSIP/1001-00000001",
        "Caller 1 1001",
        "1@10.0.0.1",
        "1795348740.1",
        "call-1",
        "pbx1, version 22.10.1, http://pbx1:8088",
        "PCMU, packets of 20 ms, SSRC 0x00000001",
        "127.0.0.1:21001 <-> 127.0.0.1:10001",
        "127.0.0.1:40001 <-> 127.0.0.1:4000",
        "udp port 21001 or udp port 40001",
        "ended: hung up",
        "simple_bridge",
        "measured on jump by ari-tui 0.1.0, session s1",
    ):
        assert name in text


def test_times_are_utc_and_say_so() -> None:
    text = told()
    assert "at 2026-11-22 12:00:01 UTC" in text
    assert "2026-11-22 11:59:00 UTC for 1:00, until 2026-11-22 12:00:00 UTC" in text


def test_a_time_of_another_zone_is_turned_and_one_that_is_none_is_kept() -> None:
    call = msgspec.structs.replace(BAD, started_at="2026-11-22T12:59:00.000+01:00", ended_at="soon")
    assert "2026-11-22 11:59:00 UTC for 1:00, until soon" in told(call)


def test_it_begins_with_the_place_and_what_was_seen_and_what_is_not_known() -> None:
    finding = kit.a_finding(against=["a short stretch"])
    call = kit.a_call(1, where=kit.a_where(finding, unknown=[kit.an_unknown()]))
    assert told(call).split("\n")[:6] == [
        f"WHERE {kit.ECHO_LOSS}",
        f"  evidence: {finding.evidence[0]}",
        "  against: a short stretch",
        "  not known: Asterisk's leg out to the caller: the far end sends no reports",
        "",
        "ari-tui incident: PJSIP/1001-00000001 at 2026-11-22 12:00:01 UTC",
    ]


def test_it_says_how_many_were_lost_which_way_and_how_well_was_measured() -> None:
    text = told()
    assert "lost where: outward 10, at echo 0, back 2" in text
    assert "Our own delay over all calls (p99): 0.15 ms outward, 0.12 ms back; 0 of 60 s" in text


def test_it_says_when_packets_were_lost() -> None:
    text = told(losses={0: 1, 1: 2, 100: 4})
    assert "11:58:20            4 lost, longest round trip 5.0 ms" in text
    assert "11:59:59..12:00:00  3 lost, longest round trip 5.0 ms" in text


def test_only_the_newest_stretches_are_listed_and_the_rest_counted() -> None:
    text = told(losses={2 * ago: 1 for ago in range(20)})
    assert "and 8 stretches before these" in text
    assert text.count("1 lost, longest") == 12


def test_a_good_call_says_so() -> None:
    text = told(kit.a_call(1, p50=3.0))
    assert text.startswith(f"WHERE {kit.CLEAN}\n")
    assert "no second with losses, late packets or round trips above the limit" in text
    assert "none known" in text


def test_of_a_call_without_packets_nothing_is_claimed() -> None:
    call = kit.a_call(1, packets=kit.packets(), rtt_ms=kit.NO_SPREAD, where=NOTHING_YET)
    assert told(call).startswith(f"WHERE {NOTHING_YET.line}\n\n")
    assert told(kit.a_call(1, where=None)).startswith(f"WHERE {NOT_TOLD}\n\n")


def test_without_a_course_the_seconds_are_not_known() -> None:
    assert "not known" in incident(kit.a_frame([BAD]), kit.a_row(BAD))


def test_the_calls_own_events_are_listed_and_no_others() -> None:
    events = [
        kit.an_event("path floor moved +5 ms", call=BAD.id, level="warning"),
        kit.an_event("another call came", call="call-2"),
        kit.an_event("engine started"),
    ]
    text = told(events=events)
    assert "2026-11-22 12:00:00 UTC warning: path floor moved +5 ms" in text
    assert "another call" not in text
    assert "engine started" not in text


def test_the_verdict_of_all_calls_comes_with_its_profile_and_reasons() -> None:
    document = kit.a_document(
        [BAD], sla=kit.an_sla("fail", reasons=["p95 0.1 of at most 0.05 above 12 ms"])
    )
    text = told(document=document)
    assert "FAIL over 60 of 60 s (profile seed, limits for ≤30; 0 calls up)" in text
    assert "- p95 0.1 of at most 0.05 above 12 ms" in text


def test_old_data_are_owned_up_to() -> None:
    text = told(frozen_s=12.4, link=Link("lost", "engine did not answer"), age_s=31.0)
    assert "the screen had stood still for 12 s" in text
    assert "the engine was not connected, data 31 s old: engine did not answer" in text
    assert "stood still" not in told()
    assert "not connected" not in told()


def test_an_asterisk_that_is_away_is_said_to_be() -> None:
    document = kit.a_document([BAD])
    away = [msgspec.structs.replace(document.asterisks[0], connected=False)]
    text = told(document=msgspec.structs.replace(document, asterisks=away))
    assert "http://pbx1:8088, NOT CONNECTED" in text
    unknown = msgspec.structs.replace(document, asterisks=[])
    assert "Asterisk    pbx1\n" in told(document=unknown)


def test_a_demonstration_is_not_taken_for_an_incident() -> None:
    did = model.Injected(lost=5, duplicates=1, reordered=2)
    document = kit.a_document([BAD], injected=model.InjectedBy(echo=did, media=did))
    text = told(document=document)
    assert (
        "NOT A REAL INCIDENT: the echo server impairs packets on purpose "
        "(5 lost, 1 duplicated, 2 reordered there)"
    ) in text
    assert "NOT A REAL INCIDENT: Asterisk and its callers are simulated" in text
    assert "NOT A REAL" not in told()


def test_a_row_is_one_line_with_labels_units_and_time() -> None:
    frame = kit.a_frame([BAD])
    assert row_text(kit.a_row(BAD), chosen(NARROW), frame) == (
        "! PJSIP/1001-00000001, Call-ID 1@10.0.0.1, WHERE path to echo, outward: "
        "5.1 % lost since 11:59:10 (proved), DUR 1:00, RTT 7.0 ms, P95 14.0 ms, "
        "MAX 21.0 ms, LATE 4, LOST 12, GAP - (whole call, 2026-11-22 12:00:01 UTC)"
    )


def test_a_row_of_a_window_says_so() -> None:
    row = kit.a_row(BAD, kit.a_course([9.5]))
    text = row_text(row, chosen(["rtt_p95_ms"]), kit.a_frame([BAD], window=10))
    assert text.endswith("P95s 9.5 ms (last 10 s, 2026-11-22 12:00:01 UTC)")


HOSTILE = st.text(st.sampled_from("a\x1b[]\n\r\x07\u202e\u2028\x9b0;m"), max_size=40)


@settings(deadline=None)
@given(name=HOSTILE)
def test_nothing_from_outside_reaches_a_terminal_or_starts_a_line(name: str) -> None:
    call = msgspec.structs.replace(
        BAD, channel=name, caller=name, call_id=name, linkedid=name, reason=name, codec=name
    )
    row = Row(call, None)
    frame: Frame = kit.a_frame([call], events=[kit.an_event(name, call=call.id)])
    text = incident(frame, row)
    plain = incident(kit.a_frame([BAD], events=[kit.an_event("x", call=BAD.id)]), Row(BAD, None))
    assert text.count("\n") == plain.count("\n")
    for line in [*text.split("\n"), row_text(row, chosen(WIDE), frame)]:
        assert not set(line) & set("\x1b\n\r\x07\u202e\u2028\x9b")


def test_a_name_without_an_end_ends() -> None:
    call = msgspec.structs.replace(BAD, caller="x" * 65536)
    assert max(map(len, told(call).split("\n"))) == 1000


LIMITS = Limits.of(kit.an_sla())


def line(lines: list[str], name: str) -> list[str]:
    (found,) = (text for text in lines if text.startswith(name))
    return found.removeprefix(name).split()


def test_the_whole_call_stands_beside_its_windows_and_its_limit() -> None:
    call = kit.a_call(
        1,
        p50=5.0,
        lost=30,
        late=3,
        windows=[kit.window(10, kit.a_spread(1.0), lost=1), kit.window(60, kit.a_spread(2.0))],
    )
    lines = figures(call, LIMITS)
    assert line(lines, "round trip p95, ms") == ["10.0", "4.0", "2.0", "12.0"]
    assert line(lines, "round trip max, ms") == ["15.0", "6.0", "3.0", "22.0"]
    assert line(lines, "round trip min, ms") == ["2.5", "1.0", "0.5", "-"]
    assert line(lines, "lost, share") == ["1.00%", "0.00%", "0.20%", "0.20%"]
    assert line(lines, "late, share") == ["0.10%", "0.00%", "0.00%", "0.10%"]
    assert line(lines, "sent to echo") == ["3000", "3000", "500", "-"]
    assert line(lines, "lost  ") == ["30", "0", "1", "-"]


def test_no_sample_is_a_dash() -> None:
    call = kit.a_call(1, rtt_ms=kit.NO_SPREAD, loss_ratio=None, windows=[])
    lines = figures(call, Limits())
    assert line(lines, "round trip mean, ms") == ["-"] * 4
    assert line(lines, "lost, share") == ["-"] * 4
    assert tenths(None) == "-"


def test_where_and_how_packets_were_lost_is_told() -> None:
    call = kit.a_call(
        1,
        loss_directions=model.LossDirections(outward=3, at_echo=2, back=1),
        loss_runs={"1": 4, "2": 1, "3": 0},
        missing_explained=5,
        packets=kit.packets(received=100, upstream_missing=7, late_media=9, in_flight=2, overdue=1),
    )
    text = "\n".join(figures(call, LIMITS))
    assert "lost where: outward 3, at echo 2, back 1; runs of losses: 4 of 1, 1 of 2" in text
    assert "from Asterisk: received 100, missing 7 (5 explained), late 9" in text
    assert "in flight 2, overdue 1" in text
    assert "from Asterisk 0.5, from echo 0.6, echo path alone 0.1" in text
    assert "MOS-CQ est., this hop: 4.40, worst 10 s 4.30" in text


def test_what_is_not_known_of_losses_is_said() -> None:
    assert any(
        "lost where: not known; runs of losses: none" in text
        for text in figures(kit.a_call(1), LIMITS)
    )


LIMITS_22_MS = Limits(max_ms=22.0)
NOW = kit.LAST_SECOND


def test_neighbouring_bad_seconds_are_one_span() -> None:
    row = kit.a_row(kit.a_call(1), kit.a_course([5.0], {0: 1, 1: 2, 3: 4}))
    assert bad_spans(row, NOW, LIMITS_22_MS) == [
        BadSpan(NOW - 3, NOW - 3, 4, 0, 5000),
        BadSpan(NOW - 1, NOW, 3, 0, 5000),
    ]


def test_a_round_trip_above_the_limit_and_a_late_packet_are_bad() -> None:
    course = kit.a_course([5.0])
    longest: list[int | None] = [5000] * SECONDS
    longest[-10], longest[-5] = 22_001, 22_000
    late: list[int | None] = [0] * SECONDS
    late[-9] = 2
    row = kit.a_row(kit.a_call(1), msgspec.structs.replace(course, rtt_max_us=longest, late=late))
    assert bad_spans(row, NOW, LIMITS_22_MS) == [BadSpan(NOW - 9, NOW - 8, 0, 2, 22_001)]
    assert bad_spans(row, NOW, Limits()) == [BadSpan(NOW - 8, NOW - 8, 0, 2, 5000)]


def test_seconds_in_which_all_was_lost_have_no_longest_round_trip() -> None:
    row = kit.a_row(kit.a_call(1), kit.a_course([None], {1: 50, 2: 50}))
    assert bad_spans(row, NOW, LIMITS_22_MS) == [BadSpan(NOW - 2, NOW - 1, 100, 0, None)]


def test_a_call_without_a_course_or_without_trouble_has_none() -> None:
    assert bad_spans(kit.a_row(kit.a_call(1)), NOW, LIMITS_22_MS) == []
    assert bad_spans(kit.a_row(kit.a_call(1), kit.a_course()), NOW, LIMITS_22_MS) == []
