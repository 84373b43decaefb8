"""/api/v1/live (WebSocket) and /api/v1/events (server-sent events): a snapshot, then numbered deltas, with resume.

Asked for is everything, the objects with a declared key (`key=kind:vnic`), or what a query answers (`query=G.V()…`).
Frames: {"snapshot": [answers], "seq": N, "kind": …} first (left out when what came after `since` could be served), then
{"seq": N, "ts": …, "changes": [{"object": …} | {"link": …} | {"value": …}]}. A client that is too slow is told {"lost":
true, "reason": …} and given a fresh snapshot. As events: `id` is the number, which browsers send back as Last-Event-ID;
`event` is snapshot, changes, lost or error (WHATWG HTML §9.2).

With `notices=true` also what happens beside the graph, as it happens: {"scan": …} with the progress of a scan and
{"message": …}, as the operations show them. They have no number; as events they are `scan` and `message`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import msgspec
from litestar import Request, WebSocket, get, websocket
from litestar.exceptions import WebSocketDisconnect
from litestar.handlers import HTTPRouteHandler, WebsocketRouteHandler
from litestar.response import Stream

from calipso.errors import CalipsoError, QueryError
from calipso.web.guards import PROTOCOL

POLICY_VIOLATION, TRY_AGAIN = 1008, 1013
HEARTBEAT = 15.0
"""Seconds without a change after which a comment shows that the connection is alive."""


class Message(Protocol):
    """One frame. event: snapshot, changes, lost, error."""

    event: str

    @property
    def text(self) -> str: ...
    @property
    def sse(self) -> bytes: ...


class Feed(Protocol):
    """One client's messages."""

    async def next(self) -> Message | None: ...
    def close(self) -> None: ...


class Wanted(msgspec.Struct, frozen=True):
    """What a client asks for: a key or a query, or everything; after a number when it comes again. who: its token."""

    environment: str = "local"
    key: tuple[str, str] | None = None
    query: str = ""
    since: int | None = None
    notices: bool = False
    who: str = ""


class Feeds(Protocol):
    """Opens feeds. Raises `NotFound` for an unknown environment, `QueryError`."""

    async def open(self, wanted: Wanted) -> Feed: ...


def live_routes(feeds: Feeds) -> Sequence[WebsocketRouteHandler | HTTPRouteHandler]:
    return _live(feeds), _events(feeds)


def _live(feeds: Feeds) -> WebsocketRouteHandler:
    @websocket("/live")
    async def live(socket: WebSocket[Any, Any, Any]) -> None:
        """Deltas of an environment, all or those of objects with a declared key (`key=kind:vnic`)."""
        await socket.accept(PROTOCOL if PROTOCOL in _offers(socket) else None)
        try:
            feed = await feeds.open(_asked(socket.query_params, socket.scope["user"].name))
        except CalipsoError as error:
            await socket.send_text(msgspec.json.encode({"error": error.message, "hint": error.hint}).decode())
            await socket.close(POLICY_VIOLATION)
            return
        sending = asyncio.create_task(_send(socket, feed))
        leaving = asyncio.create_task(_left(socket))
        try:
            await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            feed.close()
            for task in (sending, leaving):
                task.cancel()
            await asyncio.gather(sending, leaving, return_exceptions=True)

    return live


def _offers(socket: WebSocket[Any, Any, Any]) -> list[str]:
    """The subprotocols a client knows; a browser ends the connection when it offered some and none is taken."""
    return [each.strip() for each in socket.headers.get("sec-websocket-protocol", "").split(",")]


async def _send(socket: WebSocket[Any, Any, Any], feed: Feed) -> None:
    last = ""
    while (message := await feed.next()) is not None:
        await socket.send_text(message.text)
        last = message.event
    await socket.close(POLICY_VIOLATION if last == "error" else TRY_AGAIN, last)


async def _left(socket: WebSocket[Any, Any, Any]) -> None:
    """Until the client goes: what it says meanwhile does not matter."""
    with contextlib.suppress(WebSocketDisconnect):
        while True:
            await socket.receive_data(mode="text")


def _events(feeds: Feeds) -> HTTPRouteHandler:
    @get("/events", opt={"operation": "events"})
    async def events(request: Request[Any, Any, Any]) -> Stream:
        """Deltas of an environment as server-sent events."""
        values = dict(request.query_params)
        resumed = request.headers.get("last-event-id")
        if resumed is not None:
            values["since"] = resumed
        feed = await feeds.open(_asked(values, request.scope["user"].name))
        return Stream(Events(feed), media_type="text/event-stream", headers={"Cache-Control": "no-store"})

    return events


class Events:
    """A feed as the text of server-sent events; left when nobody iterates any more."""

    def __init__(self, feed: Feed, heartbeat: float = HEARTBEAT) -> None:
        self.feed = feed
        self.heartbeat = heartbeat
        self._next: asyncio.Task[Message | None] | None = None

    def __aiter__(self) -> Events:
        return self

    async def __anext__(self) -> bytes:
        if self._next is None:  # not cancelled by the heartbeat: a message taken off the queue would be lost
            self._next = asyncio.ensure_future(self.feed.next())
        done, _ = await asyncio.wait({self._next}, timeout=self.heartbeat)
        if not done:
            return b":\n\n"
        message, self._next = self._next.result(), None
        if message is None:
            raise StopAsyncIteration
        return message.sse

    def __del__(self) -> None:
        if self._next is not None:
            self._next.cancel()
        self.feed.close()


def _asked(values: Mapping[str, str], who: str) -> Wanted:
    unknown = sorted(set(values) - {"key", "query", "since", "environment", "notices"})
    if unknown:
        raise QueryError(f"no parameter {unknown[0]!r}", hint="there are: environment, key, notices, query, since")
    notices = values.get("notices", "false")
    if notices not in ("true", "false"):
        raise QueryError(f"notices is {notices!r}", hint="say true or false")
    said, query = values.get("key", ""), values.get("query", "")
    name, colon, value = said.partition(":")
    if said and not colon:
        raise QueryError(f"{said!r} is no key", hint="say NAME:VALUE, as in kind:vnic or id:h1/dev:eth0")
    if said and query:
        raise QueryError("a key and a query are two filters", hint="say the key in the query: Has(NAME, VALUE)")
    since = values.get("since")
    if since is not None and not (since.isascii() and since.isdigit() and len(since) < 19):
        raise QueryError(f"{since!r} is no number", hint="give the seq of the last frame")
    return Wanted(
        values.get("environment", "local"), (name, value) if said else None, query,
        None if since is None else int(since), notices == "true", who,
    )  # fmt: skip
