from __future__ import annotations

import json

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
