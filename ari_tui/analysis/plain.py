"""The fold of records of streams that go on, of echoes, and of the rest, each by its kind."""

from __future__ import annotations

import errno

import numpy as np

from ari_tui.analysis import counters as c
from ari_tui.analysis.echo_leg import fold_echo
from ari_tui.analysis.events import Note, Refused
from ari_tui.analysis.media_leg import fold_media
from ari_tui.analysis.records import Ints, Records, pick
from ari_tui.analysis.store import Store
from ari_tui.wire import record as r


def fold_plain(store: Store, rows: Ints, records: Records) -> list[Note]:
    """Fold records (`rows` sorted) of calls whose stream does not change: media, then echo."""
    notes: list[Note] = []
    kind = records["kind"]
    media, echo = kind == r.KIND_MEDIA_IN, kind == r.KIND_ECHO_IN
    if media.any():
        notes += fold_media(store, rows[media], pick(records, media))
    if echo.any():
        notes += fold_echo(store, rows[echo], pick(records, echo))
    rest = ~(media | echo)
    if rest.any():
        notes += _fold_rest(store, rows[rest], pick(records, rest))
    refused = (records["flags"] & r.FLAG_REFUSED != 0) & (media | echo)
    if refused.any():
        notes += _refusals(store, rows[refused], pick(records, refused))
    return notes


def _refusals(store: Store, rows: Ints, records: Records) -> list[Note]:
    """Count refusals by the echo server's host: those met by a send towards it."""
    towards_echo = records["kind"] != r.KIND_ECHO_IN
    store.tally(c.ECHO_REFUSED, rows[towards_echo])
    return [
        Refused(int(row), int(record["rx_ns"]))
        for row, record in zip(rows[towards_echo], records[towards_echo], strict=True)
    ]


def _fold_rest(store: Store, rows: Ints, records: Records) -> list[Note]:
    """Fold the records that tell of no measured packet."""
    kind, echo_leg = records["kind"], records["flags"] & r.FLAG_ECHO_LEG != 0
    for which, counter in ((r.KIND_MALFORMED, c.MALFORMED), (r.KIND_FOREIGN, c.FOREIGN)):
        store.tally(counter, rows[kind == which])
    for i in np.flatnonzero(kind == r.KIND_SOCKET_REPORT):
        _note_drops(store, int(rows[i]), int(echo_leg[i]), records[i])
    failed = kind == r.KIND_SEND_ERROR
    refused = failed & echo_leg & (records["errno"] == errno.ECONNREFUSED)
    store.tally(c.SEND_ERRORS, rows[failed & ~refused])
    return _refusals(store, rows[refused], records[refused])


def _note_drops(store: Store, row: int, leg: int, report: Records) -> None:
    """Count what a socket has dropped since its last report, which tells its total so far."""
    dropped = int(report["aux"])
    if dropped > store.drops[row, leg]:
        store.counters[row, c.SOCKET_DROPS] += dropped - store.drops[row, leg]
        store.limit_drops(row, int(report["rx_ns"]))
        store.drops[row, leg] = dropped
