"""What our design takes for granted of Asterisk, asked of Asterisk itself with plain requests."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiohttp
import pytest

from ari_tui.ari.client import AriClient
from ari_tui.ari.registration import Registration, registration
from ari_tui.wire import rtp
from tests import rtp_packets
from tests.asterisk.lab import Asterisk, plain_version
from tests.asterisk.media_port import MediaPort, media_port
from tests.asterisk.raw_ari import new_id, raw_ari
from tests.asterisk.sipp import PACKET_MS, sipp_calls
from tests.asterisk.stage import Stage, empty_stage, media_address
from tests.asterisk.tools import wait_until

pytestmark = [pytest.mark.asterisk, pytest.mark.timeout(600)]


NOISE = b"\xee" * 160


def steps(packets: list[tuple[rtp_packets.RtpHeader, bytes]]) -> set[tuple[int, int]]:
    """Return by how much sequence and timestamp grow from packet to packet."""
    headers = [header for header, _ in packets]
    return {
        ((after.sequence - before.sequence) & 0xFFFF, (after.timestamp - before.timestamp) % 2**32)
        for before, after in itertools.pairwise(headers)
    }


@pytest.fixture
async def stage(asterisk: Asterisk) -> AsyncIterator[Stage]:
    async with empty_stage(asterisk) as stage:
        yield stage


async def test_info_tells_the_version_and_ping_answers(asterisk: Asterisk) -> None:
    async with raw_ari(asterisk) as ari:
        status, info = await ari.request("GET", "/asterisk/info")
        assert (status, plain_version(info["system"]["version"])) == (200, asterisk.version)
        status, pong = await ari.request("GET", "/asterisk/ping")
        assert (status, pong["ping"]) == (200, "pong")


async def test_a_wrong_password_is_401_on_rest_and_on_the_event_socket(asterisk: Asterisk) -> None:
    async with raw_ari(asterisk, password="wrong") as ari:
        assert (await ari.request("GET", "/asterisk/info"))[0] == 401
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            async with ari.events(new_id("app")):
                pass
        assert refused.value.status == 401


async def test_a_read_only_user_may_look_and_gets_403_for_the_rest(asterisk: Asterisk) -> None:
    user = (asterisk.read_only_username, asterisk.read_only_password)
    async with raw_ari(asterisk, *user) as ari:
        assert (await ari.request("GET", "/asterisk/info"))[0] == 200
        assert (await ari.request("POST", "/bridges", type="mixing"))[0] == 403


async def test_a_media_channel_answers_and_starts_in_stasis_in_either_order(
    stage: Stage, note: Callable[[str], None]
) -> None:
    started_first = 0
    async with media_port() as port:
        for _ in range(8):
            channel = await stage.external_media(port)
            started_first += stage.events.find("StasisStart", channel["id"]) is not None
            start = await stage.events.wait("StasisStart", channel["id"])
            assert start["channel"]["name"].startswith("UnicastRTP/127.0.0.1:")
            assert "channelvars" not in start["channel"]
    note(f"StasisStart came before the response for {started_first} of 8 media channels")


async def test_the_response_says_where_the_rtp_is_and_so_does_the_variable(stage: Stage) -> None:
    async with media_port() as port:
        channel = await stage.external_media(port)
        host, number = media_address(channel)
        assert host == "127.0.0.1"
        assert number in stage.asterisk.rtp_ports
        status, variable = await stage.ari.request(
            "GET", f"/channels/{channel['id']}/variable", variable="UNICASTRTP_LOCAL_PORT"
        )
        assert (status, variable["value"]) == (200, str(number))


async def test_adding_a_media_channel_at_once_is_accepted_or_422(
    stage: Stage, note: Callable[[str], None]
) -> None:
    bridge = await stage.bridge(await stage.caller())
    answers = []
    async with media_port() as port:
        for _ in range(8):
            channel = (await stage.external_media(port))["id"]
            add = f"/bridges/{bridge}/addChannel"
            answers.append((await stage.ari.request("POST", add, channel=channel))[0])
            await stage.events.wait("StasisStart", channel)
            assert (await stage.ari.request("POST", add, channel=channel))[0] == 204
            assert (await stage.ari.request("DELETE", f"/channels/{channel}"))[0] == 204
    assert set(answers) <= {204, 422}
    note(f"adding a media channel at once gave 422 for {answers.count(422)} of 8")


async def test_a_channel_that_never_was_in_stasis_cannot_be_added(stage: Stage) -> None:
    bridge = await stage.bridge(await stage.caller())
    tone = next(name for name in stage.asterisk.channels() if name.endswith(";1"))
    _, channels = await stage.ari.request("GET", "/channels")
    outsider = next(channel["id"] for channel in channels if channel["name"] == tone)
    status, body = await stage.ari.request(
        "POST", f"/bridges/{bridge}/addChannel", channel=outsider
    )
    assert (status, body) == (422, {"message": "Channel not in Stasis application"})


async def test_two_members_make_a_simple_bridge_and_a_third_a_softmix(stage: Stage) -> None:
    async with media_port() as port:
        media = await stage.external_media(port)
        bridge = await stage.bridge(await stage.caller(), media["id"])
        _, description = await stage.ari.request("GET", f"/bridges/{bridge}")
        assert description["technology"] == "simple_bridge"
        third = (await stage.external_media(port))["id"]
        await stage.events.wait("StasisStart", third)
        await stage.ari.request("POST", f"/bridges/{bridge}/addChannel", channel=third)
        await stage.events.wait("ChannelEnteredBridge", third)
        _, description = await stage.ari.request("GET", f"/bridges/{bridge}")
        assert description["technology"] == "softmix"


async def test_the_tone_arrives_from_the_reported_address_in_20_ms_packets(stage: Stage) -> None:
    async with media_port() as port:
        media = await stage.external_media(port)
        await stage.bridge(await stage.caller("tone"), media["id"])
        data, source = await port.receive()
        assert source == media_address(media)
        assert rtp.classify(data) == rtp.OK
        packets = await port.receive_rtp(50)
        assert {header.payload_type for header, _ in packets} == {0}
        assert {len(payload) for _, payload in packets} == {160}
        assert steps(packets) == {(1, 160)}


async def test_what_we_send_back_passes_unchanged_and_foreign_packets_do_not(
    stage: Stage,
) -> None:
    async with media_port() as inward, media_port() as outward, media_port() as stranger:
        first, second = await stage.external_media(inward), await stage.external_media(outward)
        await stage.bridge(first["id"], second["id"])
        target = media_address(first)
        packets = []
        for number in range(100):
            sequence, timestamp = 65_500 + number, 160 * number
            if number >= 50:  # Asterisk has learnt the port by now
                noise = rtp_packets.build(NOISE, sequence=sequence, timestamp=timestamp, ssrc=7)
                stranger.send(noise, target)
            voice = rtp_packets.build(
                b"%160d" % number, sequence=sequence, timestamp=timestamp, ssrc=6
            )
            inward.send(voice, target)
            packets += await outward.receive_rtp(1)
        assert [int(payload) for _, payload in packets] == list(range(100))
        assert steps(packets) == {(1, 160)}


async def test_a_caller_who_hangs_up_leaves_media_channel_and_bridge_behind(stage: Stage) -> None:
    async with media_port() as port:
        media = await stage.external_media(port)
        caller = await stage.caller()
        bridge = await stage.bridge(caller, media["id"])
        tone = next(name for name in stage.asterisk.channels() if name.endswith(";1"))
        stage.asterisk.rx(f"channel request hangup {tone}")
        await stage.events.wait("StasisEnd", caller)
        await stage.events.wait("ChannelLeftBridge", caller)
        assert (await stage.ari.request("GET", f"/channels/{media['id']}"))[0] == 200
        _, description = await stage.ari.request("GET", f"/bridges/{bridge}")
        assert description["channels"] == [media["id"]]
        assert stage.events.find("StasisEnd", media["id"]) is None


async def test_no_source_no_rtp_until_the_caller_sends(stage: Stage) -> None:
    """A silent caller is answered and bridged; the first packet we get is the tone's, later."""
    async with media_port() as port:
        media = await stage.external_media(port)
        bridge = await stage.bridge(await stage.caller("silent"), media["id"])
        talker = await stage.caller("tone")
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(port.receive(), 0.5)
        await stage.ari.request("POST", f"/bridges/{bridge}/addChannel", channel=talker)
        await port.receive_rtp(5)


async def test_an_event_filter_keeps_types_away(stage: Stage) -> None:
    disallowed = [{"type": kind} for kind in ("ChannelVarset", "ChannelDialplan", "Dial")]
    caller = await stage.caller()
    await stage.ari.request("POST", f"/channels/{caller}/variable", variable="PROBE", value="1")
    await stage.events.wait("ChannelVarset", caller)
    status, application = await stage.ari.request(
        "PUT", f"/applications/{stage.app}/eventFilter", {"disallowed": disallowed}
    )
    assert status == 200
    assert application["events_disallowed"] == disallowed
    stage.events.seen.clear()
    await stage.ari.request("POST", f"/channels/{caller}/variable", variable="PROBE", value="2")
    await stage.ari.request("DELETE", f"/channels/{caller}")
    await stage.events.wait("StasisEnd", caller)
    assert stage.events.find("ChannelVarset") is None


async def test_a_second_client_takes_the_application_over(asterisk: Asterisk) -> None:
    app = new_id("app")
    async with raw_ari(asterisk) as ari, ari.events(app) as first, ari.events(app) as second:
        await first.wait("ApplicationReplaced")
        assert (await ari.request("GET", f"/applications/{app}"))[0] == 200
        assert not first.closed  # Asterisk tells, and leaves the closing to the one replaced
        assert second.seen == []


async def test_an_application_stays_registered_without_its_client_while_calls_are_in_it(
    asterisk: Asterisk,
) -> None:
    """And sometimes after them, until any client disconnects, which `registration` sees to."""
    app = new_id("app")
    ours = AriClient(asterisk.ari_url, asterisk.username, asterisk.password)
    async with raw_ari(asterisk) as ari, ours:
        async with ari.events(app) as events:
            alone = await registration(ours, app)
            assert alone == Registration((), connected=True)
            caller = await Stage(asterisk, ari, events, app).caller()
        left = await registration(ours, app)
        assert left is not None
        assert caller in left.channels
        assert not left.connected
        await ari.request("DELETE", f"/channels/{caller}")
        await asyncio.to_thread(wait_until, lambda: not asterisk.channels(), "no channel is left")
        assert await registration(ours, app) is None
        async with ari.events(app):
            pass
        assert await registration(ours, app) is None


async def test_channels_and_rtp_stay_up_while_the_event_socket_is_away(stage: Stage) -> None:
    app = new_id("app")
    async with media_port() as port:
        async with stage.ari.events(app) as events:
            away = Stage(stage.asterisk, stage.ari, events, app)
            media = await away.external_media(port)
            stage.bridges.append(await away.bridge(await away.caller(), media["id"]))
        packets = await port.receive_rtp(30)
        assert (packets[-1][0].sequence - packets[0][0].sequence) & 0xFFFF == 29
        assert (await stage.ari.request("GET", f"/channels/{media['id']}"))[0] == 200


async def test_an_unknown_format_is_refused_and_no_channel(stage: Stage) -> None:
    """Asterisk 16 says that the request is bad (400), 22 that it has failed (500)."""
    async with media_port() as port:
        status, _ = await stage.ari.request(
            "POST",
            "/channels/externalMedia",
            app=stage.app,
            external_host=port.address,
            format="nonsense",
        )
    assert status == (500 if stage.asterisk.major >= 22 else 400)
    assert stage.asterisk.channels() == []


async def test_a_caller_continues_in_the_dialplan(stage: Stage) -> None:
    caller = await stage.caller()
    assert (await stage.ari.request("POST", f"/channels/{caller}/continue"))[0] == 204
    await stage.events.wait("StasisEnd", caller)
    await asyncio.to_thread(
        wait_until, lambda: caller in stage.asterisk.released(), "the caller went on"
    )
    assert stage.asterisk.released()[caller] == "SUCCESS"


async def test_rtp_statistics_exist_on_the_sip_leg_only(stage: Stage, tmp_path: Path) -> None:
    with sipp_calls(stage.asterisk, tmp_path, calls=1, extension=f"stasis-{stage.app}") as run:
        start = await stage.events.wait("StasisStart", "PJSIP/sipp-")
        caller = start["channel"]["id"]
        assert "@127.0.0.1" in start["channel"]["protocol_id"]
        async with media_port() as port:
            media = await stage.external_media(port)
            await stage.bridge(caller, media["id"])
            await echo(port, 20)
            before = await transmitted(stage, caller)
            await echo(port, 50)
            assert await transmitted(stage, caller) >= before + 40
            await stage.events.wait("ChannelDtmfReceived", caller, timeout_s=15)
            await echo(port, 200)  # more than the first recording holds: voice goes on
            status, _ = await stage.ari.request("GET", f"/channels/{media['id']}/rtp_statistics")
            assert status in (403, 404)
        result = await asyncio.to_thread(run.finish)
    assert (result.created, result.successful, result.failed) == (1, 1, 0)


async def echo(port: MediaPort, count: int) -> None:
    """Send the next `count` packets back to where they came from; they hold 30 ms each."""
    for _ in range(count):
        data, source = await port.receive()
        assert len(data) == rtp.HEADER_SIZE + 8 * PACKET_MS
        port.send(data, source)


async def transmitted(stage: Stage, channel: str) -> int:
    """Return how many packets Asterisk has sent to the SIP caller."""
    _, statistics = await stage.ari.request("GET", f"/channels/{channel}/rtp_statistics")
    return int(statistics["txcount"])
