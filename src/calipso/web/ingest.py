"""/api/v1/ingest: where agents deliver; `runtime/feed.py` describes the conversation."""

from __future__ import annotations

import asyncio
from typing import Any, Protocol

import msgspec
from litestar import WebSocket, websocket
from litestar.exceptions import WebSocketDisconnect
from litestar.handlers import WebsocketRouteHandler

from calipso.errors import CalipsoError, Forbidden, ParseError
from calipso.runtime import feed
from calipso.web.guards import CERTIFICATE

POLICY_VIOLATION = 1008
PATIENCE = 10.0
"""Seconds a client has to say who it is."""


class Connection(Protocol):
    """One agent's conversation."""

    replaced: asyncio.Event

    def welcome(self) -> feed.Welcome: ...
    async def take(self, data: bytes) -> None: ...
    def hears(self, text: str) -> None: ...
    async def says(self) -> feed.Told: ...
    def close(self) -> None: ...


class Ingest(Protocol):
    """Takes agents in. Raises `NotFound`, `Conflict`."""

    def welcome(self, hello: feed.Hello) -> Connection: ...


Socket = WebSocket[Any, Any, Any]


def ingest_route(ingest: Ingest) -> WebsocketRouteHandler:
    @websocket("/ingest", opt={"scope": "agent"})
    async def deliver(socket: Socket) -> None:
        """What an agent saw, part by part."""
        await socket.accept()
        try:
            connection = ingest.welcome(_vouched(socket, await _hello(socket)))
        except CalipsoError as error:
            await _refuse(socket, error)
            return
        except (WebSocketDisconnect, TimeoutError):
            return
        try:
            await socket.send_text(msgspec.json.encode(connection.welcome()).decode())
            await _converse(socket, connection)
        finally:
            connection.close()

    return deliver


async def _hello(socket: Socket) -> feed.Hello:
    async with asyncio.timeout(PATIENCE):
        said = await socket.receive_text()
    try:
        return msgspec.json.decode(said, type=feed.Hello)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise ParseError("hello", str(error), excerpt=said) from error


def _vouched(socket: Socket, hello: feed.Hello) -> feed.Hello:
    """An agent that shows a certificate speaks for the host that is named in it. Raises `Forbidden` for another."""
    who = socket.scope["user"].name
    if who.startswith(CERTIFICATE) and who != CERTIFICATE + hello.host:
        raise Forbidden(
            f"the {who} does not speak for {hello.host}", hint="give the agent a certificate with its host's name"
        )
    return hello


async def _refuse(socket: Socket, error: CalipsoError) -> None:
    await socket.send_text(msgspec.json.encode({"error": error.message, "hint": error.hint}).decode())
    await socket.close(POLICY_VIOLATION)


async def _converse(socket: Socket, connection: Connection) -> None:
    works = (_hear(socket, connection), _tell(socket, connection), connection.replaced.wait())
    tasks: list[asyncio.Task[Any]] = [asyncio.create_task(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    except ParseError as error:
        await _refuse(socket, error)
    except WebSocketDisconnect:
        pass
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _hear(socket: Socket, connection: Connection) -> None:
    while True:
        event: Any = await socket.receive()
        if event["type"] == "websocket.disconnect":
            return
        data, text = event.get("bytes"), event.get("text")
        if data is not None:
            await connection.take(data)
        elif text is not None:
            connection.hears(text)


async def _tell(socket: Socket, connection: Connection) -> None:
    """Tell how far all is durable and what is wanted, once for all that there was meanwhile."""
    while True:
        await socket.send_text(msgspec.json.encode(await connection.says()).decode())
