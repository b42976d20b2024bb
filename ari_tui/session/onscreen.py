"""Runs the screen with an engine of its own, or attached to a running one.

The engine is a child process in its own session, so keys and signals of the terminal do not reach
it. The screen starts only once the engine is ready, and the terminal is restored before the engine
drains; the report is printed below. However the screen ends (a key, a signal, a closed terminal),
the engine's lifeline closes and it releases the callers.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from ari_tui.config.settings import Settings
from ari_tui.core import log
from ari_tui.core.cancellation import cancel_tasks
from ari_tui.core.errors import ConfigError
from ari_tui.core.exit_codes import INCONCLUSIVE, SIGNAL_CODES
from ari_tui.core.number_format import plural
from ari_tui.core.process import Child
from ari_tui.core.signals import StopSignals

if TYPE_CHECKING:
    from ari_tui.client.source import LiveSource
    from ari_tui.ui.app import AriTuiApp
    from ari_tui.ui.leaving import Leaving

_DRAIN_S: Final = 30.0
"""Time for an engine to release its callers and write its final document."""
_KILL_AFTER_S: Final = 5.0
_FINAL_DOCUMENT_S: Final = 2.0
"""Time for the final document of an engine that has ended to arrive."""
_TEXTUAL: Final = {"TEXTUAL_FPS": "10", "TEXTUAL_ANIMATIONS": "none", "TEXTUAL_SMOOTH_SCROLL": "0"}
"""Read by Textual on import; they reduce traffic over ssh."""
_log = log.get("screen")


def check_terminal(environment: Mapping[str, str] = os.environ) -> None:
    """Raise ConfigError unless stdin and stderr are a terminal that Textual can use."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise ConfigError("there is no terminal to draw on: add --headless")
    if environment.get("TERM", "dumb") == "dumb":
        raise ConfigError("TERM says that this terminal cannot be drawn on: add --headless")


async def run_on_screen(
    arguments: Sequence[str], settings: Settings, environment: Mapping[str, str], *, stay: bool
) -> int:
    """Start `ari-tui ARGUMENTS` as the engine and show it; return the exit code.

    Raises ChildFailedError, before the screen starts, when the engine does not start.
    """
    with StopSignals() as signals:
        engine = await _start_engine(arguments, settings, environment, signals)
        if engine is None:
            return signals.exit_code
        screen = _Screen(str(engine.info["socket"]), settings, owned=True, stays=stay)
        try:
            left = await screen.show(signals, engine)
        except BaseException:
            await engine.stop("the screen failed")
            raise
        if left.how == "leave" and engine.running:
            engine.detach()
            await screen.close()
            _say(f"the engine goes on: ari-tui attach {screen.source.address} shows it again")
            return signals.exit_code
        code = await _end(engine, left, screen, signals)
        screen.print_report()
        return signals.exit_code or (SIGNAL_CODES[signal.SIGINT] if left.interrupted else code)


async def attach(target: str, settings: Settings) -> int:
    """Show a running engine, which goes on when the screen ends.

    Raises AriTuiError, before the screen starts, when the engine cannot be reached.
    """
    with StopSignals() as signals:
        screen = _Screen(target, settings, owned=False, stays=True)
        try:
            if not await screen.opened(signals):
                return signals.exit_code
            left = await screen.show(signals, None)
        finally:
            await screen.close()
        screen.print_report()
        return signals.exit_code or (SIGNAL_CODES[signal.SIGINT] if left.interrupted else 0)


async def _start_engine(
    arguments: Sequence[str],
    settings: Settings,
    environment: Mapping[str, str],
    signals: StopSignals,
) -> Child | None:
    """Start the engine and import the screen at the same time; None when a signal came first."""
    with open(settings.log.file, "ab") as errors:  # noqa: ASYNC230  before anything else runs
        starting = asyncio.create_task(
            Child.spawn(
                "engine",
                arguments,
                environment=environment,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=errors.fileno(),
            )
        )
        stop = asyncio.create_task(signals.stop.wait())
        try:
            await asyncio.to_thread(_import_screen, settings)
            await asyncio.wait({starting, stop}, return_when=asyncio.FIRST_COMPLETED)
            return starting.result() if starting.done() else None
        except ConfigError:
            await (await starting).stop("the screen cannot be drawn")
            raise
        finally:
            await cancel_tasks((starting, stop))


def _import_screen(settings: Settings) -> None:
    """Import Textual, which is slow. Raises ConfigError for an unknown theme."""
    for name, value in _TEXTUAL.items():
        os.environ.setdefault(name, value)
    import ari_tui.ui.app  # noqa: F401
    from ari_tui.ui.themes import Themes

    Themes.load(settings.ui.themes_dir).require(settings.ui.theme)


class _Screen:
    """The app and its document source."""

    def __init__(self, target: str, settings: Settings, *, owned: bool, stays: bool) -> None:
        from ari_tui.client.source import LiveSource, parse_target  # after the engine's start

        self.source: LiveSource = LiveSource(
            parse_target(target),
            token=settings.http.token,
            ended_calls=settings.ui.ended_calls,
        )
        self._settings, self._owned, self._stays = settings, owned, stays
        self._following = asyncio.create_task(self.source.run())
        self._app: AriTuiApp | None = None

    async def opened(self, signals: StopSignals) -> bool:
        """Wait for the engine's first document; False when a signal came first."""
        opening = asyncio.create_task(self.source.opened())
        stop = asyncio.create_task(signals.stop.wait())
        await asyncio.to_thread(_import_screen, self._settings)
        try:
            await asyncio.wait({opening, stop}, return_when=asyncio.FIRST_COMPLETED)
            if opening.done():
                opening.result()
                return True
            return False
        finally:
            await cancel_tasks((opening, stop))

    async def show(self, signals: StopSignals, engine: Child | None) -> Leaving:
        """Run the app until a key, a signal or the engine ends it; return how it ended."""
        from ari_tui.ui.app import AriTuiApp
        from ari_tui.ui.leaving import Leaving

        app = AriTuiApp(self.source, self._settings.ui, owned=self._owned, stays=self._stays)
        drawing = asyncio.create_task(app.run_async(mouse=self._settings.ui.mouse))
        stop = asyncio.create_task(signals.stop.wait())
        watching = asyncio.create_task(self._watch(engine, app))
        try:
            await asyncio.wait({drawing, stop}, return_when=asyncio.FIRST_COMPLETED)
            if signals.name == "SIGHUP":
                _redirect_to_null()
            if not drawing.done():
                app.exit(Leaving("leave" if self._stays else "quit", reason=signals.name))
            left = await drawing
        finally:
            await cancel_tasks((drawing, stop, watching))
        if left is None:  # Textual has printed the reason on stderr
            raise RuntimeError(f"the screen failed: see {self._settings.log.file or 'above'}")
        if left.picture:
            _print(left.picture)
        return left

    async def _watch(self, engine: Child | None, app: AriTuiApp) -> None:
        """End the screen when the engine ends normally, else show that it has ended."""
        from ari_tui.ui.leaving import Leaving

        if engine is None:
            return
        code = await engine.process.wait()
        await self.wait_final()
        if self.final:
            app.exit(Leaving("quit", reason="the engine has ended"))
        else:
            app.show_engine_ended(f"engine ended (exit {code}): see {self._settings.log.file}")

    @property
    def final(self) -> bool:
        """Whether the engine's final document has arrived."""
        document = self.source.document
        return document is not None and document.kind == "final"

    async def wait_final(self) -> None:
        """Wait for the final document of an engine that has ended, up to a timeout."""
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._until_final(), _FINAL_DOCUMENT_S)

    async def _until_final(self) -> None:
        while not self.final:
            await self.source.changed()

    async def close(self) -> None:
        """Disconnect from the engine's stream."""
        await cancel_tasks((self._following,))

    def print_report(self) -> None:
        """Print the report of the newest document, and a note when it is not the final one."""
        document = self.source.document
        if document is None:
            return
        if not self.final:
            why = "no final report came" if self._owned else "the engine goes on"
            _say(f"{why}: this is how it stood at {document.time}")
        from ari_tui.report.files import closing_report

        _print(closing_report(document, self._settings.loadtest.report))


async def _end(engine: Child, left: Leaving, screen: _Screen, signals: StopSignals) -> int:
    """Drain the engine and wait for its final document; another Ctrl-C skips the draining."""
    if engine.running:
        document = screen.source.document
        calls = document.totals.calls.active if document else 0
        _say(f"releasing {plural(calls, 'call')} (Ctrl-C skips the wait)" if calls else "stopping")
    engine.close_lifeline(left.reason)
    second = (signals.again if signals.name else signals.stop).wait()
    try:
        code = await engine.finish(second, drain_s=_DRAIN_S, kill_after_s=_KILL_AFTER_S)
        await screen.wait_final()
    finally:
        await screen.close()
    if code < 0:
        _log.error("the engine was killed: there is no final report", signal=-code)
        return INCONCLUSIVE
    return code


def _redirect_to_null() -> None:
    """Redirect the standard streams to /dev/null: writing to a closed terminal would fail."""
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    os.close(null)


def _say(text: str) -> None:
    with contextlib.suppress(OSError):
        print(f"ari-tui: {text}", file=sys.stderr, flush=True)  # noqa: T201  for the user


def _print(text: str) -> None:
    from ari_tui.report.text.summary import readable

    with contextlib.suppress(OSError):
        print(readable(text, sys.stdout.encoding), flush=True)  # noqa: T201  likewise
