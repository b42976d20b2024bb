"""The ARI operations on channels that the simulated Asterisk answers."""

from __future__ import annotations

from aiohttp import web

from ari_tui.sim.dialling import Dialling, extension
from ari_tui.sim.media_channels import MediaChannels
from ari_tui.sim.model import CallerId, Json, RefusalError
from ari_tui.sim.pbx import Pbx
from ari_tui.sim.rest import answer, no_content, parameters, text_of
from ari_tui.sim.variables import read_variable, rtp_statistics

_RINGS_S = 30.0
"""How long a call rings unless it is told otherwise."""


class ChannelRoutes:
    """The handlers, each for one ARI operation."""

    def __init__(self, pbx: Pbx) -> None:
        self._pbx = pbx
        self._dialling = Dialling(pbx)
        self._media = MediaChannels(pbx)

    def routes(self) -> list[web.RouteDef]:
        """Return the routes; fixed paths come before those with an id."""
        get, post = web.get, web.post
        channel = "/ari/channels/{id}"
        return [
            get("/ari/channels", self.channels),
            post("/ari/channels", self.originate),
            post("/ari/channels/externalMedia", self.external_media),
            get(channel, self.channel),
            post(channel, self.originate),
            web.delete(channel, self.hang_up),
            post(channel + "/answer", self.answer),
            post(channel + "/continue", self.proceed),
            get(channel + "/variable", self.channel_variable),
            get(channel + "/rtp_statistics", self.rtp_statistics),
        ]

    async def channels(self, _request: web.Request) -> web.Response:
        """Answer GET /channels."""
        return answer([one.json() for one in self._pbx.channels.values()])

    async def channel(self, request: web.Request) -> web.Response:
        """Answer GET /channels/{id}."""
        return answer(self._pbx.find(request.match_info["id"]).json())

    async def originate(self, request: web.Request) -> web.StreamResponse:
        """Answer POST /channels: Local channels into the extensions of `sim.dialling`."""
        values = await parameters(request)
        endpoint, app = text_of(values, "endpoint"), text_of(values, "app")
        if not endpoint:
            raise RefusalError(400, "Endpoint must be specified")
        if not app:
            raise RefusalError(400, "Application or extension must be specified")
        technology, _, resource = endpoint.partition("/")
        exten, at, context = resource.partition("@")
        if technology != "Local" or not exten:
            raise RefusalError(500, "Allocation failed", key="error")
        channel_id = request.match_info.get("id") or text_of(values, "channelId") or None
        channel = self._pbx.add_local(
            exten,
            context if at else "default",
            app,
            channel_id,
            _caller(values),
            extension(exten).frequency_hz,
        )
        args = tuple(part for part in text_of(values, "appArgs").split(",") if part)
        response = await _send(request, answer(channel.json()))
        self._dialling.ring(channel, app, args, _timeout_s(values))
        return response

    async def external_media(self, request: web.Request) -> web.StreamResponse:
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
        event_first, delay_s = media.order()
        if event_first:
            media.enter(channel, app)
            await self._pbx.hub.written(app)
            return answer(body)
        response = await _send(request, answer(body))
        self._pbx.timers.later(delay_s, lambda: media.enter(channel, app))
        return response

    async def hang_up(self, request: web.Request) -> web.Response:
        """Answer DELETE /channels/{id}."""
        self._pbx.hang_up(self._pbx.find(request.match_info["id"]), cause=32, soft=True)
        return no_content()

    async def answer(self, request: web.Request) -> web.Response:
        """Answer POST /channels/{id}/answer."""
        self._pbx.set_state(self._pbx.find_in_stasis(request.match_info["id"]), "Up")
        return no_content()

    async def proceed(self, request: web.Request) -> web.Response:
        """Answer POST /channels/{id}/continue."""
        self._pbx.proceed(self._pbx.find_in_stasis(request.match_info["id"]))
        return no_content()

    async def channel_variable(self, request: web.Request) -> web.Response:
        """Answer GET /channels/{id}/variable."""
        name = request.query.get("variable", "")
        if not name:
            raise RefusalError(400, "Variable name is required")
        channel = self._pbx.channels.get(request.match_info["id"])
        if channel is None:
            raise RefusalError(404, "Provided channel was not found")
        return answer({"value": read_variable(channel, name)})

    async def rtp_statistics(self, request: web.Request) -> web.Response:
        """Answer GET /channels/{id}/rtp_statistics."""
        return answer(rtp_statistics(self._pbx.find(request.match_info["id"])))


async def _send(request: web.Request, response: web.Response) -> web.Response:
    """Write a whole response now, so that what follows happens after it."""
    await response.prepare(request)
    await response.write_eof()
    return response


def _timeout_s(values: Json) -> float:
    try:
        seconds = float(text_of(values, "timeout"))
    except ValueError:
        return _RINGS_S
    return seconds if seconds > 0 else 1e6  # -1 rings for ever


def _caller(values: Json) -> CallerId:
    name, _, number = text_of(values, "callerId").partition("<")
    return CallerId(name.strip(' "'), number.rstrip("> "))


def _external(text: str) -> tuple[str, int]:
    if not text:
        message = "external_host is required for all but websocket server connections"
        raise RefusalError(400, message)
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdigit() or not host:
        message = "external_host must be <host>:<port> for all transports other than websocket"
        raise RefusalError(400, message)
    return host.strip("[]"), int(port)
