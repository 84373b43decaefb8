"""A source that says `Barrier` goes on when what it said before is durable."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from calipso.model.environment import Environment
from calipso.model.record import Barrier, Observation, Record, RunBegan, RunEnded, Scope, Seen
from calipso.runtime.collect import Collection
from calipso.seams import Manifest, SourceConfig, Transport
from calipso.stores.sqlite.store import SqliteStore
from calipso.transports.local import LocalTransport
from tests.support.system import ESTATE, estate

SCOPE = Scope("letting", "h1")


class Letting:
    """Looks into the store after its barrier, while others go on to hand over."""

    manifest = Manifest(name="letting", title="Lets go", facets=("test",), types=("host",))

    def __init__(self, store: SqliteStore) -> None:
        self.store = store
        self.kept: list[bool] = []

    async def collect(self, transport: Transport, config: SourceConfig) -> AsyncIterator[Observation]:
        yield RunBegan(SCOPE)
        for n in range(3):
            yield Seen(SCOPE, (Record(f"new{n}", "test", "host", {"name": f"new{n}"}),))
            yield Barrier(SCOPE)
            self.kept.append(self.store.ord_of(f"new{n}") is not None)
        yield RunEnded(SCOPE, "completed")

    watch = collect


def test_what_was_said_before_a_barrier_is_durable_after_it(tmp_path: Path) -> None:
    async def check() -> None:
        async with estate(tmp_path) as system:
            writer = system.site(ESTATE).writer
            source = Letting(writer.store)
            collection = Collection(
                Environment(name=ESTATE), {"letting": source}, lambda host: LocalTransport(), this_host="h1"
            )

            async def others() -> None:
                while True:
                    await writer.put([RunEnded(Scope("busy", "h2"), "completed")])
                    await asyncio.sleep(0)

            busy = asyncio.create_task(others())
            errors = await asyncio.wait_for(collection.look(collection.posts[0], writer), 30)
            busy.cancel()
            assert not errors and source.kept == [True, True, True]

    asyncio.run(check())
