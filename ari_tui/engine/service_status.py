"""Tells the service manager how the engine is: starting, standing, alive, stopping.

The watchdog's signs of life come from the engine's pulse, and only while the pulse comes round and
every worker is alive: what an engine cannot mend by itself is mended by starting it again. An
Asterisk that is away is no reason: the engine waits for it, and says so in the status.
"""

from __future__ import annotations

from ari_tui.core.systemd import NotifySocket
from ari_tui.document.model import Document


class SystemdNotifier:
    """One engine's messages to its service manager."""

    def __init__(self, notifier: NotifySocket) -> None:
        self._notifier = notifier
        self._ending = False

    def starting(self, url: str) -> None:
        """Say that Asterisk is being looked for; READY is not said before it is found."""
        self._notifier.status(f"looking for Asterisk at {url}")

    def ready(self) -> None:
        """Say that the engine stands: it takes calls and its door is open."""
        self._notifier.ready()

    def watchdog(self, *, healthy: bool) -> None:
        """Give a sign of life, unless the engine is not well."""
        if healthy:
            self._notifier.alive()

    def status(self, document: Document) -> None:
        """Say in one line how things are; while the engine stops, that is what it says."""
        if not self._ending:
            self._notifier.status(status_of(document))

    def stopping(self, reason: str, calls: int) -> None:
        """Say that callers are let go."""
        self._ending = True
        self._notifier.stopping()
        self._notifier.status(f"stopping ({reason}): {_count(calls)} to let go")

    def close(self) -> None:
        """Say nothing more."""
        self._notifier.close()


def status_of(document: Document) -> str:
    """Return the line that `systemctl status` shows: calls, verdict, Asterisk."""
    away = [one.url for one in document.asterisks if not one.connected]
    versions = [one.version for one in document.asterisks if one.version]
    where = f"no connection to {', '.join(away)}" if away else f"Asterisk {', '.join(versions)}"
    calls = document.totals.calls
    return f"{_count(calls.active)}, SLA {document.sla.verdict}, {where.strip()}"


def _count(calls: int) -> str:
    return "1 call" if calls == 1 else f"{calls} calls"
