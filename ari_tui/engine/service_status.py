"""Notifies systemd (sd_notify): READY, STATUS, WATCHDOG, STOPPING.

WATCHDOG is sent by the engine's tick while every worker is alive, so that systemd restarts an
engine that hangs. A lost connection to Asterisk does not count: the engine reconnects, and the
status says so.
"""

from __future__ import annotations

from ari_tui.core.systemd import NotifySocket
from ari_tui.document.model import Document


class SystemdNotifier:
    """One engine's notifications to systemd."""

    def __init__(self, notifier: NotifySocket) -> None:
        self._notifier = notifier
        self._ending = False

    def starting(self, url: str) -> None:
        """Set the status while Asterisk is not connected yet; READY follows later."""
        self._notifier.status(f"looking for Asterisk at {url}")

    def ready(self) -> None:
        """Send READY: the engine accepts calls and its HTTP server listens."""
        self._notifier.ready()

    def watchdog(self, *, healthy: bool) -> None:
        """Send WATCHDOG if the engine is healthy."""
        if healthy:
            self._notifier.watchdog()

    def status(self, document: Document) -> None:
        """Set the status line from a document, unless the engine is stopping."""
        if not self._ending:
            self._notifier.status(status_of(document))

    def stopping(self, reason: str, calls: int) -> None:
        """Send STOPPING, with the number of calls to release."""
        self._ending = True
        self._notifier.stopping()
        self._notifier.status(f"stopping ({reason}): {_count(calls)} to release")

    def close(self) -> None:
        """Close the socket."""
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
