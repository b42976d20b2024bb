"""The contract, kept by the simulated Asterisk; a real one keeps the same."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from ari_tui.sim.config import SimConfig
from ari_tui.sim.server import SimulatedAsterisk
from tests.sim.contract import CONTRACT, Target


@pytest.mark.parametrize("order", ["event-first", "response-first"])
@pytest.mark.parametrize("check", CONTRACT, ids=lambda check: check.__name__)
async def test_the_simulated_asterisk_keeps_the_contract(
    check: Callable[[Target], Awaitable[None]], order: str
) -> None:
    config = SimConfig(user="someone", password="secret", stasis_order=order)  # type: ignore[arg-type]  # one of its words
    async with SimulatedAsterisk(config) as sim:
        await check(Target(sim.url, config.user, config.password))
