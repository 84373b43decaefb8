"""A message bus by AMQP 0-9-1 (RabbitMQ), through aio-pika: a durable queue of our own on the exchanges of others.

Nothing of a cloud's own is touched: its exchanges are only looked for and bound to, its queues are left alone. Messages
leave our queue when they are settled; what is not understood is first confirmed in `QUEUE.dead`, then taken.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import socket
import ssl
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from typing import Any

import aio_pika
import msgspec
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractIncomingMessage, DeliveryMode
from aio_pika.exceptions import AMQPError, ChannelNotFoundEntity
from aiormq.connection import TransportFactory
from aiormq.exceptions import (
    AuthenticationError,
    ChannelAccessRefused,
    ChannelPreconditionFailed,
    ConnectionNotAllowed,
    ProbableAuthenticationError,
)
from yarl import URL

from calipso.errors import AuthFailed, TransportError, Unreachable
from calipso.model.environment import AmqpAccess
from calipso.native.entered import entered
from calipso.native.place import Place
from calipso.seams import Amqp, AmqpSettle, Reply, Request
from calipso.transports.secrets import secret

PREFETCH = 1000
"""Messages that are with us and not settled: the bus holds back what comes after."""
CHECK = 5.0
"""Seconds between looks at how the queue stands, and for exchanges that were not there."""
CONNECT = 10.0
HEARTBEAT = 10
PORT, TLS_PORT = 5672, 5671
UNUSED_DAYS = 14
"""Days without anybody listening after which the bus removes our queue: what a cloud is left with has to end."""
MOST_DEAD = 100_000
"""Messages in the dead-letter queue; the oldest make room."""
REASON = "x-calipso-reason"
DAY_MS = 86_400_000
_REFUSED = (
    AuthenticationError, ProbableAuthenticationError, ConnectionNotAllowed, ChannelAccessRefused,
)  # fmt: skip
_BROKEN = (AMQPError, OSError, EOFError, RuntimeError)
"""What the library raises when a connection is not, or no more; RuntimeError for a channel that is closed."""


class AmqpTransport:
    """Answers `Amqp` and `AmqpSettle`. `pid`: connections leave from the network namespace of that process.

    Raises `ConfigError` when the password's reference leads nowhere.
    """

    answers: frozenset[type[Request]] = frozenset({Amqp, AmqpSettle})

    def __init__(self, access: AmqpAccess, pid: int | None = None) -> None:
        self._access = access
        self._from = Place(pid)
        self._password = secret(access.password, "amqp.password") if access.password else ""
        self._told: dict[str, _Queue] = {}
        self._numbers = itertools.count(1)

    async def ask(self, request: Request) -> Reply:
        """Settle messages. Raises `Unreachable` when the connection that told them is gone."""
        if not isinstance(request, AmqpSettle):
            raise TransportError("a message bus is listened to; nothing can be asked of it")
        queue = self._told.get(request.queue)
        if queue is not None:
            with self._trouble():
                async with asyncio.timeout(request.timeout):
                    await queue.settle(request)
        return Reply(b"")

    async def listen(self, request: Request) -> AsyncIterator[Reply]:
        """Messages as they come. Raises `Unreachable`, `AuthFailed` when the connection ends: then listen again."""
        if not isinstance(request, Amqp):
            raise TransportError("a message bus tells messages only")
        with self._trouble():
            connection = await self._connected()
        queue = _Queue(connection, request, self._numbers)
        try:
            with self._trouble():
                await queue.open()
                self._told[request.queue] = queue
                while True:
                    yield await queue.next()
        finally:
            if self._told.get(request.queue) is queue:
                del self._told[request.queue]
            await queue.close()

    async def met(self, exchanges: Iterable[str]) -> list[str]:
        """Log in, look which exchanges are there, and leave nothing behind. Raises `Unreachable`, `AuthFailed`."""
        with self._trouble():
            async with await self._connected() as connection:
                return [name for name in exchanges if await _there(connection, name)]

    async def close(self) -> None:
        """Ends what is open; messages that are not settled go back."""
        for queue in list(self._told.values()):
            await queue.close()

    async def _connected(self) -> AbstractConnection:
        """A connection to the first member of the cluster that takes one."""
        members = [each.strip() for each in self._access.host.split(",") if each.strip()]
        for left, host in enumerate(members, 1 - len(members)):
            try:
                return await self._connect(host)
            except _REFUSED:
                raise
            except (*_BROKEN, TimeoutError):
                if left == 0:
                    raise
        raise Unreachable("no message bus is named")

    async def _connect(self, host: str) -> AbstractConnection:
        access = self._access
        port = access.port or (TLS_PORT if access.tls else PORT)
        url = URL.build(
            scheme="amqp", host=host, port=port, user=access.user, password=self._password,
            path="/" + ("" if access.vhost == "/" else access.vhost), query={"heartbeat": str(HEARTBEAT)},
        )  # fmt: skip
        connection = aio_pika.Connection(url)
        context = ssl.create_default_context(cafile=access.ca or None) if access.tls else None
        connection.kwargs["transport_factory"] = _Way(self._from, context)
        connection.kwargs["client_properties"] = {"connection_name": "calipso"}
        await connection.connect(timeout=CONNECT)
        return connection

    @contextlib.contextmanager
    def _trouble(self) -> Iterator[None]:
        """What the library raises, as ours."""
        place = f"message bus {self._access.host}"
        try:
            yield
        except ChannelPreconditionFailed as error:
            raise TransportError(
                f"{place}: a queue of this name is there and is another's: {error}",
                hint="Choose another: option queue.",
            ) from error
        except _REFUSED as error:
            hint = "It needs rights to configure, write and read its own queue, and to read the exchanges."
            raise AuthFailed(f"{place}: not let in: {error}", hint=hint) from error
        except TimeoutError as error:
            raise Unreachable(f"{place}: no answer") from error
        except _BROKEN as error:
            raise Unreachable(f"{place}: {error or type(error).__name__}") from error


class _Way(TransportFactory):
    """Opens connections, from another network namespace where there is one to leave from."""

    def __init__(self, place: Place, context: ssl.SSLContext | None) -> None:
        self._place = place
        self._context = context

    async def create(self, url: URL, **kwargs: Any) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Raises `OSError`."""
        host, port = url.host or "", url.port or PORT
        server = host if self._context is not None else None
        if self._place.pid is None:
            return await asyncio.open_connection(host, port, ssl=self._context, server_hostname=server)
        connected = await asyncio.to_thread(self._socket, host, port)
        return await asyncio.open_connection(sock=connected, ssl=self._context, server_hostname=server)

    def _socket(self, host: str, port: int) -> socket.socket:
        namespace = self._place.open_namespace("")
        try:
            with entered(namespace):
                made = socket.create_connection((host, port), CONNECT)
        finally:
            os.close(namespace)
        made.setblocking(False)
        return made


class _Queue:
    """Our queue over one connection: what it told, and what of that is not settled."""

    def __init__(self, connection: AbstractConnection, request: Amqp, numbers: Iterator[int]) -> None:
        self._connection = connection
        self._request = request
        self._replies: asyncio.Queue[Reply | BaseException] = asyncio.Queue()
        self._unsettled: dict[int, AbstractIncomingMessage] = {}
        self._numbers = numbers
        self._channel: AbstractChannel | None = None
        self._checking: asyncio.Task[None] | None = None
        self._missing = set(request.exchanges)
        connection.close_callbacks.add(self._ended)

    @property
    def _dead(self) -> str:
        return f"{self._request.queue}.dead"

    async def open(self) -> None:
        """Make the queues, bind to what is there, tell how it stands, and begin to take."""
        channel = self._channel = await self._connection.channel(publisher_confirms=True)
        channel.close_callbacks.add(self._ended)
        await channel.set_qos(PREFETCH)
        await channel.declare_queue(self._dead, durable=True, arguments={"x-max-length": MOST_DEAD})
        queue = await channel.declare_queue(
            self._request.queue, durable=True, arguments={"x-expires": UNUSED_DAYS * DAY_MS}
        )
        await self._look()
        await queue.consume(self._came)
        self._checking = asyncio.create_task(self._check())

    async def next(self) -> Reply:
        """Raises what ended the connection."""
        reply = await self._replies.get()
        if isinstance(reply, BaseException):
            raise reply
        return reply

    async def settle(self, request: AmqpSettle) -> None:
        """Dead ones are confirmed in their queue before they are taken from this one."""
        assert self._channel is not None
        for number, reason in request.dead:
            message = self._unsettled.pop(number, None)
            if message is not None:
                again = aio_pika.Message(
                    message.body, headers={**message.headers, REASON: reason}, content_type=message.content_type,
                    delivery_mode=DeliveryMode.PERSISTENT, message_id=message.message_id,
                )  # fmt: skip
                await self._channel.default_exchange.publish(again, self._dead)
                await message.ack()
        for number in request.taken:
            message = self._unsettled.pop(number, None)
            if message is not None:
                await message.ack()

    async def close(self) -> None:
        if self._checking is not None:
            self._checking.cancel()
            await asyncio.gather(self._checking, return_exceptions=True)
        with contextlib.suppress(*_BROKEN, TimeoutError):
            async with asyncio.timeout(CONNECT):
                await self._connection.close()
        self._replies.put_nowait(Unreachable("the connection was closed"))

    def _ended(self, _: object, error: BaseException | None = None) -> None:
        self._replies.put_nowait(error or Unreachable("the connection was closed"))

    async def _came(self, message: AbstractIncomingMessage) -> None:
        number = next(self._numbers)
        self._unsettled[number] = message
        said = {
            "number": number, "exchange": message.exchange or "", "routing_key": message.routing_key or "",
            "redelivered": bool(message.redelivered), "body": message.body.decode("utf-8", "replace"),
        }  # fmt: skip
        self._replies.put_nowait(Reply(msgspec.json.encode(said)))

    async def _check(self) -> None:
        """Look now and then; a queue that was removed ends the connection."""
        try:
            while True:
                await asyncio.sleep(CHECK)
                await self._look()
        except (*_BROKEN, TimeoutError) as error:
            self._replies.put_nowait(error)

    async def _look(self) -> None:
        """Bind to exchanges that are there by now, and tell how the queue stands. Raises when it is no more."""
        for name in sorted(self._missing):
            if await self._bound(name):
                self._missing.discard(name)
        counts = [await self._count(name) for name in (self._request.queue, self._dead)]
        said: Mapping[str, object] = {
            "bound": [name for name in self._request.exchanges if name not in self._missing],
            "missing": [name for name in self._request.exchanges if name in self._missing],
            "waiting": counts[0],
            "dead": counts[1],
        }
        self._replies.put_nowait(Reply(msgspec.json.encode(said)))

    async def _bound(self, exchange: str) -> bool:
        """Bind our queue to an exchange, unless it is not there."""
        assert self._channel is not None
        if not await _there(self._connection, exchange):
            return False
        queue = await self._channel.get_queue(self._request.queue)
        for topic in self._request.topics:
            await queue.bind(exchange, f"{topic}.#")
        return True

    async def _count(self, name: str) -> int:
        async with self._connection.channel() as channel:
            queue = await channel.declare_queue(name, passive=True)
            return queue.declaration_result.message_count or 0


async def _there(connection: AbstractConnection, exchange: str) -> bool:
    """Whether an exchange is there. The bus closes a channel that asks for what is not."""
    try:
        async with connection.channel() as channel:
            await channel.get_exchange(exchange, ensure=True)
    except ChannelNotFoundEntity:
        return False
    return True
