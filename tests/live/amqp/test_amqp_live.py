"""The transport on a real RabbitMQ: nothing is lost, nothing of others is touched, trouble has a name."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aio_pika
import msgspec
import pytest

from calipso.errors import AuthFailed, ConfigError, TransportError, Unreachable
from calipso.model.environment import AmqpAccess
from calipso.seams import Amqp, AmqpSettle, Reply
from calipso.transports import amqp
from calipso.transports.amqp import AmqpTransport
from tests.support.rabbitmq import SERVER, Broker

pytestmark = [
    pytest.mark.live,
    pytest.mark.timeout(300),
    pytest.mark.skipif(not Path(SERVER).exists(), reason="no RabbitMQ: tools/test-setup installs it"),
]
REQUEST = Amqp("calipso-test", ("nova", "neutron"), ("notifications",))


async def publish(broker: Broker, *bodies: str, exchange: str = "nova", key: str = "notifications.info") -> None:
    """As a service does: it makes its exchange."""
    connection = await aio_pika.connect(host="127.0.0.1", port=broker.port)
    async with connection:
        channel = await connection.channel()
        made = await channel.declare_exchange(exchange, aio_pika.ExchangeType.TOPIC, durable=True)
        for body in bodies:
            message = aio_pika.Message(body.encode(), delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
            await made.publish(message, key, mandatory=False)


async def remove(broker: Broker, *queues: str, exchanges: tuple[str, ...] = ()) -> None:
    connection = await aio_pika.connect(host="127.0.0.1", port=broker.port)
    async with connection:
        channel = await connection.channel()
        for name in queues:
            await channel.queue_delete(name)
        for name in exchanges:
            await channel.exchange_delete(name)


async def told(stream: AsyncIterator[Reply], wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    async with asyncio.timeout(30):
        async for reply in stream:
            said: dict[str, Any] = json.loads(reply.body)
            if wanted(said):
                return said
    raise AssertionError("the stream ended")


async def message(stream: AsyncIterator[Reply]) -> dict[str, Any]:
    return await told(stream, lambda said: "number" in said)


def on(broker: Broker, access: AmqpAccess, check: Callable[[AmqpTransport], Awaitable[None]]) -> None:
    async def run() -> None:
        await remove(broker, REQUEST.queue, f"{REQUEST.queue}.dead", exchanges=("nova", "neutron"))
        transport = AmqpTransport(access)
        try:
            await check(transport)
        finally:
            await transport.close()

    asyncio.run(run())


def test_what_is_not_settled_comes_again(broker: Broker, access: AmqpAccess) -> None:
    async def check(transport: AmqpTransport) -> None:
        await publish(broker)
        stream = transport.listen(REQUEST)
        assert await told(stream, lambda said: "bound" in said) == {
            "bound": ["nova"], "missing": ["neutron"], "waiting": 0, "dead": 0,
        }  # fmt: skip
        await publish(broker, "one", "two", "three")
        first, second, _ = [await message(stream) for _ in range(3)]
        assert (first["body"], first["exchange"], first["routing_key"]) == ("one", "nova", "notifications.info")
        await transport.ask(AmqpSettle(REQUEST.queue, taken=(first["number"],)))
        await stream.aclose()  # type: ignore[attr-defined]
        await transport.ask(AmqpSettle(REQUEST.queue, taken=(second["number"],)))  # of a connection that ended
        await publish(broker, "four")  # while nobody listens
        again = transport.listen(REQUEST)
        found = [await message(again) for _ in range(3)]
        assert [(each["body"], each["redelivered"]) for each in found] == [
            ("two", True), ("three", True), ("four", False)
        ]  # fmt: skip
        await again.aclose()  # type: ignore[attr-defined]

    on(broker, access, check)


def test_an_exchange_is_waited_for_and_never_made(broker: Broker, access: AmqpAccess) -> None:
    async def check(transport: AmqpTransport) -> None:
        stream = transport.listen(REQUEST)
        assert (await told(stream, lambda said: "bound" in said))["bound"] == []
        await publish(broker, exchange="neutron")
        assert (await told(stream, lambda said: said.get("bound") == ["neutron"]))["missing"] == ["nova"]
        await publish(broker, "heard", exchange="neutron")
        await publish(broker, "of other topics", exchange="neutron", key="q-plugin")
        await publish(broker, "error", exchange="neutron", key="notifications.error")
        assert [(await message(stream))["body"] for _ in range(2)] == ["heard", "error"]
        await stream.aclose()  # type: ignore[attr-defined]

    on(broker, access, check)


def test_what_is_not_understood_is_kept_apart_with_the_reason(broker: Broker, access: AmqpAccess) -> None:
    async def check(transport: AmqpTransport) -> None:
        await publish(broker)
        stream = transport.listen(REQUEST)
        await told(stream, lambda said: "bound" in said)
        await publish(broker, "odd")
        number = (await message(stream))["number"]
        await transport.ask(AmqpSettle(REQUEST.queue, dead=((number, "no envelope"),)))
        assert (await told(stream, lambda said: said.get("dead") == 1))["waiting"] == 0
        await stream.aclose()  # type: ignore[attr-defined]
        connection = await aio_pika.connect(host="127.0.0.1", port=broker.port)
        async with connection:
            queue = await (await connection.channel()).get_queue(f"{REQUEST.queue}.dead")
            dead = await queue.get()
            assert dead.body == b"odd" and dead.headers[amqp.REASON] == "no envelope"

    on(broker, access, check)


def test_a_queue_that_was_removed_ends_the_stream(broker: Broker, access: AmqpAccess) -> None:
    async def check(transport: AmqpTransport) -> None:
        await publish(broker)
        stream = transport.listen(REQUEST)
        await told(stream, lambda said: "bound" in said)
        await remove(broker, REQUEST.queue)
        with pytest.raises(TransportError):
            await message(stream)

    on(broker, access, check)


def test_a_restart_loses_nothing(broker: Broker, access: AmqpAccess) -> None:
    async def check(transport: AmqpTransport) -> None:
        await publish(broker)
        stream = transport.listen(REQUEST)
        await told(stream, lambda said: "bound" in said)
        await publish(broker, "before")
        await message(stream)
        await asyncio.to_thread(broker.stop)
        with pytest.raises(Unreachable):
            await message(stream)
        with pytest.raises(Unreachable):
            await anext(transport.listen(REQUEST))
        await asyncio.to_thread(broker.start)
        again = transport.listen(REQUEST)
        assert (await told(again, lambda said: "bound" in said))["bound"] == ["nova"]
        assert (await message(again))["body"] == "before"
        await again.aclose()  # type: ignore[attr-defined]

    on(broker, access, check)


def test_who_is_not_let_in_is_told_so(broker: Broker, access: AmqpAccess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BUS_PASSWORD", "wrong")

    async def check(transport: AmqpTransport) -> None:
        with pytest.raises(AuthFailed):
            await anext(transport.listen(REQUEST))

    on(broker, access, check)
    with pytest.raises(ConfigError):
        AmqpTransport(AmqpAccess(host="127.0.0.1", user="guest", password="env:NOT_SET_AT_ALL"))


def test_a_message_bus_is_not_asked(access: AmqpAccess) -> None:
    with pytest.raises(TransportError):
        asyncio.run(AmqpTransport(access).ask(REQUEST))


OWN = ("^calipso-", r"^(calipso-.*|amq\.default)$", "^(calipso-.*|nova|neutron|keystone|glance|openstack)$")
"""Rights as docs/how-to/listen-to-openstack.md gives them."""


def test_few_rights_are_enough(broker: Broker, access: AmqpAccess, monkeypatch: pytest.MonkeyPatch) -> None:
    broker.control("add_user", "calipso", "few")
    broker.control("set_permissions", "calipso", *OWN)
    monkeypatch.setenv("BUS_PASSWORD", "few")
    few = msgspec.structs.replace(access, user="calipso")

    async def check(transport: AmqpTransport) -> None:
        await publish(broker)
        stream = transport.listen(REQUEST)
        await told(stream, lambda said: said.get("bound") == ["nova"])
        await publish(broker, "one", "odd")
        numbers = [(await message(stream))["number"] for _ in range(2)]
        await transport.ask(AmqpSettle(REQUEST.queue, (numbers[0],), ((numbers[1], "odd"),)))
        await told(stream, lambda said: said.get("dead") == 1)
        await stream.aclose()  # type: ignore[attr-defined]
        with pytest.raises(AuthFailed):
            await anext(transport.listen(Amqp("others", ("nova",), ("notifications",))))

    on(broker, few, check)
