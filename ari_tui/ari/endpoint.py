"""The address of Asterisk's REST interface and how to log in: URL, Basic header, TLS.

Shared by the REST client and the event stream. Credentials travel in the Authorization header
only: `?api_key=user:password` would land in logs.
"""

from __future__ import annotations

import base64
import ssl
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

from ari_tui.core.errors import ConfigError
from ari_tui.core.sockets import endpoint_text
from ari_tui.core.text import clean_text

_DEFAULT_PORTS: Final = {"http": 8088, "https": 8089}


class AriEndpoint:
    """One Asterisk and one user of it; immutable; its repr does not show the password."""

    def __init__(self, url: str, username: str, password: str, *, tls_verify: bool = True) -> None:
        """Read `host:port`, `http://…` or `https://…` (a trailing `/ari` is accepted).

        Without a port it is 8088, with TLS 8089. Raises ConfigError for any other scheme, for a
        missing host, a bad port, and for credentials inside the URL.
        """
        self.scheme, self.host, self.port, self._prefix = _split(url)
        self.username = username
        self._tls_verify = tls_verify
        token = base64.b64encode(f"{username}:{password}".encode()).decode("ascii")
        self.headers: Mapping[str, str] = {"Authorization": f"Basic {token}"}
        """The Basic header: secret."""

    @property
    def url(self) -> str:
        """Return the base URL, without credentials: `http://pbx:8088`."""
        return f"{self.scheme}://{endpoint_text(self.host, self.port)}{self._prefix}"

    @property
    def tls(self) -> ssl.SSLContext | None:
        """Return the TLS context for `https` and `wss`; None without TLS."""
        if self.scheme == "http":
            return None
        context = ssl.create_default_context()
        if not self._tls_verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    def rest_url(self, path: tuple[str, ...], query: Mapping[str, str] | None = None) -> str:
        """Build a REST URL; each part of `path` and each value is percent-encoded whole."""
        return f"{self.url}/ari/{join_path(path)}" + (f"?{encode(query)}" if query else "")

    def events_url(self, app: str) -> str:
        """Build the URL of the event WebSocket of one Stasis application."""
        query = encode({"app": app, "subscribeAll": "false"})
        return f"{self.url.replace('http', 'ws', 1)}/ari/events?{query}"

    def __repr__(self) -> str:
        return f"AriEndpoint({self.url!r}, {self.username!r})"


def join_path(path: tuple[str, ...]) -> str:
    """Join path parts, each percent-encoded: an id may hold slashes or question marks."""
    return "/".join(quote(part, safe="") for part in path)


def encode(query: Mapping[str, str]) -> str:
    """Encode a query string; blanks become %20, which Asterisk reads everywhere."""
    return urlencode(query, quote_via=quote, safe="")


def _split(url: str) -> tuple[str, str, int, str]:
    text = url if "://" in url else f"http://{url}"
    # the text itself is shown in a message only once it is known to hold no password
    if "@" in text:
        raise ConfigError(
            "asterisk.url must not hold credentials: use asterisk.username and asterisk.password"
        )
    shown = clean_text(url)
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ConfigError(f"asterisk.url {shown!r}: {clean_text(error)}") from None
    if parts.scheme not in _DEFAULT_PORTS:
        raise ConfigError(f"asterisk.url {shown!r}: host:port, http:// or https:// is needed")
    if not host or port == 0 or parts.query or parts.fragment:
        raise ConfigError(f"asterisk.url {shown!r}: write it as host:port")
    prefix = parts.path.rstrip("/").removesuffix("/ari")
    return parts.scheme, host, port or _DEFAULT_PORTS[parts.scheme], prefix
