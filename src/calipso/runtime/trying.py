"""Lets every source look once at every host, and keeps nothing: what works, how long it takes, why it does not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from calipso.model.record import Observation, RunEnded, RunError, Seen
from calipso.operations.context import Tried
from calipso.runtime.cloud_hosts import TELLERS
from calipso.runtime.collect import Collection, Post

PATIENCE = 60.0


class _Counting:
    """Takes what a source says and only counts it."""

    def __init__(self) -> None:
        self.records: set[tuple[str, str]] = set()
        self.hosts: set[str] = set()
        """What a cloud calls its hosts."""
        self.looks = 0

    async def put(self, observations: Sequence[Observation]) -> None:
        for each in observations:
            if isinstance(each, Seen):
                self.records |= {(record.id, record.facet) for record in each.records}
                self.hosts |= {
                    record.id for record in each.records if record.type == "host" and record.facet in TELLERS
                }
            self.looks += isinstance(each, RunEnded)

    async def settled(self) -> None:
        """Nothing is kept, so nothing is waited for."""


async def tried(collection: Collection) -> list[Tried]:
    """What each post found, also on the hosts that a cloud told of; of a host that cannot be looked at, why."""
    hosts: set[str] = set()
    found = await asyncio.gather(*(_try(collection, post, hosts) for post in collection.posts))
    more = collection.add(sorted(hosts))
    found += await asyncio.gather(*(_try(collection, post, set()) for post in more))
    found += [Tried(name, "", "failed", 0.0, 0, [RunError(name, e.message)]) for name, e in collection.broken.items()]
    return sorted(found, key=lambda each: (each.host, each.source))


async def _try(collection: Collection, post: Post, hosts: set[str]) -> Tried:
    counting, began = _Counting(), time.monotonic()
    try:
        async with asyncio.timeout(PATIENCE):
            errors = await collection.look(post, counting)
    except TimeoutError:
        errors = [RunError(post.source.manifest.name, f"not done within {PATIENCE:g} s")]
    hosts |= counting.hosts
    status = "ok" if not errors else "partial" if counting.records else "failed"
    if not errors and not counting.looks:
        status = "nothing there"
    seconds = round(time.monotonic() - began, 3)
    return Tried(post.host, post.source.manifest.name, status, seconds, len(counting.records), errors)
