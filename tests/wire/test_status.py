import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_tui.wire import rtp, status
from ari_tui.wire.status import (
    MOST_HOLDS,
    STREAM_QUERY,
    TOTALS_QUERY,
    Hold,
    Holds,
    StatusCounters,
    StatusQuery,
)

U64 = st.integers(0, (1 << 64) - 1)
QUERIES = st.builds(
    StatusQuery,
    st.sampled_from([STREAM_QUERY, TOTALS_QUERY]),
    st.integers(0, 0xFFFFFFFF),
    U64,
    st.none(),
)
COUNTERS = st.builds(StatusCounters, *[U64] * 10)
ENTRIES = st.lists(
    st.builds(Hold, st.integers(0, 0xFFFF), st.integers(0, 0xFFFFFFFF), st.booleans()),
    max_size=MOST_HOLDS,
)
A_QUERY = status.build_query(StatusQuery(STREAM_QUERY, 7, 1))
A_HOLDS_QUERY = status.build_query(StatusQuery(STREAM_QUERY, 7, 1, 3))
A_HOLDS_REPLY = status.build_reply(
    StatusQuery(STREAM_QUERY, 7, 1),
    StatusCounters(*range(10)),
    impaired=True,
    holds=Holds(9, 5, 3, 65_535, (Hold(65_534, 700, False), Hold(65_535, 90_000, True))),
)
A_REPLY = status.build_reply(
    StatusQuery(STREAM_QUERY, 7, 1), StatusCounters(*range(10)), impaired=True
)


@given(QUERIES)
def test_a_query_is_read_back(query: StatusQuery) -> None:
    assert status.parse_query(status.build_query(query)) == query


@given(QUERIES, COUNTERS, st.booleans())
def test_a_reply_repeats_its_query_and_carries_the_counters(
    query: StatusQuery, counters: StatusCounters, impaired: bool
) -> None:
    reply = status.build_reply(query, counters, impaired=impaired)
    assert status.parse_reply(reply) == (query, counters, impaired, None, None)


@given(st.integers(0, 0xFFFFFFFF), U64, U64)
def test_a_query_for_holds_is_read_back_with_the_index_it_asks_from(
    ssrc: int, nonce: int, index: int
) -> None:
    query = StatusQuery(STREAM_QUERY, ssrc, nonce, index)
    assert status.parse_query(status.build_query(query)) == query


@given(COUNTERS, ENTRIES, U64, st.integers(0, 1 << 40), st.integers(0, 9))
def test_a_reply_carries_holds_and_tells_whether_there_are_more(
    counters: StatusCounters, entries: list[Hold], server: int, first: int, more: int
) -> None:
    holds = Holds(server, first + len(entries) + more, first, 77, tuple(entries), server & 0xFF)
    query = StatusQuery(STREAM_QUERY, 7, 1)
    reply = status.build_reply(query, counters, impaired=False, holds=holds)
    parsed = status.parse_reply(reply)
    assert parsed == (query, counters, False, holds, None)
    assert holds.total - holds.next == more


@pytest.mark.parametrize("realtime", [None, True, False])
def test_a_reply_tells_how_the_server_is_scheduled_or_does_not(realtime: bool | None) -> None:
    query = StatusQuery(STREAM_QUERY, 7, 1)
    counters = StatusCounters(*range(10))
    reply = status.build_reply(query, counters, impaired=True, realtime=realtime)
    parsed = status.parse_reply(reply)
    assert parsed is not None
    assert (parsed.realtime, parsed.impaired) == (realtime, True)


def test_a_server_of_before_holds_takes_a_query_for_them_for_no_status() -> None:
    # it knew one size only
    assert len(A_HOLDS_QUERY) != status.STATUS_SIZE
    assert rtp.classify(A_HOLDS_QUERY) == rtp.NOT_RTP


def test_totals_have_no_holds_to_ask_for() -> None:
    assert status.parse_query(status.build_query(StatusQuery(TOTALS_QUERY, 0, 1, 0))) is None


@pytest.mark.parametrize(("first", "count", "total"), [(0, MOST_HOLDS + 1, 99), (5, 3, 7)])
def test_a_reply_with_more_holds_than_it_says_is_none(first: int, count: int, total: int) -> None:
    numbers = (1).to_bytes(8, "big"), total.to_bytes(8, "big"), first.to_bytes(8, "big")
    data = A_HOLDS_REPLY[:100] + b"".join(numbers) + b"\0\0" + count.to_bytes(2, "big")
    assert status.parse_reply(data.ljust(status.HOLDS_SIZE, b"\0")) is None


def test_a_reply_is_never_larger_than_its_query() -> None:
    assert len(A_QUERY) == len(A_REPLY) == status.STATUS_SIZE
    assert len(A_HOLDS_QUERY) == len(A_HOLDS_REPLY) == status.HOLDS_SIZE
    full = Holds(1, MOST_HOLDS, 0, 1, (Hold(1, 1, False),) * MOST_HOLDS)
    query, counters = StatusQuery(STREAM_QUERY, 7, 1), StatusCounters(*range(10))
    reply = status.build_reply(query, counters, impaired=False, holds=full)
    assert len(reply) == status.HOLDS_SIZE


@pytest.mark.parametrize("message", [A_QUERY, A_REPLY, A_HOLDS_QUERY, A_HOLDS_REPLY])
def test_status_messages_are_never_taken_for_media(message: bytes) -> None:
    assert rtp.classify(message) == rtp.NOT_RTP


def test_a_reply_is_no_query_so_two_servers_never_answer_each_other() -> None:
    assert status.parse_query(A_REPLY) is None
    assert status.parse_query(A_HOLDS_REPLY) is None
    assert status.parse_reply(A_HOLDS_QUERY) is None
    assert status.parse_reply(A_QUERY) is None


@pytest.mark.parametrize("message", [A_QUERY, A_REPLY, A_HOLDS_QUERY, A_HOLDS_REPLY])
@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data[:-1],
        lambda data: data + b"\0",
        lambda data: data[:24],
        lambda data: b"",
        lambda data: b"X" + data[1:],
        lambda data: data[:4] + b"\x03" + data[5:],
        lambda data: data[:4] + bytes([data[4] ^ 3]) + data[5:],
        lambda data: data[:5] + b"\x00" + data[6:],
        lambda data: data[:5] + b"\xff" + data[6:],
    ],
    ids=[
        "short",
        "long",
        "head",
        "empty",
        "magic",
        "version",
        "version, size",
        "kind 0",
        "kind 255",
    ],
)
def test_what_is_spoilt_is_neither_query_nor_reply(message: bytes, spoil: object) -> None:
    assert callable(spoil)
    data = spoil(message)
    assert status.parse_query(data) is None
    assert status.parse_reply(data) is None


@given(st.binary(max_size=140))
def test_random_datagrams_are_no_status(data: bytes) -> None:
    assert not status.looks_like_status(data)
    assert status.parse_query(data) is None
    assert status.parse_reply(data) is None
