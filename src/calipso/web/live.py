"""/api/v1/live: a snapshot, then numbered deltas; `since` resumes after a break.

Frames: {"snapshot": [objects], "seq": N} first (left out when `since` could be served), then {"seq": N, "ts": …,
"changes": [{"object": …} | {"link": …}]}. {"lost": true} means this client was too slow: connect again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Any, Protocol

import msgspec
from litestar import WebSocket, websocket
from litestar.exceptions import WebSocketDisconnect
from litestar.handlers import WebsocketRouteHandler

from calipso.errors import CalipsoError, QueryError

POLICY_VIOLATION = 1008


class Feed(Protocol):
    """One client's deltas."""

    seq: int
    snapshot: list[Any] | None

    async def next(self) -> bytes | None: ...
    def close(self) -> None: ...


class Feeds(Protocol):
    """Opens feeds. Raises `NotFound` for an unknown environment."""

    def open(self, environment: str, key: tuple[str, str] | None, since: int | None) -> Feed: ...


def live_route(feeds: Feeds) -> WebsocketRouteHandler:
    @websocket("/live")
    async def live(socket: WebSocket[Any, Any, Any]) -> None:
        """Deltas of an environment, all or those of objects with a declared key (`key=kind:vnic`)."""
        await socket.accept()
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


async def _send(socket: WebSocket[Any, Any, Any], feed: Feed) -> None:
    if feed.snapshot is not None:
        first = msgspec.json.encode({"snapshot": feed.snapshot, "seq": feed.seq})
        await socket.send_text(first.decode())
    while True:
        frame = await feed.next()
        await socket.send_text('{"lost":true}' if frame is None else frame.decode())


async def _left(socket: WebSocket[Any, Any, Any]) -> None:
    """Until the client goes: what it says meanwhile does not matter."""
    with contextlib.suppress(WebSocketDisconnect):
        while True:
            await socket.receive_data(mode="text")


def _asked(values: Mapping[str, str]) -> tuple[str, tuple[str, str] | None, int | None]:
    said = values.get("key", "")
    name, colon, value = said.partition(":")
    if said and not colon:
        raise QueryError(f"{said!r} is no key", hint="say NAME:VALUE, as in kind:vnic or id:h1/dev:eth0")
    since = values.get("since")
    if since is not None and not since.isdigit():
        raise QueryError(f"{since!r} is no number", hint="give the seq of the last frame")
    return values.get("environment", "local"), (name, value) if said else None, int(since) if since else None
