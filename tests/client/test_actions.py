"""Every action goes to the engine under its name, and its answer is read by its type."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ari_tui.client.actions import Actions
from ari_tui.client.source import ActionError, LiveSource
from ari_tui.core.errors import ActionFailedError
from ari_tui.document.detail import CallerStatistics
from tests.client.kit import following, stub_engine

STATISTICS = CallerStatistics(
    time="2026-11-22T12:00:01.000+00:00",
    channel="PJSIP/1001-1",
    state="Up",
    bridge="simple_bridge",
    members=2,
    rtp=None,
    note="none",
)


async def test_each_action_reaches_the_engine_with_its_arguments(tmp_path: Path) -> None:
    async with stub_engine(tmp_path / "e.sock") as engine:
        engine.answers["statistics"] = STATISTICS
        async with following(LiveSource(engine.target)) as source:
            actions = Actions(source)
            assert await actions.drain() == "done"
            assert await actions.quit() == "done"
            assert await actions.release("call-1") == "done"
            assert await actions.hang_up("call-2") == "done"
            assert await actions.statistics("call-1") == STATISTICS
        assert engine.asked == [
            ("drain", {}),
            ("quit", {}),
            ("release", {"call": "call-1"}),
            ("hang_up", {"call": "call-2"}),
            ("statistics", {"call": "call-1"}),
        ]


@pytest.mark.parametrize("answer", [None, 5, {"rtp": "much"}, []])
async def test_an_answer_of_another_shape_is_told(answer: Any, tmp_path: Path) -> None:
    async with stub_engine(tmp_path / "e.sock") as engine:
        engine.answers["detail"] = answer
        async with following(LiveSource(engine.target)) as source:
            with pytest.raises(ActionError, match="the engine's answer to detail cannot be read"):
                await Actions(source).detail("call-1")


async def test_a_refusal_is_handed_on_as_it_is(tmp_path: Path) -> None:
    async with stub_engine(tmp_path / "e.sock") as engine:
        engine.answers["release"] = ActionFailedError("no call 'x'")
        async with following(LiveSource(engine.target)) as source:
            with pytest.raises(ActionError, match=r"^no call 'x'$"):
                await Actions(source).release("x")


def test_the_screens_side_loads_neither_engine_nor_numpy_nor_aiohttp() -> None:
    code = (
        "import sys, ari_tui.client.actions\n"
        "heavy = {'numpy', 'aiohttp', 'textual', 'ari_tui.engine', 'ari_tui.relay', 'ari_tui.ari',"
        " 'ari_tui.analysis'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True
    )
    assert found.stdout.strip() == "[]"
