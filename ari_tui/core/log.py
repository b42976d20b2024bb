"""The log: one line a message, with time, level and channel, to stderr or to a file.

`2026-11-22T14:03:11.123+00:00 INFO [channel-id] message key=value`, or one JSON object a line.
Control characters are escaped (callers choose their names), and the configured secrets are masked
in messages, values and tracebacks.
"""

from __future__ import annotations

import json
import logging
import logging.handlers
import os
import re
import stat
import sys
from collections.abc import Iterable, Mapping, MutableMapping
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from ari_tui.core.errors import ConfigError
from ari_tui.core.text import escaped

if TYPE_CHECKING:
    _Adapter = logging.LoggerAdapter[logging.Logger]
else:
    _Adapter = logging.LoggerAdapter  # takes no parameter at run time before Python 3.11

ROOT = "ari_tui"
MASK = "********"
"""Shown instead of a secret."""

_BARE_VALUE = re.compile(r"[^\s\"'=\[\]]+")
_SHORTEST_MASKED_ANYWHERE = 4


class Masker:
    """Replaces secrets in texts by a mask."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        # The longest first: one secret may contain another. A very short one is masked only as a
        # word of its own: it would hide parts of ordinary words.
        patterns = [
            re.escape(secret)
            if len(secret) >= _SHORTEST_MASKED_ANYWHERE
            else rf"(?<!\w){re.escape(secret)}(?!\w)"
            for secret in sorted(set(secrets), key=len, reverse=True)
            if secret
        ]
        self._pattern = re.compile("|".join(patterns)) if patterns else None

    def __call__(self, text: str) -> str:
        """Return the text without secrets."""
        return self._pattern.sub(MASK, text) if self._pattern else text


class ChannelLogger(_Adapter):
    """A logger whose keyword arguments become `key=value` at the end of the line.

    `log.info("answered", channel=channel_id, attempt=2)`. `channel` goes into the brackets.
    """

    def __init__(self, logger: logging.Logger, bound: Mapping[str, Any] | None = None) -> None:
        super().__init__(logger, {})
        self._bound = dict(bound or {})

    def bind(self, **fields: Any) -> ChannelLogger:
        """Return a logger with these fields on every line."""
        return ChannelLogger(self.logger, {**self._bound, **fields})

    def process(
        self, msg: Any, kwargs: MutableMapping[str, Any]
    ) -> tuple[Any, MutableMapping[str, Any]]:
        """Move arguments that `logging` does not know into the record's fields."""
        known = {key: kwargs[key] for key in _LOGGING_ARGUMENTS if key in kwargs}
        fields = {**self._bound, **{k: v for k, v in kwargs.items() if k not in known}}
        return msg, {**known, "extra": {"fields": fields}}


_LOGGING_ARGUMENTS = ("exc_info", "stack_info", "stacklevel")


def get(name: str = "") -> ChannelLogger:
    """Return the logger of one part of the program ("engine", "ari")."""
    return ChannelLogger(logging.getLogger(f"{ROOT}.{name}" if name else ROOT))


class LineFormatter(logging.Formatter):
    """One record as one line; a traceback follows on indented lines."""

    def __init__(self, mask: Masker | None = None) -> None:
        super().__init__()
        self._mask = mask or Masker()

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        fields = dict(getattr(record, "fields", {}))
        channel = self._safe(fields.pop("channel", None) or "-")
        message = self._safe(record.getMessage())
        line = f"{timestamp(record.created)} {record.levelname} [{channel}] {message}"
        line += "".join(f" {key}={self._value(value)}" for key, value in fields.items())
        return "\n    ".join([line, *self._traceback(record)])

    def _safe(self, value: Any) -> str:
        # masked before it is cut or escaped: either could leave half a secret
        return escaped(self._mask(str(value)))

    def _value(self, value: Any) -> str:
        if value is None:
            return "-"
        text = self._safe(f"{value:.6g}" if isinstance(value, float) else value)
        return text if _BARE_VALUE.fullmatch(text) else json.dumps(text, ensure_ascii=False)

    def _traceback(self, record: logging.LogRecord) -> list[str]:
        if not record.exc_info or record.exc_info[0] is None:
            return []
        return [self._safe(line) for line in self.formatException(record.exc_info).splitlines()]


class JsonFormatter(LineFormatter):
    """One record as one JSON object on one line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        fields = dict(getattr(record, "fields", {}))
        channel = fields.pop("channel", None)
        document: dict[str, Any] = {
            "time": timestamp(record.created),
            "level": record.levelname,
            "channel": self._safe(channel) if channel else None,
            "message": self._safe(record.getMessage()),
        }
        for key, value in fields.items():
            document.setdefault(key, self._plain(value))
        if lines := self._traceback(record):
            document["traceback"] = lines
        return json.dumps(document, ensure_ascii=False)

    def _plain(self, value: Any) -> Any:
        if value is None or isinstance(value, (bool, int)):
            return value
        if isinstance(value, float):
            return value if abs(value) < float("inf") else None
        return self._safe(value)


def timestamp(seconds: float) -> str:
    """Return Unix seconds as `2026-11-22T14:03:11.123+00:00`."""
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="milliseconds")


class _PrivateFile(logging.handlers.WatchedFileHandler):
    """A file of mode 0600, reopened after a rotation."""

    def _open(self) -> Any:
        fd = os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        if stat.S_ISREG(os.fstat(fd).st_mode):
            os.fchmod(fd, 0o600)
        return os.fdopen(fd, self.mode, encoding="utf-8", errors="backslashreplace")


class LogOptions(Protocol):
    """Where the log goes and how it reads; `config.settings.LogSettings` is one."""

    @property
    def file(self) -> str:
        """A file (mode 0600), "" for stderr."""

    @property
    def level(self) -> str:
        """`debug`, `info`, `warning` or `error`."""

    @property
    def json(self) -> bool:
        """One JSON object a line."""


def configure(
    settings: LogOptions, secrets: Iterable[str] = (), *, stream: TextIO | None = None
) -> logging.Handler:
    """Send everything to the file that the settings name, else to `stream` (stderr).

    A second call replaces the first one's handler. Raises ConfigError when the file cannot be
    opened. Libraries log warnings and errors only, at any level: at debug they would log
    authorization headers.
    """
    mask = Masker(secrets)
    try:
        handler = (
            _PrivateFile(settings.file, encoding="utf-8")
            if settings.file
            else logging.StreamHandler(stream or sys.stderr)
        )
    except OSError as error:
        why = f"cannot open {escaped(settings.file)}: {error.strerror}"
        raise ConfigError(f"log.file: {why}") from error
    handler.setFormatter(JsonFormatter(mask) if settings.json else LineFormatter(mask))
    root = logging.getLogger()
    for old in [h for h in root.handlers if h.name == ROOT]:
        root.removeHandler(old)
        old.close()
    handler.name = ROOT  # how a second call finds the first
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger(ROOT).setLevel(settings.level.upper())
    return handler
