"""The exit codes of the program (`ari-tui COMMAND`), in one place."""

from __future__ import annotations

import signal
from typing import Final

PASS: Final = 0
SLA_FAILED: Final = 1
WRONG_USE: Final = 2
"""Wrong use or configuration."""
UNREACHABLE: Final = 3
"""Asterisk cannot be reached, or a socket cannot be bound."""
INCONCLUSIVE: Final = 4
READER_GONE: Final = 141
"""What a shell shows for SIGPIPE; Python turns that signal into an exception."""

VERDICT_CODES: Final = {"pass": PASS, "fail": SLA_FAILED, "inconclusive": INCONCLUSIVE}
SIGNAL_CODES: Final = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}
"""128 + the signal's number; the final report is written first."""
