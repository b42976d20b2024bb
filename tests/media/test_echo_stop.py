from __future__ import annotations

import os
import select
import signal
import threading
from collections.abc import Iterator

import pytest

from ari_tui.media.echo_stop import StopWatch
from ari_tui.process import ParentLink


def wait(watch: StopWatch) -> str:
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
    with StopWatch(None) as watch:
        signal.raise_signal(number)
        assert wait(watch) == number.name
        assert select.select(watch.watched, [], [], 0)[0] == []


def test_on_leaving_signal_handlers_are_as_they_were() -> None:
    before = [signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)]
    with StopWatch(None):
        assert signal.getsignal(signal.SIGTERM) is not before[0]
    assert before == [signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)]
    assert signal.set_wakeup_fd(-1) == -1


def test_an_ignored_hangup_stays_ignored() -> None:
    previous = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with StopWatch(None) as watch:
            signal.raise_signal(signal.SIGHUP)
            signal.raise_signal(signal.SIGTERM)
            assert wait(watch) == "SIGTERM"
    finally:
        signal.signal(signal.SIGHUP, previous)


def test_the_signal_of_another_handler_is_no_stop() -> None:
    previous = signal.signal(signal.SIGUSR1, lambda *_: None)
    try:
        with StopWatch(None) as watch:
            signal.raise_signal(signal.SIGUSR1)
            assert wait(watch) == ""
    finally:
        signal.signal(signal.SIGUSR1, previous)


def test_the_end_of_the_lifeline_asks_for_a_stop(lifeline: tuple[ParentLink, int]) -> None:
    link, write_fd = lifeline
    with StopWatch(link) as watch:
        assert select.select(watch.watched, [], [], 0)[0] == []
        os.close(write_fd)
        assert wait(watch) == "let go by the parent"


def test_the_words_on_the_lifeline_are_the_reason(lifeline: tuple[ParentLink, int]) -> None:
    link, write_fd = lifeline
    with StopWatch(link) as watch:
        os.write(write_fd, b"SIGINT\n")
        os.close(write_fd)
        assert wait(watch) == "SIGINT"


def test_after_the_lifeline_has_ended_a_signal_can_still_hurry(
    lifeline: tuple[ParentLink, int],
) -> None:
    link, write_fd = lifeline
    os.close(write_fd)
    with StopWatch(link) as watch:
        wait(watch)
        assert select.select(watch.watched, [], [], 0)[0] == []
        signal.raise_signal(signal.SIGTERM)
        assert wait(watch) == "SIGTERM"


def test_in_another_thread_the_lifeline_alone_is_watched(lifeline: tuple[ParentLink, int]) -> None:
    link, write_fd = lifeline
    handlers: list[object] = []
    reasons: list[str] = []

    def watch_there() -> None:
        with StopWatch(link) as watch:
            handlers.append(signal.getsignal(signal.SIGTERM))
            reasons.append(wait(watch))

    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=watch_there)
    thread.start()
    os.close(write_fd)
    thread.join(10)
    assert handlers == [before]
    assert reasons == ["let go by the parent"]
