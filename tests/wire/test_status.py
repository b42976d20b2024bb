import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_tui.wire import rtp, status
from ari_tui.wire.status import STREAM_QUERY, TOTALS_QUERY, StatusCounters, StatusQuery

U64 = st.integers(0, (1 << 64) - 1)
QUERIES = st.builds(
    StatusQuery, st.sampled_from([STREAM_QUERY, TOTALS_QUERY]), st.integers(0, 0xFFFFFFFF), U64
)
COUNTERS = st.builds(StatusCounters, *[U64] * 10)
A_QUERY = status.build_query(StatusQuery(STREAM_QUERY, 7, 1))
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
    assert status.parse_reply(reply) == (query, counters, impaired)


def test_a_reply_is_never_larger_than_its_query() -> None:
    assert len(A_QUERY) == len(A_REPLY) == status.STATUS_SIZE


@pytest.mark.parametrize("message", [A_QUERY, A_REPLY])
def test_status_messages_are_never_taken_for_media(message: bytes) -> None:
    assert rtp.classify(message) == rtp.NOT_RTP


def test_a_reply_is_no_query_so_two_servers_never_answer_each_other() -> None:
    assert status.parse_query(A_REPLY) is None
    assert status.parse_reply(A_QUERY) is None


@pytest.mark.parametrize("message", [A_QUERY, A_REPLY])
@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data[:-1],
        lambda data: data + b"\0",
        lambda data: data[:24],
        lambda data: b"",
        lambda data: b"X" + data[1:],
        lambda data: data[:4] + b"\x02" + data[5:],
        lambda data: data[:5] + b"\x00" + data[6:],
        lambda data: data[:5] + b"\xff" + data[6:],
    ],
    ids=["short", "long", "head", "empty", "magic", "version", "kind 0", "kind 255"],
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
