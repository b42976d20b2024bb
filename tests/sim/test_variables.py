from __future__ import annotations

import pytest

from ari_tui.core.errors import SimRefusalError
from ari_tui.sim.media import SimPhone
from ari_tui.sim.model import SimChannel
from ari_tui.sim.variables import read_variable, rtp_statistics
from tests.sim.kit import echo, lab, until


async def test_a_sip_callers_statistics_grow_both_ways() -> None:
    async with lab() as room, echo() as end:
        caller = await room.caller()
        await room.connect(caller, end)
        phone = room.sim.pbx.channels[caller].phone
        assert phone is not None
        await until(lambda: phone.heard > 5)
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
