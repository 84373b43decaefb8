"""The source on a real RabbitMQ, beside a simulated API: seen within a second, nothing missed, away and back."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import aio_pika
import pytest

from calipso.model.environment import AmqpAccess
from calipso.seams import Http, Request, SourceConfig
from calipso.transports.amqp import AmqpTransport
from calipso.transports.both import BothTransport
from tests.support.listened import listening, scanned
from tests.support.openstack_sim import SimulatedCloud
from tests.support.rabbitmq import SERVER, Broker
from tests.support.waiting import until

pytestmark = [
    pytest.mark.live,
    pytest.mark.timeout(300),
    pytest.mark.skipif(not Path(SERVER).exists(), reason="no RabbitMQ: tools/test-setup installs it"),
]
CONFIG = SourceConfig(host="openstack", environment="sim", options={"interval": 3600, "exchanges": "nova,neutron"})
RECORDED = Path(__file__).parents[2] / "replay/openstack/bus/notifications.jsonl"


class Apis(SimulatedCloud):
    """Of the simulated cloud only the API: its notifications go over a real bus."""

    answers: frozenset[type[Request]] = frozenset({Http})


async def publish(broker: Broker, bodies: list[str]) -> None:
    connection = await aio_pika.connect(host="127.0.0.1", port=broker.port)
    async with connection:
        channel = await connection.channel()
        for name in ("nova", "neutron"):
            exchange = await channel.declare_exchange(name, aio_pika.ExchangeType.TOPIC, durable=True)
        for body in bodies:
            message = aio_pika.Message(body.encode(), delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
            await exchange.publish(message, "notifications.info", mandatory=False)
    bodies.clear()


def test_what_happens_is_seen_within_a_second_and_nothing_is_missed(broker: Broker, access: AmqpAccess) -> None:
    async def check() -> None:
        await publish(broker, [])
        cloud = Apis(7)
        transport = BothTransport(cloud, AmqpTransport(access))
        slowest = 0.0
        async with listening(transport, CONFIG) as listened:
            await until(lambda: listened.last("agents") == listened.last("bus") == "completed", 30)
            for _ in range(40):
                for _ in range(5):
                    cloud.work()
                await publish(broker, cloud.told)
                began, wanted = time.monotonic(), await scanned(cloud, CONFIG)
                await until(lambda wanted=wanted: listened.facets() == wanted, 5)  # type: ignore[misc]
                slowest = max(slowest, time.monotonic() - began)
        assert slowest <= 1.0
        for _ in range(30):  # nobody listens
            cloud.work()
        await publish(broker, cloud.told)
        async with listening(transport, CONFIG) as listened:
            await until(lambda: listened.last("agents") == "completed", 30)
            assert listened.facets() == await scanned(cloud, CONFIG)
        await transport.close()

    asyncio.run(check())


def test_a_broker_that_restarts_is_away_and_back_and_keeps_what_came(broker: Broker, access: AmqpAccess) -> None:
    async def check() -> None:
        await publish(broker, [])
        cloud = Apis(8)
        transport = BothTransport(cloud, AmqpTransport(access))
        async with listening(transport, CONFIG) as listened:
            await until(lambda: listened.last("bus") == "completed" and listened.facets(), 30)
            await asyncio.to_thread(broker.stop)
            await until(lambda: listened.last("bus") == "failed", 30)
            assert listened.facets(), "nothing is removed"
            await asyncio.to_thread(broker.start)
            for _ in range(20):
                cloud.work()
            await publish(broker, cloud.told)
            await until(lambda: listened.last("bus") == "completed", 60)
            wanted = await scanned(cloud, CONFIG)
            await until(lambda: listened.facets() == wanted, 30)
        await transport.close()

    asyncio.run(check())


def test_notifications_of_a_real_cloud_are_all_understood(broker: Broker, access: AmqpAccess) -> None:
    """None of them is of the simulated cloud, so nothing comes of them, and nothing is left over."""

    async def check() -> None:
        cloud = Apis(9)
        transport = BothTransport(cloud, AmqpTransport(access))
        async with listening(transport, CONFIG) as listened:
            await until(lambda: listened.last("bus") == "completed" and listened.facets(), 30)
            before = listened.facets()
            await publish(broker, [json.loads(line)["body"] for line in RECORDED.read_text().splitlines()])
            await publish(broker, ["not understood"])
            await until(lambda: listened.last("bus") == "partial", 30)
            assert listened.facets() == before
        connection = await aio_pika.connect(host="127.0.0.1", port=broker.port)
        async with connection:
            channel = await connection.channel()
            queues = [
                await channel.declare_queue(name, passive=True)
                for name in ("calipso-sim-openstack", "calipso-sim-openstack.dead")
            ]
            assert [each.declaration_result.message_count for each in queues] == [0, 1]
        await transport.close()

    asyncio.run(check())
