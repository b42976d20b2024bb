import msgspec

from ari_tui.snapshot.live import SECONDS
from ari_tui.ui.limits import Limits
from ari_tui.ui.spans import Span, bad_spans
from tests.ui import kit

LIMITS = Limits(max_ms=22.0)
NOW = kit.LAST_SECOND


def test_neighbouring_bad_seconds_are_one_span() -> None:
    row = kit.a_row(kit.a_call(1), kit.a_course([5.0], {0: 1, 1: 2, 3: 4}))
    assert bad_spans(row, NOW, LIMITS) == [
        Span(NOW - 3, NOW - 3, 4, 0, 5000),
        Span(NOW - 1, NOW, 3, 0, 5000),
    ]


def test_a_round_trip_above_the_limit_and_a_late_packet_are_bad() -> None:
    course = kit.a_course([5.0])
    longest: list[int | None] = [5000] * SECONDS
    longest[-10], longest[-5] = 22_001, 22_000
    late: list[int | None] = [0] * SECONDS
    late[-9] = 2
    row = kit.a_row(kit.a_call(1), msgspec.structs.replace(course, rtt_max_us=longest, late=late))
    assert bad_spans(row, NOW, LIMITS) == [Span(NOW - 9, NOW - 8, 0, 2, 22_001)]
    assert bad_spans(row, NOW, Limits()) == [Span(NOW - 8, NOW - 8, 0, 2, 5000)]


def test_seconds_in_which_all_was_lost_have_no_longest_round_trip() -> None:
    row = kit.a_row(kit.a_call(1), kit.a_course([None], {1: 50, 2: 50}))
    assert bad_spans(row, NOW, LIMITS) == [Span(NOW - 2, NOW - 1, 100, 0, None)]


def test_a_call_without_a_course_or_without_trouble_has_none() -> None:
    assert bad_spans(kit.a_row(kit.a_call(1)), NOW, LIMITS) == []
    assert bad_spans(kit.a_row(kit.a_call(1), kit.a_course()), NOW, LIMITS) == []
