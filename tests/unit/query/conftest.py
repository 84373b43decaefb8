"""The estate for all tests of the tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from calipso.graph.value import FacetChange
from calipso.stores.memory import MemoryStore
from calipso.stores.sqlite import SqliteStore
from tests.support.asked_estate import LATER, THEN, records
from tests.support.estate import ENVIRONMENT
from tests.support.queries import World


@pytest.fixture(scope="module", params=["live", "sqlite", "memory"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The estate: as it is, or as of a moment after which everything changed."""
    folder = tmp_path_factory.mktemp("store")
    store: Any = SqliteStore(folder / "a.db", ENVIRONMENT) if request.param == "sqlite" else MemoryStore(ENVIRONMENT)
    graph, delta = store.load().apply(records(), THEN)
    store.append(delta)
    if request.param != "live":
        gone = [FacetChange(change.id, change.facet, None) for change in records()[::2]]
        store.append(graph.apply(gone, LATER)[1])
    counters = {"h1/dev:eth0": {"rx_bytes": 7.0, "tx_bytes": 1.0}, "h2/dev:eth0": {"rx_bytes": 5.0}}
    reader = graph if request.param == "live" else store.graph(THEN)
    yield World(reader, None, counters)
    store.close()
