from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from ari_tui.ari.client import AriClient
from ari_tui.ari.models import Bridge, Channel
from ari_tui.core.errors import (
    AriConflictError,
    AriError,
    AriNotFoundError,
    AriUnauthorizedError,
    AriUnreachableError,
    ConfigError,
)

MISSING = (404, {"message": "Channel not found"})


@pytest.fixture
async def client(ari: Any) -> AsyncIterator[AriClient]:
    async with AriClient(ari.url, "ari", "s3cret") as client:
        yield client


async def test_version_and_round_trip_are_read(ari: Any, client: AriClient) -> None:
    ari.answers("GET", "/ari/asterisk/info", {"system": {"version": "22.10.0"}})
    assert (await client.info()).system.version == "22.10.0"
    assert client.latency_ms is not None


async def test_an_application_lists_its_channels(ari: Any, client: AriClient) -> None:
    ari.answers("GET", "/ari/applications/ari-tui", {"name": "ari-tui", "channel_ids": ["1.2"]})
    assert (await client.application("ari-tui")).channel_ids == ("1.2",)


@pytest.mark.parametrize(("answer", "able"), [((204, None), True), (MISSING, False)])
async def test_an_asterisk_that_cannot_filter_events_is_tolerated(
    ari: Any, client: AriClient, answer: Any, able: bool
) -> None:
    ari.answers("PUT", "/ari/applications/ari-tui/eventFilter", answer)
    assert await client.filter_events("ari-tui", ["ChannelVarset"]) is able
    assert ari.seen[0].body == {"disallowed": [{"type": "ChannelVarset"}]}


async def test_another_failure_of_the_event_filter_is_an_error(ari: Any, client: AriClient) -> None:
    ari.answers("PUT", "/ari/applications/ari-tui/eventFilter", (401, {}))
    with pytest.raises(AriUnauthorizedError):
        await client.filter_events("ari-tui")


async def test_external_media_asks_for_rtp_both_ways_under_our_own_id(
    ari: Any, client: AriClient
) -> None:
    address = {"UNICASTRTP_LOCAL_ADDRESS": "127.0.0.1", "UNICASTRTP_LOCAL_PORT": "10000"}
    ari.answers("POST", "/ari/channels/externalMedia", {"id": "m", "channelvars": address})
    channel = await client.external_media(
        "m", app="ari-tui", external_host="[::1]:4500", media_format="alaw"
    )
    assert channel.channelvars == address
    (seen,) = ari.seen
    assert seen.target == (
        "/ari/channels/externalMedia?channelId=m&app=ari-tui&external_host=%5B%3A%3A1%5D%3A4500"
        "&format=alaw&encapsulation=rtp&transport=udp&connection_type=client&direction=both"
    )
    assert seen.body is None


async def test_a_bridge_is_created_filled_read_and_deleted(ari: Any, client: AriClient) -> None:
    bridge = {"id": "b", "technology": "simple_bridge", "channels": ["c", "m"]}
    ari.answers("POST", "/ari/bridges", bridge)
    ari.answers("POST", "/ari/bridges/b/addChannel", (204, None))
    ari.answers("GET", "/ari/bridges/b", bridge)
    ari.answers("GET", "/ari/bridges", [bridge])
    ari.answers("DELETE", "/ari/bridges/b", (204, None), (404, {"message": "Bridge not found"}))
    read = Bridge("b", technology="simple_bridge", channels=("c", "m"))
    assert await client.create_bridge("b") == read
    await client.add_to_bridge("b", ("c", "m"))
    assert await client.bridge("b") == read
    assert await client.bridges() == [read]
    assert await client.delete_bridge("b") is True
    assert await client.delete_bridge("b") is False
    targets = [seen.target for seen in ari.seen]
    assert targets[0] == "/ari/bridges?type=mixing%2Cproxy_media&bridgeId=b&name=ari-tui"
    assert targets[1] == "/ari/bridges/b/addChannel?channel=c%2Cm"


async def test_a_channel_that_has_not_entered_stasis_is_a_conflict(
    ari: Any, client: AriClient
) -> None:
    answer = (422, {"message": "Channel not in Stasis application"})
    ari.answers("POST", "/ari/bridges/b/addChannel", answer)
    with pytest.raises(AriConflictError, match="not in Stasis") as caught:
        await client.add_to_bridge("b", ("c",))
    assert caught.value.status == 422


async def test_a_channel_is_answered_continued_and_hung_up(ari: Any, client: AriClient) -> None:
    ari.answers("POST", "/ari/channels/c/answer", (204, None))
    ari.answers("POST", "/ari/channels/c/continue", (204, None), MISSING)
    ari.answers("DELETE", "/ari/channels/c", (204, None), MISSING)
    ari.answers("GET", "/ari/channels", [{"id": "c", "state": "Up"}])
    ari.answers("GET", "/ari/channels/c", {"id": "c", "state": "Up"})
    assert await client.channels() == [Channel("c", state="Up")]
    assert await client.channel("c") == Channel("c", state="Up")
    await client.answer("c")
    await client.continue_in_dialplan("c")
    with pytest.raises(AriNotFoundError):
        await client.continue_in_dialplan("c")
    assert await client.hang_up("c") is True
    assert await client.hang_up("c") is False


async def test_variables_are_read_raw(ari: Any, client: AriClient) -> None:
    ari.answers("GET", "/ari/channels/c/variable", {"value": "192.0.2.1:4000"})
    ari.answers("GET", "/ari/asterisk/variable", {"value": ""})
    assert await client.channel_variable("c", "CHANNEL(rtp,dest)") == "192.0.2.1:4000"
    assert await client.global_variable("SYSTEMNAME") == ""
    assert ari.seen[0].target == "/ari/channels/c/variable?variable=CHANNEL%28rtp%2Cdest%29"


async def test_originate_sends_what_is_set_and_nothing_else(ari: Any, client: AriClient) -> None:
    ari.answers("POST", "/ari/channels", {"id": "c"})
    await client.originate("Local/tone@lab", app="ari-tui")
    await client.originate(
        "PJSIP/100",
        app="ari-tui",
        app_args=("a", "b"),
        channel_id="c",
        caller_id="me <1>",
        timeout_s=5,
        variables={"X": "y"},
    )
    plain, full = ari.seen
    assert plain.target == "/ari/channels?endpoint=Local%2Ftone%40lab&app=ari-tui&timeout=30"
    assert plain.body is None
    assert full.target.endswith("&timeout=5&appArgs=a%2Cb&channelId=c&callerId=me%20%3C1%3E")
    assert full.body == {"variables": {"X": "y"}}


@pytest.mark.parametrize("status", [403, 404])
async def test_a_leg_without_rtp_statistics_has_none(
    ari: Any, client: AriClient, status: int
) -> None:
    ari.answers("GET", "/ari/channels/c/rtp_statistics", (status, {"message": "no"}))
    assert await client.rtp_statistics("c") is None


async def test_rtp_statistics_are_read_and_their_other_failures_told(
    ari: Any, client: AriClient
) -> None:
    full = {"txcount": 100, "rxcount": 99, "rtt": 0.01, "local_maxjitter": 1.5}
    ari.answers("GET", "/ari/channels/c/rtp_statistics", full, (500, {}))
    statistics = await client.rtp_statistics("c")
    assert statistics is not None
    assert (statistics.txcount, statistics.rxcount, statistics.rtt) == (100, 99, 0.01)
    assert statistics.txploss is None
    with pytest.raises(AriError):
        await client.rtp_statistics("c")


async def test_our_own_address_on_the_way_to_asterisk_is_known(client: AriClient) -> None:
    assert await client.local_address() == "127.0.0.1"


async def test_a_name_without_an_address_is_unreachable() -> None:
    async with AriClient("no-such-host.invalid", "ari", "s3cret", timeout_s=10) as client:
        with pytest.raises(AriUnreachableError, match=r"no-such-host\.invalid"):
            await client.local_address()
        with pytest.raises(AriUnreachableError, match=r"no-such-host\.invalid"):
            await client.info()


def test_an_address_with_credentials_is_refused() -> None:
    with pytest.raises(ConfigError):
        AriClient("http://ari:s3cret@pbx", "ari", "s3cret")
