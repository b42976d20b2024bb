"""The ARI operations on bridges that the simulated Asterisk answers."""

from __future__ import annotations

from aiohttp import web

from ari_tui.sim.model import RefusalError
from ari_tui.sim.pbx import Pbx
from ari_tui.sim.rest import answer, names_of, no_content, parameters, text_of


class BridgeRoutes:
    """The handlers, each for one ARI operation."""

    def __init__(self, pbx: Pbx) -> None:
        self._pbx = pbx

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        get, post = web.get, web.post
        bridge = "/ari/bridges/{id}"
        return [
            get("/ari/bridges", self.bridges),
            post("/ari/bridges", self.create_bridge),
            get(bridge, self.bridge),
            post(bridge, self.create_bridge),
            web.delete(bridge, self.destroy_bridge),
            post(bridge + "/addChannel", self.add_channel),
            post(bridge + "/removeChannel", self.remove_channel),
        ]

    async def bridges(self, _request: web.Request) -> web.Response:
        """Answer GET /bridges."""
        return answer([one.json() for one in self._pbx.bridging.bridges.values()])

    async def bridge(self, request: web.Request) -> web.Response:
        """Answer GET /bridges/{id}."""
        return answer(self._pbx.bridging.find(request.match_info["id"]).json())

    async def create_bridge(self, request: web.Request) -> web.Response:
        """Answer POST /bridges."""
        values = await parameters(request)
        bridge_id = request.match_info.get("id") or text_of(values, "bridgeId") or None
        kind = text_of(values, "type") or "mixing"
        return answer(self._pbx.bridging.create(bridge_id, kind, text_of(values, "name")).json())

    async def destroy_bridge(self, request: web.Request) -> web.Response:
        """Answer DELETE /bridges/{id}."""
        self._pbx.bridging.destroy(self._pbx.bridging.find(request.match_info["id"]))
        return no_content()

    async def add_channel(self, request: web.Request) -> web.Response:
        """Answer POST /bridges/{id}/addChannel: all of the channels, or none."""
        names = names_of(await parameters(request), "channel")
        if not names:
            raise RefusalError(400, "Missing parameter channel")
        bridge = self._pbx.bridging.find(request.match_info["id"])
        for channel in [self._pbx.find_in_stasis(name, status=422) for name in names]:
            self._pbx.bridging.enter(bridge, channel)
        return no_content()

    async def remove_channel(self, request: web.Request) -> web.Response:
        """Answer POST /bridges/{id}/removeChannel: all of the channels, or none."""
        names = names_of(await parameters(request), "channel")
        if not names:
            raise RefusalError(400, "Missing parameter channel")
        bridge = self._pbx.bridging.find(request.match_info["id"])
        channels = [self._pbx.find_in_stasis(name, status=422) for name in names]
        if any(channel.bridge is not bridge for channel in channels):
            raise RefusalError(422, "Channel not in this bridge")
        for channel in channels:
            self._pbx.bridging.leave(channel)
        return no_content()
