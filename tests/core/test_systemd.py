"""The service manager's protocol, spoken to a real datagram socket."""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from ari_tui.core.systemd import NotifySocket

Spoken = Callable[[NotifySocket], NotifySocket]
VARIABLES = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    """A service manager's ear."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(tmp_path / "notify"))
        ear.settimeout(0)
        yield ear


@pytest.fixture(autouse=True)
def no_manager_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def spoken() -> Iterator[Spoken]:
    """Give a function that returns a notifier, which is closed after the test."""
    with ExitStack() as stack:

        def keep(notifier: NotifySocket) -> NotifySocket:
            stack.callback(notifier.close)
            return notifier

        yield keep


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def heard(ear: socket.socket) -> list[str]:
    said = []
    with suppress(BlockingIOError):
        while True:
            said.append(ear.recv(4096).decode())
    return said


def test_each_message_is_a_datagram_of_its_own(manager: socket.socket, spoken: Spoken) -> None:
    notifier = spoken(NotifySocket(manager.getsockname()))
    notifier.ready()
    notifier.status("20 calls")
    notifier.stopping()
    assert heard(manager) == ["READY=1", "STATUS=20 calls", "STOPPING=1"]
    notifier.close()
    notifier.ready()
    assert heard(manager) == []


def test_an_abstract_socket_is_reached_by_its_name(spoken: Spoken) -> None:
    name = f"ari-tui-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(f"\0{name}")
        ear.settimeout(0)
        spoken(NotifySocket(f"@{name}")).ready()
        assert heard(ear) == ["READY=1"]


def test_the_variables_are_taken_out_of_the_environment(
    manager: socket.socket, monkeypatch: pytest.MonkeyPatch, spoken: Spoken
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", manager.getsockname())
    monkeypatch.setenv("WATCHDOG_USEC", "30000000")
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
    notifier = spoken(NotifySocket.from_environment())
    assert notifier.watchdog_s == 30.0
    assert not [name for name in VARIABLES if name in os.environ]
    notifier.ready()
    assert heard(manager) == ["READY=1"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("WATCHDOG_PID", "1"), ("WATCHDOG_USEC", ""), ("WATCHDOG_USEC", "0"), ("WATCHDOG_USEC", "x")],
)
def test_a_watchdog_that_is_not_for_us_gets_no_message(
    name: str, value: str, manager: socket.socket, monkeypatch: pytest.MonkeyPatch, spoken: Spoken
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", manager.getsockname())
    monkeypatch.setenv("WATCHDOG_USEC", "30000000")
    monkeypatch.setenv(name, value)
    notifier = spoken(NotifySocket.from_environment())
    assert notifier.watchdog_s is None
    notifier.watchdog()
    assert heard(manager) == []


@pytest.mark.parametrize("address", ["", "relative", "vsock:2:1234"])
def test_without_a_socket_that_we_can_speak_to_nothing_is_said(
    address: str, monkeypatch: pytest.MonkeyPatch, spoken: Spoken, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    notifier = spoken(NotifySocket.from_environment())
    notifier.ready()
    notifier.status("x")
    notifier.watchdog()
    notifier.stopping()
    assert not caplog.records  # sending would have failed, which is logged


def test_the_watchdog_is_notified_three_times_in_its_time(
    manager: socket.socket, spoken: Spoken
) -> None:
    clock = Clock()
    notifier = spoken(NotifySocket(manager.getsockname(), 30.0, clock=clock))
    for _ in range(240):  # a minute of pulses
        notifier.watchdog()
        clock.now_s += 0.25
    assert heard(manager) == ["WATCHDOG=1"] * 6


def test_a_status_is_one_line_and_said_when_it_changes(
    manager: socket.socket, spoken: Spoken
) -> None:
    notifier = spoken(NotifySocket(manager.getsockname()))
    for text in ("one", "one", "two\nMAINPID=1", "x" * 1000):
        notifier.status(text)
    assert heard(manager) == ["STATUS=one", "STATUS=two MAINPID=1", "STATUS=" + "x" * 200]


def test_a_manager_that_is_gone_is_logged_once_and_stops_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, spoken: Spoken
) -> None:
    notifier = spoken(NotifySocket(str(tmp_path / "nobody"), 30.0))
    notifier.ready()
    notifier.watchdog()
    notifier.stopping()
    assert [record.message for record in caplog.records if "service manager" in record.message] == [
        caplog.records[0].message
    ]


def test_a_manager_whose_queue_is_full_holds_up_no_pulse(
    manager: socket.socket, spoken: Spoken
) -> None:
    clock = Clock()
    notifier = spoken(NotifySocket(manager.getsockname(), 0.3, clock=clock))
    for _ in range(2000):
        notifier.watchdog()
        clock.now_s += 0.25
    assert 0 < len(heard(manager)) < 2000
    notifier.status("heard again")
    assert heard(manager) == ["STATUS=heard again"]
