"""Reasons why calls fail, and hints."""

from __future__ import annotations

from typing import Final, NamedTuple


class FailureCause(NamedTuple):
    """A reason, and a hint where there is one."""

    reason: str
    hint: str | None = None


_CHECK_NUMBER: Final = "is the extension in that context of the dialplan, the number right?"
_CAUSES: Final = {
    0: FailureCause(
        "no such extension, or it hung up at once",
        f"{_CHECK_NUMBER} The default one is in contrib/asterisk/extensions.conf",
    ),
    1: FailureCause("unallocated number", _CHECK_NUMBER),
    3: FailureCause("no route to destination", _CHECK_NUMBER),
    16: FailureCause(
        "hung up before it answered", "does the dialplan answer? Answer() before it waits"
    ),
    17: FailureCause("busy", "the endpoint takes no more calls: fewer at once, or more endpoints"),
    18: FailureCause(
        "no answer: nothing responds there", "is the endpoint registered and reachable?"
    ),
    19: FailureCause("rang, nobody answered"),
    20: FailureCause("subscriber absent", "is the endpoint registered?"),
    21: FailureCause("call rejected", "does the far side allow calls from here?"),
    27: FailureCause("destination out of order", "is the endpoint registered and reachable?"),
    28: FailureCause("invalid number format", _CHECK_NUMBER),
    34: FailureCause(
        "congestion: no circuit or channel available", "too many calls at once for a trunk?"
    ),
    38: FailureCause("network out of order"),
    42: FailureCause("switching equipment congestion", "too many calls at once, or a second?"),
    58: FailureCause(
        "bearer capability not available", "is a codec common? ulaw or alaw is needed"
    ),
}
_DIALSTATUS_CAUSES: Final = {"BUSY": 17, "NOANSWER": 19, "CONGESTION": 34, "CHANUNAVAIL": 20}
_UNSPECIFIC: Final = (0, 16)
"""Causes that DIALSTATUS overrides: a Local channel ends with cause 0 (Asterisk 22)."""
NO_EVENT: Final = FailureCause("neither answered nor hung up in time", "was the event stream away?")
NO_MEDIA_OUT: Final = FailureCause(
    "answered, but no packet came from Asterisk",
    "endpoint sends no audio: is it answered by a dialplan that only waits? Local into Echo() "
    "sends nothing: try Milliwatt(), Playback() or music on hold; a firewall looks the same",
)


def refused(error: Exception) -> FailureCause:
    """Return the cause of a rejected originate request."""
    text = str(error)
    hint = (
        "is there such a technology and endpoint? `pjsip show endpoints`, `core show channeltypes`"
    )
    return FailureCause(text, hint if "llocation failed" in text else None)


def ended(cause: int, words: str, dialstatus: str = "") -> FailureCause:
    """Return why a call ended unanswered: Q.850 cause, its text, DIALSTATUS."""
    effective = _DIALSTATUS_CAUSES.get(dialstatus, cause) if cause in _UNSPECIFIC else cause
    known = _CAUSES.get(effective, FailureCause(f"ended by cause {cause}"))
    details = [text for text in (f"cause {cause}", words, dialstatus) if text and text != "Unknown"]
    return FailureCause(f"{known.reason} ({', '.join(details)})", known.hint)


def unanswered(seconds: float) -> FailureCause:
    """Return the cause of a call that rang until the timeout."""
    return FailureCause(f"rang for {seconds:g} s, nobody answered")


def not_bridged(reason: str) -> FailureCause:
    """Return the cause of a call that was answered but not bridged."""
    return FailureCause(f"answered, but could not be set up: {reason}")


def no_media_back(echo: str) -> FailureCause:
    """Return the cause of a call without packets from the echo server."""
    return FailureCause(
        "packets went to the echo server, none came back",
        f"does an echo server run at {echo}? `ari-tui echo`, echo.host and echo.port",
    )


def silence(allowed_s: float, way: str) -> FailureCause:
    """Return the cause of a call with interrupted media; `way` is "out" or "back"."""
    if way == "back":
        return FailureCause(f"nothing came back from the echo server for more than {allowed_s:g} s")
    return FailureCause(
        f"no packets from Asterisk for more than {allowed_s:g} s",
        "does the endpoint stop talking, or does a path break off?",
    )
