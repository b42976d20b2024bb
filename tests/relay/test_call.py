"""One call's sockets: opened together or not at all, and the echo server's status through them."""

from __future__ import annotations

import socket

import pytest

from ari_tui.core.errors import BindError
from ari_tui.relay import control
from ari_tui.relay.call import Readers, open_pair
from ari_tui.relay.poller import new_poller
from ari_tui.wire import status
from tests.relay.kit import LOOPBACK, Phone, Rig, free_port, packet

COUNTERS = status.StatusCounters(50, 48, 8600, 0, 2, 900, 20_000, 2, 0, 1)


def request(echo_local_port: int = 0) -> control.AddCall:
    return control.AddCall(1, LOOPBACK, free_port(), (LOOPBACK, 9), 46, 1 << 16, echo_local_port)


def test_a_pair_is_bound_and_its_echo_socket_connected() -> None:
    wanted = request()
    media, echo = open_pair(wanted)
    with media, echo:
        assert media.getsockname() == (LOOPBACK, wanted.port)
        assert echo.getpeername() == (LOOPBACK, 9)


def test_the_media_socket_is_closed_again_when_the_echo_socket_cannot_be_opened() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as holder:
        holder.bind(("0.0.0.0", 0))
        wanted = request(echo_local_port=holder.getsockname()[1])
        with pytest.raises(BindError, match="in use"):
            open_pair(wanted)
    media, echo = open_pair(wanted)  # both ports are free again
    media.close()
    echo.close()


def test_a_reader_takes_the_place_of_the_one_before_and_goes() -> None:
    readers = Readers(new_poller())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        readers.watch(sock, lambda: True)
        readers.watch(sock, lambda: False)
        assert [handler() for handler in readers.handlers.values()] == [False]
        readers.unwatch(sock)
        readers.unwatch(sock)
        assert readers.handlers == {}
    readers.poller.close()


def test_a_query_goes_from_the_streams_own_socket_and_its_answer_is_told(
    rig: Rig, asterisk: Phone, echo_server: Phone
) -> None:
    added = rig.do("add", call=1, port=0, echo=list(echo_server.address), **rig.add_defaults)
    rig.do("connect", call=1, host=asterisk.address[0], port=asterisk.address[1])
    asterisk.send(packet(1), tuple(added["media"]))
    _, stream = echo_server.receive()
    rig.do("query", call=1, ssrc=7)
    data, source = echo_server.receive()
    query = status.parse_query(data)
    assert query is not None
    assert (query.kind, query.ssrc, source) == (status.STREAM_QUERY, 7, stream)
    echo_server.send(status.build_reply(query, COUNTERS, impaired=True), source)
    event = rig.event("status")
    assert (event["call"], event["ssrc"], event["asked_ns"]) == (1, 7, query.nonce)
    assert {name: event[name] for name in COUNTERS._fields} == COUNTERS._asdict()
    # the answer is no media: nothing of it reaches Asterisk
    rig.alive()
    assert asterisk.silent


def test_a_query_for_holds_brings_them_along(rig: Rig, asterisk: Phone, echo_server: Phone) -> None:
    added = rig.do("add", call=1, port=0, echo=list(echo_server.address), **rig.add_defaults)
    rig.do("connect", call=1, host=asterisk.address[0], port=asterisk.address[1])
    asterisk.send(packet(1), tuple(added["media"]))
    echo_server.receive()
    rig.do("query", call=1, ssrc=7, holds_from=5)
    data, source = echo_server.receive()
    query = status.parse_query(data)
    assert query is not None
    assert query.holds_from == 5
    holds = status.Holds(99, 7, 5, 12, (status.Hold(11, 800, False), status.Hold(12, 9, True)))
    echo_server.send(status.build_reply(query, COUNTERS, impaired=False, holds=holds), source)
    told = control.parse_event(rig.event("status"))
    assert told == control.StreamReport(1, 7, query.nonce, COUNTERS, holds)


def test_a_query_of_a_call_that_is_not_there_is_refused_in_words(rig: Rig) -> None:
    assert not rig.ask("query", call=9, ssrc=1)["ok"]
