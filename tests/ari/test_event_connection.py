from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.frames import Close
from websockets.http11 import Response

from ari_tui.ari.endpoint import AriEndpoint
from ari_tui.ari.event_connection import (
    FAILURES,
    FATAL_AT_FIRST,
    Patience,
    explain,
    fatal,
    open_events,
    was_silent,
)
from ari_tui.errors import AriError, AriUnauthorizedError

PATIENCE = Patience(open_s=2.5)


def endpoint(url: str = "127.0.0.1:1") -> AriEndpoint:
    return AriEndpoint(url, "ari", "s3cret")


def refused(status: int) -> InvalidStatus:
    return InvalidStatus(Response(status, "", Headers()))


async def test_the_handshake_has_the_basic_header_and_no_key_in_its_url(ari: Any) -> None:
    async with open_events(endpoint(ari.url), "ari-tui", Patience()):
        pass
    (seen,) = ari.seen
    assert seen.target == "/ari/events?app=ari-tui&subscribeAll=false"
    assert seen.authorization.startswith("Basic ")


async def test_a_debug_log_does_not_hold_the_authorization_header(
    ari: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        async with open_events(endpoint(ari.url), "ari-tui", Patience()):
            pass
    assert ari.seen[0].authorization
    assert ari.seen[0].authorization.split()[1] not in caplog.text


async def test_a_redirect_is_not_followed(ari: Any) -> None:
    ari.refuse_events.append(302)
    with pytest.raises(InvalidStatus) as caught:
        async with open_events(endpoint(ari.url), "ari-tui", Patience()):
            pass
    assert isinstance(caught.value, FAILURES)
    words, status = explain(caught.value, endpoint(ari.url), PATIENCE)
    assert status == 302
    assert "302" in words
    assert len(ari.handshakes) == 1


@pytest.mark.parametrize(
    ("error", "words", "status"),
    [
        (refused(401), "refused user 'ari' its events (401)", 401),
        (refused(403), "refused user 'ari' its events (403)", 403),
        (refused(404), "is it enabled?", 404),
        (refused(503), "answered the event request with 503", 503),
        (ConnectionRefusedError(111, "refused"), "nothing listens at", None),
        (asyncio.TimeoutError(), "within 2.5 s", None),
        (OSError("no route\x1b[2J to host"), "no route to host", None),
        (EOFError(), "EOFError", None),
    ],
)
def test_why_it_cannot_be_opened_is_said_with_where_and_what_to_do(
    error: Exception, words: str, status: int | None
) -> None:
    told, found = explain(error, endpoint(), PATIENCE)
    assert words in told
    assert "127.0.0.1:1" in told
    assert "s3cret" not in told
    assert told.isprintable()
    assert found == status


@pytest.mark.parametrize("status", sorted(FATAL_AT_FIRST))
def test_a_refusal_for_good_is_an_error_with_its_status(status: int) -> None:
    error = fatal("refused", status)
    assert error.status == status
    assert isinstance(error, AriUnauthorizedError) is (status != 404)
    assert isinstance(error, AriError)


@pytest.mark.parametrize(
    ("sent", "silent"),
    [(Close(1011, "keepalive ping timeout"), True), (Close(1000, ""), False), (None, False)],
)
def test_a_peer_that_answered_no_ping_was_silent(sent: Close | None, silent: bool) -> None:
    assert was_silent(ConnectionClosedError(None, sent)) is silent
