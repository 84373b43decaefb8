"""The one writer of an environment: observations in, ticks out (CORE §3).

A tick is reconciled, derived, made durable in a thread, and only then visible. When the store refuses, the tick is kept
and tried again; sources wait, nothing is lost and nothing is shown that is not kept.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import structlog

from calipso.errors import Conflict, StoreError
from calipso.graph.reconcile import Outcome, Reconciler
from calipso.graph.rederive import rederived
from calipso.graph.value import Delta, Graph
from calipso.model.environment import Environment
from calipso.model.record import Observation, ScopeState, Seen
from calipso.runtime.at import now
from calipso.runtime.ring import Ring
from calipso.stores.sqlite.store import SqliteStore

TICK = 0.05
PAUSE = 0.01
BATCH = 2_000
RECORDS = 3_000
"""A tick takes no more hand-overs once it has as many records: the loop is not held up, memory stays bounded, and what
derivation reads several times is still decoded (`CACHE` of graph/merge.py): with twice as many a scan takes longer.
"""
QUEUE = 2_000
WAITING = 20_000
"""Records that wait to be taken before sources wait too: they come in faster than they can be derived and kept."""
RETRY = 1.0
HOUSEKEEPING = 5.0
BUSY = 20.0
"""Seconds that housekeeping waits while much comes in: what changes several times in a scan is tidied once."""
DAY = 86_400_000_000
"""µs."""

log = structlog.get_logger()

Published = Callable[[Graph, Graph, Delta], None]


NO_MARKS: Mapping[str, int] = {}


class Handed(NamedTuple):
    """Observations handed over together. Of a feed: its number `mark`, and who waits until it is durable."""

    observations: Sequence[Observation]
    feed: str = ""
    mark: int = 0
    done: asyncio.Future[None] | None = None


class Writer:
    """Takes observations from many sources and publishes one graph after another."""

    def __init__(self, store: SqliteStore, graph: Graph, history: int, clock: Callable[[], int] = now) -> None:
        self.store = store
        self._clock = clock
        self.graph = graph
        self.history = history
        """How long history is kept, in µs."""
        self.reconciler = Reconciler(store.codec, store.scopes())
        self.reconciler.restore(graph, store.held)
        self.metrics: dict[str, dict[str, float]] = {}
        self.changed: dict[int, int] = {}
        """Ordinal → when the object last changed, since the start."""
        self.ring = Ring()
        self.trouble = ""
        """Why nothing can be written now, empty when all is well."""
        self.ticks = 0
        self._listeners: list[Published] = []
        self._told_of_scopes: list[Callable[[Iterable[ScopeState]], None]] = []
        self.marks: dict[str, int] = dict(store.marks())
        """Feed → how far it was handed over, durable or not."""
        self._queue: asyncio.Queue[Handed] = asyncio.Queue(QUEUE)
        self._held = 0
        """Records in the queue."""
        self._turns = asyncio.Lock()
        """Who waits for room hands over in the order of coming."""
        self._room = asyncio.Event()
        self._room.set()
        self._thread = ThreadPoolExecutor(1, "store")
        self._beside = ThreadPoolExecutor(1, "housekeeping")
        self._writing = asyncio.Lock()
        self._idle = asyncio.Event()
        self._idle.set()

    def listen(self, published: Published) -> None:
        """Call `published(old, new, delta)` in the event loop after each tick."""
        self._listeners.append(published)

    def leave(self, published: Published) -> None:
        self._listeners.remove(published)

    def listen_to_scopes(self, told: Callable[[Iterable[ScopeState]], None]) -> None:
        """Call `told(states)` in the event loop with the scopes that a tick began, ended or let go."""
        self._told_of_scopes.append(told)

    async def keep(self, collection: str, documents: Mapping[str, Mapping[str, Any] | None]) -> None:
        """Make documents durable beside the graph; None deletes one. Raises `StoreError`."""
        await asyncio.get_running_loop().run_in_executor(
            self._thread, self.store.put_documents, collection, dict(documents)
        )

    @property
    def waiting(self) -> int:
        """Hand-overs not yet taken."""
        return self._queue.qsize()

    async def put(self, observations: Sequence[Observation]) -> None:
        """Hand over observations; waits while the writer is behind."""
        await self._enqueue(Handed(observations))

    async def hand(self, feed: str, mark: int, observations: Sequence[Observation]) -> asyncio.Future[None]:
        """Hand over a numbered part of a feed; done when it is durable. What was handed over before is not taken twice.

        Waits while the writer is behind.
        """
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        new = mark > self.marks.get(feed, 0)
        if new:
            self.marks[feed] = mark
        # what came twice waits its turn behind the first: then that is durable
        await self._enqueue(Handed(observations, feed, mark, done) if new else Handed((), done=done))
        return done

    async def _enqueue(self, handed: Handed) -> None:
        async with self._turns:
            await self._room.wait()
            self._idle.clear()
            await self._queue.put(handed)
            self._held += _records(handed)
            if self._held >= WAITING:
                self._room.clear()

    async def settled(self) -> None:
        """Wait until everything handed over so far is durable and published, whatever others hand over meanwhile."""
        if not self._idle.is_set():
            done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            await self._enqueue(Handed((), done=done))
            await done

    async def run(self) -> None:
        """Write until cancelled."""
        keeping = asyncio.create_task(self._keep_house(), name="housekeeping")
        try:
            while True:
                taken = await self._next()
                if taken or self.reconciler.waiting:
                    async with self._writing:
                        await self._take(taken)
                if self._queue.empty():
                    self._idle.set()
        finally:
            keeping.cancel()

    async def _take(self, taken: Sequence[Handed]) -> None:
        marks: dict[str, int] = {}
        for each in taken:
            if each.feed:
                marks[each.feed] = max(each.mark, marks.get(each.feed, 0))
        await self.tick([observation for each in taken for observation in each.observations], marks)
        for each in taken:
            if each.done is not None and not each.done.done():
                each.done.set_result(None)

    async def tick(self, observations: Sequence[Observation], marks: Mapping[str, int] = NO_MARKS) -> None:
        """Reconcile, derive, make durable, publish."""
        ts = max(self._clock(), self.graph.ts + 1)
        outcome = self.reconciler.take(observations, self.graph, ts)
        graph, delta = self.graph.apply(outcome.changes, ts) if outcome.changes else (self.graph, Delta(ts))
        await self._make_durable(delta, outcome, marks)
        self.metrics.update(outcome.metrics)
        if delta:
            self._publish(graph, delta)
        if outcome.scopes:
            for told in self._told_of_scopes:
                told(outcome.scopes.values())

    async def rederive(self, environment: Environment) -> int:
        """Derive everything anew, for an environment with other options, and go on with it; how much was otherwise."""
        async with self._writing:
            graph = self.graph.configured(environment)
            ts = max(self._clock(), graph.ts + 1)
            graph, delta = await asyncio.get_running_loop().run_in_executor(self._thread, rederived, graph, ts)
            await self._make_durable(delta, Outcome(), {})
            self.store.environment = environment
            self.history = int(environment.history_days * DAY)
            if delta:
                self._publish(graph, delta)
            else:
                self.graph = graph
            return len(delta.heads) + len(delta.links)

    def _publish(self, graph: Graph, delta: Delta) -> None:
        ts = delta.ts
        old, self.graph = self.graph, graph
        self.ring.add(old, ts)
        self.ticks += 1
        for ord, _, _ in delta.facets:
            self.changed[graph.bound.get(ord, ord)] = ts
        for ord, _ in delta.heads:
            self.changed[ord] = ts
        for published in list(self._listeners):
            published(old, graph, delta)

    async def close(self) -> None:
        """Finish the store's work and let it go."""
        await asyncio.to_thread(self._beside.shutdown)
        await asyncio.get_running_loop().run_in_executor(self._thread, self.store.close)
        self._thread.shutdown()

    async def _next(self) -> list[Handed]:
        """What has come in: the first within a second, then all that follows within a tick's time."""
        out: list[Handed] = []
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1.0):
                out.append(self._taken(await self._queue.get()))
        loop = asyncio.get_running_loop()
        deadline = loop.time() + TICK
        room = RECORDS - sum(map(_records, out))
        while out and room > 0 and len(out) < BATCH:
            while room > 0 and len(out) < BATCH and not self._queue.empty():
                out.append(self._taken(self._queue.get_nowait()))
                room -= _records(out[-1])
            left = deadline - loop.time()
            if left <= 0 or room <= 0 or len(out) >= BATCH:
                break
            await asyncio.sleep(min(left, PAUSE))  # waiting for each one alone costs more than taking it
        return out

    def _taken(self, handed: Handed) -> Handed:
        self._held -= _records(handed)
        if self._held < WAITING:
            self._room.set()
        return handed

    async def _make_durable(self, delta: Delta, outcome: Outcome, marks: Mapping[str, int]) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                await loop.run_in_executor(self._thread, self._append, delta, list(outcome.scopes.values()), marks)
            except StoreError as error:
                if error.message != self.trouble:
                    log.error("store refused a tick", reason=error.message, next_step=error.hint)
                self.trouble = error.message
                await asyncio.sleep(RETRY)
                continue
            if self.trouble:
                log.info("store accepts ticks again")
            self.trouble = ""
            return

    def _append(self, delta: Delta, scopes: list[ScopeState], marks: Mapping[str, int]) -> None:
        if delta or marks:
            self.store.append(delta, marks)
        if scopes:
            self.store.put_scopes(scopes)

    async def _keep_house(self) -> None:
        """Close the epoch when it is due, drop what is older than the history, index text: all beside the writing."""
        loop = asyncio.get_running_loop()
        last = loop.time()
        while True:
            await asyncio.sleep(HOUSEKEEPING)
            if not self._idle.is_set() and loop.time() - last < BUSY:
                continue
            try:
                await loop.run_in_executor(self._beside, self._tidy, self.graph, self._clock())
            except (StoreError, Conflict) as error:
                log.warning("housekeeping put off", reason=error.message)
            last = loop.time()

    def _tidy(self, graph: Graph, ts: int) -> None:
        if self.store.due(len(graph), ts):
            self.store.roll(graph)
            self.store.retain(self.history, ts)
        self.store.index_text(graph)


def _records(handed: Handed) -> int:
    return sum(len(each.records) for each in handed.observations if isinstance(each, Seen))
