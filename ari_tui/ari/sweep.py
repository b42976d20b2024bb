"""What to clean up, as pure functions over what Asterisk lists and which calls live.

Asterisk keeps channels, bridges and RTP when a client crashes or loses its event stream, so
these are compared at start, after each reconnect and every two minutes. Only ids of our own
application are ever touched.

Reading lists takes time, and calls change meanwhile. So `calls_before` is taken before the
requests and `calls_now` after the last answer: a call that is only in `calls_now` is too young
to be missed in a list, and what belongs to it is no leftover.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final, NamedTuple

from ari_tui.ari.ids import is_own_caller, parse_id
from ari_tui.ari.models import Bridge, Channel

MOVED: Final = "moved to another bridge by another client"


class LiveCall(NamedTuple):
    """A call as the sweep sees it: its caller, and what must exist in Asterisk by now."""

    number: int
    caller_id: str
    caller_expected: bool
    """Whether the caller must be in our application: false once the call is being torn down."""
    media_id: str | None
    """Our media channel; None while it need not exist."""
    bridge_id: str | None
    """Our bridge; None while it need not exist."""


class LostCall(NamedTuple):
    """A call that lacks a part; feed it to `caller_gone(reason)` or `release(reason)`."""

    number: int
    reason: str
    caller_gone: bool


class SweepPlan(NamedTuple):
    """What a sweep found; carry it out in this order."""

    lost: tuple[LostCall, ...]
    hang_up: tuple[str, ...]
    """Ids of media channels without a call."""
    delete_bridges: tuple[str, ...]
    """Ids of bridges without a call."""
    new_callers: tuple[Channel, ...]
    """Callers in our application without a call: to be taken up as new calls. Those in another
    client's bridge are that client's."""


def plan_sweep(
    app: str,
    session: str,
    *,
    channels: Collection[Channel],
    bridges: Collection[Bridge],
    app_channel_ids: Collection[str],
    calls_before: Collection[LiveCall],
    calls_now: Collection[LiveCall],
) -> SweepPlan:
    """Compare what Asterisk lists with the calls of this session.

    `app_channel_ids` is `GET /applications/{app}`'s. Leftovers are what other sessions of our
    application left behind, and what is of this session without a call in `calls_now` (a call
    that is draining still counts as live: it cleans up itself).
    """
    numbers = {call.number for call in calls_now}
    elsewhere = _in_other_bridges(app, bridges)
    known_callers = {call.caller_id for call in (*calls_before, *calls_now)}
    return SweepPlan(
        lost=_lost_calls(channels, bridges, app_channel_ids, calls_before, calls_now, elsewhere),
        hang_up=_leftovers((channel.id for channel in channels), app, session, numbers),
        delete_bridges=_leftovers((bridge.id for bridge in bridges), app, session, numbers),
        new_callers=tuple(
            channel
            for channel in channels
            if channel.id in set(app_channel_ids)
            and (parse_id(channel.id) is None or is_own_caller(channel.id, app, session))
            and channel.id not in known_callers | elsewhere
        ),
    )


def _in_other_bridges(app: str, bridges: Collection[Bridge]) -> frozenset[str]:
    """Return the channels in bridges that are not of our application: another client's."""
    return frozenset(
        channel_id
        for bridge in bridges
        if (owned := parse_id(bridge.id)) is None or owned.app != app
        for channel_id in bridge.channels
    )


def _leftovers(
    ids: Iterable[str], app: str, session: str, numbers: Collection[int]
) -> tuple[str, ...]:
    found = []
    for text in ids:
        owned = parse_id(text)
        if owned is None or owned.app != app or is_own_caller(text, app, session):
            continue  # the load test hangs up its own calls
        if owned.session != session or owned.number not in numbers:
            found.append(text)
    return tuple(found)


def _lost_calls(
    channels: Collection[Channel],
    bridges: Collection[Bridge],
    app_channel_ids: Collection[str],
    calls_before: Collection[LiveCall],
    calls_now: Collection[LiveCall],
    elsewhere: Collection[str],
) -> tuple[LostCall, ...]:
    by_id = {channel.id: channel for channel in channels}
    bridge_ids = {bridge.id for bridge in bridges}
    # what changed between the two readings is handled by events
    unchanged = set(calls_before) & set(calls_now)
    lost = []
    for call in sorted(unchanged, key=lambda call: call.number):
        if call.caller_expected and call.caller_id not in by_id:
            lost.append(LostCall(call.number, "caller is no longer in Asterisk", True))
        elif call.caller_expected and _left(by_id[call.caller_id], app_channel_ids):
            lost.append(LostCall(call.number, "caller left the application", True))
        elif call.caller_expected and call.caller_id in elsewhere:
            lost.append(LostCall(call.number, MOVED, True))
        elif call.media_id is not None and call.media_id not in by_id:
            lost.append(LostCall(call.number, "our media channel is no longer there", False))
        elif call.bridge_id is not None and call.bridge_id not in bridge_ids:
            lost.append(LostCall(call.number, "our bridge is no longer there", False))
    return tuple(lost)


def _left(channel: Channel, app_channel_ids: Collection[str]) -> bool:
    # both signs are needed: an originated channel shows another dialplan application
    return channel.id not in app_channel_ids and channel.dialplan.app_name != "Stasis"
