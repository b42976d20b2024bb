"""Who hung up a channel and why, as far as ARI tells; the causes of Q.850 in words.

A ChannelHangupRequest with `soft` comes from within Asterisk: its `cause` holds the flags of
`AST_SOFTHANGUP_…` (asterisk/channel.h), not a cause of Q.850. Without `soft` the far end hung up; a
SIP phone's BYE has no `cause` then (Asterisk 16 and 22, whatever its Reason header says). A
caller's ChannelDestroyed, which has the cause, is sent only where our application created it.
"""

from __future__ import annotations

from typing import Final

HUNG_UP_BY_CALLER: Final = "caller hung up"
HUNG_UP_BY_OTHERS: Final = "hung up by another client or Asterisk's command line"
_BY_ASTERISK: Final = "hung up by Asterisk"
SHUT_DOWN: Final = f"{_BY_ASTERISK}, which shuts down"
_SOFT: Final = {
    0x20: HUNG_UP_BY_OTHERS,
    0x08: f"{_BY_ASTERISK}: its time limit is over (TIMEOUT in the dialplan)",
    0x04: SHUT_DOWN,
    0x01: f"{_BY_ASTERISK}: no RTP from the caller for the endpoint's rtp_timeout",
}
"""By the flag of `AST_SOFTHANGUP_…`: EXPLICIT, TIMEOUT, SHUTDOWN, DEV."""

CAUSES: Final = {
    1: "unallocated number",
    2: "no route to transit network",
    3: "no route to destination",
    6: "channel unacceptable",
    7: "call awarded",
    16: "normal call clearing",
    17: "user busy",
    18: "no user responding",
    19: "no answer from user",
    20: "subscriber absent",
    21: "call rejected",
    22: "number changed",
    23: "redirection to new destination",
    26: "non-selected user clearing",
    27: "destination out of order",
    28: "invalid number format",
    29: "facility rejected",
    30: "response to status enquiry",
    31: "normal, unspecified",
    34: "no circuit or channel available",
    38: "network out of order",
    41: "temporary failure",
    42: "switching equipment congestion",
    43: "access information discarded",
    44: "requested circuit or channel not available",
    47: "resource unavailable",
    50: "requested facility not subscribed",
    57: "bearer capability not authorized",
    58: "bearer capability not available",
    63: "service or option not available",
    65: "bearer capability not implemented",
    66: "channel type not implemented",
    69: "requested facility not implemented",
    79: "service or option not implemented",
    81: "invalid call reference",
    88: "incompatible destination",
    95: "invalid message",
    96: "mandatory information element missing",
    97: "message type non-existent or not implemented",
    98: "message not compatible with call state",
    99: "information element not implemented",
    100: "invalid information element contents",
    101: "message not compatible with call state",
    102: "recovery on timer expiry",
    111: "protocol error",
    127: "interworking, unspecified",
}
"""ITU-T Q.850 (10/2018), table 1; 44 is also what Asterisk sets for an RTP time-out."""
_BY_FAR_END: Final = frozenset({0, 16, 17, 21, 26, 31})
_NO_ANSWER: Final = frozenset({18, 19, 102})


def cause_text(cause: int) -> str:
    """Return a cause of Q.850 as number and words: `16 normal call clearing`."""
    return f"{cause} {CAUSES.get(cause, 'not in Q.850')}"


def requested(cause: int | None, *, soft: bool) -> str:
    """Return who asked for the end of a caller's channel, by its ChannelHangupRequest."""
    if not soft:
        return ended(cause or 0)
    return next((text for flag, text in _SOFT.items() if (cause or 0) & flag), _BY_ASTERISK)


def ended(cause: int) -> str:
    """Return why a caller's channel ended, by its cause of Q.850; 0: not told."""
    if cause in _NO_ANSWER:
        return f"no answer from the phone ({cause_text(cause)})"
    if cause not in _BY_FAR_END:
        return f"caller's leg failed ({cause_text(cause)})"
    return f"{HUNG_UP_BY_CALLER} ({cause_text(cause)})" if cause else HUNG_UP_BY_CALLER
