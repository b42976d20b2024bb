"""The ARI operations that the simulated Asterisk answers: of itself and its applications here."""

from __future__ import annotations

import json

from aiohttp import web

from ari_tui.sim.bridge_routes import BridgeRoutes
from ari_tui.sim.channel_routes import ChannelRoutes
from ari_tui.sim.config import INJECTED_VARIABLE
from ari_tui.sim.events import ASTERISK_ID, EventHub
from ari_tui.sim.model import RefusalError, timestamp
from ari_tui.sim.pbx import Pbx
from ari_tui.sim.rest import VERSION, EventServer, answer, parameters


class Routes:
    """All of them; the handlers here, each for one ARI operation."""

    def __init__(self, pbx: Pbx, events: EventServer) -> None:
        self._pbx = pbx
        self._hub: EventHub = pbx.hub
        self._events = events

    def add_to(self, application: web.Application) -> None:
        """Register everything."""
        get = web.get
        application.add_routes(
            [
                get("/ari/events", self._events.serve),
                get("/ari/asterisk/info", self.info),
                get("/ari/asterisk/ping", self.ping),
                get("/ari/asterisk/variable", self.global_variable),
                get("/ari/applications", self.applications),
                get("/ari/applications/{id}", self.application),
                web.put("/ari/applications/{id}/eventFilter", self.event_filter),
                *ChannelRoutes(self._pbx).routes(),
                *BridgeRoutes(self._pbx).routes(),
            ]
        )

    async def info(self, _request: web.Request) -> web.Response:
        """Answer GET /asterisk/info."""
        started = self._pbx.started_at
        return answer(
            {
                "build": {
                    "os": "Linux",
                    "kernel": "unknown",
                    "machine": "unknown",
                    "options": "simulated",
                    "date": "",
                    "user": "",
                },
                "system": {"version": VERSION, "entity_id": ASTERISK_ID},
                "config": {
                    "name": "ari-tui sim",
                    "default_language": "en",
                    "setid": {"user": "", "group": ""},
                },
                "status": {"startup_time": started, "last_reload_time": started},
            }
        )

    async def ping(self, _request: web.Request) -> web.Response:
        """Answer GET /asterisk/ping."""
        return answer({"ping": "pong", "timestamp": timestamp(), "asterisk_id": ASTERISK_ID})

    async def global_variable(self, request: web.Request) -> web.Response:
        """Answer GET /asterisk/variable; one name tells what the media impairment did."""
        name = request.query.get("variable", "")
        if not name:
            raise RefusalError(400, "Variable name is required")
        injected = self._pbx.injected() if name == INJECTED_VARIABLE else None
        return answer({"value": "" if injected is None else json.dumps(dict(injected))})

    async def applications(self, _request: web.Request) -> web.Response:
        """Answer GET /applications."""
        return answer([one.json() for one in self._hub.applications.values()])

    async def application(self, request: web.Request) -> web.Response:
        """Answer GET /applications/{name}."""
        return answer(self._hub.find(request.match_info["id"]).json())

    async def event_filter(self, request: web.Request) -> web.Response:
        """Answer PUT /applications/{name}/eventFilter."""
        name = request.match_info["id"]
        self._hub.find(name)
        return answer(self._hub.set_filter(name, await parameters(request)).json())
