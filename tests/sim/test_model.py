from __future__ import annotations

import re

from ari_tui.sim.model import Dialplan, SimBridge, SimCallerId, SimChannel, timestamp


def test_times_are_written_as_ari_writes_them() -> None:
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000", timestamp())


def test_a_channel_has_the_fields_of_asterisk_22() -> None:
    channel = SimChannel("1.2", "PJSIP/1001-0000002a", "Ring", caller=SimCallerId("Ada", "1"))
    channel.dialplan = Dialplan("default", "stasis", 2, "Stasis", "ari-tui")
    assert channel.json() == {
        "id": "1.2",
        "name": "PJSIP/1001-0000002a",
        "state": "Ring",
        "protocol_id": "",
        "caller": {"name": "Ada", "number": "1"},
        "connected": {"name": "", "number": ""},
        "accountcode": "",
        "dialplan": {
            "context": "default",
            "exten": "stasis",
            "priority": 2,
            "app_name": "Stasis",
            "app_data": "ari-tui",
        },
        "creationtime": channel.created,
        "language": "en",
    }
    assert channel.is_sip


def test_a_third_member_makes_a_bridge_softmix() -> None:
    bridge = SimBridge("b")
    bridge.members = [SimChannel(str(n), f"Local/{n}") for n in range(2)]
    assert bridge.json()["technology"] == "simple_bridge"
    bridge.members.append(SimChannel("2", "Local/2"))
    assert bridge.json()["technology"] == "softmix"
    assert bridge.json()["channels"] == ["0", "1", "2"]
