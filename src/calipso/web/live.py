"""/api/v1/live (WebSocket) and /api/v1/events (server-sent events): a snapshot, then numbered deltas, with resume.

Frames: {"snapshot": [objects], "seq": N} first (left out when what came after `since` could be served), then {"seq": N,
"ts": …, "changes": [{"object": …} | {"link": …}]}. A client that is too slow is told {"lost": true, "reason": …} and
dropped: it connects again and begins with a snapshot. As events: `id` is the number, which browsers send back as
Last-Event-ID; `event` is snapshot, changes or lost (WHATWG HTML §9.2).

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
NUMBERED = b'{"seq":'
"""How frames with changes begin."""
LOST = b'{"lost":true,"reason":"this client was too slow: connect again and begin with the snapshot"}'


class Feed(Protocol):
    """One client's deltas."""

    seq: int
    snapshot: list[Any] | None

    async def next(self) -> bytes | None: ...
    def close(self) -> None: ...


class Feeds(Protocol):
    """Opens feeds. Raises `NotFound` for an unknown environment."""

    def open(self, environment: str, key: tuple[str, str] | None, since: int | None, notices: bool = False) -> Feed: ...


def live_routes(feeds: Feeds) -> Sequence[WebsocketRouteHandler | HTTPRouteHandler]:
    return _live(feeds), _events(feeds)


def _live(feeds: Feeds) -> WebsocketRouteHandler:
    @websocket("/live")
    async def live(socket: WebSocket[Any, Any, Any]) -> None:
        """Deltas of an environment, all or those of objects with a declared key (`key=kind:vnic`)."""
        await socket.accept(PROTOCOL if PROTOCOL in _offers(socket) else None)
        try:
            feed = feeds.open(*_asked(socket.query_params))
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
    if feed.snapshot is not None:
        first = msgspec.json.encode({"snapshot": feed.snapshot, "seq": feed.seq})
        await socket.send_text(first.decode())
    while (frame := await feed.next()) is not None:
        await socket.send_text(frame.decode())
    await socket.send_text(LOST.decode())
    await socket.close(TRY_AGAIN, "too slow")


async def _left(socket: WebSocket[Any, Any, Any]) -> None:
    """Until the client goes: what it says meanwhile does not matter."""
    with contextlib.suppress(WebSocketDisconnect):
        while True:
            await socket.receive_data(mode="text")


def _events(feeds: Feeds) -> HTTPRouteHandler:
    @get("/events", sync_to_thread=False, opt={"operation": "events"})
    def events(request: Request[Any, Any, Any]) -> Stream:
        """Deltas of an environment as server-sent events."""
        values = dict(request.query_params)
        resumed = request.headers.get("last-event-id")
        feed = feeds.open(*_asked(values | {"since": resumed} if resumed is not None else values))
        return Stream(Events(feed), media_type="text/event-stream", headers={"Cache-Control": "no-store"})

    return events


class Events:
    """A feed as the text of server-sent events; left when nobody iterates any more."""

    def __init__(self, feed: Feed, heartbeat: float = HEARTBEAT) -> None:
        self.feed = feed
        self.heartbeat = heartbeat
        self._snapshot = feed.snapshot
        self._ended = False

    def __aiter__(self) -> Events:
        return self

    async def __anext__(self) -> bytes:
        if self._ended:
            raise StopAsyncIteration
        if self._snapshot is not None:
            body = msgspec.json.encode({"snapshot": self._snapshot, "seq": self.feed.seq})
            self._snapshot = None
            return _event("snapshot", body, self.feed.seq)
        try:
            frame = await asyncio.wait_for(self.feed.next(), self.heartbeat)
        except TimeoutError:
            return b":\n\n"
        if frame is None:
            self._ended = True
            return _event("lost", LOST)
        if not frame.startswith(NUMBERED):
            return _event(frame[2 : frame.index(b'"', 2)].decode(), frame)
        return _event("changes", frame, int(frame[len(NUMBERED) : frame.index(b",")]))

    def __del__(self) -> None:
        self.feed.close()


def _event(name: str, body: bytes, seq: int | None = None) -> bytes:
    id = b"" if seq is None else b"id: %d\n" % seq
    return id + b"event: " + name.encode() + b"\ndata: " + body + b"\n\n"


def _asked(values: Mapping[str, str]) -> tuple[str, tuple[str, str] | None, int | None, bool]:
    unknown = sorted(set(values) - {"key", "since", "environment", "notices"})
    if unknown:
        raise QueryError(f"no parameter {unknown[0]!r}", hint="there are: environment, key, since, notices")
    notices = values.get("notices", "false")
    if notices not in ("true", "false"):
        raise QueryError(f"notices is {notices!r}", hint="say true or false")
    said = values.get("key", "")
    name, colon, value = said.partition(":")
    if said and not colon:
        raise QueryError(f"{said!r} is no key", hint="say NAME:VALUE, as in kind:vnic or id:h1/dev:eth0")
    since = values.get("since")
    if since is not None and not (since.isascii() and since.isdigit() and len(since) < 19):
        raise QueryError(f"{since!r} is no number", hint="give the seq of the last frame")
    after = None if since is None else int(since)
    return values.get("environment", "local"), (name, value) if said else None, after, notices == "true"
