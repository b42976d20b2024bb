"""The ARI operations of the simulated Asterisk; the route tables map each to its handler."""

from __future__ import annotations

import json

from aiohttp import web

from ari_tui.core.errors import SimRefusalError
from ari_tui.sim.config import INJECTED_VARIABLE
from ari_tui.sim.dialplan import DialplanRunner, extension
from ari_tui.sim.events import ASTERISK_ID
from ari_tui.sim.media import FORMATS, MediaPort, bind_rtp
from ari_tui.sim.model import Json, SimBridge, SimCallerId, SimChannel, timestamp
from ari_tui.sim.pbx import Pbx
from ari_tui.sim.rest import VERSION, EventServer, answer, names_of, no_content, parameters, text_of
from ari_tui.sim.variables import read_variable, rtp_statistics


class BridgeRoutes:
    """Handlers of /bridges, one for each ARI operation."""

    def __init__(self, pbx: Pbx) -> None:
        self._pbx = pbx

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        get, post = web.get, web.post
        bridge = "/ari/bridges/{id}"
        return [
            get("/ari/bridges", self._bridges),
            post("/ari/bridges", self._create_bridge),
            get(bridge, self._bridge),
            post(bridge, self._create_bridge),
            web.delete(bridge, self._destroy_bridge),
            post(bridge + "/addChannel", self._add_channel),
            post(bridge + "/removeChannel", self._remove_channel),
        ]

    async def _bridges(self, _request: web.Request) -> web.Response:
        return answer([one.json() for one in self._pbx.bridging.bridges.values()])

    async def _bridge(self, request: web.Request) -> web.Response:
        return answer(self._pbx.bridging.find(request.match_info["id"]).json())

    async def _create_bridge(self, request: web.Request) -> web.Response:
        values = await parameters(request)
        bridge_id = request.match_info.get("id") or text_of(values, "bridgeId") or None
        kind = text_of(values, "type") or "mixing"
        return answer(self._pbx.bridging.create(bridge_id, kind, text_of(values, "name")).json())

    async def _destroy_bridge(self, request: web.Request) -> web.Response:
        self._pbx.bridging.destroy(self._pbx.bridging.find(request.match_info["id"]))
        return no_content()

    async def _add_channel(self, request: web.Request) -> web.Response:
        bridge, channels = await self._bridge_and_channels(request)
        for channel in channels:
            self._pbx.bridging.enter(bridge, channel)
        return no_content()

    async def _remove_channel(self, request: web.Request) -> web.Response:
        bridge, channels = await self._bridge_and_channels(request)
        if any(channel.bridge is not bridge for channel in channels):
            raise SimRefusalError(422, "Channel not in this bridge")
        for channel in channels:
            self._pbx.bridging.leave(channel)
        return no_content()

    async def _bridge_and_channels(
        self, request: web.Request
    ) -> tuple[SimBridge, list[SimChannel]]:
        """Return the request's bridge and channels. Raises SimRefusalError for a missing one."""
        names = names_of(await parameters(request), "channel")
        if not names:
            raise SimRefusalError(400, "Missing parameter channel")
        bridge = self._pbx.bridging.find(request.match_info["id"])
        return bridge, [self._pbx.find_in_stasis(name, status=422) for name in names]


_INTERNAL = "An internal error prevented this request from being handled"


class MediaChannels:
    """Creates media channels; the seed decides whether events or responses come first."""

    def __init__(self, pbx: Pbx) -> None:
        self._pbx, self._config = pbx, pbx.config
        self._serial = 0

    def add(
        self, external: tuple[str, int], fmt: str, channel_id: str | None, app: str
    ) -> SimChannel:
        """Create a media channel outside of Stasis; its socket is bound and connected.

        Raises SimRefusalError (500), as Asterisk 22 does for a bad format and for an id in use.
        """
        if fmt not in FORMATS or channel_id in self._pbx.channels:
            raise SimRefusalError(500, _INTERNAL)
        self._serial += 1
        sock = bind_rtp(self._config.media_host, self._config.rtp_ports)
        port = MediaPort(sock, external, FORMATS[fmt])
        handle = 0x7F0000000000 + 0x1230 * self._serial
        name = f"UnicastRTP/{external[0]}:{external[1]}-0x{handle:x}"
        channel = SimChannel(channel_id or self._pbx.unique_id(), name)
        channel.media, channel.owner = port, app
        channel.variables = {
            "UNICASTRTP_LOCAL_PORT": str(port.address[1]),
            "UNICASTRTP_LOCAL_ADDRESS": port.address[0],
        }
        self._pbx.hub.subscribe(app, channel)
        return self._pbx.add(channel)

    def enter(self, channel: SimChannel, app: str) -> None:
        """Set a new media channel up and into Stasis; it ends when no client is connected."""
        if not channel.alive:
            return
        self._pbx.set_state(channel, "Up")
        if not self._pbx.enter_stasis(channel, app):
            self._pbx.end(channel)

    def draw_order(self) -> tuple[bool, float]:
        """Return whether the newest channel's events precede its response, else their delay (s)."""
        random = self._config.stream("media", self._serial)
        event_first, delay_s = random.random() < 0.5, random.uniform(0.001, 0.008)
        if self._config.stasis_order != "seeded":
            event_first = self._config.stasis_order == "event-first"
        return event_first, delay_s


_RINGS_S = 30.0
"""How long a call rings by default, as in ARI."""


class ChannelRoutes:
    """Handlers of /channels, one for each ARI operation."""

    def __init__(self, pbx: Pbx) -> None:
        self._pbx, self._dialplan, self._media = pbx, DialplanRunner(pbx), MediaChannels(pbx)

    def routes(self) -> list[web.RouteDef]:
        """Return the routes; fixed paths precede those with an id."""
        get, post = web.get, web.post
        channel = "/ari/channels/{id}"
        return [
            get("/ari/channels", self._channels),
            post("/ari/channels", self._originate),
            post("/ari/channels/externalMedia", self._external_media),
            get(channel, self._channel),
            post(channel, self._originate),
            web.delete(channel, self._hang_up),
            post(channel + "/answer", self._answer),
            post(channel + "/continue", self._proceed),
            get(channel + "/variable", self._channel_variable),
            get(channel + "/rtp_statistics", self._rtp_statistics),
        ]

    async def _channels(self, _request: web.Request) -> web.Response:
        return answer([one.json() for one in self._pbx.channels.values()])

    async def _channel(self, request: web.Request) -> web.Response:
        return answer(self._pbx.find(request.match_info["id"]).json())

    async def _originate(self, request: web.Request) -> web.StreamResponse:
        """Answer POST /channels: Local channels into the extensions of `sim.dialplan`."""
        values = await parameters(request)
        endpoint, app = text_of(values, "endpoint"), text_of(values, "app")
        if not endpoint:
            raise SimRefusalError(400, "Endpoint must be specified")
        if not app:
            raise SimRefusalError(400, "Application or extension must be specified")
        technology, _, resource = endpoint.partition("/")
        exten, at, context = resource.partition("@")
        if technology != "Local" or not exten:
            raise SimRefusalError(500, "Allocation failed", key="error")
        channel_id = request.match_info.get("id") or text_of(values, "channelId") or None
        context, tone_hz = context if at else "default", extension(exten).frequency_hz
        caller = _caller(values)
        channel = self._pbx.add_local(exten, context, app, channel_id, caller, tone_hz)
        args = tuple(part for part in text_of(values, "appArgs").split(",") if part)
        response = await _send(request, answer(channel.json()))
        self._dialplan.ring(channel, app, args, _timeout_s(values))
        return response

    async def _external_media(self, request: web.Request) -> web.StreamResponse:
        """Answer POST /channels/externalMedia, before or after the channel entered Stasis."""
        values = await parameters(request)
        app = text_of(values, "app")
        external = _external(text_of(values, "external_host"))
        fmt = text_of(values, "format")
        media = self._media
        channel = media.add(external, fmt, text_of(values, "channelId") or None, app)
        given = values.get("variables")
        own = given if isinstance(given, dict) else {}
        body = {**channel.json(), "channelvars": {**own, **channel.variables}}
        channel.variables.update({name: str(value) for name, value in own.items()})
        event_first, delay_s = media.draw_order()
        if event_first:
            media.enter(channel, app)
            await self._pbx.hub.written(app)
            return answer(body)
        response = await _send(request, answer(body))
        self._pbx.timers.later(delay_s, lambda: media.enter(channel, app))
        return response

    async def _hang_up(self, request: web.Request) -> web.Response:
        self._pbx.hang_up(self._pbx.find(request.match_info["id"]), cause=32, soft=True)
        return no_content()

    async def _answer(self, request: web.Request) -> web.Response:
        self._pbx.set_state(self._pbx.find_in_stasis(request.match_info["id"]), "Up")
        return no_content()

    async def _proceed(self, request: web.Request) -> web.Response:
        self._pbx.proceed(self._pbx.find_in_stasis(request.match_info["id"]))
        return no_content()

    async def _channel_variable(self, request: web.Request) -> web.Response:
        name = request.query.get("variable", "")
        if not name:
            raise SimRefusalError(400, "Variable name is required")
        channel = self._pbx.channels.get(request.match_info["id"])
        if channel is None:
            raise SimRefusalError(404, "Provided channel was not found")
        return answer({"value": read_variable(channel, name)})

    async def _rtp_statistics(self, request: web.Request) -> web.Response:
        return answer(rtp_statistics(self._pbx.find(request.match_info["id"])))


async def _send(request: web.Request, response: web.Response) -> web.Response:
    """Write a whole response now, so that later events follow it."""
    await response.prepare(request)
    await response.write_eof()
    return response


def _timeout_s(values: Json) -> float:
    try:
        seconds = float(text_of(values, "timeout"))
    except ValueError:
        return _RINGS_S
    return seconds if seconds > 0 else 1e6  # -1 is unlimited


def _caller(values: Json) -> SimCallerId:
    name, _, number = text_of(values, "callerId").partition("<")
    return SimCallerId(name.strip(' "'), number.rstrip("> "))


def _external(text: str) -> tuple[str, int]:
    if not text:
        message = "external_host is required for all but websocket server connections"
        raise SimRefusalError(400, message)
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdigit() or not host:
        message = "external_host must be <host>:<port> for all transports other than websocket"
        raise SimRefusalError(400, message)
    return host.strip("[]"), int(port)


class Routes:
    """All routes, with the handlers of /asterisk and /applications."""

    def __init__(self, pbx: Pbx, events: EventServer) -> None:
        self._pbx, self._hub, self._events = pbx, pbx.hub, events

    def add_to(self, application: web.Application) -> None:
        """Register all routes."""
        get = web.get
        application.add_routes(
            [
                get("/ari/events", self._events.serve),
                get("/ari/asterisk/info", self._info),
                get("/ari/asterisk/ping", self._ping),
                get("/ari/asterisk/variable", self._global_variable),
                get("/ari/applications", self._applications),
                get("/ari/applications/{id}", self._application),
                web.put("/ari/applications/{id}/eventFilter", self._event_filter),
                *ChannelRoutes(self._pbx).routes(),
                *BridgeRoutes(self._pbx).routes(),
            ]
        )

    async def _info(self, _request: web.Request) -> web.Response:
        started, nobody = self._pbx.started_at, {"user": "", "group": ""}
        build = {"os": "Linux", "kernel": "unknown", "machine": "unknown", "options": "simulated"}
        return answer(
            {
                "build": {**build, "date": "", "user": ""},
                "system": {"version": VERSION, "entity_id": ASTERISK_ID},
                "config": {"name": "ari-tui sim", "default_language": "en", "setid": nobody},
                "status": {"startup_time": started, "last_reload_time": started},
            }
        )

    async def _ping(self, _request: web.Request) -> web.Response:
        return answer({"ping": "pong", "timestamp": timestamp(), "asterisk_id": ASTERISK_ID})

    async def _global_variable(self, request: web.Request) -> web.Response:
        """Answer GET /asterisk/variable; INJECTED_VARIABLE is the only one with a value."""
        name = request.query.get("variable", "")
        if not name:
            raise SimRefusalError(400, "Variable name is required")
        injected = self._pbx.injected() if name == INJECTED_VARIABLE else None
        return answer({"value": "" if injected is None else json.dumps(dict(injected))})

    async def _applications(self, _request: web.Request) -> web.Response:
        return answer([one.json() for one in self._hub.applications.values()])

    async def _application(self, request: web.Request) -> web.Response:
        return answer(self._hub.find(request.match_info["id"]).json())

    async def _event_filter(self, request: web.Request) -> web.Response:
        name = request.match_info["id"]
        self._hub.find(name)
        return answer(self._hub.set_filter(name, await parameters(request)).json())
