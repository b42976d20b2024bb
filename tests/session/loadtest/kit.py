"""What the load test's tests share: a whole test on loopback, its own engine beside it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

from ari_tui.config.run_options import RunOptions
from ari_tui.config.settings import LoadtestSettings
from ari_tui.core.process import ParentLink
from ari_tui.document.load_test import LoadCall, LoadReport
from ari_tui.document.model import Document
from ari_tui.engine import call_media, service
from ari_tui.engine.assembly import EngineParts
from ari_tui.session.loadtest.originator import LoadTest
from ari_tui.session.loadtest.plan import engine_settings, plan_of, variables_of
from ari_tui.session.loadtest.result import assemble
from tests.engine.kit import Pbx, assert_books_are_closed, asterisk, echo_server, settings

ENDS_S = 30.0
SHORT = {"calls": 3, "duration_s": 1.5, "call_duration_s": 60.0, "ramp_cps": 10.0, "ring_s": 2}


@dataclass
class Load:
    """A load test that runs, with its engine, against a simulated Asterisk."""

    pbx: Pbx
    test: LoadTest
    documents: list[Document] = field(default_factory=list)
    task: asyncio.Task[int] = field(init=False)
    parts: EngineParts = field(init=False)

    def take(self, document: Document) -> None:
        """Take a document as the engine's sink."""
        self.documents.append(document)
        for figures in (document.totals, *document.calls):
            assert_books_are_closed(figures)

    async def ended(self) -> LoadReport:
        """Wait for the end; return the report, whatever the verdict."""
        await asyncio.wait_for(asyncio.shield(self.task), ENDS_S)
        return self.report

    @property
    def report(self) -> LoadReport:
        """Return the report of a test that has ended."""
        assert self.test.final is not None
        return assemble(self.test, self.test.final)

    def assert_nothing_left(self) -> None:
        """Nothing that is ours in Asterisk, no caller either."""
        assert [one for one in self.pbx.channels if "ari-tui." in one] == []
        assert self.pbx.bridges == []


@contextlib.asynccontextmanager
async def load(
    *endpoints: str, echo: Iterator[Any] | None = None, **changes: Any
) -> AsyncIterator[Load]:
    """Run a load test of these extensions until it ends; `changes` are those of its settings."""
    slices = {name: changes.pop(name) for name in ("media", "asterisk") if name in changes}
    wanted = LoadtestSettings(
        **{
            "endpoints": tuple(f"Local/{one}@lab" for one in endpoints or ("tone",)),
            **SHORT,
            **changes,
        }
    )
    async with asterisk() as pbx:
        with contextlib.ExitStack() as stack:
            port = stack.enter_context(echo_server()).port if echo is None else next(echo)
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            stack.enter_context(mock.patch.dict(os.environ, XDG_RUNTIME_DIR=folder))
            found = Load(pbx, LoadTest(plan_of(wanted, simulated=True), variables_of(wanted)))
            stack.enter_context(mock.patch.object(call_media, "_LINGER_NS", 100_000_000))
            stack.enter_context(mock.patch.object(service, "EngineParts", _watched(found)))
            own = engine_settings(settings(pbx, port, **slices))
            found.task = asyncio.create_task(
                service.run_engine(
                    own,
                    RunOptions(headless=True),
                    ParentLink(None, None),
                    [found, found.test],
                    found.test,
                )
            )
            try:
                yield found
            finally:
                found.task.cancel()
                await asyncio.wait({found.task}, timeout=ENDS_S)


def _watched(found: Load) -> type[EngineParts]:
    class Watched(EngineParts):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            found.parts = self

    return Watched


def only(report: LoadReport, endpoint: str) -> list[LoadCall]:
    """Return the calls to one extension."""
    return [call for call in report.calls if call.endpoint == f"Local/{endpoint}@lab"]
