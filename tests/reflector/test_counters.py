from __future__ import annotations

import dataclasses
import json

from ari_tui.reflector.counters import EchoCounters, StreamCounters, TrafficCounters
from ari_tui.reflector.impairment import ImpairmentCounts
from ari_tui.wire.status import StatusCounters

TRAFFIC = TrafficCounters(
    packets=1_000,
    sent=990,
    bytes=172_000,
    errors=2,
    dwell_max_ns=2_500_000,
    dwell_sum_ns=99_000_000,
    impaired=ImpairmentCounts(packets=1_000, lost=12, duplicates=4, reordered=3),
    held=3,
    held_uncertain=1,
)
COUNTERS = EchoCounters(
    total=TRAFFIC,
    socket_drops=5,
    refused=6,
    malformed=7,
    not_rtp=8,
    status_queries=9,
    status_replies=9,
    receive_errors=0,
    unsent=1,
    streams_seen=2,
    streams=(StreamCounters("127.0.0.1:40000", 77, TRAFFIC),),
    end_reason="SIGTERM",
)
EMPTY = dataclasses.replace(
    TRAFFIC, packets=0, sent=0, dwell_max_ns=None, dwell_sum_ns=0, impaired=None
)


def test_the_text_is_one_paragraph_with_every_count_that_matters() -> None:
    assert COUNTERS.text() == (
        "echo: 1,000 packets (172,000 bytes) of 2 streams received, 990 returned, 2 errors;"
        " delay in this server 0.100 ms on average, 2.500 ms at most, 3 packets held above 0.5 ms;"
        " impaired: 12 lost, 4 doubled, 3 reordered;"
        " not returned: 7 malformed, 8 not RTP, 6 refused by source, 1 unsent at the end;"
        " 5 dropped by the kernel: receive buffer full"
    )


def test_no_sample_is_a_dash_and_none_never_zero() -> None:
    counters = dataclasses.replace(COUNTERS, total=EMPTY)
    assert "delay in this server —;" in counters.text()
    assert "impaired" not in counters.text()
    values = counters.as_dict()
    assert values["dwell_max_ns"] is None
    assert values["impaired"] is None
    assert EMPTY.dwell_mean_ns is None


def test_the_dictionary_is_json_and_holds_totals_and_streams() -> None:
    values = json.loads(json.dumps(COUNTERS.as_dict()))
    assert values["packets"] == 1_000
    assert values["refused"] == 6
    assert (values["held"], values["held_uncertain"]) == (3, 1)
    assert values["impaired"] == {"packets": 1000, "lost": 12, "duplicates": 4, "reordered": 3}
    assert values["streams"][0]["ssrc"] == 77
    assert values["streams"][0]["sent"] == 990
    assert values["end_reason"] == "SIGTERM"


def test_a_status_reply_carries_the_counts_and_the_drops_of_the_socket() -> None:
    assert TRAFFIC.status(5) == StatusCounters(
        received=1_000,
        sent=990,
        bytes_received=172_000,
        errors=2,
        socket_drops=5,
        dwell_max_ns=2_500_000,
        dwell_sum_ns=99_000_000,
        impaired_lost=12,
        impaired_duplicates=4,
        impaired_reordered=3,
    )
    assert EMPTY.status(0).impaired_lost == 0
    assert EMPTY.status(0).dwell_max_ns == 0
