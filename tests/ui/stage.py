"""The whole screen over a source that is told what it has, with clocks that stand still."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import msgspec
from textual.pilot import Pilot

from ari_tui.config.settings import UiSettings
from ari_tui.document.model import Call, Document
from ari_tui.ui.app import AriTuiApp
from ari_tui.ui.leaving import Leaving
from ari_tui.ui.screens.overview import Overview
from tests.ui import kit
from tests.ui.detail_kit import a_detail, statistics

NOW = datetime(2026, 11, 22, 12, 0, 1, tzinfo=timezone.utc)
WAIT_S = 20.0
SELDOM = {"refresh_hz": 0.1}
"""A frame is made when the test asks for one."""


def calls(number: int = 3, **changed: Any) -> list[Call]:
    """Return calls, each a millisecond slower than the one before, and all within limits."""
    return [kit.a_call(n, p50=2.0 + n, **changed) for n in range(1, number + 1)]


def a_source(shown: Sequence[Call] | None = None) -> kit.FakeSource:
    """Return a source of these calls that answers as an engine does."""
    shown = calls() if shown is None else shown
    source = kit.FakeSource(
        kit.a_document(shown), kit.a_history({call.id: kit.a_course() for call in shown})
    )
    source.answers = {
        "detail": msgspec.to_builtins(a_detail()),
        "statistics": msgspec.to_builtins(statistics()),
    }
    return source


class Stage(AriTuiApp):
    """The app, its clock, and what it sent to the terminal beside the picture."""

    def __init__(
        self,
        source: kit.FakeSource,
        folder: Path | None = None,
        *,
        owned: bool = True,
        stays: bool = False,
        environment: Mapping[str, str] | None = None,
        **ui: Any,
    ) -> None:
        self.seconds = 100.0
        super().__init__(
            source,
            UiSettings(**{**SELDOM, **ui}),
            owned=owned,
            stays=stays,
            folder=folder,
            environment=environment or {},
            clock=lambda: self.seconds,
            now=lambda: NOW,
        )
        self.bells = 0
        self.sent: list[str] = []
        self.told: list[str] = []

    def bell(self) -> None:
        self.bells += 1

    def notify(self, message: str, **how: Any) -> None:
        self.told.append(message)
        super().notify(message, **how)

    def hear(self, data: str) -> None:
        self.sent.append(data)


@dataclass
class Play:
    """A running stage, and what a test does to it and reads from it."""

    app: Stage
    pilot: Pilot[Leaving]
    source: kit.FakeSource

    @property
    def overview(self) -> Overview:
        return self.app.overview

    @property
    def in_front(self) -> str:
        """Return the kind of screen that is in front."""
        return type(self.app.screen).__name__

    @property
    def text(self) -> str:
        """Return the screen as it stands there."""
        return self.app.picture()

    @property
    def shown(self) -> list[str]:
        """Return which calls the table shows, in order: `1` for call-1."""
        return [row.call.id.removeprefix("call-") for row in self.overview.rows]

    @property
    def told(self) -> list[str]:
        """Return the texts of all toasts so far."""
        return self.app.told

    @property
    def left(self) -> Leaving | None:
        """Return how the screen was left, None while it was not."""
        return self.app.return_value

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.settle()

    async def tick(self, shown: Sequence[Call] | Document | None = None) -> None:
        """Have the source tell of these calls, if any are given, and make a frame."""
        if shown is not None:
            document = shown if isinstance(shown, Document) else kit.a_document(shown)
            self.source.give(document)
        self.app.make_frame()
        await self.settle()

    async def settle(self) -> None:
        """Let what was begun come to an end: what a message leads to, a layout, and its drawing."""
        for _ in range(3):
            await self.pilot.pause(0)

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds that tells nobody of it."""

        async def poll() -> None:
            while not holds():
                await self.pilot.pause(0.01)

        await asyncio.wait_for(poll(), WAIT_S)


@asynccontextmanager
async def playing(
    source: kit.FakeSource | Sequence[Call] | None = None,
    folder: Path | None = None,
    *,
    size: tuple[int, int] = (80, 24),
    **changed: Any,
) -> AsyncIterator[Play]:
    """Run a stage of these calls, or this source, with its first frame drawn."""
    source = source if isinstance(source, kit.FakeSource) else a_source(source)
    app = Stage(source, folder, **changed)
    async with app.run_test(size=size) as pilot:
        assert app._driver is not None
        app._driver.write = app.hear  # type: ignore[method-assign]  # a terminal that listens
        play = Play(app, pilot, source)
        await play.tick()
        yield play
