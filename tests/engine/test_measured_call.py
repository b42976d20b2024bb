"""What the shell knows of one call."""

from ari_tui.ari.call_machine import CallMachine
from ari_tui.ari.ids import CallIds
from ari_tui.ari.models import Channel
from ari_tui.engine.measured_call import MeasuredCall


def test_a_call_is_over_when_nothing_is_left_to_do_for_it() -> None:
    caller = Channel("170.1", state="Up")
    machine = CallMachine(7, CallIds("m", "b"), caller)
    call = MeasuredCall("s.7", machine, 5)
    (add,) = machine.start()
    assert (call.number, call.over) == (7, False)
    machine.caller_gone("left")
    assert not call.over  # its ports are on their way
    (remove,) = machine.succeeded(add)
    assert not call.over
    machine.succeeded(remove)
    assert call.over


def test_calls_do_not_share_their_events() -> None:
    machine = CallMachine(7, CallIds("m", "b"), Channel("170.1"))
    one, other = MeasuredCall("s.7", machine, 5), MeasuredCall("s.7", machine, 5)
    one.drained.set()
    assert not other.drained.is_set()
