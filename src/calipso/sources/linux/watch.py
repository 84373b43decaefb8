"""A full pass, then what changes, as it happens.

An event says only that a namespace changed; it is then read anew. A dump costs less than a millisecond, is right
whatever was lost or came out of order, and what it does not hold is gone. Looks are spaced so that a storm of events
costs a bounded share of a core, and a whole pass comes from time to time all the same.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Iterable, Iterator

from calipso.errors import CalipsoError, ParseError, Unreachable
from calipso.model.record import Measured, Observation, RunError
from calipso.seams import NetlinkEvents, SourceConfig, Transport
from calipso.sources.linux.collect import (
    ROUTES,
    SUFFIXES,
    by_commands,
    collect,
    failed_run,
    interface_run,
    read_all,
    read_tables,
    say_all,
)
from calipso.sources.linux.ledger import Ledger
from calipso.sources.linux.parse_events import Changed, parse_events
from calipso.sources.linux.parse_namespaces import Namespace
from calipso.sources.linux.slow import Rules, slow_runs
from calipso.sources.linux.succession import Succession
from calipso.sources.linux.survey import Survey

INTERVAL = 60.0
_LOOKS = 30.0
"""Seconds between passes over a host that is read by commands."""
_GATHER = 0.05
"""Seconds that events are gathered before a look."""
_PER_LINK = 0.0002
_LONGEST = 0.5
_TABLE_PAUSE = 1.0
"""Seconds between two looks at the tables of one namespace."""
_RETRY = 1.0
_SLOW_SHARE = 4
"""How often the slow scopes are looked at while one whole pass goes by."""


async def watch(transport: Transport, config: SourceConfig) -> AsyncIterator[Observation]:
    """A full pass, then changes for ever. Raises `TransportError` when the stream of events ends.

    A host whose kernel tells no events is looked at time and again.
    """
    if by_commands(transport):
        while True:
            async for observation in collect(transport, config):
                yield observation
            await asyncio.sleep(float(config.options.get("interval", _LOOKS)))
    watching = Watching(Survey(transport, config))
    with contextlib.suppress(CalipsoError):
        # Listing numbers the namespaces. Events tell of numbers given later, which are new namespaces then.
        await watching.survey.list_namespaces()
    tasks = [asyncio.ensure_future(watching.listen()), asyncio.ensure_future(watching.look_slowly())]
    for task in tasks:
        task.add_done_callback(watching.ended)
    try:
        async with contextlib.aclosing(watching.observations()) as observations:
            async for observation in observations:
                yield observation
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Watching:
    """What is to be looked at again, and the loop that does."""

    def __init__(self, survey: Survey) -> None:
        self.survey = survey
        self.ledger = Ledger()
        self.succession = Succession(survey)
        self.interval = float(survey.config.options.get("interval", INTERVAL))
        self._wake = asyncio.Event()
        self._relist = False
        self._all = False
        self._interfaces: set[int] = set()
        self._tables: set[int] = set()
        self._resting: set[int] = set()
        self._pauses: set[asyncio.Task[None]] = set()
        self._strays: set[str] = set()
        """Parts with a cable into a namespace that was looked for in vain."""
        self._passed = False
        self._broken: BaseException | None = None
        self._outbox: list[Observation] = []

    # ── what is heard ─────────────────────────────────────────────────────────────────────────────────────────────

    async def listen(self) -> None:
        """Note what events say. Raises `TransportError` when there are no more."""
        async for reply in self.survey.transport.listen(NetlinkEvents()):
            try:
                self._note(parse_events(reply.body))
            except ParseError:
                # What cannot be understood may have been anything: look at everything.
                self._note(Changed(overrun=True))
        raise Unreachable("the stream of kernel events has ended")

    def ended(self, task: asyncio.Future[None]) -> None:
        """A task of the watch is over: the loop is the one to raise why."""
        if not task.cancelled():
            self._broken = task.exception()
            self._wake.set()

    def _note(self, changed: Changed) -> None:
        self._relist |= changed.namespaces or changed.overrun
        self._all |= changed.overrun
        self._interfaces |= changed.interfaces
        self._tables |= changed.tables
        for move in changed.moves:
            self.succession.moved(move)
        if self._relist or self._interfaces or self._tables - self._resting:
            self._wake.set()

    async def look_slowly(self) -> None:
        """Rule sets and sockets, again and again; what there is to say goes out with the next look."""
        rules: Rules = {}
        while True:
            if self._passed:
                async for observation in slow_runs(self.survey, self.ledger, rules):
                    self._outbox.append(observation)
                self._wake.set()
            await asyncio.sleep(self._until_next() / _SLOW_SHARE)

    # ── the loop ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def observations(self) -> AsyncGenerator[Observation, None]:
        try:
            while True:
                async for observation in self._pass():
                    yield observation
                until = asyncio.get_running_loop().create_task(asyncio.sleep(self._until_next()))
                self._pauses.add(until)
                while not until.done():
                    async for observation in self._looks(until):
                        yield observation
                self._pauses.discard(until)
        finally:
            for pause in self._pauses:
                pause.cancel()

    def _until_next(self) -> float:
        """More namespaces, more seconds: the passes' share of a core stays the same."""
        return self.interval + len(self.survey.listing.all) * self.interval / 600 if self._passed else _RETRY

    async def _pass(self) -> AsyncIterator[Observation]:
        """Everything, said in whole runs."""
        self._all = self._relist = False
        self._interfaces, self._tables = set(), set()
        known = {each.part for each in self.survey.listing.all}
        self._passed = False
        try:
            await read_all(self.survey)
        except CalipsoError as error:
            self.ledger.failed(self.survey.scope())
            for observation in failed_run(self.survey.scope(), RunError("namespaces", error.message)):
                yield observation
            return
        self._passed = True
        self.succession.settle({each.part for each in self.survey.listing.all})
        for observation in self._ended(known):
            yield observation
        async for observation in say_all(self.survey, self.ledger):
            yield observation

    async def _looks(self, until: asyncio.Future[None]) -> AsyncIterator[Observation]:
        """Wait for something to look at, gather a little, look."""
        waiting = asyncio.ensure_future(self._wake.wait())
        await asyncio.wait((waiting, until), return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if self._broken is not None:
            raise self._broken
        if not self._wake.is_set():
            return
        links = sum(
            len(self.survey.read[part].links) for part in self._parts(self._interfaces) & self.survey.read.keys()
        )
        await asyncio.sleep(min(_GATHER + links * _PER_LINK, _LONGEST))
        self._wake.clear()
        async for observation in self._look():
            yield observation

    async def _look(self) -> AsyncIterator[Observation]:
        """Read what changed, and say what is new."""
        for observation in self._slow_observations():
            yield observation
        relist, everything = self._relist, self._all
        self._relist = self._all = False
        numbers, self._interfaces = self._interfaces, set()
        parts = {each.part for each in self.survey.listing.all} if everything else self._parts(numbers)
        known = {each.part: each.inode for each in self.survey.listing.all}
        try:
            parts = await self._read(parts, known, relist)
        except CalipsoError as error:
            self.ledger.failed(self.survey.scope())
            self._relist = True
            self._later(_RETRY)
            for observation in failed_run(self.survey.scope(), RunError("namespaces", error.message)):
                yield observation
            return
        for observation in self._say(parts, set(known), relist or everything):
            yield observation
        self._tables |= self._numbers(parts if everything else parts - known.keys())
        async for observation in self._look_at_tables():
            yield observation

    async def _read(self, parts: set[str], known: dict[str, int], relist: bool) -> set[str]:
        """Read the interfaces of some parts and of all new ones; all parts that were read. Raises `CalipsoError`."""
        if relist:
            await self.survey.list_namespaces()
        done: set[str] = set()
        for _ in range(3):
            new = {each.part for each in self.survey.listing.all if known.get(each.part) != each.inode}
            wanted = (parts | new) - done
            await self.survey.read_again(each for each in self.survey.listing.all if each.part in wanted)
            done |= wanted
            known = known | {each.part: each.inode for each in self.survey.listing.all}
            self.survey.build(each for each in self.survey.listing.all if each.part in done)
            strays = (self.survey.strays() & done) - self._strays if self.survey.listing.initial else set()
            lost = done & self.survey.failed.keys()
            if not (strays or lost):
                break
            # A cable into a namespace not listed, or one that could not be read: it came, or went, since the list.
            await self.survey.list_namespaces()
            done -= strays
            parts = parts | strays
        if relist:
            done |= await self._resolve_strays(done)
        self._strays = self.survey.strays()
        present = {each.part for each in self.survey.listing.all}
        return done & present

    async def _resolve_strays(self, done: set[str]) -> set[str]:
        """Cables seen before the namespace they lead to."""
        strays = self.survey.strays() - done
        namespaces = [each for each in self.survey.listing.all if each.part in strays]
        await self.survey.read_again(namespaces)
        self.survey.build(namespaces)
        return strays

    def _slow_observations(self) -> Iterator[Observation]:
        """What the slow looks found, but of namespaces that ended meanwhile: their scopes are gone already."""
        outbox, self._outbox = self._outbox, []
        present = {each.part for each in self.survey.listing.all}
        return (each for each in outbox if each.scope.part.partition(" ")[0] in present)

    # ── what is said ──────────────────────────────────────────────────────────────────────────────────────────────

    def _say(self, parts: set[str], known: set[str], listed: bool) -> Iterator[Observation]:
        parts = parts | self.succession.settle(parts)
        yield from self._ended(known)
        if listed or "root" in parts or any(part in self.survey.failed for part in parts):
            yield from self._host()
        for namespace in self.survey.listing.all:
            if namespace.part in parts:
                yield from self._namespace(namespace)
        failures = self.survey.failures()
        scope = self.survey.scope("tunnels")
        yield from (
            self.ledger.whole(scope, self.survey.overlay(), failures)
            if failures
            else self.ledger.changes(scope, self.survey.overlay())
        )

    def _host(self) -> Iterator[Observation]:
        scope, records = self.survey.scope(), self.survey.host_records()
        errors = self.survey.enumeration_errors()
        yield from self.ledger.whole(scope, records, errors) if errors else self.ledger.changes(scope, records)

    def _namespace(self, namespace: Namespace) -> Iterator[Observation]:
        scope = self.survey.scope(namespace.part)
        found = self.survey.read.get(namespace.part)
        if found is None or found.errors:
            yield from interface_run(self.survey, self.ledger, namespace)
            return
        present = {record.id for record in found.records()}
        if present != {id for id, _ in self.ledger.places(scope)}:
            self._tables.add(namespace.reference)
        yield from self.ledger.changes(scope, found.records())
        # Facets of a device that is gone must not keep it until the tables are read again.
        present.add(namespace.id)
        tables = self.survey.scope(namespace.part + ROUTES)
        yield from self.ledger.drop(tables, {place for place in self.ledger.places(tables) if place[0] not in present})

    def _ended(self, known: Iterable[str]) -> Iterator[Observation]:
        """Namespaces that a complete list does not hold any more; an incomplete one proves nothing."""
        gone = set(known) - {each.part for each in self.survey.listing.all}
        for part in sorted(part for part in gone if self.survey.listing.proves_gone(part)):
            for suffix in SUFFIXES:
                yield from self.ledger.end(self.survey.scope(part + suffix))

    # ── tables ────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _look_at_tables(self) -> AsyncIterator[Observation]:
        numbers = self._tables - self._resting
        self._tables -= numbers
        parts = self._parts(numbers)
        if not parts:
            return
        self._rest(numbers)
        namespaces = [each for each in self.survey.listing.all if each.part in parts]
        async for scope, records, errors, metrics in read_tables(self.survey, namespaces):
            if records is None:
                self.ledger.failed(scope)
                for observation in failed_run(scope, *errors):
                    yield observation
                self._relist = True
                self._later(_GATHER)
                continue
            said = self.ledger.whole(scope, records, errors) if errors else self.ledger.changes(scope, records)
            for observation in said:
                yield observation
            if metrics:
                yield Measured(scope, metrics)

    def _rest(self, numbers: set[int]) -> None:
        """Leave these tables alone for a second; what changes meanwhile is looked at then."""
        self._resting |= numbers

        async def pause() -> None:
            await asyncio.sleep(_TABLE_PAUSE)
            self._resting -= numbers
            if self._tables & numbers:
                self._wake.set()

        self._keep(pause())

    def _later(self, seconds: float) -> None:
        async def wake() -> None:
            await asyncio.sleep(seconds)
            self._wake.set()

        self._keep(wake())

    def _keep(self, coroutine: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._pauses.add(task)
        task.add_done_callback(self._pauses.discard)

    # ── numbers and names ─────────────────────────────────────────────────────────────────────────────────────────

    def _parts(self, numbers: set[int]) -> set[str]:
        return {each.part for each in self.survey.listing.all if each.reference in numbers}

    def _numbers(self, parts: set[str]) -> set[int]:
        return {each.reference for each in self.survey.listing.all if each.part in parts}
