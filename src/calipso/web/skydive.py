"""Skydive's REST interface over our operations: its clients work against it as they are.

At the root for the environment of the settings, and below /skydive/ENVIRONMENT for every other: a client is given
`HOST:PORT/skydive/ENVIRONMENT` as its analyzer. Requests and answers have Skydive's form; errors are problem documents.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from litestar import MediaType, Request, Response, route
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler

from calipso.errors import QueryError
from calipso.model.moments import rfc3339
from calipso.operations.alerts import Firing
from calipso.operations.context import Context
from calipso.operations.skydive import Topology, topology
from calipso.version import VERSION
from calipso.web.guards import Whose
from calipso.web.skydive_kinds import KINDS
from calipso.web.skydive_live import ALERT, Subscribers, message
from calipso.web.skydive_login import login_route
from calipso.web.skydive_publisher import publisher_socket
from calipso.web.skydive_resources import resource_routes
from calipso.web.skydive_socket import subscriber_socket

Asking = Request[Any, Any, Any]
DOT = "text/vnd.graphviz"


class Question(msgspec.Struct, frozen=True, rename={"gremlin": "GremlinQuery"}):
    """Skydive's topology request."""

    gremlin: str


class Skydive:
    """The interface over a system. `environment`: what clients see that name none."""

    def __init__(self, context: Context, whose: Whose, environment: str) -> None:
        self.context = context
        self.whose = whose
        self.environment = environment
        self._subscribers: dict[str, Subscribers] = {}

    def subscribers(self, environment: str) -> Subscribers:
        """Raises `NotFound`."""
        site: Any = self.context.site(environment)
        known = self._subscribers.get(environment)
        if known is None or known.site is not site:
            known = self._subscribers[environment] = Subscribers(site)
        return known

    def fired(self, firing: Firing) -> None:
        """Tell the subscribers of its environment that an alert went off."""
        known = self._subscribers.get(firing.environment)
        if known is not None:
            said = {"UUID": firing.alert, "Timestamp": rfc3339(firing.at), "ReasonData": firing.results}
            known.broadcast(message(ALERT, "Alert", said))

    def routes(self) -> Sequence[BaseRouteHandler]:
        found: list[BaseRouteHandler] = []
        for at in ("", "/skydive/{environment:str}"):
            found += [
                login_route(self.context, self.whose, f"{at}/login"),
                *self._reads(at),
                *resource_routes(self.context, self.environment, at),
                publisher_socket(f"{at}/ws/publisher", self.context, self.environment),
                subscriber_socket(f"{at}/ws/subscriber", self.subscribers, self.environment),
            ]
        return found

    def environment_of(self, request: Asking) -> str:
        return str(request.path_params.get("environment", self.environment))

    def _reads(self, at: str) -> Sequence[HTTPRouteHandler]:
        opt = {"operation": "skydive", "scope": "read"}

        @route(f"{at}/api", http_method=["GET"], status_code=200, opt=opt)
        async def index(request: Asking) -> Response[bytes]:
            """What there is."""
            return answer({"Name": "Calipso", "Version": VERSION, "Resources": RESOURCES})

        @route(f"{at}/api/status", http_method=["GET"], status_code=200, opt=opt)
        async def status(request: Asking) -> Response[bytes]:
            """Who delivers, and who listens."""
            return answer(self._status(self.environment_of(request)))

        @route(f"{at}/api/topology", http_method=["GET", "POST"], status_code=200, opt=opt)
        async def asked(request: Asking) -> Response[bytes]:
            """What a query answers; GET gives the whole graph."""
            gremlin = "G"
            if request.method == "POST":
                gremlin = (await decoded(request, Question)).gremlin
            drawing = DOT in request.headers.get("accept", "")
            found = await topology(
                self.context, Topology(gremlin=gremlin, environment=self.environment_of(request), drawing=drawing)
            )
            if drawing:
                return Response(found.encode(), media_type=DOT)
            return answer(found[0] if request.method == "GET" else found)

        return index, status, asked

    def _status(self, environment: str) -> dict[str, Any]:
        site = self.context.site(environment)
        agents = {
            each.host: {"ServiceType": "agent", "Version": each.version, "State": "up" if each.connected else "down"}
            for each in self.context.agents()
            if each.environment == environment
        }
        known = self._subscribers.get(environment)
        return {
            "Agents": agents, "Peers": {"Incomers": {}, "Outgoers": {}}, "Publishers": {},
            "Subscribers": {"Count": known.count if known is not None else 0},
            "Alerts": {"IsMaster": True}, "Captures": {"IsMaster": True},
            "Probes": {state.scope.key: state.status for state in site.scopes()},
        }  # fmt: skip


RESOURCES = sorted([*(each.name for each in KINDS), "pcap", "status", "topology"])


def answer(said: Any, status: int = 200) -> Response[bytes]:
    return Response(msgspec.json.encode(said), status_code=status, media_type=MediaType.JSON)


async def decoded(request: Asking, form: Any) -> Any:
    """The body of a request, whatever type it says it has. Raises `QueryError`."""
    try:
        return msgspec.json.decode(await request.body(), type=form)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise QueryError(f"the body: {error}") from error
