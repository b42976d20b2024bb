"""What an engine does with a worker's log, from the fold to the stream, with no Asterisk around it.

A screen attaches to it as to any engine; what was folded is kept, to be held against a capture.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from ari_tui.analysis.fold import fold
from ari_tui.analysis.records import from_bytes
from ari_tui.analysis.store import Store
from ari_tui.building.build import build
from ari_tui.building.live import build_live
from ari_tui.building.sla import Listener
from ari_tui.core.cancellation import cancel_tasks
from ari_tui.document.live import SECONDS as HISTORY_S
from ari_tui.document.live import Live
from ari_tui.document.model import SCHEMA, Document
from ari_tui.engine.http.stream import DocumentStream
from ari_tui.engine.media_worker import MediaWorker
from bench.starting import facts_of

_FOLD_S: Final = 0.25
_FOLDS_A_SNAPSHOT: Final = 4
_NEWEST_S: Final = 6
_SECOND_NS: Final = 1_000_000_000


class LittleEngine:
    """Calls 1 to `calls` are those of the worker."""

    def __init__(self, worker: MediaWorker, calls: int) -> None:
        self.log: list[bytes] = []
        """All that was folded."""
        self._worker, self._listener = worker, Listener()
        self._store = Store(loss_timeout_ns=3_000_000_000, late_ns=3_000_000)
        for call in range(1, calls + 1):
            self._store.add_call(call)
        self._facts = facts_of(calls, time.time_ns())
        self._ids = {number: f"bench.{number}" for number in range(1, calls + 1)}
        self._stream = DocumentStream(self._hello, {})
        self._newest = self._write()

    @contextlib.asynccontextmanager
    async def serving(self, path: Path) -> AsyncIterator[None]:
        """Fold, publish and answer at a socket until the block is left."""
        app = web.Application()
        app.router.add_get("/stream", self._stream.handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        await web.UnixSite(runner, str(path)).start()
        working = asyncio.create_task(self._work())
        try:
            yield
        finally:
            await cancel_tasks([working])
            await self._stream.close()
            await runner.cleanup()

    def fold(self) -> None:
        """Take in what was logged since the last time."""
        complete_ns = min(self._worker.ring.watermark_ns, time.time_ns())
        data = self._worker.ring.read()
        self.log.append(data)
        fold(self._store, from_bytes(data), complete_ns)

    async def _work(self) -> None:
        for figures_of in range(1, sys.maxsize):
            await asyncio.sleep(_FOLD_S)
            self.fold()
            if figures_of % _FOLDS_A_SNAPSHOT == 0:
                self._newest = self._write()
                self._stream.publish(self._newest, lambda: self._live(_NEWEST_S))

    def _write(self) -> Document:
        return build(self._store, self._facts._replace(now_ns=time.time_ns()), self._listener)

    def _live(self, seconds: int) -> Live:
        return build_live(self._store, self._ids, time.time_ns() // _SECOND_NS - 1, seconds)

    def _hello(self) -> Mapping[str, Any]:
        return {
            "schema": SCHEMA,
            "session": "bench",
            "document": self._newest,
            "live": self._live(HISTORY_S),
            "events": [],
        }
