"""Names of what we create in Asterisk: `ari-tui.<app>.<session>.<n>.<what>`.

A "caller" is a call that a load test originates; its number is the load test's own.

The name identifies the owner of a channel or bridge, so that leftovers of a crash can be
distinguished from calls of another application, which are never touched. An application name may
hold dots; the session and the rest may not, and are therefore read from the right.
"""

from __future__ import annotations

import secrets
from typing import Final, Literal, NamedTuple

from ari_tui.core.errors import ConfigError

What = Literal["media", "bridge", "caller"]

_PREFIX: Final = "ari-tui."
_WHATS: Final[tuple[What, ...]] = ("media", "bridge", "caller")
_LONGEST: Final = 149
"""Characters of a unique id that Asterisk accepts (AST_MAX_PUBLIC_UNIQUEID)."""
_NUMBER_DIGITS: Final = 10


class OwnedId(NamedTuple):
    """One of our ids, parsed."""

    app: str
    session: str
    number: int
    what: What

    def __str__(self) -> str:
        return f"{_PREFIX}{self.app}.{self.session}.{self.number}.{self.what}"


class CallIds(NamedTuple):
    """The ids of what one call creates: its media channel and its bridge."""

    media: str
    bridge: str


def new_session() -> str:
    """Return a fresh session name: 8 hexadecimal digits, without dots."""
    return secrets.token_hex(4)


def check_names(app: str, session: str) -> None:
    """Refuse names of which no id can be built; the message names the key.

    A comma separates channels in `addChannel` and applications in `/events`, so Asterisk would
    read two names. Raises ConfigError.
    """
    if not app or any(char in ",&" or not char.isprintable() or char.isspace() for char in app):
        raise ConfigError(
            f"asterisk.app {app!r}: must not be empty or hold commas, blanks or controls"
        )
    if not session or not session.isalnum():
        raise ConfigError(f"session name {session!r}: letters and digits only")
    room = _LONGEST - len(build_id("", session, 10**_NUMBER_DIGITS - 1, "bridge"))
    if len(app) > room:
        raise ConfigError(f"asterisk.app is {len(app)} characters long: at most {room}")


def build_id(app: str, session: str, number: int, what: What) -> str:
    """Build the id of one channel or bridge of call `number`."""
    return str(OwnedId(app, session, number, what))


def call_ids(app: str, session: str, number: int) -> CallIds:
    """Build the ids of one call; raise ConfigError when the names do not allow it."""
    check_names(app, session)
    return CallIds(
        build_id(app, session, number, "media"), build_id(app, session, number, "bridge")
    )


def parse_id(text: str) -> OwnedId | None:
    """Parse an id; None when it is not one of ours (whatever the application)."""
    if not text.startswith(_PREFIX):
        return None
    parts = text[len(_PREFIX) :].rsplit(".", 3)
    if len(parts) != 4:
        return None
    app, session, number, what = parts
    if not app or not session or not number.isascii() or not number.isdigit():
        return None
    known = next((known for known in _WHATS if known == what), None)
    return None if known is None else OwnedId(app, session, int(number), known)


def is_own_caller(text: str, app: str, session: str) -> bool:
    """Return whether an id is that of a call which this session has originated."""
    owned = parse_id(text)
    return owned is not None and owned[:2] == (app, session) and owned.what == "caller"
