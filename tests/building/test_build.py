from __future__ import annotations

from collections.abc import Callable

import msgspec
import numpy as np
import pytest

from ari_tui.analysis.roundtrip.echo_holds import Released, Told, Trip
from ari_tui.analysis.store import Store
from ari_tui.building.build import CallFacts, EngineFacts, build
from ari_tui.building.sla import Listener
from ari_tui.core.number_format import iso
from ari_tui.document.model import EchoHolds, encode
from ari_tui.wire.status import StatusCounters
from tests.schemas import decode

SECOND_NS = 1_000_000_000
START_NS = 1_700_000_000_000_000_000


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (0, "1970-01-01T00:00:00.000+00:00"),
        (1_700_000_000_123_000_000, "2023-11-14T22:13:20.123+00:00"),
        (1_700_000_000_999_999_000, "2023-11-14T22:13:20.999+00:00"),
    ],
)
def test_times_are_utc_to_the_millisecond(ns: int, text: str) -> None:
    assert iso(ns) == text


def test_a_measured_call_has_its_figures(store: Store, engine_facts: EngineFacts) -> None:
    call = build(store, engine_facts, Listener()).calls[0]
    packets = call.packets
    assert (packets.sent, packets.returned, packets.lost, packets.in_flight) == (10, 9, 0, 1)
    assert (call.rtt_ms.min, call.rtt_ms.max, call.rtt_ms.count) == (10.0, 10.0, 9)
    assert (call.codec, call.ptime_ms, call.ssrc) == ("ulaw", 20.0, "0x00000abc")
    assert (call.loss_ratio, call.late_ratio) == (0.0, 0.0)
    assert (call.jitter_ms.media, call.jitter_ms.echo, call.jitter_ms.hop) == (0.0, 0.0, 0.0)


def test_a_silent_call_has_null_where_there_is_no_sample(
    store: Store, engine_facts: EngineFacts
) -> None:
    silent = msgspec.json.decode(encode(build(store, engine_facts, Listener())))["calls"][1]
    for name in (
        "loss_ratio",
        "late_ratio",
        "codec",
        "ptime_ms",
        "ssrc",
        "longest_interruption_ms",
        "rtt_histogram",
        "ended_at",
        "call_id",
    ):
        assert silent[name] is None, name
    assert silent["jitter_ms"] == {"media": None, "echo": None, "hop": None}
    assert {k: v for k, v in silent["rtt_ms"].items() if v is not None} == {"count": 0}
    assert set(silent["packets"].values()) == {0}


def test_a_document_without_calls_has_empty_lists_and_nulls(engine_facts: EngineFacts) -> None:
    store = Store(loss_timeout_ns=1, late_ns=1)
    document = build(store, engine_facts._replace(calls=[], asterisks=[]), Listener())
    assert (document.calls, document.asterisks) == ([], [])
    assert document.totals.loss_ratio is None
    assert document.instrument.dwell_out_us.p99 is None
    assert (document.sla.verdict, document.sla.reasons) == ("inconclusive", ["no packets"])
    assert [window.sent for window in document.totals.windows] == [0, 0]


def test_the_totals_hold_calls_that_have_left(store: Store, engine_facts: EngineFacts) -> None:
    before = build(store, engine_facts, Listener()).totals
    store.retire_call(1)
    document = build(store, engine_facts, Listener())
    assert [call.id for call in document.calls] == ["id-2"]  # what has no row is not shown
    after = document.totals
    assert after.packets.sent == before.packets.sent == 10
    assert after.rtt_ms == before.rtt_ms
    # what was under way is lost when a call leaves
    assert (after.packets.lost, after.packets.in_flight) == (1, 0)


def test_the_totals_are_the_sum_of_the_calls_in_every_counter(
    store: Store, engine_facts: EngineFacts
) -> None:
    document = build(store, engine_facts, Listener())
    for name in document.totals.packets.__struct_fields__:
        parts = [getattr(call.packets, name) for call in document.calls]
        assert getattr(document.totals.packets, name) == sum(parts), name


def test_building_changes_nothing(store: Store, engine_facts: EngineFacts) -> None:
    def state() -> list[bytes]:
        return [getattr(t, name).tobytes() for t in store.tables for name in t.COLUMNS]

    before, counters = state(), store.counters.copy()
    assert build(store, engine_facts, Listener()) == build(store, engine_facts, Listener())
    assert state() == before
    assert np.array_equal(store.counters, counters)


def test_a_document_is_one_line_of_json_and_reads_back_equal(
    store: Store, engine_facts: EngineFacts, call_facts: Callable[..., CallFacts]
) -> None:
    odd = call_facts(1, channel='a"b\\c\n\u2028é漢', caller="\x00\x1b[31m")
    document = build(store, engine_facts._replace(calls=[odd], histograms=True), Listener())
    line = encode(document)
    assert b"\n" not in line
    assert decode(line) == document
    assert document.calls[0].rtt_histogram is not None
    assert sum(count for _, count in document.calls[0].rtt_histogram) == 9


def test_the_end_of_a_call_and_of_the_session_ends_their_clocks(
    store: Store, engine_facts: EngineFacts, call_facts: Callable[..., CallFacts]
) -> None:
    start = engine_facts.started_ns
    ended = call_facts(1, ended_ns=start + SECOND_NS, reason="hung up")
    document = build(
        store,
        engine_facts._replace(
            kind="final",
            calls=[ended],
            now_ns=start + 5 * SECOND_NS,
            ended_ns=start + 4 * SECOND_NS,
            end_reason="duration",
        ),
        Listener(),
    )
    assert (document.calls[0].duration_s, document.session.duration_s) == (1.0, 4.0)
    assert document.session.ended_at == iso(start + 4 * SECOND_NS)
    assert document.kind == "final"


def test_a_codec_without_a_name_is_shown_by_its_number(
    store: Store, engine_facts: EngineFacts
) -> None:
    store.media.payload_type[0] = 96
    assert build(store, engine_facts, Listener()).calls[0].codec == "96"


def test_what_the_echo_server_held_is_told(store: Store, engine_facts: EngineFacts) -> None:
    def holds() -> EchoHolds | None:
        return build(store, engine_facts, Listener()).instrument.echo_holds

    assert holds() == EchoHolds(
        told=False,
        mean_ms=None,
        held=0,
        p99_ms=None,
        max_ms=None,
        explained_late=0,
        uncertain=0,
        untold=0,
    )
    store.holds.told = True
    none, waits = StatusCounters(*[0] * 10), Trip(START_NS, 9_000_000, START_NS)
    store.holds.totals.take_counters((1, 1), none._replace(sent=4, dwell_sum_ns=2_000_000))
    store.holds.totals.take_counters((1, 1), none._replace(sent=10, dwell_sum_ns=3_000_000))
    store.holds.totals.take_counters((1, 1), none._replace(sent=10, dwell_sum_ns=3_000_000))
    store.holds.totals.take([Released(0, waits, Told(8_000_000, False, 0), True)])
    store.holds.totals.take([Released(0, waits, None, False)])
    found = holds()
    assert found is not None
    assert (found.told, found.mean_ms, found.held, found.untold) == (True, 0.3, 1, 1)
    assert (found.p99_ms, found.max_ms) == (8.0, 8.0)


def test_our_own_delay_is_in_microseconds(store: Store, engine_facts: EngineFacts) -> None:
    instrument = build(store, engine_facts, Listener()).instrument
    assert (instrument.dwell_out_us.max, instrument.dwell_back_us.max) == (50.0, 50.0)
    assert (instrument.dwell_out_us.count, instrument.dwell_back_us.count) == (10, 9)


def test_the_window_of_a_document_is_the_shortest_of_all_calls(
    store: Store, engine_facts: EngineFacts
) -> None:
    document = build(store, engine_facts, Listener())
    assert document.window == document.totals.windows[0]
    assert document.window.seconds == 10
