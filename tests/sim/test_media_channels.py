from __future__ import annotations

from typing import Any

import pytest

from ari_tui.sim.media_channels import MediaChannels
from ari_tui.sim.model import Channel
from tests.sim.kit import echo, lab


async def _orders(seed: int, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Return for some media channels whether they entered Stasis before the response."""
    async with lab(seed=seed) as room, echo() as end:
        drawn: list[tuple[bool, float]] = []
        entered: list[str] = []
        draw, enter = MediaChannels.order, MediaChannels.enter

        def noting_draw(media: MediaChannels) -> tuple[bool, float]:
            drawn.append(draw(media))
            return drawn[-1]

        def noting_enter(media: MediaChannels, channel: Channel, app: str) -> None:
            entered.append(channel.id)
            enter(media, channel, app)

        monkeypatch.setattr(MediaChannels, "order", noting_draw)
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
    once, again, otherwise = [await _orders(seed, monkeypatch) for seed in (4, 4, 5)]
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
