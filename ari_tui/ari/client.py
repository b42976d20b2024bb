"""The REST operations that ari-tui uses, one method each, typed.

Parameters are sent in the query, channel variables in the body, as the ARI documentation has it.
`ari_tui.ari.rest` sends, retries and translates failures; every method raises its AriErrors.
Deleting what does not exist is no error.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Mapping, Sequence
from typing import Final

from ari_tui.ari.endpoint import AriEndpoint
from ari_tui.ari.models import Application, AsteriskInfo, Bridge, Channel, RtpStatistics, Variable
from ari_tui.ari.rest import RestSession
from ari_tui.core.errors import AriError, AriNotFoundError, AriUnreachableError

PING_TIMEOUT_S: Final = 2.0
PINGS_OUTSTANDING: Final = 6
"""Pings without an answer at one time, each on a connection of its own."""
DEFAULT_DISALLOWED: Final = ("ChannelVarset", "ChannelDialplan")
"""Frequent event types that we never read."""


class Pinger:
    """Asks one Asterisk for a sign of life, on connections apart from the client's pool.

    What the pool waits for or retries neither delays a ping nor is delayed by one, and pings do
    not count in `AriClient.latency_ms`.
    """

    def __init__(self, endpoint: AriEndpoint) -> None:
        self._rest = RestSession(
            endpoint,
            timeout_s=PING_TIMEOUT_S,
            pool_size=PINGS_OUTSTANDING,
            # an idle connection that Asterisk closed is opened anew, once, at once
            retry_delays_s=(0.0,),
        )

    async def ping(self) -> None:
        """Send GET /asterisk/ping; return at its answer, which may be a refusal.

        Raises AriUnreachableError when there was none within `PING_TIMEOUT_S`.
        """
        try:
            await self._rest.request("GET", ("asterisk", "ping"))
        except AriUnreachableError:
            raise
        except AriError:
            return

    async def close(self) -> None:
        """Close the connections."""
        await self._rest.close()


class AriClient:
    """REST client of one Asterisk; an async context manager, for one event loop."""

    def __init__(
        self,
        url: str,
        username: str,
        password: str,
        *,
        timeout_s: float = 5.0,
        tls_verify: bool = True,
    ) -> None:
        """Read `host:port`, `http://…` or `https://…`; raise ConfigError when it is neither.

        `timeout_s` bounds every attempt of a request.
        """
        self.endpoint = AriEndpoint(url, username, password, tls_verify=tls_verify)
        self._rest = RestSession(self.endpoint, timeout_s=timeout_s)

    async def __aenter__(self) -> AriClient:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections."""
        await self._rest.close()

    @property
    def latency_ms(self) -> float | None:
        """Return the median time of the last 64 answered requests; None before the first."""
        return self._rest.latency_ms

    async def local_address(self) -> str:
        """Return our own address on the route to Asterisk, where it can reach us.

        Asks the routing table by a UDP socket that sends nothing. Raises AriUnreachableError
        when the name cannot be resolved or there is no route.
        """
        host, port = self.endpoint.host, self.endpoint.port
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
            family, _, _, _, address = found[0]
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect(address)
                return str(probe.getsockname()[0])
        except OSError as error:
            raise AriUnreachableError(f"no route to {self.endpoint.url}: {error}") from None

    async def on_this_machine(self) -> bool:
        """Return whether Asterisk runs on this machine: our route to it begins where it ends.

        Raises AriUnreachableError as `local_address`.
        """
        local = await self.local_address()
        try:
            found = await asyncio.get_running_loop().getaddrinfo(self.endpoint.host, None)
        except OSError as error:
            raise AriUnreachableError(f"no route to {self.endpoint.url}: {error}") from None
        return any(address[0] == local for *_, address in found)

    # Asterisk and application

    async def info(self) -> AsteriskInfo:
        """Read version and start time."""
        return await self._rest.read(AsteriskInfo, "GET", ("asterisk", "info"))

    async def global_variable(self, name: str) -> str:
        """Read a global variable of Asterisk; "" when it is not set."""
        path = ("asterisk", "variable")
        return (await self._rest.read(Variable, "GET", path, {"variable": name})).value

    async def application(self, app: str) -> Application:
        """Read a Stasis application; AriNotFoundError when no client has registered it."""
        return await self._rest.read(Application, "GET", ("applications", app))

    async def filter_events(self, app: str, disallowed: Sequence[str] = DEFAULT_DISALLOWED) -> bool:
        """Ask not to be sent some event types; False when this Asterisk cannot do that."""
        path, body = ("applications", app, "eventFilter"), [{"type": kind} for kind in disallowed]
        try:
            await self._rest.request("PUT", path, body={"disallowed": body})
        except AriError as error:
            if error.status not in (404, 405):
                raise
            return False
        return True

    # channels

    async def channels(self) -> list[Channel]:
        """List all channels of this Asterisk."""
        return await self._rest.read(list[Channel], "GET", ("channels",))

    async def channel(self, channel_id: str) -> Channel:
        """Read one channel."""
        return await self._rest.read(Channel, "GET", ("channels", channel_id))

    async def answer(self, channel_id: str) -> None:
        """Answer a channel."""
        await self._rest.request("POST", ("channels", channel_id, "answer"))

    async def hang_up(self, channel_id: str) -> bool:
        """Hang up a channel; False when it no longer existed."""
        return await self._delete(("channels", channel_id))

    async def continue_in_dialplan(self, channel_id: str) -> None:
        """Continue a channel in its dialplan after Stasis()."""
        await self._rest.request("POST", ("channels", channel_id, "continue"))

    async def channel_variable(self, channel_id: str, name: str) -> str:
        """Read a variable or function of a channel, such as CHANNEL(linkedid)."""
        path = ("channels", channel_id, "variable")
        return (await self._rest.read(Variable, "GET", path, {"variable": name})).value

    async def external_media(
        self, channel_id: str, *, app: str, external_host: str, media_format: str = "ulaw"
    ) -> Channel:
        """Create a channel that exchanges RTP over UDP, both ways, with `external_host`.

        `external_host` is `address:port`, bound beforehand. The answer's `channelvars` hold
        UNICASTRTP_LOCAL_ADDRESS and UNICASTRTP_LOCAL_PORT. It comes before the channel has
        entered `app`: await its StasisStart too before it is put into a bridge.
        """
        query = {
            "channelId": channel_id,
            "app": app,
            "external_host": external_host,
            "format": media_format,
            "encapsulation": "rtp",
            "transport": "udp",
            "connection_type": "client",
            "direction": "both",
        }
        return await self._rest.read(Channel, "POST", ("channels", "externalMedia"), query)

    async def originate(
        self,
        endpoint: str,
        *,
        app: str,
        app_args: Sequence[str] = (),
        channel_id: str | None = None,
        caller_id: str | None = None,
        timeout_s: int = 30,
        variables: Mapping[str, str] | None = None,
    ) -> Channel:
        """Call `endpoint` (`PJSIP/100`, `Local/tone@lab`) and bring it into `app` when it answers.

        Returns at once; StasisStart comes when the call is answered. `timeout_s` is
        how long it may ring, in whole seconds.
        """
        query = {"endpoint": endpoint, "app": app, "timeout": str(timeout_s)}
        chosen = {"appArgs": ",".join(app_args), "channelId": channel_id, "callerId": caller_id}
        query |= {name: value for name, value in chosen.items() if value}
        body = {"variables": dict(variables)} if variables else None
        return await self._rest.read(Channel, "POST", ("channels",), query, body=body)

    async def rtp_statistics(self, channel_id: str) -> RtpStatistics | None:
        """Read Asterisk's own statistics of an RTP leg; None where it has none.

        It has them for PJSIP channels; a Local or UnicastRTP channel answers 403 or 404.
        """
        path = ("channels", channel_id, "rtp_statistics")
        try:
            return await self._rest.read(RtpStatistics, "GET", path)
        except AriError as error:
            if error.status not in (403, 404):
                raise
            return None

    # bridges

    async def bridges(self) -> list[Bridge]:
        """List all bridges of this Asterisk."""
        return await self._rest.read(list[Bridge], "GET", ("bridges",))

    async def bridge(self, bridge_id: str) -> Bridge:
        """Read one bridge."""
        return await self._rest.read(Bridge, "GET", ("bridges", bridge_id))

    async def create_bridge(self, bridge_id: str, *, name: str = "ari-tui") -> Bridge:
        """Create a mixing bridge that forwards packets without decoding them."""
        query = {"type": "mixing,proxy_media", "bridgeId": bridge_id, "name": name}
        return await self._rest.read(Bridge, "POST", ("bridges",), query)

    async def add_to_bridge(self, bridge_id: str, channel_ids: Sequence[str]) -> None:
        """Put channels into a bridge; AriConflictError (422) while one is not in Stasis yet."""
        path = ("bridges", bridge_id, "addChannel")
        await self._rest.request("POST", path, {"channel": ",".join(channel_ids)})

    async def delete_bridge(self, bridge_id: str) -> bool:
        """Delete a bridge; False when it no longer existed."""
        return await self._delete(("bridges", bridge_id))

    async def _delete(self, path: tuple[str, ...]) -> bool:
        with contextlib.suppress(AriNotFoundError):
            await self._rest.request("DELETE", path)
            return True
        return False
