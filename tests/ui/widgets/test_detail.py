from __future__ import annotations

import msgspec
import pytest
from rich.text import Text

from ari_tui.analysis.stream.gaps import KINDS
from ari_tui.document.model import CallerLeg, LossDirections
from ari_tui.document.where_text import NOT_TOLD
from ari_tui.ui.widgets.detail_course import course
from ari_tui.ui.widgets.detail_facts import asterisk_says, counts, facts
from ari_tui.ui.widgets.detail_gaps import MEANINGS, events, gaps
from ari_tui.ui.widgets.detail_intervals import intervals
from ari_tui.ui.widgets.detail_page import TWO_COLUMNS, Block, DetailPage, page, title, trips
from ari_tui.ui.widgets.detail_view import (
    DetailView,
    box,
    joined,
    lines_of,
    newest,
    worst_ms,
    wrapped,
)
from tests.ui.detail_kit import (
    HOSTILE,
    WIDTHS,
    a_course_of,
    a_detail,
    a_gap,
    a_view,
    assert_fits,
    counted,
    last,
    plain,
    statistics,
)
from tests.ui.kit import (
    CLEAN,
    ECHO_LOSS,
    FAULTY,
    a_call,
    a_finding,
    a_where,
    an_event,
    an_unknown,
)
from tests.ui.widgets.frames import PaneApp, style_of

HEADINGS = (
    "Where a packet's time goes",
    "RTT ",
    "Loss",
    "RTT histogram",
    "Gaps",
    "Call",
    "Counted",
    "Asterisk says",
    "Events",
)


def whole(view: DetailView, width: int) -> list[Text]:
    def draw(block: Block, view: DetailView, width: int) -> list[Text]:
        return block(view, width)

    return page(view, width, draw)


@pytest.mark.parametrize("width", [40, 80, TWO_COLUMNS - 1, TWO_COLUMNS, 200])
def test_everything_is_on_the_page_whatever_its_width(width: int) -> None:
    text = plain(whole(a_view(), width))
    for heading in HEADINGS:
        assert heading in text, heading


def test_blocks_stand_side_by_side_where_there_is_room() -> None:
    narrow, wide = whole(a_view(), 100), whole(a_view(), 200)
    assert len(wide) <= 48 < len(narrow)
    assert any("Where a packet" in line.plain and "Call ─" in line.plain for line in wide)


def test_the_title_says_who_how_long_and_where_to_look() -> None:
    call = a_call(1, state="up", duration_s=192.0, where=FAULTY)
    lines = [line.plain for line in title(a_view(call), 80)]
    assert lines[:3] == [
        f"! WHERE {ECHO_LOSS}",
        "PJSIP/1001-00000001  Caller 1 1001  up" + " " * 34 + "up 3m12s",
        f"  evidence: {FAULTY.findings[0].evidence[0]}",
    ]


def test_each_thing_that_the_diagnosis_says_has_its_line_marked_and_coloured() -> None:
    finding = a_finding("this engine: late (likely)", confidence="likely", against=["few"])
    where = a_where(a_finding(), finding, unknown=[an_unknown()])
    drawn = title(a_view(a_call(1, where=where)), 100)
    assert [line.plain.strip() for line in drawn if "PJSIP" not in line.plain] == [
        f"! WHERE {ECHO_LOSS}",
        f"evidence: {finding.evidence[0]}",
        "~ also  this engine: late (likely)",
        f"evidence: {finding.evidence[0]}",
        "against: few",
        "not known: Asterisk's leg out to the caller: the far end sends no reports",
    ]
    assert style_of(drawn[0], ECHO_LOSS) == "fail"
    assert style_of(drawn[3], finding.text) == "near"
    clean = title(a_view(a_call(1)), 100)[0]
    assert style_of(clean, CLEAN) == "ok"
    assert title(a_view(a_call(1, where=None)), 100)[0].plain.endswith(NOT_TOLD)


def test_the_title_says_who_ended_the_call() -> None:
    call = a_call(1, state="ended", reason="hung up from here", duration_s=61.0)
    assert "ended: hung up from here" in title(a_view(call), 80)[1].plain


def test_why_nothing_new_comes_is_said_at_the_top() -> None:
    lines = title(a_view(trouble="no call 's.1'"), 80)
    assert lines[2].plain == "~ no call 's.1'"


def test_the_histogram_is_of_this_call() -> None:
    text = plain(trips(a_view(), 80))
    assert text.startswith("RTT histogram 1,000 round trips of this call")
    assert "max≤22" in text
    empty = a_view(detail=a_detail(rtt_histogram=[]))
    assert plain(trips(empty, 80)).endswith("no round trip yet")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("ascii_only", [False, True])
def test_it_fits_every_width_whatever_the_outside_says(width: int, ascii_only: bool) -> None:
    call = a_call(1, channel=HOSTILE, caller=HOSTILE, reason=HOSTILE, state="draining")
    for detail in (a_detail(), None):
        view = a_view(call, detail=detail, ascii_only=ascii_only, trouble=HOSTILE)
        assert_fits(whole(view, width), width, ascii_only=ascii_only)


async def test_a_sheet_is_as_high_as_its_page_and_draws_only_what_changes() -> None:
    sheet = DetailPage()
    async with PaneApp(sheet).run_test(size=(80, 24)) as pilot:
        view = a_view()
        sheet.show_view(view)
        await pilot.pause()
        expected = whole(view, sheet.size.width)
        assert sheet.size.height == len(expected)
        assert [line.rstrip() for line in sheet.shown.split("\n")] == plain(expected).split("\n")
        drawn = sheet.drawn
        sheet.show_view(view)
        await pilot.pause()
        assert sheet.drawn == drawn
        longer = msgspec.structs.replace(view.call, duration_s=61.0)
        sheet.show_view(view._replace(call=longer))
        await pilot.pause()
        assert sheet.drawn == drawn + 1


async def test_charts_are_drawn_once_an_answer() -> None:
    sheet = DetailPage()
    async with PaneApp(sheet).run_test(size=(80, 24)) as pilot:
        view = a_view()
        sheet.show_view(view)
        await pilot.pause()
        drawn = sheet.charts_drawn
        for _ in range(5):
            sheet.show_view(view)
            await pilot.pause()
        assert sheet.charts_drawn == drawn
        sheet.show_view(view._replace(detail=a_detail(time="2026-11-22T12:00:03.000+00:00")))
        await pilot.pause()
        assert sheet.charts_drawn == drawn + 1
        await pilot.resize_terminal(100, 24)
        await pilot.pause()
        assert sheet.charts_drawn > drawn + 1


def test_only_what_is_known_counts() -> None:
    assert newest([1, None, 3, 4], 3) == [3, 4]
    assert worst_ms([None, 1500, 900], 2) == 1.5
    assert worst_ms([9000, None], 1) is None


def test_texts_are_cut_at_blanks() -> None:
    assert wrapped("one two three four", 9, indent=2) == ["one two", "  three", "  four"]
    assert wrapped("", 5) == [""]
    assert wrapped("unbreakable", 4) == ["unbreakable"]


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        (["a"], "a"),
        (["a", "b"], "a and b"),
        (["a", "b", "c"], "a, b and c"),
    ],
)
def test_parts_are_joined_as_one_says_them(parts: list[str], text: str) -> None:
    assert joined(parts) == text


def test_a_block_without_lines_is_empty() -> None:
    canvas = box(a_view(), 10)
    assert lines_of(canvas) == []
    canvas.line("a")
    canvas.line()
    assert [line.plain for line in lines_of(canvas)] == ["a", ""]


def told(text: str) -> dict[str, str]:
    return {line[:12].strip(): line[12:].strip() for line in text.splitlines()}


def test_a_call_is_told_by_every_name_that_others_know_it_by() -> None:
    call = a_call(1, channel_id="1795348740.9")
    found = told(plain(facts(a_view(call), 80)))
    assert found["caller"] == "Caller 1 1001"
    assert (found["Call-ID"], found["linkedid"]) == ("1@10.0.0.1", "1795348740.1")
    assert found["uniqueid"] == "1795348740.9"
    assert found["codec"] == "PCMU 20 ms  SSRC 0x00000001"
    assert found["Asterisk"] == "127.0.0.1:10001 - 127.0.0.1:21001"
    assert found["echo"] == "127.0.0.1:40001 - 127.0.0.1:4000"
    assert found["started"] == "11:59:00 UTC on pbx1  takeover"


def test_a_uniqueid_that_is_the_linkedid_is_not_told_twice() -> None:
    assert "uniqueid" not in told(plain(facts(a_view(a_call(1)), 80)))


def test_counters_are_told_with_where_packets_were_lost() -> None:
    call = a_call(
        1,
        lost=25,
        late=3,
        missing_explained=7,
        loss_directions=LossDirections(outward=20, at_echo=0, back=5),
    )
    call = counted(call, upstream_missing=27, interruptions=1, duplicates_echo=4)
    found = told(plain(counts(a_view(call), 80)))
    assert found["lost"] == "25 (0.83%!)  out 20, at echo 0, back 5"
    assert found["late"] == "3 (0.10%~)"
    assert found["Asterisk"].startswith("20 missing  1 over 200 ms silent")
    assert found["duplicates"] == "0 from Asterisk, 4 from the echo"
    assert found["fastest"] == "4.20 ms round trip  clock skew -12.3 ppm"


def test_asterisks_figures_are_told_by_what_they_mean() -> None:
    text = plain(asterisk_says(a_view(statistics=statistics()), 80))
    found = told(text)
    assert text.startswith("Asterisk says at 12:00:00")
    assert (found["channel"], found["bridge"]) == ("Up", "simple_bridge  2 channels")
    assert found["from caller"] == "3,000  lost 0  jitter 0.310 ms"
    assert found["to caller"] == "2,990  lost 0  jitter 0.620 ms by RTCP"
    assert found["its RTT"] == "— ms by RTCP"
    unheard = statistics(sent_lost=None, sent_jitter_ms=None)
    found = told(plain(asterisk_says(a_view(statistics=unheard), 80)))
    assert found["to caller"] == "2,990  loss not known: no RTCP reports"


def test_of_a_call_whose_channel_is_gone_the_last_reading_of_its_leg_is_told() -> None:
    leg = CallerLeg(
        time="2026-11-22T11:59:58.000+00:00",
        received=2900,
        sent=2800,
        lost_in=100,
        jitter_in_ms=0.5,
    )
    text = plain(asterisk_says(a_view(a_call(1, caller_leg=leg)), 80))
    found = told(text)
    assert found["from caller"] == "2,900  lost 100 (3.33%)  jitter 0.500 ms"
    assert found["to caller"] == "2,800  loss not known: no RTCP reports"
    assert found["as of"] == "11:59:58 UTC"
    asked = a_view(a_call(1, caller_leg=leg), statistics=statistics())
    assert "as of" not in told(plain(asterisk_says(asked, 80)))


def test_a_bridge_that_mixes_is_marked() -> None:
    view = a_view(statistics=statistics(bridge="softmix", members=3))
    assert told(plain(asterisk_says(view, 80)))["bridge"] == "softmix~ re-clocks media  3 channels"


def test_what_is_missing_is_said_in_words() -> None:
    assert plain(asterisk_says(a_view(), 80)).splitlines()[1:] == ["loading"]
    failed = a_view(statistics_trouble="Asterisk did not answer within 5 s")
    assert plain(asterisk_says(failed, 80)).splitlines()[1:] == [
        "! Asterisk did not answer within 5 s"
    ]
    local = statistics(note="Asterisk keeps no RTP statistics of this channel")
    local = msgspec.structs.replace(local, rtp=None)
    text = plain(asterisk_says(a_view(statistics=local), 80))
    assert "keeps no RTP statistics" in text
    assert "from caller" not in text


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("ascii_only", [False, True])
def test_facts_fit_every_width_whatever_the_names(width: int, ascii_only: bool) -> None:
    call = a_call(1, caller=HOSTILE, call_id=HOSTILE, linkedid=HOSTILE, codec=HOSTILE)
    view = a_view(call, ascii_only=ascii_only, statistics=statistics(bridge=HOSTILE, state=HOSTILE))
    for block in (facts, counts, asterisk_says):
        assert_fits(block(view, width), width, ascii_only=ascii_only)


def test_round_trips_stand_on_the_scale_that_all_calls_share() -> None:
    lines = plain(course(a_view(), 80)).splitlines()
    assert lines[0].startswith("RTT a second a point")
    # the limit of the longest is 22 ms, that of the p95 12 ms
    assert [line[:4].strip() for line in lines[1:8] if line[:4].strip()] == ["22", "12", "0"]
    for sign in "·o+":
        assert sum(line[5:].count(sign) for line in lines[1:8]) == 60
    assert lines[9].split() == ["11:58:46", "11:59:23", "12:00:00"]


def test_a_second_is_a_column_and_the_newest_is_the_last() -> None:
    gone = a_course_of(up_s=60, rtt_max_us=last([30_000], quiet=11_000))
    lines = plain(course(a_view(detail=a_detail(course=gone)), 80)).splitlines()
    assert lines[1] == f"  22┤{'':74}^"


def test_points_hold_more_seconds_where_there_is_less_room() -> None:
    long = a_detail(course=a_course_of(up_s=300))
    assert plain(course(a_view(detail=long), 80)).startswith("RTT 4 s a point, the worst")
    assert plain(course(a_view(detail=long), 300)).startswith("RTT a second a point")


def test_losses_and_late_ones_have_a_chart_when_there_are_any() -> None:
    assert "Loss none lost, none late in 75 s" in plain(course(a_view(), 80))
    bad = a_course_of(lost=last([3, 0, 0]), late=last([1]))
    lines = plain(course(a_view(detail=a_detail(course=bad)), 80)).splitlines()
    at = next(at for at, line in enumerate(lines) if line.startswith("Loss"))
    assert lines[at + 1] == f"   3┤{'':72}×"
    assert lines[at + 3] == f"   0┤{'':72}× ~"


def test_a_call_without_round_trips_is_told_in_words() -> None:
    empty = a_course_of(rtt_p95_us=[None] * 300, rtt_mean_us=[None] * 300, rtt_max_us=[None] * 300)
    text = plain(course(a_view(detail=a_detail(course=empty)), 80))
    assert "no round trip in this time" in text
    assert plain(course(a_view(detail=None), 80)).splitlines()[1:] == ["loading"]


def test_signs_have_the_themes_colours() -> None:
    bad = a_course_of(lost=last([3]), rtt_max_us=last([30_000], quiet=11_000))
    lines = course(a_view(detail=a_detail(course=bad)), 80)
    styles = {
        line.plain[span.start]: span.style
        for line in lines[1:]
        for span in line.spans
        if line.plain[span.start] in "o+^×~"
    }
    assert styles == {"o": "low", "+": "high", "^": "fail", "×": "lost", "~": "near"}


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("ascii_only", [False, True])
def test_the_course_fits_every_width(width: int, ascii_only: bool) -> None:
    bad = a_course_of(up_s=190, lost=last([3, 1200, 0]), late=last([1]))
    view = a_view(detail=a_detail(course=bad), ascii_only=ascii_only)
    assert_fits(course(view, width), width, ascii_only=ascii_only)


def test_every_kind_of_gap_has_a_meaning() -> None:
    assert set(MEANINGS) == set(KINDS)


def test_gaps_are_counted_by_kind_and_the_newest_are_told() -> None:
    call = a_call(1, gaps={"missing": 2, "hidden": 0, "dtmf": 1})
    newest = [
        a_gap(),
        a_gap(kind="hidden", missing=0, timestamp_ms=3020.0, length_ms=3000.0, settled=False),
        a_gap(kind="dtmf", missing=7, length_ms=160.0, interrupts=False),
    ]
    lines = plain(gaps(a_view(call, detail=a_detail(gaps=newest)), 80)).splitlines()
    assert lines[0].startswith("Gaps 3 in the stream from Asterisk")
    assert lines[1:3] == [
        "2 missing: numbered packets did not come",
        "1 dtmf: a digit: Asterisk keeps its packets",
    ]
    assert lines[3] == "11:59:40 ! 0.4s missing  seq +21"
    assert lines[4] == "11:59:40 ! 3.0s hidden  ts +3020 ms  (may be explained yet)"
    assert lines[5] == "11:59:40   0.2s dtmf  seq +8"


def test_a_call_without_gaps_says_so() -> None:
    assert plain(gaps(a_view(), 80)).startswith("Gaps 0 in the stream")


def test_events_are_told_newest_last_and_wrapped() -> None:
    told = [an_event("up"), an_event("a warning of so many words that it wraps", level="warning")]
    lines = plain(events(a_view(detail=a_detail(events=told)), 40)).splitlines()
    assert lines[1] == "12:00:00   up"
    assert lines[2] == "12:00:00 ~ a warning of so many words"
    assert lines[3].strip() == "that it wraps"
    assert plain(events(a_view(detail=None), 40)).splitlines()[1:] == ["loading"]
    left = a_view(detail=None, has_left=True)
    assert plain(events(left, 40)).splitlines()[1:] == ["none kept"]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("ascii_only", [False, True])
def test_gaps_fit_every_width_whatever_the_names(width: int, ascii_only: bool) -> None:
    call = a_call(1, gaps=dict.fromkeys(KINDS, 123_456))
    detail = a_detail(gaps=[a_gap()], events=[an_event(HOSTILE), an_event("x y " * 50)])
    view = a_view(call, detail=detail, ascii_only=ascii_only)
    for block in (gaps, events):
        assert_fits(block(view, width), width, ascii_only=ascii_only)


def rows(text: str) -> dict[str, list[str]]:
    return {line[:9].strip(): line[9:].split() for line in text.splitlines()}


def test_the_four_intervals_stand_side_by_side_in_milliseconds() -> None:
    found = rows(plain(intervals(a_view(), 80)))
    assert found[""] == ["above", "floor", "ours,", "out", "round", "trip", "ours,", "back"]
    assert found["p50"] == ["0.400", "0.048", "4.00", "0.041"]
    assert found["p99"] == ["1.20", "0.140", "12.0", "0.120"]
    # of B and D only the longer one of a second is known
    assert found["max, 60 s"] == ["0.900", "≤0.300", "11.0", "≤0.300"]
    assert found["look at"] == ["Asterisk,", "caller", "ourselves", "network,", "echo", "ourselves"]


def test_what_breaks_a_limit_is_marked_and_coloured() -> None:
    lines = intervals(a_view(a_call(1, p50=9.0, state="up")), 80)
    (line,) = [line for line in lines if line.plain.startswith("p99")]
    assert "27.0!" in line.plain
    assert "fail" in {span.style for span in line.spans}


def test_our_own_stay_is_judged_by_what_counts_as_late() -> None:
    from ari_tui.document.detail import Intervals
    from tests.ui.detail_kit import a_detail, a_spread_of

    slow = Intervals(
        asterisk_ms=a_spread_of(0.4, 1.2),
        out_us=a_spread_of(50.0, 4000.0),
        echo_ms=a_spread_of(5.0, 9.0),
        back_us=a_spread_of(41.0, 120.0),
    )
    text = plain(intervals(a_view(detail=a_detail(intervals=slow)), 80))
    assert rows(text)["p99"] == ["1.20", "4.00!", "12.0", "0.120"]


def test_before_the_detail_is_there_only_the_round_trip_is_known() -> None:
    text = plain(intervals(a_view(detail=None), 80))
    assert "loading" in text.splitlines()[0]
    found = rows(text)
    assert found["p50"] == ["—", "—", "4.00", "—"]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("ascii_only", [False, True])
def test_the_intervals_fit_every_width(width: int, ascii_only: bool) -> None:
    lines = intervals(a_view(ascii_only=ascii_only), width)
    assert_fits(lines, width, ascii_only=ascii_only)
    if width >= 40:
        assert "0.140" in plain(lines)
