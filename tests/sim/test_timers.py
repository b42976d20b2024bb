from __future__ import annotations

import asyncio

from ari_tui.sim.timers import Timers


async def test_what_waits_happens_in_its_time() -> None:
    timers, seen, done = Timers(), [], asyncio.Event()
    timers.later(0.02, done.set)
    timers.later(0.01, lambda: seen.append("first"))
    await asyncio.wait_for(done.wait(), 5)
    assert seen == ["first"]


async def test_what_was_called_off_does_not_happen() -> None:
    timers, seen, done = Timers(), [], asyncio.Event()
    timers.later(0, lambda: seen.append("called off"))
    timers.cancel_all()
    timers.later(0.01, done.set)
    await asyncio.wait_for(done.wait(), 5)
    timers.close()
    timers.later(0, lambda: seen.append("after the end"))
    asyncio.get_running_loop().call_later(0.01, done.set)
    done.clear()
    await asyncio.wait_for(done.wait(), 5)
    assert seen == []
