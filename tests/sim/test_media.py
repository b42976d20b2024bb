from __future__ import annotations

import asyncio
import socket

import pytest

from ari_tui.core.errors import BindError, PortsExhaustedError
from ari_tui.sim.media import MediaPort, SimPhone, bind_rtp
from tests import rtp_packets
from tests.sim.kit import echo, until

_SSRC = 0xABCD


def _packet(sequence: int, ssrc: int = _SSRC) -> bytes:
    return rtp_packets.build(b"\xff" * 160, sequence=sequence, timestamp=0, ssrc=ssrc)


async def test_what_comes_back_is_counted_once_for_each_sequence_number() -> None:
    async with echo() as end:
        port = MediaPort(bind_rtp("127.0.0.1", None), ("127.0.0.1", end.port), 0)
        port.begin(_SSRC)
        for sequence in (0xFFFF, 0, 0, 1):
            port.send(_packet(sequence))
        await until(lambda: port.back == 4)
        assert port.counters("m").sent == 4
        assert port.counters("m").back_distinct == 3
        port.close()


async def test_packets_of_another_ssrc_and_other_things_count_as_foreign() -> None:
    async with echo() as end:
        port = MediaPort(bind_rtp("127.0.0.1", None), ("127.0.0.1", end.port), 0)
        port.begin(_SSRC)
        for datagram in (_packet(1, 0x9999), b"x", b"hello", _packet(1)[:8]):
            port.send(datagram)
        await until(lambda: port.back_foreign == 4)
        assert port.back == 0
        port.close()


async def test_packets_from_another_address_than_the_external_host_do_not_count() -> None:
    async with echo() as end, echo() as stranger:
        end.returns = False
        port = MediaPort(bind_rtp("127.0.0.1", None), ("127.0.0.1", end.port), 0)
        port.begin(_SSRC)
        stranger.send(_packet(1), port.address)
        port.send(_packet(2))
        await until(lambda: end.received)
        end.send(_packet(2), port.address)
        await until(lambda: port.back)
        assert (port.back, port.back_foreign) == (1, 0)
        port.close()


async def test_a_dead_external_host_is_counted_and_sending_goes_on() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gone:
        gone.bind(("127.0.0.1", 0))
        address = gone.getsockname()
    port = MediaPort(bind_rtp("127.0.0.1", None), address, 0)
    for sequence in range(5):
        port.send(_packet(sequence))
    await asyncio.sleep(0)  # let the loop read what the sends did not
    await until(lambda: port.refused)
    assert port.sent + port.send_errors == 5
    assert port.sent > 0
    port.close()


async def test_a_closed_port_counts_what_still_wanted_out() -> None:
    async with echo() as end:
        port = MediaPort(bind_rtp("127.0.0.1", None), ("127.0.0.1", end.port), 0)
        port.close()
        port.close()
        port.send(_packet(1))
        assert (port.undelivered, port.sent) == (1, 0)


def test_a_used_up_range_is_told_from_a_wrong_address() -> None:
    with bind_rtp("127.0.0.1", None) as sock:
        taken = sock.getsockname()[1]
        with pytest.raises(PortsExhaustedError):
            bind_rtp("127.0.0.1", (taken, taken))
    with pytest.raises(BindError, match=r"192\.0\.2\.1"):
        bind_rtp("192.0.2.1", None)


def test_a_phone_knows_the_jitter_of_what_it_says_and_hears() -> None:
    phone, even = SimPhone(), SimPhone()
    for n in range(400):
        packet = rtp_packets.build(
            b"", sequence=n, timestamp=(0xFFFFFF00 + 160 * n) & 0xFFFFFFFF, ssrc=1
        )
        phone.inward.receive(packet, 20_000_000 * n + 1_000_000 * (n % 2))
        even.inward.receive(packet, 20_000_000 * n + 7_000_000)
        phone.receive(packet, 20_000_000 * n + 3_000_000 * (n % 2))
        even.receive(packet, 20_000_000 * n)
    # RFC 3550: a difference that is always the same is the jitter, in the long run
    assert phone.sent_jitter_ns == pytest.approx(1_000_000)
    assert phone.received_jitter_ns == pytest.approx(3_000_000)
    assert (even.sent_jitter_ns, even.received_jitter_ns) == (0, 0)
    assert phone.received == 400


def test_another_stream_is_no_jitter() -> None:
    phone = SimPhone()
    phone.receive(_packet(1), 0)
    phone.receive(_packet(2, ssrc=1), 500_000_000)
    assert phone.received_jitter_ns == 0
