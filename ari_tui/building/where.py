"""The diagnosis in words: `Where` of a call and of the session, out of what was found. Pure.

This is the only place that words findings; surfaces print them as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from ari_tui.analysis.diagnosis.diagnosis import Diagnosed
from ari_tui.analysis.diagnosis.episodes import (
    CALLER_OR_ASTERISK,
    GONE,
    HELD,
    HELD_LONG,
    LATE,
    LOST,
    NO_ANSWER,
    REFUSED,
    RESTARTED,
    SILENT,
    STOPPED,
    Found,
    packets_of,
    rate_of,
)
from ari_tui.analysis.store import Store
from ari_tui.building.figures import NS_PER_MS
from ari_tui.core.number_format import (
    iso,
    ms_short,
    percent_significant,
    plural,
    span_short,
    time_of_day,
)
from ari_tui.document.where import Finding, Unknown, Where

TEXT_WIDTH: Final = 60
_SMALL: Final = 0.1
"""A likely finding of less than this share of the worst trouble is left out: it may be chance."""
_NOTHING_YET: Final = "nothing judged yet: the first seconds are still being settled"
_NAMES: Final = {
    "caller-in": "caller into Asterisk",
    "asterisk": "Asterisk",
    "asterisk-engine": "Asterisk to engine",
    "engine": "this engine",
    "echo-out": "path to echo, outward",
    "echo-back": "path to echo, back",
    "echo-path": "path to echo",
    "echo-server": "echo server",
    "caller-out": "Asterisk to caller",
    CALLER_OR_ASTERISK: "caller or Asterisk",
}
"""The places as short as a line of 60 columns asks."""

_NO_COUNTS: Final = Unknown(
    place="caller-in",
    why="Asterisk keeps no RTP counts of this leg (it does for PJSIP): loss before it is not told "
    "from loss behind it",
)
_NO_REPORTS: Final = Unknown(
    place="caller-out", why="no RTCP reports from the caller: loss on the way to it is not known"
)
_NO_ECHO_COUNTS: Final = Unknown(
    place="echo-path",
    why="the echo server does not answer status queries: the way out, the way back and the server "
    "are not told apart",
)
_NO_PINGS: Final = Unknown(
    place="asterisk", why="no pings of Asterisk are known: its stalls are not told from the caller"
)


def wheres_of(
    store: Store,
    clean_s: float,
    of_s: int,
    unheard: Mapping[int, int],
    failing: Sequence[str] = (),
) -> tuple[Where, dict[int, Where]]:
    """Return the diagnosis of the session and of each call.

    The session has judged `clean_s` of `of_s` seconds. `unheard` are the calls that have waited
    long for their first packet, and since when (ns); `failing` the rules that the session breaks.
    """
    calls = {number: store.diagnosis.of_call(store, number) for number in store.row_of}
    unseen = {number: _unseen_of(store, number) for number in calls}
    each = {
        number: _where(one, unseen[number], f"no fault seen, {_judged(one)}")
        for number, one in calls.items()
    }
    each |= {number: _unheard(since_ns, 1) for number, since_ns in unheard.items()}
    session = store.diagnosis.of_all(store, list(calls.values()))
    clean = f"no fault seen, {plural(session.calls, 'call')}, {clean_s:.0f} of {of_s} s"
    heard = [found for number, found in unseen.items() if number not in unheard]
    where = _where(session, _unseen_of_all(heard), clean)
    if unheard and not where.findings:
        where = _unheard(min(unheard.values()), len(unheard))
    elif where.clean and failing:
        where = _failing_alone(where, failing)
    return where, each


def _failing_alone(where: Where, failing: Sequence[str]) -> Where:
    """Return the diagnosis of a session that breaks rules without a fault that repeats."""
    text = f"no lasting fault seen, but {', '.join(failing)} breaks the SLA"
    why = "single round trips break a rule: in too few seconds to belong to a place"
    one = Unknown(place="echo-path", why=why, text=text)
    return Where(line=text, findings=[], unknown=[one, *where.unknown], clean=False)


def _judged(diagnosed: Diagnosed) -> str:
    return f"{diagnosed.seconds - diagnosed.limited} of {diagnosed.seconds} s"


def _unheard(since_ns: int, calls: int) -> Where:
    """Return the diagnosis of calls of which nothing has come from Asterisk."""
    on = f" on {plural(calls, 'call')}" if calls > 1 else ""
    text = f"{_NAMES[CALLER_OR_ASTERISK]}: no packet{on} since {time_of_day(since_ns / 1e9)}"
    why = (
        "answered and bridged, but nothing came: a caller that sends nothing, a firewall between "
        "Asterisk and this engine, or Asterisk itself"
    )
    one = Unknown(place="caller-in", why=why, text=text, since=iso(since_ns), calls=calls)
    return Where(line=text, findings=[], unknown=[one], clean=False)


def _where(diagnosed: Diagnosed, unseen: list[Unknown], clean: str) -> Where:
    largest = max((one.episode.badness for one in diagnosed.found), default=0.0)
    shown = [one for one in diagnosed.found if _worth(one, largest)]
    findings = [_finding(of_place, diagnosed) for of_place in _by_place(shown, unknown=False)]
    troubles = [_trouble(of_place) for of_place in _by_place(shown, unknown=True)]
    unknown = [*troubles, *unseen]
    if not shown:
        line = clean if diagnosed.seconds > diagnosed.limited else _NOTHING_YET
        return Where(line=line, findings=[], unknown=unknown, clean=line == clean)
    first = shown[0]
    if first.key.place == CALLER_OR_ASTERISK and troubles:
        return Where(line=troubles[0].text or "", findings=findings, unknown=unknown, clean=False)
    return Where(line=findings[0].text, findings=findings, unknown=unknown, clean=False)


def _worth(one: Found, largest: float) -> bool:
    return one.proved or one.episode.badness >= _SMALL * largest


def _by_place(found: Sequence[Found], *, unknown: bool) -> list[list[Found]]:
    """Return the findings by place, each place's in their order, the worst place first."""
    places: dict[str, list[Found]] = {}
    for one in found:
        if (one.key.place == CALLER_OR_ASTERISK) == unknown:
            places.setdefault(one.key.place, []).append(one)
    return list(places.values())


def _finding(of_place: list[Found], diagnosed: Diagnosed) -> Finding:
    """Return what was found at one place: its worst kind, the others as evidence."""
    first = of_place[0]
    episode = first.episode
    sure = "proved" if first.proved else "likely"
    calls = max(diagnosed.calls, first.calls)
    return Finding(
        place=first.key.place,
        what=first.key.what,
        text=text_of(first, sure, calls),
        since=_second(episode.since),
        until=None if first.lasts else _second(episode.last + 1),
        seconds=float(episode.seconds),
        calls=first.calls,
        of_calls=calls,
        evidence=[line for one in of_place for line in _evidence(one, calls)],
        against=_against(first),
        confidence=sure,
    )


def _trouble(of_place: list[Found]) -> Unknown:
    first = of_place[0]
    return Unknown(
        place="caller-in",
        why=_why_unknown(first),
        text=text_of(first, "not known", first.calls),
        since=_second(first.episode.since),
        seconds=float(first.episode.seconds),
        calls=first.calls,
    )


def _second(second: int) -> str:
    return iso(second * 1_000_000_000)


def text_of(one: Found, sure: str, of_calls: int) -> str:
    """Return the finding in one line of at most TEXT_WIDTH columns."""
    name, what, when = _NAMES[one.key.place], _what(one), _when(one)
    some = f" on {one.calls} of {of_calls} calls" if one.calls < of_calls else ""
    for calls in (some, ""):
        text = f"{name}: {what}{calls} {when} ({sure})"
        if one.key.place == CALLER_OR_ASTERISK:
            text = f"{name}, not known: {what}{calls} {when}"
        if len(text) <= TEXT_WIDTH:
            break
    return text


def _when(one: Found) -> str:
    """Return since when it lasts, or from when to when it did."""
    since, until = time_of_day(one.episode.since), time_of_day(one.episode.last + 1)
    if one.lasts:
        return f"since {since}"
    if since[:2] == until[:2]:
        return f"{since}–{until[3:]}"
    return f"{since[:5]}–{until[:5]}"


def _what(one: Found) -> str:
    episode, what = one.episode, one.key.what
    rate = percent_significant(rate_of(one.key, episode), 2, " %")
    place = one.key.place
    if place == "asterisk" and what in (RESTARTED, GONE):
        return f"{'restarted, ' * (what == RESTARTED)}away {span_short(episode.seconds)}"
    if place == "asterisk" and what in (SILENT, LATE):
        return f"stood still in {span_short(episode.seconds)}"
    if place == CALLER_OR_ASTERISK and what == LOST:
        return f"{rate} missing"
    match what:
        case "lost" | "late" | "dropped":
            return f"{rate} {what}"
        case "delay":
            return f"round trip {ms_short(episode.worst_ns / NS_PER_MS)} ms"
        case "silent":
            return f"silent {span_short(episode.seconds)}"
        case "held" | "held-long":
            return f"held {rate}"
        case "stopped":
            return f"stopped {span_short(episode.facts['down ms'] / 1000, tenths=True)}"
        case "refused":
            return "not running"
        case "no-answer":
            return "nothing comes back"
    return what


def _evidence(one: Found, of_calls: int) -> list[str]:
    """Return what speaks for a finding, as sentences."""
    episode, (place, what) = one.episode, one.key
    lines = [_counted(one)]
    if one.calls > 1:
        common = 2 * one.calls >= of_calls
        cause = ": one cause for all" if common else ""
        lines.append(f"{one.calls} of {of_calls} calls{cause}")
    elif of_calls > 1:
        lines.append(f"1 of {of_calls} calls")
    lines += [
        text.format(n=f"{n:,}") for fact, n in episode.facts.items() if (text := _FACTS.get(fact))
    ]
    if what in (HELD, HELD_LONG):
        lines.append(f"the longest stayed {ms_short(episode.worst_ns / NS_PER_MS)} ms")
    elif what in (LATE, SILENT) and not place.startswith("echo"):
        lines.append(f"up to {ms_short(episode.worst_ns / NS_PER_MS)} ms in one second")
    if "limit_us" in episode.facts:
        limit_ms = episode.facts["limit_us"] / 1000 / max(episode.seconds, 1)
        lines.append(f"the limit for half of the packets is {ms_short(limit_ms)} ms")
    if one.earlier:
        lines.append(f"the same {plural(one.earlier, 'time')} before")
    return lines


_FACTS: Final = {
    "counted by Asterisk": "Asterisk itself counts {n} packets lost on the caller's leg",
    "seen in timestamps": "{n} of them are missing from the timestamps alone: the call is "
    "transcoded",
    "counted by the echo server": "split by the echo server's own counts ({n} packets)",
    "reported by the far end": "the far end's RTCP reports count {n} more than the gaps sent to it",
    "seconds with a slow ping": "Asterisk's pings were slow or failed in {n} of these seconds",
    "received less": "Asterisk received less than was due in {n} of these seconds",
    "received all": "Asterisk received from the caller what was due in {n} of these seconds",
    "like the others": "{n} of these seconds like the others of the same minute",
    "jitter rose": "Asterisk's own jitter of the caller's leg rose in {n} of these seconds",
}


def _counted(one: Found) -> str:
    episode = one.episode
    share = percent_significant(rate_of(one.key, episode), 2, " %")
    of = (
        f"{episode.hits:,} of {packets_of(one.key, episode.hits, episode.sent):,} packets ({share})"
    )
    seconds = plural(episode.seconds, "bad second")
    verb = {
        LOST: "did not come back" if one.key.place.startswith("echo") else "were lost",
        LATE: "came late",
        SILENT: "were due in silence",
        HELD: "were held",
        HELD_LONG: "were held for longer than a jitter buffer",
        "dropped": "were dropped by the kernel",
        "delay": "took longer than the limit",
        NO_ANSWER: "got no answer",
        REFUSED: "were refused: nothing listens there",
        STOPPED: "fell into its outage",
    }.get(one.key.what)
    return f"{seconds}: {of} {verb}" if verb else seconds


def _against(one: Found) -> list[str]:
    place, what = one.key
    lines = []
    if not one.proved and what not in (RESTARTED, GONE):
        lines.append(
            "inferred, not seen from both sides"
            if not one.episode.sure
            else "too few packets to prove a rate beyond the limit"
        )
    if place == "echo-path" and what == LOST:
        lines.append("without the echo server's counts its path and itself are not told apart")
    if place == "echo-path" and what == NO_ANSWER:
        lines.append("while nothing answers, path and server are not told apart")
    if place == "echo-path" and what in (LATE, "delay"):
        lines.append("a round trip does not tell the way out from the way back")
    if one.episode.facts["holds not told"]:
        lines.append("this echo server does not tell how long it holds packets: it may be slow")
    if place == "caller-in" and what == SILENT:
        lines.append("a caller that sends nothing (mute, silence suppression) looks the same")
    if place == "asterisk-engine":
        lines.append("Asterisk's own sending is not told from the way to this engine")
    return lines


def _why_unknown(one: Found) -> str:
    facts, what = one.episode.facts, one.key.what
    if what == LOST:
        if facts["uncounted holes"]:
            return (
                "packet times are missing from the timestamps alone, and Asterisk counts no loss "
                "on the caller's leg: its pause, or loss that was not counted"
            )
        return (
            "the caller's leg, Asterisk, or the way from it: Asterisk's own counts of the caller's "
            "leg, which move every 5 s, have not told yet, or are not kept"
        )
    if facts["pings not known"]:
        return (
            "the caller's leg or Asterisk: no ping was answered in these seconds, or too slowly to "
            "rule Asterisk out and too fast to explain them"
        )
    return (
        "the caller's leg or Asterisk: Asterisk answered its pings at once, and neither its counts "
        "nor its jitter of the caller's leg show the cause"
    )


def _unseen_of(store: Store, number: int) -> list[Unknown]:
    """Return what of a call cannot be seen."""
    found = []
    newest = store.outside.newest_of(number)
    if newest is None:
        found.append(_NO_COUNTS)
    if newest is None or newest.counts.lost_out is None:
        found.append(_NO_REPORTS)
    direction = store.directions.get(store.row_of[number])
    if direction is None or not direction.intervals:
        found.append(_NO_ECHO_COUNTS)
    if not store.outside.pinged:
        found.append(_NO_PINGS)
    return found


def _unseen_of_all(each: list[list[Unknown]]) -> list[Unknown]:
    """Return what of the session cannot be seen, each once, with how many calls it concerns."""
    counted: dict[str, tuple[Unknown, int]] = {}
    for one in (one for found in each for one in found):
        counted[one.place] = (one, counted.get(one.place, (one, 0))[1] + 1)
    return [
        Unknown(place=one.place, why=f"{one.why} ({calls} of {len(each)} calls)", calls=calls)
        for one, calls in counted.values()
    ]
