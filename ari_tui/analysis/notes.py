"""What the fold reports besides numbers. Times are ns of CLOCK_REALTIME; `row` is the call's."""

from __future__ import annotations

from typing import NamedTuple


class Interruption(NamedTuple):
    """Nothing came from Asterisk for `gap_ns`, less outages of our own worker, until `at_ns`."""

    row: int
    at_ns: int
    gap_ns: int
    sequence_step: int
    kind: str
    """One of `gaps.KINDS`."""


class Moved(NamedTuple):
    """The floor of a leg ("media", "echo") moved by `by_ns`: a baseline step."""

    row: int
    at_ns: int
    by_ns: int
    leg: str


class NewStream(NamedTuple):
    """A stream began: the first of a call, a new SSRC, or a restarted sequence."""

    row: int
    at_ns: int
    ssrc: int
    previous_ssrc: int | None


class Reanchored(NamedTuple):
    """The timestamp jumped against sequence and arrival for good: transit moved by `by_ns`."""

    row: int
    at_ns: int
    by_ns: int


class Refused(NamedTuple):
    """The echo server's host refused a packet (ECONNREFUSED): nothing listens on the port."""

    row: int
    at_ns: int


class Stalled(NamedTuple):
    """Our own media worker stood still for `length_ns`, until `at_ns`."""

    row: int
    at_ns: int
    length_ns: int


Note = Interruption | Moved | NewStream | Reanchored | Refused | Stalled
