"""The WebSocket of Skydive's subscribers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

import msgspec
from litestar import WebSocket, websocket
from litestar.exceptions import WebSocketDisconnect
from litestar.handlers import WebsocketRouteHandler

from calipso.errors import CalipsoError
from calipso.web.skydive_live import GRAPH, Said, Subscribers, message
from calipso.web.skydive_outbox import Outbox

Socket = WebSocket[Any, Any, Any]
POLICY_VIOLATION, TRY_AGAIN = 1008, 1013


class Conversation:
    """One subscriber: what it asked for, and what it is told."""

    def __init__(self, socket: Socket, subscribers: Subscribers, gremlin: str) -> None:
        self.socket = socket
        self.subscribers = subscribers
        self.gremlin = gremlin
        self.who = str(socket.scope["user"].name)
        self.client = Outbox()

    async def hold(self) -> None:
        """Until the client goes, or is too slow."""
        await self.subscribers.join(self.gremlin, self.client, self.who)
        tasks = [asyncio.create_task(work) for work in (self._send(), self._hear())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.subscribers.leave(self.client)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _send(self) -> None:
        while (body := await self.client.next()) is not None:
            await self.socket.send_text(body.decode())
        await self.socket.close(TRY_AGAIN, "too slow")

    async def _hear(self) -> None:
        with contextlib.suppress(WebSocketDisconnect):
            while True:
                said = await self.socket.receive_data(mode="text")
                try:
                    asked = msgspec.json.decode(said, type=Said)
                except (msgspec.DecodeError, msgspec.ValidationError):
                    self.client.offer(message(GRAPH, "Error", {"Message": "no message of ours"}, status=400))
                    continue
                if asked.namespace == GRAPH and asked.type == "SyncRequest":
                    self.client.offer(await self._synced(asked))

    async def _synced(self, asked: Said) -> bytes:
        """The answer to a request for all there is; the request's query becomes the client's own."""
        wanted = asked.obj.get("GremlinFilter") if isinstance(asked.obj, dict) else None
        try:
            if isinstance(wanted, str) and wanted and wanted != self.gremlin:
                await self.subscribers.join(wanted, self.client, self.who)
                self.gremlin = wanted
            found = await self.subscribers.snapshot(self.gremlin)
        except CalipsoError as error:
            refusal = {"Message": error.message, "Hint": error.hint}
            return message(GRAPH, "SyncReply", refusal, answers=asked.uuid, status=400)
        return message(GRAPH, "SyncReply", found, answers=asked.uuid)


def subscriber_socket(path: str, subscribers: Callable[[str], Subscribers], default: str) -> WebsocketRouteHandler:
    """`subscribers`: those of an environment. Raises `NotFound`."""

    @websocket(path, opt={"operation": "skydive"})
    async def subscriber(socket: Socket) -> None:
        """Changes of the graph, all or those of a query (`X-Gremlin-Filter`)."""
        await socket.accept()
        environment = str(socket.path_params.get("environment", default))
        gremlin = socket.headers.get("x-gremlin-filter", "")
        try:
            await Conversation(socket, subscribers(environment), gremlin).hold()
        except CalipsoError as error:
            refusal = message(GRAPH, "Error", {"Message": error.message, "Hint": error.hint}, status=400)
            await socket.send_text(refusal.decode())
            await socket.close(POLICY_VIOLATION)

    return subscriber
