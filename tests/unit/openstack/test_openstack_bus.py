"""How an environment names its message bus, who gets it, and which way a request then takes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from calipso.errors import ConfigError, TransportError
from calipso.model.environment import AmqpAccess, Host, parse_environment
from calipso.seams import Amqp, AmqpSettle, Exec, Http
from calipso.transports.amqp import AmqpTransport
from calipso.transports.both import BothTransport
from tests.support.openstack_said import MadeUpCloud

BUS = {"host": "bus1,bus2", "user": "calipso", "password": "env:BUS"}
CLOUD = {"openstack": {"cloud": "mine"}}


def environment(**said: Any) -> Any:
    return parse_environment({"name": "mine", "type": "OpenStack", **said})


def test_the_environments_bus_is_that_of_its_clouds_and_of_nothing_else() -> None:
    own = {**BUS, "host": "other", "tls": True}
    found = environment(amqp=BUS, hosts={"one": CLOUD, "two": {**CLOUD, "amqp": own}, "cmp1": {}})
    assert found.bus_of(found.hosts["one"]) == AmqpAccess(host="bus1,bus2", user="calipso", password="env:BUS")
    assert found.bus_of(found.hosts["two"]).host == "other"
    assert found.bus_of(found.hosts["cmp1"]) is None and found.bus_of(Host()) is None


@pytest.mark.parametrize(
    ("said", "where"),
    [
        ({"amqp": {**BUS, "pasword": "env:BUS"}}, "environment.amqp.pasword"),
        ({"amqp": {**BUS, "password": "clear"}}, "environment.amqp.password"),
        ({"amqp": {"user": "calipso"}}, "environment.amqp.host"),
        ({"amqp": {}}, "environment.amqp.host"),
        ({"amqp": "bus1"}, "environment.amqp"),
        ({"hosts": {"cmp1": {"amqp": BUS}}}, "environment.hosts.cmp1.amqp"),
        ({"hosts": {"one": {**CLOUD, "amqp": {"host": "bus1"}}}}, "environment.hosts.one.amqp.user"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_bus_is_named(said: dict[str, Any], where: str) -> None:
    with pytest.raises(ConfigError) as error:
        environment(**said)
    assert error.value.where == where
    assert "clear" not in error.value.message.replace("in clear", "")


def test_each_request_takes_its_way() -> None:
    both = BothTransport(MadeUpCloud(), AmqpTransport(AmqpAccess(host="127.0.0.1", user="nobody")))
    assert both.answers == {Http, Amqp, AmqpSettle}

    async def run() -> None:
        assert (await both.ask(Http("openstack:", "/"))).exit_code == 200
        assert (await both.ask(AmqpSettle("nothing was told", (1,)))).body == b""
        with pytest.raises(TransportError):
            await both.ask(Exec(("true",)))
        await both.close()

    asyncio.run(run())
