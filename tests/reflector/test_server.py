"""."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest

from ari_tui.core.errors import BindError, ConfigError
from ari_tui.core.process import ParentLink
from ari_tui.core.sockets import open_udp
from ari_tui.reflector.fault_spec import parse_faults
from ari_tui.reflector.impairment import parse_impairment
from ari_tui.reflector.server import (
    DEFAULT_PORT,
    EchoConfig,
    EchoCounters,
    EchoServer,
    StopCondition,
)
from ari_tui.wire import status
from ari_tui.wire.status import STREAM_QUERY, StatusCounters, StatusQuery
from tests import rtp_packets

MS = 1_000_000
SSRC = 99
ANY_PORT = EchoConfig(port=0)


class Running:
    """An echo server in a thread, let go by its lifeline as a child would be."""

    def __init__(self, config: EchoConfig) -> None:
        ready_fd, child_ready_fd = os.pipe()
        lifeline_fd, self._lifeline_write_fd = os.pipe()
        self._link = ParentLink(child_ready_fd, lifeline_fd)
        self._lifeline_fd = lifeline_fd
        self._server = EchoServer(config)
        self._counters: list[EchoCounters] = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        with os.fdopen(ready_fd, "rb") as ready:
            self.info = json.loads(ready.readline())["ready"]
        self.address = (self.info["host"], self.info["port"])

    def _run(self) -> None:
        self._counters.append(self._server.run(self._link))

    def stop(self, reason: bytes = b"") -> EchoCounters:
        if self._thread.is_alive():
            os.write(self._lifeline_write_fd, reason)
            os.close(self._lifeline_write_fd)
            self._thread.join(20)
            assert not self._thread.is_alive()
            os.close(self._lifeline_fd)
        return self._counters[0]


@pytest.fixture
def client() -> Iterator[socket.socket]:
    with open_udp("127.0.0.1", 0) as sock:
        yield sock


def receive(client: socket.socket) -> bytes:
    """Wait for one datagram, not for ever."""
    assert select.select([client], [], [], 20)[0], "nothing came back"
    return client.recv(65_536)


def packet(sequence: int, timestamp: int = 0) -> bytes:
    return rtp_packets.build(bytes(160), sequence=sequence, timestamp=timestamp, ssrc=SSRC)


def test_a_server_says_where_it_is_returns_packets_and_its_final_counters(
    client: socket.socket,
) -> None:
    running = Running(ANY_PORT)
    assert running.info["host"] == "127.0.0.1"
    assert running.info["port"] > 0
    for n in range(20):
        client.sendto(packet(n), running.address)
        assert receive(client) == packet(n)
    counters = running.stop(b"SIGINT\n")
    assert counters.total.packets == counters.total.sent == 20
    assert counters.end_reason == "SIGINT"
    assert counters.unsent == counters.socket_drops == 0


def status_of(
    client: socket.socket, address: tuple[str, int]
) -> tuple[list[tuple[int, bytes]], StatusCounters]:
    """Ask for the status; return the media that came before it, with times, and the counters.

    The reply tells that the server has taken everything sent before.
    """
    client.sendto(status.build_query(StatusQuery(STREAM_QUERY, SSRC, 1)), address)
    media = []
    while (reply := status.parse_reply(datagram := receive(client))) is None:
        media.append((time.monotonic_ns(), datagram))
    return media, reply[1]


def is_settled(counters: StatusCounters) -> bool:
    returned = counters.received - counters.impaired_lost + counters.impaired_duplicates
    return counters.sent == returned


@pytest.mark.parametrize(
    "spec",
    [
        "delay=20ms,loss=5%,dup=1%,reorder=1%",
        "delay=20ms,loss=5%,dup=1%,reorder=1%,burst=4",
        "delay=5ms,jitter=10ms,loss=20%,dup=20%,reorder=20%",
    ],
)
def test_what_comes_back_is_exactly_what_the_impairment_counted(
    client: socket.socket, spec: str
) -> None:
    impairment = parse_impairment(spec)
    running = Running(replace(ANY_PORT, impairment=impairment, seed=7))
    count, sent_ns, returned = 1_000, list[int](), list[tuple[int, bytes]]()
    settled = False
    while not settled:
        for n in range(len(sent_ns), min(len(sent_ns) + 50, count)):
            sent_ns.append(time.monotonic_ns())
            client.sendto(packet(n), running.address)
        media, counted = status_of(client, running.address)
        returned += media
        settled = len(sent_ns) == count and is_settled(counted)
    counters = running.stop()
    done = counters.total.impaired
    assert done is not None
    order = [rtp_packets.parse(datagram).sequence for _, datagram in returned]
    firsts = list(dict.fromkeys(order))
    assert done.packets == count == counters.total.packets
    assert done.lost == count - len(firsts) > 0
    assert done.duplicates == sum(Counter(order).values()) - len(firsts) > 0
    assert done.reordered == sum(n < max(firsts[: i + 1]) for i, n in enumerate(firsts)) > 0
    for received_ns, datagram in returned:
        sequence = rtp_packets.parse(datagram).sequence
        assert datagram == packet(sequence)
        assert received_ns - sent_ns[sequence] >= impairment.delay_ns
    assert counters.end_reason == "ended by its parent"


def test_a_paced_server_sends_no_packet_before_its_place_on_the_clock(
    client: socket.socket,
) -> None:
    running = Running(replace(ANY_PORT, pace=True, clock_rate=16_000))
    started_ns = time.monotonic_ns()
    for n in range(5):
        client.sendto(packet(n, 320 * n), running.address)
    for n in range(5):
        assert rtp_packets.parse(receive(client)).sequence == n
        assert time.monotonic_ns() - started_ns >= n * 20 * MS
    running.stop()


def test_packets_that_wait_when_the_stop_comes_are_still_sent(client: socket.socket) -> None:
    running = Running(replace(ANY_PORT, impairment=parse_impairment("delay=300ms")))
    client.sendto(packet(1), running.address)
    status_of(client, running.address)  # after the reply the packet is in the server's hands
    counters = running.stop()
    assert client.recv(2048) == packet(1)
    assert counters.unsent == 0
    assert counters.total.sent == 1


def test_a_stop_waits_a_second_at_most_and_counts_what_stays_behind(client: socket.socket) -> None:
    running = Running(replace(ANY_PORT, impairment=parse_impairment("delay=10s")))
    client.sendto(packet(1), running.address)
    status_of(client, running.address)
    counters = running.stop()
    assert (counters.unsent, counters.total.sent) == (1, 0)
    assert select.select([client], [], [], 0)[0] == []


def test_a_port_in_use_is_told_with_its_remedy() -> None:
    with open_udp("127.0.0.1", 0) as other:
        port = other.getsockname()[1]
        with pytest.raises(BindError) as caught:
            EchoServer(EchoConfig(port=port)).run()
    message = f"cannot bind 127.0.0.1:{port}: in use (another echo server? choose --port)"
    assert str(caught.value) == message
    assert caught.value.exit_code == 3


def test_an_address_of_another_machine_is_told_without_that_remedy() -> None:
    config = EchoConfig(host="192.0.2.1", port=0, allow=("192.0.2.0/24",))
    with pytest.raises(BindError, match="no address of this machine") as caught:
        EchoServer(config).bind()
    assert "--port" not in str(caught.value)


@pytest.mark.parametrize(
    ("config", "flag"),
    [
        (EchoConfig(host="0.0.0.0"), "--allow"),
        (EchoConfig(host="::"), "--allow"),
        (EchoConfig(allow=("everyone",)), "--allow"),
        (EchoConfig(host="0.0.0.0", allow=("0.0.0.0/0",)), "--allow"),
        (EchoConfig(port=70_000), "--port"),
        (EchoConfig(port=-1), "--port"),
        (EchoConfig(clock_rate=0), "--clock-rate"),
        (EchoConfig(dscp=64), "--dscp"),
    ],
)
def test_a_wrong_configuration_is_refused_by_its_flag(config: EchoConfig, flag: str) -> None:
    with pytest.raises(ConfigError, match=flag):
        EchoServer(config)


def test_bind_tells_the_port_before_the_run_and_binds_once(client: socket.socket) -> None:
    server = EchoServer(ANY_PORT)
    host, port = server.bind()
    assert server.bind() == (host, port)
    client.sendto(packet(1), (host, port))
    read_fd, write_fd = os.pipe()
    os.close(write_fd)
    counters = server.run(ParentLink(None, read_fd))
    os.close(read_fd)
    assert counters.end_reason == "ended by its parent"
    with open_udp(host, port):
        pass  # the port is free again


def test_it_listens_on_loopback_by_default() -> None:
    assert EchoConfig().host == "127.0.0.1"
    assert EchoConfig().port == DEFAULT_PORT == 4000


PROGRAM = """
from ari_tui.reflector.server import EchoConfig, EchoServer
server = EchoServer(EchoConfig(port=0))
print(server.bind()[1], flush=True)
counters = server.run()
print(counters.end_reason, counters.total.sent, flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_a_process_cleanly_with_its_counters(
    client: socket.socket, number: signal.Signals
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            port = int(process.stdout.readline())
            client.sendto(packet(1), ("127.0.0.1", port))
            assert receive(client) == packet(1)
            process.send_signal(number)
            stdout, stderr = process.communicate(timeout=30)
        finally:
            process.kill()
    assert stdout == f"{number.name} 1\n"
    assert stderr == ""
    assert process.returncode == 0


def wait(watch: StopCondition) -> str:
    readable = select.select(watch.watched, [], [], 10)[0]
    assert readable
    return watch.take(readable)


@pytest.fixture
def lifeline() -> Iterator[tuple[ParentLink, int]]:
    read_fd, write_fd = os.pipe()
    yield ParentLink(None, read_fd), write_fd
    os.close(read_fd)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_asks_for_a_stop_and_is_named(number: signal.Signals) -> None:
    with StopCondition(None) as watch:
        signal.raise_signal(number)
        assert wait(watch) == number.name
        assert select.select(watch.watched, [], [], 0)[0] == []


def test_on_leaving_signal_handlers_are_as_they_were() -> None:
    before = [signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)]
    with StopCondition(None):
        assert signal.getsignal(signal.SIGTERM) is not before[0]
    assert before == [signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)]
    assert signal.set_wakeup_fd(-1) == -1


def test_an_ignored_hangup_stays_ignored() -> None:
    previous = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with StopCondition(None) as watch:
            signal.raise_signal(signal.SIGHUP)
            signal.raise_signal(signal.SIGTERM)
            assert wait(watch) == "SIGTERM"
    finally:
        signal.signal(signal.SIGHUP, previous)


def test_the_signal_of_another_handler_is_no_stop() -> None:
    previous = signal.signal(signal.SIGUSR1, lambda *_: None)
    try:
        with StopCondition(None) as watch:
            signal.raise_signal(signal.SIGUSR1)
            assert wait(watch) == ""
    finally:
        signal.signal(signal.SIGUSR1, previous)


def test_the_end_of_the_lifeline_asks_for_a_stop(lifeline: tuple[ParentLink, int]) -> None:
    link, write_fd = lifeline
    with StopCondition(link) as watch:
        assert select.select(watch.watched, [], [], 0)[0] == []
        os.close(write_fd)
        assert wait(watch) == "ended by its parent"


def test_the_words_on_the_lifeline_are_the_reason(lifeline: tuple[ParentLink, int]) -> None:
    link, write_fd = lifeline
    with StopCondition(link) as watch:
        os.write(write_fd, b"SIGINT\n")
        os.close(write_fd)
        assert wait(watch) == "SIGINT"


def test_after_the_lifeline_has_ended_a_signal_still_skips_draining(
    lifeline: tuple[ParentLink, int],
) -> None:
    link, write_fd = lifeline
    os.close(write_fd)
    with StopCondition(link) as watch:
        wait(watch)
        assert select.select(watch.watched, [], [], 0)[0] == []
        signal.raise_signal(signal.SIGTERM)
        assert wait(watch) == "SIGTERM"


def test_in_another_thread_the_lifeline_alone_is_watched(lifeline: tuple[ParentLink, int]) -> None:
    link, write_fd = lifeline
    handlers: list[object] = []
    reasons: list[str] = []

    def watch_there() -> None:
        with StopCondition(link) as watch:
            handlers.append(signal.getsignal(signal.SIGTERM))
            reasons.append(wait(watch))

    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=watch_there)
    thread.start()
    os.close(write_fd)
    thread.join(10)
    assert handlers == [before]
    assert reasons == ["ended by its parent"]


def test_a_stall_is_a_hold_that_the_server_tells(client: socket.socket) -> None:
    faults = parse_faults(("echo-server:stall=200ms,every=300ms",))
    running = Running(replace(ANY_PORT, faults=faults))
    client.connect(running.address)
    for number in range(40):
        client.send(rtp_packets.build(b"", sequence=number, timestamp=0, ssrc=SSRC))
        time.sleep(0.01)
    for _ in range(40):
        receive(client)
    counters = running.stop()
    assert counters.total.packets == counters.total.sent == 40
    assert (counters.total.dwell_max_ns or 0) > 100 * MS


def exchange(client: socket.socket, number: int) -> tuple[bool, bool]:
    """Send a packet and read what is there; return whether one was refused, and whether any came.

    A refusal is told by the next call on the socket.
    """
    refused = answered = False
    try:
        client.send(rtp_packets.build(b"", sequence=number & 0xFFFF, timestamp=0, ssrc=SSRC))
        answered = bool(select.select([client], [], [], 0.01)[0] and client.recv(2048))
    except ConnectionRefusedError:
        refused = True
    return refused, answered


def test_a_restart_refuses_for_its_time_and_begins_to_count_anew(client: socket.socket) -> None:
    faults = parse_faults(("echo-server:restart=300ms,after=200ms",))
    running = Running(replace(ANY_PORT, faults=faults))
    client.connect(running.address)
    sent = 1
    while not exchange(client, sent)[0]:
        sent += 1
    while not exchange(client, sent)[1]:
        sent += 1
    counters = running.stop()
    assert 0 < counters.total.packets < sent


def test_losses_of_a_fault_end_with_it(client: socket.socket) -> None:
    faults = parse_faults(("echo-server:loss=100%,for=300ms",))
    running = Running(replace(ANY_PORT, faults=faults))
    client.connect(running.address)
    sent = 0
    while not select.select([client], [], [], 0.01)[0]:
        client.send(rtp_packets.build(b"", sequence=sent, timestamp=0, ssrc=SSRC))
        sent += 1
    impaired = running.stop().total.impaired
    assert impaired is not None
    assert 0 < impaired.lost < sent


def test_packets_are_impaired_by_one_of_two_settings() -> None:
    faults = parse_faults(("echo-server:loss=1%",))
    with pytest.raises(ConfigError, match="--impair and --fault"):
        EchoServer(replace(ANY_PORT, impairment=parse_impairment("loss=2%"), faults=faults))
