"""/ws/publisher as Skydive has it: programs that tell nodes and edges of their own.

NodeAdded, NodeUpdated, EdgeAdded, EdgeUpdated, NodeDeleted, EdgeDeleted, in the namespace Graph. What is told is kept
as users' topology; with `X-Persistence-Policy: DeleteOnDisconnect` it goes when the program does. What cannot be taken
is answered by a message of status 400 and left out.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import msgspec
from litestar import WebSocket, websocket
from litestar.exceptions import WebSocketDisconnect
from litestar.handlers import WebsocketRouteHandler

from calipso.errors import CalipsoError, QueryError
from calipso.operations.context import Context
from calipso.operations.usertopology import check_edge, check_node
from calipso.web.skydive_caller import Caller
from calipso.web.skydive_live import GRAPH, Said, message

Socket = WebSocket[Any, Any, Any]
PARTS = {"Node": "nodes", "Edge": "edges"}
MOST = 10_000
"""Messages that may wait; then the program waits."""


class Publisher:
    """One program's connection."""

    def __init__(self, socket: Socket, caller: Caller, *, persistent: bool) -> None:
        self.socket = socket
        self.caller = caller
        self.persistent = persistent
        self.told: set[tuple[str, str]] = set()
        self._waiting: asyncio.Queue[Said | None] = asyncio.Queue(MOST)

    async def hold(self) -> None:
        """Until the program goes, and all it said is taken."""
        taking = asyncio.create_task(self._take())
        try:
            with contextlib.suppress(WebSocketDisconnect):
                while True:
                    said = await self.socket.receive_data(mode="text")
                    try:
                        await self._waiting.put(msgspec.json.decode(said, type=Said))
                    except (msgspec.DecodeError, msgspec.ValidationError) as error:
                        await self._wrong(str(error))
        finally:
            await self._waiting.put(None)
            await taking
            if not self.persistent:
                for what, id in sorted(self.told):
                    await self._remove(what, id)

    async def _take(self) -> None:
        """All that waits is taken over at once, in its order."""
        while True:
            batch = [await self._waiting.get()]
            while not self._waiting.empty():
                batch.append(self._waiting.get_nowait())
            adding: dict[str, dict[str, Any]] = {"nodes": {}, "edges": {}}
            for said in batch:
                if said is None:
                    await self._add(adding)
                    return
                await self._one(said, adding)
            await self._add(adding)

    async def _one(self, said: Said, adding: dict[str, dict[str, Any]]) -> None:
        what, deed = PARTS.get(said.type[:4], ""), said.type[4:]
        if said.namespace != GRAPH or not what or deed not in ("Added", "Updated", "Deleted"):
            await self._wrong(f"{said.namespace} {said.type} is not taken here")
            return
        try:
            item = _item(what, said.obj)
        except QueryError as error:
            await self._wrong(error.message)
            return
        if deed == "Deleted":
            await self._add(adding)
            await self._remove(what, item["id"])
        else:
            adding[what][item["id"]] = item

    async def _add(self, adding: dict[str, dict[str, Any]]) -> None:
        said = {what: list(items.values()) for what, items in adding.items() if items}
        if not said:
            return
        try:
            await self.caller.does("import_user_topology", text=msgspec.json.encode(said).decode())
            self.told |= {(what, id) for what in adding for id in adding[what]}
        except CalipsoError as error:
            await self._wrong(error.message)
        for items in adding.values():
            items.clear()

    async def _remove(self, what: str, id: str) -> None:
        try:
            await self.caller.does("remove_user_topology", what=what, id=id)
        except CalipsoError as error:
            await self._wrong(error.message)
        self.told.discard((what, id))

    async def _wrong(self, reason: str) -> None:
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):  # it may be gone already
            await self.socket.send_text(message(GRAPH, "Error", {"Message": reason}, status=400).decode())


def _item(what: str, obj: Any) -> dict[str, Any]:
    """A node or edge as it is kept. Raises `QueryError`."""
    if not isinstance(obj, dict) or not isinstance(obj.get("ID"), str) or not obj["ID"]:
        raise QueryError("an object with an ID is needed")
    metadata = obj.get("Metadata")
    if not isinstance(metadata, dict):
        raise QueryError(f"{obj['ID']}: an object as Metadata is needed")
    if what == "nodes":
        check_node(metadata)
        return {"id": obj["ID"], "metadata": metadata, "host": str(obj.get("Host") or "")}
    check_edge(metadata)
    ends = [obj.get("Parent"), obj.get("Child")]
    if not all(isinstance(each, str) and each for each in ends) or ends[0] == ends[1]:
        raise QueryError(f"{obj['ID']}: a Parent and a Child are needed")
    return {"id": obj["ID"], "metadata": metadata, "parent": ends[0], "child": ends[1]}


def publisher_socket(path: str, context: Context, default: str) -> WebsocketRouteHandler:
    @websocket(path, opt={"operation": "skydive publisher", "scope": "write"})
    async def publisher(socket: Socket) -> None:
        """Nodes and edges that a program tells."""
        environment = str(socket.path_params.get("environment", default))
        caller = Caller(context, environment, socket.scope["user"].name)
        await socket.accept()
        persistent = socket.headers.get("x-persistence-policy", "Persistent") != "DeleteOnDisconnect"
        await Publisher(socket, caller, persistent=persistent).hold()

    return publisher
