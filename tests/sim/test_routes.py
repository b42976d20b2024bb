"""."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ari_tui.core.errors import SimRefusalError
from ari_tui.sim.media import SimPhone
from ari_tui.sim.model import SimChannel
from ari_tui.sim.routes import MediaChannels
from ari_tui.sim.variables import read_variable, rtp_statistics
from tests.sim.kit import echo, lab, until


async def test_the_injected_faults_can_be_asked_for_as_a_global_variable() -> None:
    async with lab(impair_media="loss=50%") as room, echo() as end:
        await room.connect(await room.caller(), end)
        await until(lambda: (room.sim.counters().injected or {})["lost"] > 2)
        room.control.hang_up(0)
        status, body = await room.ari.call("GET", "/asterisk/variable", variable="ARI_TUI_INJECTED")
        assert status == 200
        assert json.loads(body["value"]) == room.sim.counters().injected


async def test_nothing_is_injected_without_an_impairment() -> None:
    async with lab() as room:
        answer = await room.ari.call("GET", "/asterisk/variable", variable="ARI_TUI_INJECTED")
        assert answer == (200, {"value": ""})


async def test_a_variable_without_a_name_and_an_application_that_nobody_has_are_refused() -> None:
    async with lab() as room:
        assert (await room.ari.call("GET", "/asterisk/variable"))[0] == 400
        assert (await room.ari.call("GET", "/applications/nobody"))[0] == 404
        assert (await room.ari.call("GET", "/applications/ari-tui"))[0] == 200


async def test_channels_enter_and_leave_a_bridge_all_or_none() -> None:
    async with lab() as room, echo() as end:
        caller = await room.caller()
        media = await room.connect(caller, end)
        (bridge,) = room.sim.pbx.bridging.bridges
        other = await room.caller()
        path = f"/bridges/{bridge}/removeChannel"
        both = f"{media},{other}"
        assert await room.ari.call("POST", path, channel=both) == (
            422,
            {"message": "Channel not in this bridge"},
        )
        (found,) = (await room.ari.call("GET", "/bridges"))[1]
        assert set(found["channels"]) == {caller, media}
        assert (await room.ari.call("POST", path, channel=f"{media},{caller}"))[0] == 204
        assert (await room.ari.call("GET", f"/bridges/{bridge}"))[1]["channels"] == []


async def test_nothing_is_done_without_a_channel_or_a_bridge() -> None:
    async with lab() as room:
        bridge = await room.ari.bridge()
        for action in ("addChannel", "removeChannel"):
            assert (await room.ari.call("POST", f"/bridges/{bridge}/{action}"))[0] == 400
            assert (await room.ari.call("POST", f"/bridges/none/{action}", channel="c"))[0] == 404
        assert (await room.ari.call("DELETE", "/bridges/none"))[0] == 404
        assert (await room.ari.call("DELETE", f"/bridges/{bridge}"))[0] == 204
        assert await room.ari.call("GET", "/bridges") == (200, [])


@pytest.mark.parametrize("exten", ["silence", "echo"])
async def test_a_silent_extension_answers_without_audio(exten: str) -> None:
    async with lab() as room, echo() as end, echo() as other:
        query = {"endpoint": f"Local/{exten}@lab", "app": "ari-tui", "channelId": "quiet"}
        assert (await room.ari.call("POST", "/channels", **query))[0] == 200
        await room.ari.event("StasisStart", "quiet")
        await room.connect("quiet", end)
        loud = await room.ari.originate_tone()
        await room.connect(loud, other)
        await until(lambda: len(other.received) > 5)
        assert end.received == []


async def test_an_unknown_extension_is_accepted_and_ends_at_once() -> None:
    async with lab() as room:
        query = {"endpoint": "Local/nosuch@lab", "app": "ari-tui", "channelId": "lost"}
        assert (await room.ari.call("POST", "/channels", **query))[0] == 200
        destroyed = await room.ari.event("ChannelDestroyed", "lost")
        assert (destroyed["cause"], destroyed["cause_txt"]) == (0, "Unknown")
        assert "StasisStart" not in room.ari.kinds("lost")


async def test_the_format_decides_the_payload_type() -> None:
    async with lab() as room, echo() as end:
        await room.connect(await room.caller(), end, format="alaw")
        await until(lambda: end.received)
        assert end.headers()[0].payload_type == 8


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"app": "ari-tui"}, 400),
        ({"endpoint": "Local/tone@lab"}, 400),
        ({"endpoint": "PJSIP/100", "app": "ari-tui"}, 500),
        ({"endpoint": "Local/", "app": "ari-tui"}, 500),
    ],
)
async def test_a_call_that_cannot_be_placed_leaves_no_channel(
    query: dict[str, str], status: int
) -> None:
    async with lab() as room:
        assert (await room.ari.call("POST", "/channels", **query))[0] == status
        assert room.sim.pbx.channels == {}


@pytest.mark.parametrize("host", ["", "127.0.0.1", ":4000", "127.0.0.1:rtp"])
async def test_an_external_host_without_a_host_or_a_port_is_refused(host: str) -> None:
    async with lab() as room:
        query = {"app": "ari-tui", "format": "ulaw", "external_host": host}
        assert (await room.ari.call("POST", "/channels/externalMedia", **query))[0] == 400
        assert room.sim.pbx.channels == {}


async def _handlers(seed: int, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Return for some media channels whether they entered Stasis before the response."""
    async with lab(seed=seed) as room, echo() as end:
        drawn: list[tuple[bool, float]] = []
        entered: list[str] = []
        draw, enter = MediaChannels.draw_order, MediaChannels.enter

        def noting_draw(media: MediaChannels) -> tuple[bool, float]:
            drawn.append(draw(media))
            return drawn[-1]

        def noting_enter(media: MediaChannels, channel: SimChannel, app: str) -> None:
            entered.append(channel.id)
            enter(media, channel, app)

        monkeypatch.setattr(MediaChannels, "draw_order", noting_draw)
        monkeypatch.setattr(MediaChannels, "enter", noting_enter)
        for n in range(12):
            await room.ari.external_media(end.port, channelId=f"m{n}")
            assert drawn[n][0] <= (f"m{n}" in entered)  # who goes first has entered by now
            await room.ari.event("StasisStart", f"m{n}")
        monkeypatch.undo()
        return [event_first for event_first, _ in drawn]


async def test_both_orders_of_response_and_stasis_start_come_repeatably(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    once, again, otherwise = [await _handlers(seed, monkeypatch) for seed in (4, 4, 5)]
    assert once == again != otherwise
    assert set(once) == {True, False}


async def test_the_response_can_come_so_early_that_a_bridge_refuses_the_channel() -> None:
    async with lab(stasis_order="response-first") as room, echo() as end:
        bridge = await room.ari.bridge()

        def enter_later(delay_s: float, function: Any) -> None:
            held.append(function)

        held: list[Any] = []
        room.sim.pbx.timers.later = enter_later  # type: ignore[method-assign]  # holds the race open
        await room.ari.external_media(end.port, channelId="m")
        path = f"/bridges/{bridge}/addChannel"
        refusal = (422, {"message": "Channel not in Stasis application"})
        assert await room.ari.call("POST", path, channel="m") == refusal
        for function in held:
            function()
        await room.ari.event("StasisStart", "m")
        assert await room.ari.call("POST", path, channel="m") == (204, None)


async def test_a_media_channel_of_a_bad_format_or_of_an_id_in_use_is_not_made() -> None:
    async with lab() as room, echo() as end:
        assert (await room.ari.external_media(end.port, channelId="m", format="nosuch"))[0] == 500
        assert room.sim.pbx.channels == {}
        assert (await room.ari.external_media(end.port, channelId="m"))[0] == 200
        assert (await room.ari.external_media(end.port, channelId="m"))[0] == 500
        assert list(room.sim.pbx.channels) == ["m"]


async def test_a_sip_callers_statistics_grow_both_ways() -> None:
    async with lab() as room, echo() as end:
        caller = await room.caller()
        await room.connect(caller, end)
        phone = room.sim.pbx.channels[caller].phone
        assert phone is not None
        await until(lambda: phone.received > 5)
        status, stats = await room.ari.call("GET", f"/channels/{caller}/rtp_statistics")
        assert status == 200
        assert 5 < stats["txcount"] <= stats["rxcount"]
        assert stats["rxoctetcount"] == stats["rxcount"] * phone.packet_ms * 8
        assert (stats["rtt"], stats["channel_uniqueid"]) == (0.0, caller)
        # what Asterisk receives jitters as the phone says it, what the phone hears as it tells
        assert 0 < stats["txjitter"] < 1
        assert 0 < stats["rxjitter"] < 1


def test_a_sip_channel_tells_where_its_media_go() -> None:
    channel = SimChannel(
        "1", "PJSIP/1001-00000001", protocol_id="abc@198.51.100.7", phone=SimPhone()
    )
    assert read_variable(channel, "CHANNEL(rtp,dest)") == "198.51.100.7:6000"
    assert read_variable(channel, "CHANNEL(pjsip,call-id)") == "abc@198.51.100.7"
    assert rtp_statistics(channel)["txcount"] == 0


def test_unknown_variables_and_functions_are_told_apart() -> None:
    channel = SimChannel("1", "Local/x", variables={"SET": ""})
    assert read_variable(channel, "SET") == ""
    for name, status in (("UNSET", 404), ("CHANNEL(rtp,src)", 500)):
        with pytest.raises(SimRefusalError) as refused:
            read_variable(channel, name)
        assert refused.value.status == status
