"""What is told of one stream, from a row that a test filled."""

from __future__ import annotations

import pytest

from ari_tui.analysis.store import Store
from ari_tui.capture.candidates import Key, Packet
from ari_tui.capture.description import SKEW_BLOCKS, Described, describe, endpoint

KEY = Key(b"\x7f\0\0\1", 4000, bytes(15) + b"\1", 5000, 0xDEADBEEF)


def described(payload_type: int = 0) -> Described:
    return Described(KEY, Packet(10**18, payload_type, 1, 160, 172, 0, 64, returned=False))


@pytest.fixture
def store() -> Store:
    made = Store(loss_timeout_ns=3 * 10**9, late_ns=3 * 10**6)
    made.add_call(1)
    return made


def test_an_endpoint_of_ipv6_stands_in_brackets() -> None:
    assert endpoint(KEY.source, KEY.source_port) == "127.0.0.1:4000"
    assert endpoint(KEY.destination, KEY.destination_port) == "[::1]:5000"


def test_without_samples_figures_are_null_and_not_nought(store: Store) -> None:
    found = describe(store, 1, described(), 10**18, paired=True)
    assert (found.loss_ratio, found.late_ratio, found.ptime_ms, found.dscp) == (None,) * 4
    assert (found.jitter_ms.last, found.skew_ppm) == (None, None)
    assert found.echo is not None
    assert (found.echo.loss_ratio, found.echo.jitter_ms, found.echo.rtt_ms.p50) == (None,) * 3


def test_a_skew_is_told_from_enough_seconds_on(store: Store) -> None:
    row = store.row_of[1]
    store.media_floor.slope[row] = 150e-6
    store.media_floor.mins[row, : SKEW_BLOCKS - 1] = 0.0
    assert describe(store, 1, described(), 10**18, paired=False).skew_ppm is None
    store.media_floor.mins[row, SKEW_BLOCKS - 1] = 0.0
    assert describe(store, 1, described(), 10**18, paired=False).skew_ppm == 150.0


@pytest.mark.parametrize(
    ("payload_type", "codec", "known"), [(8, "alaw", True), (9, "g722", True), (111, "111", False)]
)
def test_a_codec_is_named_by_its_static_payload_type(
    store: Store, payload_type: int, codec: str, known: bool
) -> None:
    stream = described(payload_type)
    stream.longest = 172
    found = describe(store, 1, stream, 10**18, paired=False)
    assert (found.codec, found.clock_rate_known) == (codec, known)
