"""Signals as a wish to stop: the first decides the exit code."""

import asyncio
import os
import signal

import pytest

from ari_tui.core.exit_codes import SIGNAL_CODES
from ari_tui.core.signals import StopSignals


@pytest.mark.parametrize(("number", "code"), SIGNAL_CODES.items())
async def test_a_signal_sets_the_event_and_its_exit_code(number: int, code: int) -> None:
    with StopSignals() as signals:
        os.kill(os.getpid(), number)
        await asyncio.wait_for(signals.stop.wait(), 10)
    assert signals.exit_code == code


async def test_the_first_of_several_signals_decides_and_the_second_asks_to_hurry() -> None:
    with StopSignals() as signals:
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(signals.stop.wait(), 10)
        assert not signals.again.is_set()
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.wait_for(signals.again.wait(), 10)
    assert (signals.name, signals.exit_code) == ("SIGTERM", 143)


async def test_without_a_signal_there_is_no_exit_code_and_handlers_are_given_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with StopSignals() as signals:
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before
    assert not signals.stop.is_set()
    assert signals.exit_code == 0


async def test_a_terminal_that_says_twice_that_it_has_gone_is_not_impatient() -> None:
    with StopSignals() as signals:
        os.kill(os.getpid(), signal.SIGHUP)
        await signals.stop.wait()
        os.kill(os.getpid(), signal.SIGHUP)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not signals.again.is_set()
        os.kill(os.getpid(), signal.SIGTERM)
        await signals.again.wait()
        assert (signals.name, signals.exit_code) == ("SIGHUP", 129)
