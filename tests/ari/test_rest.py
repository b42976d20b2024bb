from __future__ import annotations

import asyncio
import base64
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from ari_tui.ari.endpoint import AriEndpoint
from ari_tui.ari.models import Channel
from ari_tui.ari.rest import RestSession
from ari_tui.core.errors import (
    AriConflictError,
    AriError,
    AriNotFoundError,
    AriUnauthorizedError,
    AriUnreachableError,
)

INFO = "/ari/asterisk/info"
PATH = ("asterisk", "info")


@pytest.fixture
async def rest(ari: Any) -> AsyncIterator[RestSession]:
    endpoint = AriEndpoint(ari.url, "ari", "s3cret")
    session = RestSession(endpoint, timeout_s=10, retry_delays_s=(0.0, 0.0))
    yield session
    await session.close()


async def test_a_request_carries_the_basic_header_and_no_key_in_its_url(
    ari: Any, rest: RestSession
) -> None:
    ari.answers("GET", INFO, {"ok": True})
    assert await rest.request("GET", PATH, {"only": "system"}) == b'{"ok": true}'
    (seen,) = ari.seen
    assert seen.target == f"{INFO}?only=system"
    assert base64.b64decode(seen.authorization.removeprefix("Basic ")) == b"ari:s3cret"


async def test_an_id_that_looks_like_a_path_stays_one_part(ari: Any, rest: RestSession) -> None:
    ari.answers("DELETE", "/ari/channels/a%2F..%2Fb%3Fx", (204, None))
    assert await rest.request("DELETE", ("channels", "a/../b?x")) == b""


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@pytest.mark.parametrize("trouble", ["drop", (503, {"message": "busy"})])
async def test_what_is_idempotent_is_repeated_after_a_lost_connection_or_503(
    ari: Any, rest: RestSession, method: str, trouble: Any
) -> None:
    ari.answers(method, INFO, trouble, trouble, {"ok": True})
    assert await rest.request(method, PATH) == b'{"ok": true}'


async def test_repeating_ends(ari: Any, rest: RestSession) -> None:
    ari.answers("GET", INFO, (503, {"message": "busy"}))
    with pytest.raises(AriError, match="503 busy") as caught:
        await rest.request("GET", PATH)
    assert caught.value.status == 503
    assert len(ari.seen) == 3


async def test_a_post_is_never_repeated(ari: Any, rest: RestSession) -> None:
    ari.answers("POST", INFO, "drop", {"ok": True})
    with pytest.raises(AriUnreachableError, match="connection was lost"):
        await rest.request("POST", PATH)
    assert len(ari.seen) == 1


async def test_a_request_that_is_not_answered_ends_with_the_time_out(ari: Any) -> None:
    ari.answers("GET", INFO, "hang")
    rest = RestSession(AriEndpoint(ari.url, "ari", "s3cret"), timeout_s=0.2)
    with pytest.raises(AriUnreachableError, match=r"no answer within 0\.2 s"):
        await rest.request("GET", PATH)
    await rest.close()


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, AriError),
        (404, AriNotFoundError),
        (409, AriConflictError),
        (412, AriConflictError),
        (422, AriConflictError),
        (500, AriError),
    ],
)
async def test_a_status_becomes_an_error_with_asterisks_words(
    ari: Any, rest: RestSession, status: int, kind: type[AriError]
) -> None:
    ari.answers("GET", INFO, (status, {"message": "Channel \x1b[2Jnot found"}))
    with pytest.raises(kind, match=f"{INFO}: {status} Channel not found") as caught:
        await rest.request("GET", PATH)
    assert caught.value.status == status
    assert type(caught.value) is kind


async def test_a_wrong_password_says_which_settings_to_check(ari: Any, rest: RestSession) -> None:
    ari.answers("GET", INFO, (401, {"message": "Authentication required"}))
    with pytest.raises(AriUnauthorizedError) as caught:
        await rest.request("GET", PATH)
    assert str(caught.value) == (
        f"Asterisk at http://{ari.url} refused user 'ari': check asterisk.username and "
        "asterisk.password (ari.conf)"
    )


async def test_a_read_only_user_is_named(ari: Any, rest: RestSession) -> None:
    ari.answers("POST", INFO, (403, {"message": "Write access denied"}))
    with pytest.raises(AriUnauthorizedError, match="read_only"):
        await rest.request("POST", PATH)


async def test_a_server_without_ari_is_told_from_a_missing_channel(
    ari: Any, rest: RestSession
) -> None:
    with pytest.raises(AriError, match=r"is it enabled\? \(http.conf") as caught:
        await rest.request("GET", PATH)
    assert not isinstance(caught.value, AriNotFoundError)


async def test_a_redirect_is_not_followed(ari: Any, rest: RestSession) -> None:
    away = web.Response(status=302, headers={"Location": "http://127.0.0.1:1/"})
    ari.answers("GET", INFO, away)
    with pytest.raises(AriError, match="redirect is not followed"):
        await rest.request("GET", PATH)


async def test_a_port_where_nothing_listens_is_told_in_words() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
        rest = RestSession(AriEndpoint(f"127.0.0.1:{port}", "ari", "s3cret"))
        with pytest.raises(
            AriUnreachableError, match=f"nothing listens at http://127.0.0.1:{port}"
        ):
            await rest.request("GET", PATH)
        await rest.close()


async def test_plain_http_where_tls_is_expected_is_told_in_words(ari: Any) -> None:
    rest = RestSession(AriEndpoint(f"https://{ari.url}", "ari", "s3cret"))
    with pytest.raises(AriUnreachableError, match="no TLS at https://"):
        await rest.request("GET", PATH)
    await rest.close()


async def test_no_message_holds_the_password(ari: Any, rest: RestSession) -> None:
    for status in (400, 401, 403, 404, 500):
        ari.answers("GET", f"/ari/{status}", (status, {"message": "no"}))
        with pytest.raises(AriError) as caught:
            await rest.request("GET", (str(status),))
        assert "s3cret" not in str(caught.value)
        assert rest.endpoint.headers["Authorization"].split()[1] not in str(caught.value)


async def test_an_answer_is_decoded_or_named_as_undecodable(ari: Any, rest: RestSession) -> None:
    ari.answers("GET", INFO, {"id": "c"}, {"id": 17})
    assert await rest.read(Channel, "GET", PATH) == Channel("c")
    with pytest.raises(AriError, match=r"the answer is no Channel: .*\$\.id"):
        await rest.read(Channel, "GET", PATH)


async def test_latency_is_the_median_of_answered_requests(ari: Any, rest: RestSession) -> None:
    before = rest.latency_ms
    assert before is None
    ari.answers("GET", INFO, {})
    for _ in range(3):
        await rest.request("GET", PATH)
    assert rest.latency_ms is not None
    assert 0 < rest.latency_ms < 10_000


async def test_a_closed_session_opens_again(ari: Any, rest: RestSession) -> None:
    ari.answers("GET", INFO, {})
    await rest.request("GET", PATH)
    await rest.close()
    assert await rest.request("GET", PATH) == b"{}"


async def test_no_more_connections_are_opened_than_the_pool_allows() -> None:
    open_now = peak = 0
    all_wait = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal open_now, peak
        open_now += 1
        peak = max(peak, open_now)
        if open_now == 3:
            all_wait.set()
        while await reader.readline():
            while (await reader.readline()).strip():
                pass
            await all_wait.wait()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    rest = RestSession(AriEndpoint(f"127.0.0.1:{port}", "u", "p"), timeout_s=20, pool_size=3)
    await asyncio.gather(*(rest.request("GET", PATH) for _ in range(12)))
    await rest.close()
    server.close()
    await server.wait_closed()
    assert peak == 3
