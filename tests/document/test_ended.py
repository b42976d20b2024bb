"""The calls that documents no longer have: kept as they left, the oldest dropped first."""

from __future__ import annotations

import msgspec
import pytest

from ari_tui.document.ended import PAGE, EndedCalls
from ari_tui.document.model import Call
from tests.ui.kit import a_call, a_document

ENDED = "2026-11-22T12:00:00.000+00:00"


def gone(number: int) -> Call:
    return msgspec.structs.replace(a_call(number), state="ended", ended_at=ENDED)


def ids(calls: list[Call]) -> list[int]:
    return [int(call.id.removeprefix("call-")) for call in calls]


def test_a_call_is_kept_when_the_documents_no_longer_have_it() -> None:
    kept = EndedCalls(10)
    kept.take(a_document([a_call(1), gone(2)]))
    assert kept.all() == []
    kept.take(a_document([gone(1)]))
    assert kept.all() == [gone(2)]
    kept.take(a_document([]))
    assert ids(kept.all()) == [2, 1]
    assert kept.find("call-1") == gone(1)
    assert kept.find(gone(2).channel_id) == gone(2)
    assert kept.find("call-9") is None


def test_a_call_that_was_up_when_last_seen_is_not_taken_for_ended() -> None:
    kept = EndedCalls(10)
    kept.take(a_document([a_call(1)]))
    kept.take(a_document([]))
    assert len(kept) == 0


def test_the_oldest_are_dropped_first_and_none_are_kept_with_a_limit_of_none() -> None:
    kept = EndedCalls(3)
    kept.add(gone(n) for n in range(1, 6))
    assert ids(kept.all()) == [3, 4, 5]
    nothing = EndedCalls(0)
    nothing.add([gone(1)])
    assert nothing.all() == []


def test_a_call_that_is_known_is_not_added_again() -> None:
    kept = EndedCalls(10)
    kept.add([gone(1), gone(2)])
    kept.add([gone(1), gone(3)])
    assert (ids(kept.all()), kept.number) == ([1, 2, 3], 3)


@pytest.mark.parametrize("most", [1, 7, PAGE, 10_000])
def test_pages_one_after_the_other_have_every_kept_call_once(most: int) -> None:
    kept = EndedCalls(500)
    kept.add(gone(n) for n in range(1, 701))
    found: list[int] = []
    after, more = 0, True
    while more:
        page = kept.page(after, most)
        assert len(page.calls) <= min(most, PAGE)
        found += ids(page.calls)
        after, more = page.next, page.more
    assert found == list(range(201, 701))
    assert kept.page(after, most).calls == []


def test_a_page_goes_on_where_the_last_one_ended_though_calls_were_dropped_meanwhile() -> None:
    kept = EndedCalls(5)
    kept.add(gone(n) for n in range(1, 6))
    page = kept.page(0, 2)
    kept.add(gone(n) for n in range(6, 9))
    rest = kept.page(page.next, 10)
    assert (ids(page.calls), ids(rest.calls)) == ([1, 2], [4, 5, 6, 7, 8])
    assert not rest.more


def test_any_number_is_a_place_to_begin() -> None:
    kept = EndedCalls(5)
    kept.add([gone(1)])
    assert ids(kept.page(-5, -5).calls) == [1]
    assert kept.page(10**9).calls == []
