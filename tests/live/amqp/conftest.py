"""A message bus of its own for each file of tests, and the way to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from calipso.model.environment import AmqpAccess
from calipso.transports import amqp
from tests.support.rabbitmq import Broker, running


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with running(tmp_path_factory.mktemp("rabbitmq")) as broker:
        yield broker


@pytest.fixture
def access(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> AmqpAccess:
    monkeypatch.setenv("BUS_PASSWORD", "guest")
    monkeypatch.setattr(amqp, "CHECK", 0.3)
    return AmqpAccess(host="127.0.0.1", port=broker.port, user="guest", password="env:BUS_PASSWORD")
