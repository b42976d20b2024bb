"""The real worker process on real sockets: what it forwards, what it logs, what it survives."""

from __future__ import annotations

import errno
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ari_tui.packet_log.ring import create_ring
from ari_tui.relay import control
from ari_tui.relay.call import LEARN_AFTER_S
from ari_tui.wire import record, status
from tests.relay.kit import LOOPBACK, WAIT_S, Phone, Rig, free_port, packet, phones, until

HOME = ["127.0.0.0/8"]
ELSEWHERE = ["10.0.0.0/8"]


def raw(first: int = 0x80, second: int = 0, rest: bytes = b"") -> bytes:
    return struct.pack("!BBHII", first, second, 7, 160, 9) + rest


def pause(rig: Rig) -> None:
    """Stop the worker, so that what is sent meanwhile queues up in its sockets."""
    os.kill(rig.process.pid, signal.SIGSTOP)
    stat = Path(f"/proc/{rig.process.pid}/stat")
    until(lambda: stat.read_text().rpartition(")")[2].split()[0] == "T", "a stopped worker")


def resume(rig: Rig) -> None:
    os.kill(rig.process.pid, signal.SIGCONT)


# -- forwarding --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        packet(1),
        raw(),
        raw(second=0x80 | 101, rest=b"\x05\x0a\x00\xa0"),
        raw(0x82, rest=b"c" * 8 + b"voice"),
        raw(0x90, rest=struct.pack("!HH", 0xBEDE, 1) + b"ext!" + b"voice"),
        raw(0xA0, rest=b"voice\0\0\x03"),
        packet(1, payload=b"x" * (2048 - 12)),
    ],
    ids=["G.711", "header alone", "digit", "sources", "extension", "padding", "2048 bytes"],
)
def test_rtp_goes_both_ways_unchanged_and_from_the_ports_that_were_told(
    data: bytes, rig: Rig, asterisk: Phone, echo_server: Phone
) -> None:
    port = free_port()
    reply = rig.do("add", call=1, port=port, echo=list(echo_server.address), **rig.add_defaults)
    assert reply["media"] == [LOOPBACK, port]
    rig.connect(1, asterisk)
    asterisk.send(data, (LOOPBACK, port))
    got, source = echo_server.receive()
    assert (got, source) == (data, (LOOPBACK, reply["echo"][1]))
    echo_server.send(got, source)
    assert asterisk.receive() == (data, (LOOPBACK, port))


def test_calls_do_not_hear_each_other(rig: Rig) -> None:
    with phones(3) as callers, phones(3) as echoes:
        media = [rig.call(n, callers[n], echoes[n]) for n in range(3)]
        for n in (2, 0, 1):
            callers[n].send(packet(n, ssrc=n), media[n])
        for n in range(3):
            data, source = echoes[n].receive()
            assert data == packet(n, ssrc=n)
            echoes[n].send(data, source)
        for n in range(3):
            assert callers[n].receive() == (packet(n, ssrc=n), media[n])
        assert {row["call"] for row in rig.logged(record.KIND_ECHO_IN, 3)} == {0, 1, 2}
        assert all(phone.silent for phone in [*callers, *echoes])


def test_ipv6_calls_are_forwarded_and_a_long_spelling_of_the_peer_is_the_peer(rig: Rig) -> None:
    try:
        free_port("::1")
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    with phones(2, "::1") as (asterisk, echo_server):
        media = rig.add(1, echo_server, host="::1", port=free_port("::1"))
        asterisk.send(packet(1), media)
        rig.do("connect", call=1, host="0:0:0:0:0:0:0:1", port=asterisk.address[1])
        data, source = echo_server.receive()
        echo_server.send(data, source)
        assert asterisk.receive() == (packet(1), media)


# -- records -----------------------------------------------------------------------------


def test_a_record_tells_what_the_packet_was_and_when_it_came_and_went(
    rig: Rig, asterisk: Phone, echo_server: Phone
) -> None:
    media = rig.call(4_000_000_000, asterisk, echo_server)
    asterisk.sock.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 33)
    asterisk.sock.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, 0x68)
    data = struct.pack("!BBHII", 0x80, 0x80 | 8, 65_535, 0xFFFFFFF0, 0xCAFEF00D) + b"x" * 80
    before = time.time_ns()
    asterisk.send(data, media)
    _, source = echo_server.receive()
    echo_server.send(data, source)
    asterisk.receive()
    after = time.time_ns()
    (out,) = rig.logged(record.KIND_MEDIA_IN)
    (back,) = rig.logged(record.KIND_ECHO_IN)
    for row in (out, back):
        said = {name: row[name] for name in ("call", "sequence", "timestamp", "ssrc", "length")}
        assert said == {
            "call": 4_000_000_000,
            "sequence": 65_535,
            "timestamp": 0xFFFFFFF0,
            "ssrc": 0xCAFEF00D,
            "length": 92,
        }
        assert row["marker_pt"] == 0x88
        assert (row["flags"], row["errno"]) == (0, 0)
    assert (out["ttl"], out["tos"]) == (33, 0x68)
    assert (back["ttl"], back["tos"]) == (64, 0)
    assert before <= out["rx_ns"] <= out["tx_ns"]
    assert out["tx_ns"] <= back["rx_ns"] <= back["tx_ns"] <= after
    # the bracket closes after the packet has left, so it may close after it has been received
    assert 0 < out["bracket_ns"] < record.MAX_U32


def test_kernel_stamps_are_of_the_arrival_not_of_the_reading(
    rig: Rig, asterisk: Phone, echo_server: Phone
) -> None:
    media = rig.call(1, asterisk, echo_server)
    pause(rig)
    asterisk.send(packet(1), media)
    queued = time.time_ns()
    resume(rig)
    echo_server.receive()
    (row,) = rig.logged(record.KIND_MEDIA_IN)
    assert row["rx_ns"] <= queued <= row["tx_ns"]


@pytest.mark.parametrize(
    ("data", "flags"),
    [
        (b"", record.FLAG_NOT_RTP),
        (b"garbage", record.FLAG_NOT_RTP),
        (raw(second=200), record.FLAG_NOT_RTP),
        (bytes.fromhex("000100002112a442") + b"\0" * 12, record.FLAG_NOT_RTP),
        (raw()[:11], 0),
        (raw(0x8F), 0),
        (raw(0xA0, rest=b"\xff"), 0),
        (packet(1, payload=b"x" * (2049 - 12)), 0),
        (packet(1, payload=b"x" * 9000), 0),
    ],
    ids=["empty", "text", "RTCP", "STUN", "short", "sources", "padding", "2049 bytes", "jumbo"],
)
def test_what_is_no_rtp_is_logged_and_not_forwarded_either_way(
    data: bytes, flags: int, rig: Rig, asterisk: Phone, echo_server: Phone
) -> None:
    media = rig.call(1, asterisk, echo_server)
    asterisk.send(packet(1), media)
    _, source = echo_server.receive()
    asterisk.send(data, media)
    echo_server.send(data, source)
    rows = rig.logged(record.KIND_MALFORMED, 2)
    assert sorted(row["flags"] for row in rows) == [flags, flags | record.FLAG_ECHO_LEG]
    assert all(row["length"] == min(len(data), 2049) and row["rx_ns"] for row in rows)
    # what follows passes, and it is the first to come through
    asterisk.send(packet(2), media)
    assert echo_server.receive() == (packet(2), source)
    echo_server.send(packet(2), source)
    assert asterisk.receive() == (packet(2), media)


def test_a_status_reply_of_the_echo_server_is_neither_media_nor_garbage(
    rig: Rig, asterisk: Phone, echo_server: Phone
) -> None:
    media = rig.call(1, asterisk, echo_server)
    asterisk.send(packet(1), media)
    _, source = echo_server.receive()
    query = status.StatusQuery(status.STREAM_QUERY, 7, 1)
    reply = status.build_reply(query, status.StatusCounters(*[0] * 10), impaired=False)
    echo_server.send(reply, source)
    echo_server.send(packet(1), source)
    assert asterisk.receive() == (packet(1), media)
    rig.logged(record.KIND_ECHO_IN)
    assert {row["kind"] for row in rig.rows} == {record.KIND_MEDIA_IN, record.KIND_ECHO_IN}


# -- strangers ---------------------------------------------------------------------------


def test_foreign_packets_that_queued_before_the_connection_are_logged_and_not_forwarded(
    rig: Rig, asterisk: Phone, echo_server: Phone, stranger: Phone
) -> None:
    media = rig.add(1, echo_server)
    sent_at = time.time_ns()
    for n in range(6):
        (stranger if n % 2 else asterisk).send(packet(n), media)
    queued_at = time.time_ns()
    rig.connect(1, asterisk)
    assert [echo_server.receive()[0] for _ in range(3)] == [packet(0), packet(2), packet(4)]
    foreign = rig.logged(record.KIND_FOREIGN, 3)
    assert [row["length"] for row in foreign] == [172] * 3
    assert all(sent_at <= row["rx_ns"] <= queued_at for row in foreign)
    assert echo_server.silent


def test_a_buffer_full_of_foreign_packets_is_checked_to_its_last_datagram(
    rig: Rig, asterisk: Phone, echo_server: Phone, stranger: Phone
) -> None:
    media = rig.add(1, echo_server, buffer_bytes=4 << 20)
    asterisk.send(packet(0), media)
    for _ in range(6000):
        stranger.send(raw(), media)
    rig.connect(1, asterisk)
    asterisk.send(packet(1), media)
    assert [echo_server.receive()[0] for _ in range(2)] == [packet(0), packet(1)]
    rig.logged(record.KIND_MEDIA_IN, 2)
    assert echo_server.silent
    assert len(rig.logged(record.KIND_MEDIA_IN)) == 2


def test_a_connected_socket_hears_its_peer_alone(
    rig: Rig, asterisk: Phone, echo_server: Phone, stranger: Phone
) -> None:
    media = rig.call(1, asterisk, echo_server)
    stranger.send(packet(1), media)
    asterisk.send(packet(2), media)
    assert echo_server.receive()[0] == packet(2)
    rig.alive()
    assert echo_server.silent


# -- an echo server that is not there ----------------------------------------------------


def test_an_absent_echo_server_is_survived_logged_and_used_once_it_appears(
    rig: Rig, asterisk: Phone
) -> None:
    address = (LOOPBACK, free_port())
    media = rig.add(1, address)
    rig.connect(1, asterisk)
    for n in range(5):
        asterisk.send(packet(n), media)
        rig.logged(record.KIND_MEDIA_IN, n + 1)
    refusals = rig.logged(
        record.KIND_SEND_ERROR, errno=errno.ECONNREFUSED, flags=record.FLAG_ECHO_LEG
    )
    assert all(row["call"] == 1 for row in refusals)
    with_echo = Phone(port=address[1])
    asterisk.send(packet(9), media)
    data, source = with_echo.receive()
    assert data == packet(9)
    with_echo.send(data, source)
    assert asterisk.receive() == (packet(9), media)
    with_echo.close()


# -- draining and removing ---------------------------------------------------------------


def test_draining_stops_media_and_takes_in_what_returns_without_sending_it(
    rig: Rig, asterisk: Phone, echo_server: Phone
) -> None:
    media = rig.call(1, asterisk, echo_server)
    for n in range(3):
        asterisk.send(packet(n), media)
    (source,) = {echo_server.receive()[1] for _ in range(3)}
    rig.do("drain", call=1)
    rig.do("drain", call=1)
    asterisk.send(packet(3), media)
    for n in range(3):
        echo_server.send(packet(n), source)
    echo_server.send(b"garbage", source)
    rig.logged(record.KIND_MALFORMED)
    back = rig.logged(record.KIND_ECHO_IN, 3)
    assert [row["sequence"] for row in back] == [0, 1, 2]
    assert all(row["tx_ns"] == 0 and row["flags"] == record.FLAG_DRAINING for row in back)
    assert len(rig.logged(record.KIND_MEDIA_IN)) == 3
    assert asterisk.silent
    assert echo_server.silent


def test_what_overflows_while_nobody_reads_it_any_more_is_no_drop_of_ours(
    rig: Rig, asterisk: Phone, echo_server: Phone
) -> None:
    media = rig.call(1, asterisk, echo_server, buffer_bytes=4096)
    rig.do("drain", call=1)
    for n in range(200):
        asterisk.send(packet(n), media)
    rig.do("remove", call=1)
    assert [row for row in rig.rows if row["kind"] == record.KIND_SOCKET_REPORT] == []


def test_drops_of_a_full_socket_are_reported_to_the_last_packet(
    rig: Rig, asterisk: Phone, echo_server: Phone
) -> None:
    media = rig.call(1, asterisk, echo_server, buffer_bytes=8192)
    pause(rig)
    for n in range(100):
        asterisk.send(packet(n), media)
    resume(rig)
    report = rig.logged(record.KIND_SOCKET_REPORT)[-1]
    taken = len(rig.logged(record.KIND_MEDIA_IN, 100 - report["aux"]))
    assert 0 < taken < 100
    assert taken + report["aux"] == 100
    assert report["flags"] == 0
    assert report["call"] == 1


def test_removing_closes_the_sockets_and_their_ports_are_free(
    rig: Rig, asterisk: Phone, echo_server: Phone
) -> None:
    rig.alive()
    before = rig.descriptors
    media = rig.call(1, asterisk, echo_server)
    assert rig.descriptors == before + 2
    rig.do("remove", call=1)
    rig.do("remove", call=1)
    assert rig.descriptors == before
    Phone(port=media[1]).close()
    assert rig.call(1, asterisk, echo_server, port=media[1]) == media


def test_two_hundred_calls_leave_no_descriptor_behind(
    rig: Rig, asterisk: Phone, echo_server: Phone
) -> None:
    rig.alive()
    before = rig.descriptors
    for call in range(200):
        media = rig.add(call, echo_server)
        learn = ("never", "auto", "always")[call % 3]
        rig.connect(call, asterisk, learn)
        asterisk.send(packet(call), media)
        echo_server.receive()
        if call % 2:
            rig.do("drain", call=call)
        rig.do("remove", call=call)
    assert rig.descriptors == before


# -- learning the source -----------------------------------------------------------------


def learning(rig: Rig, stranger: Phone, media: tuple[str, int], call: int) -> None:
    """Wait until a call's socket hears strangers, which it logs and does not forward."""

    def heard() -> bool:
        stranger.send(packet(0), media)
        rows = rig.rows
        return any(row["kind"] == record.KIND_FOREIGN and row["call"] == call for row in rows)

    until(heard, "a worker that hears strangers")


def test_always_takes_the_first_that_speaks_rtp_from_an_allowed_network(
    rig: Rig, asterisk: Phone, echo_server: Phone, stranger: Phone
) -> None:
    media = rig.add(1, echo_server, networks=HOME)
    rig.connect(1, asterisk, "always")
    stranger.send(b"garbage", media)
    stranger.send(packet(1), media)
    data, source = echo_server.receive()
    echo_server.send(data, source)
    assert stranger.receive() == (packet(1), media)
    event = rig.event("learned")
    assert (event["call"], event["host"], event["port"]) == (1, *stranger.address)
    (row,) = rig.logged(record.KIND_MALFORMED)
    assert row["flags"] == record.FLAG_NOT_RTP
    # from now on the others are not heard, the reported address neither
    asterisk.send(packet(2), media)
    stranger.send(packet(3), media)
    assert echo_server.receive()[0] == packet(3)


def test_always_refuses_networks_that_are_not_allowed_but_not_the_reported_address(
    rig: Rig, asterisk: Phone, echo_server: Phone, stranger: Phone
) -> None:
    media = rig.add(1, echo_server, networks=ELSEWHERE)
    rig.connect(1, asterisk, "always")
    stranger.send(packet(1), media)
    rig.logged(record.KIND_FOREIGN)
    asterisk.send(packet(2), media)
    assert echo_server.receive()[0] == packet(2)
    rig.event("heartbeat")
    assert "learned" not in {event["event"] for event in rig.events}


def test_what_queued_beside_the_learned_source_is_not_forwarded(
    rig: Rig, asterisk: Phone, echo_server: Phone, stranger: Phone
) -> None:
    media = rig.add(1, echo_server, networks=HOME)
    rig.connect(1, asterisk, "always")
    pause(rig)
    stranger.send(packet(1, ssrc=1), media)
    for n in range(5):
        asterisk.send(packet(n, ssrc=2), media)
    stranger.send(packet(2, ssrc=1), media)
    resume(rig)
    assert [echo_server.receive()[0] for _ in range(2)] == [packet(1, ssrc=1), packet(2, ssrc=1)]
    rig.logged(record.KIND_FOREIGN, 5)
    assert echo_server.silent


def test_auto_listens_to_others_once_the_reported_address_stays_silent(
    rig: Rig, asterisk: Phone, echo_server: Phone, stranger: Phone
) -> None:
    with phones(1) as (other_echo,):
        connected_at = time.monotonic()
        heard = rig.add(1, other_echo, networks=HOME)
        rig.connect(1, asterisk, "auto")
        asterisk.send(packet(1), heard)
        assert other_echo.receive()[0] == packet(1)
        silent = rig.add(2, echo_server, networks=HOME)
        rig.connect(2, asterisk, "auto")

        def learned() -> bool:
            stranger.send(packet(5), silent)
            return not echo_server.silent

        until(learned, "a learned source")
        assert time.monotonic() - connected_at >= LEARN_AFTER_S
        assert rig.event("learned")["call"] == 2
        # the call whose peer was heard in time was left alone
        stranger.send(packet(6), heard)
        asterisk.send(packet(7), heard)
        assert other_echo.receive()[0] == packet(7)


def test_auto_still_hears_the_reported_address_that_begins_to_speak_late(
    rig: Rig, asterisk: Phone, echo_server: Phone, stranger: Phone
) -> None:
    media = rig.add(1, echo_server, networks=ELSEWHERE)
    rig.connect(1, asterisk, "auto")
    learning(rig, stranger, media, 1)
    asterisk.send(packet(1), media)
    data, source = echo_server.receive()
    assert data == packet(1)
    echo_server.send(data, source)
    assert asterisk.receive() == (packet(1), media)


def test_auto_without_allowed_networks_stays_with_the_reported_address(
    rig: Rig, asterisk: Phone, echo_server: Phone, stranger: Phone
) -> None:
    with phones(1) as (other_echo,):
        media = rig.add(1, echo_server)
        rig.connect(1, asterisk, "auto")
        clock = rig.add(2, other_echo, networks=ELSEWHERE)
        rig.connect(2, asterisk, "auto")
        learning(rig, stranger, clock, 2)
        stranger.send(packet(1), media)
        asterisk.send(packet(2), media)
        assert echo_server.receive()[0] == packet(2)
        assert {row["call"] for row in rig.logged(record.KIND_FOREIGN)} == {2}


# -- control -----------------------------------------------------------------------------


def test_a_port_in_use_is_told_in_words_and_nothing_stays_open(
    rig: Rig, asterisk: Phone, echo_server: Phone
) -> None:
    rig.alive()
    before, port = rig.descriptors, free_port()
    taken = {"echo": list(echo_server.address), **rig.add_defaults}
    reply = rig.ask("add", call=1, port=asterisk.address[1], **taken)
    assert (reply["ok"], reply["code"]) == (False, control.CODE_IN_USE)
    assert reply["error"] == f"cannot bind {LOOPBACK}:{asterisk.address[1]}: in use"
    reply = rig.ask("add", call=1, port=port, echo_local_port=asterisk.address[1], **taken)
    assert reply["code"] == control.CODE_IN_USE
    assert str(asterisk.address[1]) in reply["error"]
    assert rig.descriptors == before
    assert rig.add(1, echo_server, port=port) == (LOOPBACK, port)


@pytest.mark.parametrize(
    ("wrong", "code", "words"),
    [
        ({"host": "192.0.2.1"}, control.CODE_BIND, "192.0.2.1.*no address of this machine"),
        ({"host": "localhost"}, control.CODE_BIND, "'localhost' is no IP address"),
        ({"host": None}, control.CODE_BIND, "None"),
        ({"port": 70_000}, control.CODE_REQUEST, "port"),
        ({"port": -1}, control.CODE_REQUEST, "port"),
        ({"port": "x"}, control.CODE_REQUEST, "x"),
        ({"port": None}, control.CODE_REQUEST, "add"),
        ({"echo": "nowhere"}, control.CODE_REQUEST, "add"),
        ({"echo": ["localhost", 4000]}, control.CODE_BIND, "'localhost' is no IP address"),
        ({"echo": ["127.0.0.1", 70_000]}, control.CODE_REQUEST, "port"),
        ({"echo": ["255.255.255.255", 4000]}, control.CODE_BIND, "no way to the echo server"),
        ({"buffer_bytes": 1 << 40}, control.CODE_REQUEST, "add"),
        ({"networks": ["10.0.0.1/8"]}, control.CODE_REQUEST, "host bits"),
        ({"networks": None}, control.CODE_REQUEST, "add"),
        ({"call": 1 << 40}, control.CODE_REQUEST, "does not fit"),
        ({"call": -1}, control.CODE_REQUEST, "does not fit"),
        ({"call": float("inf")}, control.CODE_REQUEST, "add"),
        ({"call": 1}, control.CODE_REQUEST, "already here"),
    ],
    ids=str,
)
def test_a_call_that_cannot_be_added_is_refused_in_words_and_harms_nobody(
    wrong: dict[str, Any], code: str, words: str, rig: Rig, asterisk: Phone, echo_server: Phone
) -> None:
    media = rig.call(1, asterisk, echo_server)
    before = rig.descriptors
    fields = {"call": 2, "port": free_port(), "echo": list(echo_server.address)}
    reply = rig.ask("add", **{**fields, **rig.add_defaults, **wrong})
    assert not reply["ok"]
    assert reply["code"] == code
    assert re.search(words, reply["error"])
    assert rig.descriptors == before
    asterisk.send(packet(1), media)
    assert echo_server.receive()[0] == packet(1)


@pytest.mark.parametrize(
    "request_",
    [
        {},
        {"op": None},
        {"op": "dance"},
        {"op": ["add"]},
        {"op": "add"},
        {"op": "connect", "call": 99, "host": LOOPBACK, "port": 5},
        {"op": "connect", "call": 1},
        {"op": "connect", "call": 1, "host": "localhost", "port": 5},
        {"op": "connect", "call": 1, "host": LOOPBACK, "port": 70_000},
        {"op": "connect", "call": 1, "host": "::1", "port": 5},
        {"op": "drain", "call": 99},
        {"op": "remove", "call": "x"},
        {"op": "remove"},
    ],
    ids=str,
)
def test_a_bad_request_is_answered_and_audio_goes_on(
    request_: dict[str, Any], rig: Rig, asterisk: Phone, echo_server: Phone
) -> None:
    media = rig.call(1, asterisk, echo_server)
    rig.channel.sendall(control.encode({"id": 77, **request_}))
    reply = rig.answer(77)
    assert (reply["ok"], reply["code"]) == (False, control.CODE_REQUEST)
    assert str(request_.get("op")) in reply["error"]
    asterisk.send(packet(1), media)
    assert echo_server.receive()[0] == packet(1)


def test_requests_that_come_in_pieces_or_together_are_each_answered_in_order(rig: Rig) -> None:
    frames = b"".join(control.encode({"id": n, "op": "nothing"}) for n in (1, 2, 3))
    for at in range(0, len(frames), 5):
        rig.channel.sendall(frames[at : at + 5])
    decoder, answered = control.FrameDecoder(), list[int]()
    while len(answered) < 3:
        messages = decoder.feed(rig.channel.recv(65536))
        answered += [message["id"] for message in messages if "id" in message]
    assert answered == [1, 2, 3]


def test_heartbeats_come_by_themselves_with_calls_and_processor_time(
    rig: Rig, asterisk: Phone, echo_server: Phone
) -> None:
    first = rig.event("heartbeat")
    assert first["calls"] == 0
    rig.call(1, asterisk, echo_server)
    second = rig.event("heartbeat")
    assert second["calls"] == 1
    assert second["cpu_ns"] > first["cpu_ns"] > 0


def complete_until(rig: Rig, moment_ns: int) -> None:
    until(lambda: rig.ring.watermark_ns > moment_ns, "a later watermark")


def test_the_watermark_moves_on_while_nothing_comes_and_holds_what_it_promises(
    rig: Rig, asterisk: Phone, echo_server: Phone
) -> None:
    complete_until(rig, time.time_ns())
    media = rig.call(1, asterisk, echo_server)
    for n in range(20):
        asterisk.send(packet(n), media)
        complete_until(rig, time.time_ns())
        assert rig.rows[-1]["sequence"] == n


def test_when_the_log_is_full_packets_still_pass_and_what_was_not_logged_is_counted(
    start_rig: Callable[..., Rig], asterisk: Phone, echo_server: Phone
) -> None:
    rig = start_rig(capacity=8)
    media = rig.call(1, asterisk, echo_server)
    for n in range(50):
        asterisk.send(packet(n), media)
        assert echo_server.receive()[0] == packet(n)
    rig.alive()
    assert (rig.ring.overflow, rig.ring.fill) == (42, 1.0)
    assert [row["sequence"] for row in rig.rows] == list(range(8))
    asterisk.send(packet(50), media)
    assert rig.logged(record.KIND_MEDIA_IN, 9)[-1]["sequence"] == 50
    assert rig.ring.overflow == 42


def test_what_is_sent_either_way_is_marked_for_expedited_forwarding(
    rig: Rig, asterisk: Phone, echo_server: Phone
) -> None:
    for phone in (asterisk, echo_server):
        phone.sock.setsockopt(socket.IPPROTO_IP, socket.IP_RECVTOS, 1)
    media = rig.call(1, asterisk, echo_server)
    asterisk.send(packet(1), media)
    _, ancillary, _, source = echo_server.sock.recvmsg(2048, 64)
    assert ancillary == [(socket.IPPROTO_IP, socket.IP_TOS, bytes([46 << 2]))]
    echo_server.send(packet(1), source)
    _, ancillary, _, _ = asterisk.sock.recvmsg(2048, 64)
    assert ancillary == [(socket.IPPROTO_IP, socket.IP_TOS, bytes([46 << 2]))]


def test_the_granted_buffers_are_told(rig: Rig, echo_server: Phone) -> None:
    fields = {"echo": list(echo_server.address), **rig.add_defaults, "buffer_bytes": 65_536}
    reply = rig.do("add", call=1, port=free_port(), **fields)
    assert reply["buffers"] == [131_072, 131_072]


# -- the end -----------------------------------------------------------------------------


def assert_quiet_end(rig: Rig, media: tuple[str, int]) -> None:
    assert rig.process.wait(WAIT_S) == 0
    assert rig.last_words() == ""
    Phone(port=media[1]).close()


def test_the_end_of_the_channel_is_the_end_of_the_worker(
    rig: Rig, asterisk: Phone, echo_server: Phone
) -> None:
    media = rig.call(1, asterisk, echo_server)
    rig.event("heartbeat")
    rig.hang_up()
    assert_quiet_end(rig, media)


def test_an_engine_that_was_killed_with_words_unread_leaves_no_traceback(
    rig: Rig, asterisk: Phone, echo_server: Phone
) -> None:
    media = rig.call(1, asterisk, echo_server)
    rig.channel.sendall(control.encode({"id": 5, "op": "nothing"}))
    until(lambda: rig.channel.recv(1, socket.MSG_PEEK), "an answer that is never read")
    rig.hang_up()
    assert_quiet_end(rig, media)


def test_a_stop_is_answered_before_the_end(rig: Rig, asterisk: Phone, echo_server: Phone) -> None:
    media = rig.call(1, asterisk, echo_server)
    rig.do("stop")
    assert_quiet_end(rig, media)


@pytest.mark.parametrize(
    "frame",
    [b"\xff\xff\xff\xff", b"\0\0\0\x03{x}", b"\0\0\0\x02[]", b"\0\0\0\x02\xff\xfe"],
    ids=["too long", "no JSON", "no object", "no UTF-8"],
)
def test_a_broken_frame_ends_the_worker_with_a_word(
    frame: bytes, rig: Rig, asterisk: Phone, echo_server: Phone
) -> None:
    media = rig.call(1, asterisk, echo_server)
    rig.channel.sendall(frame)
    reply = rig.answer(None)
    assert not reply["ok"]
    assert reply["error"].startswith("broken frame: ")
    assert_quiet_end(rig, media)


def test_the_last_drops_are_in_the_log_when_the_worker_ends(
    rig: Rig, asterisk: Phone, echo_server: Phone
) -> None:
    media = rig.call(1, asterisk, echo_server, buffer_bytes=8192)
    pause(rig)
    for n in range(100):
        asterisk.send(packet(n), media)
    rig.channel.sendall(control.encode({"id": 5, "op": "stop"}))
    resume(rig)
    assert rig.process.wait(WAIT_S) == 0
    assert [row for row in rig.rows if row["kind"] == record.KIND_SOCKET_REPORT]


def test_it_starts_without_what_is_slow_to_load() -> None:
    script = "import sys, ari_tui.relay.worker; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=WAIT_S
    )
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    slow = {"numpy", "asyncio", "aiohttp", "textual", "msgspec", "websockets", "click", "logging"}
    assert loaded & slow == set()


def test_collection_never_pauses_audio() -> None:
    script = (
        "import gc, socket, sys\n"
        "from ari_tui.relay import worker\n"
        "worker.Worker.run = lambda self: print(gc.isenabled(), gc.get_freeze_count() > 0)\n"
        "worker.main()"
    )
    ours, theirs = socket.socketpair()
    ring_fd = create_ring(8)
    done = subprocess.run(
        [sys.executable, "-c", script, str(theirs.fileno()), str(ring_fd)],
        capture_output=True,
        text=True,
        check=True,
        timeout=WAIT_S,
        pass_fds=(theirs.fileno(), ring_fd),
    )
    ours.close()
    theirs.close()
    os.close(ring_fd)
    assert done.stdout.split() == ["False", "True"]


# -- stalls --------------------------------------------------------------------------------


def test_a_stop_is_logged_once_a_call_with_its_length_and_then_what_was_dropped(
    rig: Rig, asterisk: Phone, echo_server: Phone
) -> None:
    media = rig.call(1, asterisk, echo_server, buffer_bytes=8192)
    rig.add(2, echo_server)
    rig.alive()
    until(lambda: rig.ring.alive_ns, "a tick")
    before_ns = time.time_ns()
    pause(rig)
    alive_ns = rig.ring.alive_ns
    for n in range(100):
        asterisk.send(packet(n), media)
    until(lambda: time.time_ns() - before_ns > 1_000_000_000, "a second")
    resumed_ns = time.time_ns()
    resume(rig)
    rig.logged(record.KIND_SOCKET_REPORT)
    (first, second) = (row for row in rig.logged(record.KIND_STALL, 2) if row["aux"] > 900_000)
    assert {first["call"], second["call"]} == {1, 2}
    until_ns = first["rx_ns"]
    assert resumed_ns < until_ns
    assert until_ns - first["aux"] * 1000 < before_ns + 100_000_000
    assert alive_ns < until_ns < until(lambda: rig.ring.alive_ns > until_ns and rig.ring.alive_ns)
    order = [row["kind"] for row in rig.rows if row["call"] == 1]
    assert order.index(record.KIND_STALL) < order.index(record.KIND_SOCKET_REPORT)


def test_a_worker_that_works_logs_no_stall(rig: Rig, asterisk: Phone, echo_server: Phone) -> None:
    media = rig.call(1, asterisk, echo_server)
    for n in range(50):
        asterisk.send(packet(n), media)
        echo_server.receive()
    dwells = [row["tx_ns"] - row["rx_ns"] for row in rig.logged(record.KIND_MEDIA_IN, 50)]
    stalls = [row for row in rig.rows if row["kind"] == record.KIND_STALL]
    # a busy machine may hold it up: then its packets have waited, too
    assert not stalls or max(dwells) > 2_000_000
