"""Who hung up and why, by what Asterisk 16 and 22 send (tests/asterisk/test_moments.py)."""

import pytest

from ari_tui.ari import hangup
from ari_tui.ari.call_machine import CallEnd


@pytest.mark.parametrize(
    ("soft", "cause", "reason"),
    [
        (False, None, "caller hung up"),
        (False, 0, "caller hung up"),
        (False, 16, "caller hung up (16 normal call clearing)"),
        (False, 102, "no answer from the phone (102 recovery on timer expiry)"),
        (False, 38, "caller's leg failed (38 network out of order)"),
        (True, 32, "hung up by another client or Asterisk's command line"),
        (True, 1, "hung up by Asterisk: no RTP from the caller for the endpoint's rtp_timeout"),
        (True, 8, "hung up by Asterisk: its time limit is over (TIMEOUT in the dialplan)"),
        (True, 4, "hung up by Asterisk, which shuts down"),
        (True, 0x100, "hung up by Asterisk"),
        (True, None, "hung up by Asterisk"),
    ],
)
def test_a_request_to_hang_up_tells_who_asked(soft: bool, cause: int | None, reason: str) -> None:
    assert hangup.requested(cause, soft=soft) == reason


def test_flags_of_a_soft_hangup_are_no_causes_of_q850() -> None:
    assert hangup.requested(1, soft=False) == "caller's leg failed (1 unallocated number)"
    assert "unallocated" not in hangup.requested(1, soft=True)


@pytest.mark.parametrize("cause", [0, 5, 128, 10_000])
def test_a_cause_that_q850_does_not_have_is_told_by_its_number(cause: int) -> None:
    assert hangup.cause_text(cause) == f"{cause} not in Q.850"


def test_the_cause_of_the_destroyed_channel_completes_a_hang_up_without_one() -> None:
    call_end = CallEnd()
    call_end.hangup_event("c", soft=False)
    assert call_end.reason("c", destroyed=False) == "caller hung up"
    assert call_end.reason("c", destroyed=True, cause=16).endswith("(16 normal call clearing)")


def test_the_cause_of_the_destroyed_channel_does_not_hide_who_asked_for_its_end() -> None:
    call_end = CallEnd()
    call_end.hangup_event("c", soft=True, cause=32)
    assert call_end.reason("c", destroyed=True, cause=16) == hangup.HUNG_UP_BY_OTHERS
