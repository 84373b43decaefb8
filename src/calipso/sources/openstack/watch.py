"""The region as it changes: a full look, then what the message bus tells of, and a full look again from time to time.

An event says what to ask for. What it became is read from the API, so the records are those of a scan, and events that
come twice, late or in another order than they happened do no harm. What they tell of a server's state is believed until
then. A message leaves the queue when the change it led to is durable.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any

from calipso.errors import CalipsoError, ParseError, TransportError
from calipso.following import closed
from calipso.model import ids
from calipso.model.record import Barrier, Measured, Observation, RunBegan, RunEnded, RunError, Scope, ScopeGone
from calipso.seams import Amqp, AmqpSettle, SourceConfig, Transport
from calipso.sources.openstack.bus import EXCHANGES, TOPICS, Bus, Delivery, Standing
from calipso.sources.openstack.collect import PARTS, SOURCE, Look, ask_all, chosen, collect, expected, told
from calipso.sources.openstack.mirror import Documents, Mirror
from calipso.sources.openstack.parse_notifications import Concern
from calipso.sources.openstack.reading import Failures, Pass, Reading

COALESCE = 0.02
"""Seconds in which messages are gathered before the API is asked."""
FULL_EVERY = 60.0
FIRST_WORD = 5.0
"""Seconds in which the bus may bind before the first look: then nothing happens between them."""
AFTERWARDS = (1.0, 4.0, 15.0, 40.0)
"""Seconds after an event in which its objects are asked again: agents finish without a word to the bus."""
UNTOLD_EVERY = 10.0
"""Seconds between two questions for what changes without an event."""
UNDER_WAY: Mapping[str, Callable[[Any], bool]] = {
    "floating_ips": lambda each: each.status == "DOWN" and bool(each.port_id),
    "ports": lambda each: each.status == "BUILD",
    "servers": lambda each: each.status in ("BUILD", "REBUILD", "RESIZE", "MIGRATING"),
}
"""Listing → whether an object of it waits for an agent, which tells the API and nobody else when it is done."""
RETRY, LONGEST_RETRY = 1.0, 30.0
BUS = "bus"
"""Part of the scope that stands for the message bus; it holds nothing."""


async def watch(transport: Transport, config: SourceConfig) -> AsyncIterator[Observation]:
    """For ever: by the message bus, and by passes alone where none is named."""
    if Amqp not in transport.answers:
        async for observation in _passes(transport, config):
            yield observation
    listener = _Listener(transport, config)
    hearing = asyncio.create_task(listener.bus.run())
    try:
        async for observation in listener.observations():
            yield observation
    finally:
        listener.close()
        await closed(hearing)


async def _passes(transport: Transport, config: SourceConfig) -> AsyncIterator[Observation]:
    every = float(config.options.get("interval") or FULL_EVERY)
    retry = RETRY
    while True:
        failed = False
        async for observation in collect(transport, config):
            failed |= isinstance(observation, RunEnded) and observation.status != "completed"
            yield observation
        await asyncio.sleep(min(retry, every) if failed else every)
        retry = min(2 * retry, every) if failed else RETRY


class _Listener:
    """One region listened to."""

    def __init__(self, transport: Transport, config: SourceConfig) -> None:
        options = config.options
        queue = str(options.get("queue") or f"calipso-{config.environment}-{config.host}")
        request = Amqp(queue, _names(options.get("exchanges"), EXCHANGES), _names(options.get("topics"), TOPICS))
        self._transport = transport
        self._every = float(options.get("interval") or FULL_EVERY)
        self._woken = asyncio.Event()
        self.bus = Bus(transport, request, self._woken)
        self._scopes = {name: Scope(SOURCE, config.host, name) for name in (*(part.name for part in PARTS), BUS)}
        self._parts, self._known = chosen(options), set(options.get("known", ()))
        self._mirror = Mirror()
        self._reading = Reading(transport, self._mirror)
        self._looking: asyncio.Task[Look] | None = None
        self._looked = False
        self._look_at = asyncio.get_running_loop().time() + FIRST_WORD
        self._noted: set[Concern] = set()
        """What events told of since the look under way began: its answers may be older."""
        self._untold_at = asyncio.get_running_loop().time() + UNTOLD_EVERY
        self._again: dict[Concern, list[float]] = {}
        self._checking: Pass | None = None
        """What is being asked again."""
        self._waiting: dict[Concern, CalipsoError] = {}
        """What could not be asked yet."""
        self._unsettled: list[Delivery] = []
        self._retry, self._retry_at = RETRY, 0.0
        self._stood: str | None = None
        """What was last said to be wrong with the bus; None before anything was said."""
        self._odd = ""
        self._counted = {"notifications": 0, "notifications_without_effect": 0, "notifications_not_understood": 0}

    def close(self) -> None:
        if self._looking is not None:
            self._looking.cancel()

    async def observations(self) -> AsyncIterator[Observation]:
        """What the API and the bus say, for ever."""
        loop = asyncio.get_running_loop()
        while True:
            self._woken.clear()
            for observation in self._standing():
                yield observation
            if self._looking is None and (self.bus.bound_anew or loop.time() >= self._look_at):
                self._begin()
            if self._looking is not None and self._looking.done():
                for observation in await self._told_by_look(self._looking):
                    yield observation
            if self._looked:
                async for observation in self._events():
                    yield observation
            await self._sleep()

    async def _sleep(self) -> None:
        """Until something came, or something is due."""
        due = [self._look_at] if self._looking is None else []
        due += [times[0] for times in self._again.values()]
        due += [self._retry_at] if self._waiting else []
        due += [self._untold_at]
        now = asyncio.get_running_loop().time()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(min(due, default=now + 1.0) - now, 0.0)):
                await self._woken.wait()

    # ── looks ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _begin(self) -> None:
        self.bus.bound_anew = False
        self._noted = set()
        self._reading.forget()
        self._looking = asyncio.create_task(ask_all(self._transport, self._parts, self._known))
        self._looking.add_done_callback(lambda _: self._woken.set())

    async def _told_by_look(self, look: asyncio.Task[Look]) -> list[Observation]:
        """All parts as they are: as the look tells, and anew what changed while it was under way."""
        self._looking = None
        self._look_at = asyncio.get_running_loop().time() + self._every
        out: list[Observation] = []
        try:
            found = look.result()
        except (TransportError, ParseError) as error:
            self._look_at = asyncio.get_running_loop().time() + self._later()
            for part in expected(self._parts, self._known):
                failed = (RunError("session", error.message),)
                out += [RunBegan(self._scopes[part.name]), RunEnded(self._scopes[part.name], "failed", failed)]
            return out
        gone = {part.name for part in PARTS} - {part.name for part in found.parts}
        out += [ScopeGone(self._scopes[name]) for name in sorted(gone & self._known)]
        self._known = {part.name for part in found.parts}
        out += [RunBegan(self._scopes[part.name]) for part in found.parts]
        self._mirror.replace(found)
        self._waiting = await self._reading.read({*self._noted, *self._waiting}, {})
        listed = self._mirror.listings()
        for part in found.parts:
            out += told(part, self._scopes[part.name], found.answers, listed)
        self._looked, self._odd, self._retry = True, "", RETRY
        self._woken.set()
        return out

    def _later(self) -> float:
        delay, self._retry = self._retry, min(2 * self._retry, LONGEST_RETRY)
        return delay

    # ── events ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def _events(self) -> AsyncIterator[Observation]:
        """What messages concern is asked first; what is asked again comes between them, round by round."""
        now = asyncio.get_running_loop().time()
        retried = set(self._waiting) if now >= self._retry_at else set()
        deliveries = self.bus.take()
        if deliveries or retried or (self._unsettled and not self._waiting):
            async for observation in self._heard(deliveries, retried):
                yield observation
        elif self._checking is not None:
            async for observation in self._step(self._checking):
                yield observation
            if not self._checking.left:
                self._checking = None
                self._woken.set()
        elif due := self._due(now):
            self._noted |= due
            self._checking = Pass(self._reading, due)
            self._woken.set()

    async def _heard(self, deliveries: list[Delivery], retried: set[Concern]) -> AsyncIterator[Observation]:
        """Ask for what messages concern, tell what is otherwise, and settle them when that is durable."""
        for observation in self._believed(deliveries):
            yield observation
        if deliveries:
            await asyncio.sleep(COALESCE)
            more = self.bus.take()
            for observation in self._believed(more):
                yield observation
            deliveries += more
        asking = Pass(self._reading, self._concerned(deliveries) | retried)
        self._noted |= retried
        while asking.left:
            async for observation in self._step(asking):
                yield observation
            if asking.joinable and (more := self.bus.take()):
                for observation in self._believed(more):
                    yield observation
                deliveries += more
                asking.join(self._concerned(more))
        for concern in retried - set(asking.failures):
            self._waiting.pop(concern, None)
        if deliveries or self._unsettled:
            yield self._measured(deliveries)
        if not self._waiting and self._unsettled:
            yield Barrier(self._scopes[BUS])
            await self._settle()
        self._woken.set()

    def _believed(self, deliveries: list[Delivery]) -> Iterator[Observation]:
        """What messages tell themselves, until the API is asked: Nova takes its time where it works."""
        before: Documents = {}
        for each in deliveries:
            if each.state is not None:
                self._mirror.believe(each.state, before)
        yield from self._mirror.told(before, self._scopes)

    def _concerned(self, deliveries: list[Delivery]) -> set[Concern]:
        """What messages concern, which are not settled now; it will be asked again."""
        self._unsettled += deliveries
        heard = {concern for each in deliveries for concern in each.concerns}
        self._noted |= heard
        now = asyncio.get_running_loop().time()
        for concern in heard:
            self._again[concern] = [now + after for after in AFTERWARDS]
        return heard

    async def _step(self, asking: Pass) -> AsyncIterator[Observation]:
        """A round of questions, and what their answers change."""
        before: Documents = {}
        failed = dict(asking.failures)
        await asking.step(before)
        for observation in self._mirror.told(before, self._scopes):
            yield observation
        for observation in self._failed({each: why for each, why in asking.failures.items() if each not in failed}):
            yield observation

    def _due(self, now: float) -> set[Concern]:
        due = {concern for concern, times in self._again.items() if times[0] <= now}
        for concern in due:
            times = [each for each in self._again[concern] if each > now]
            if times:
                self._again[concern] = times
            else:
                del self._again[concern]
        if self._untold_at <= now:
            self._untold_at = now + UNTOLD_EVERY
            due.update(untold(self._mirror))
        return due

    def _failed(self, failures: Failures) -> Iterator[Observation]:
        """Parts that something could not be asked of are stale until it can: then they are looked at anew."""
        if not failures:
            return
        self._waiting.update(failures)
        self._retry_at = asyncio.get_running_loop().time() + self._later()
        self._look_at = min(self._look_at, self._retry_at)
        for part in self._mirror.parts:
            errors = {
                RunError(f"{concern.listing} {concern.by} {concern.value}".rstrip(), error.message)
                for concern, error in failures.items()
                if concern.listing in (*part.needs, *part.uses)
            }
            if errors:
                yield RunBegan(self._scopes[part.name])
                yield RunEnded(self._scopes[part.name], "failed", tuple(sorted(errors, key=lambda one: one.where)))

    async def _settle(self) -> None:
        self._retry = RETRY
        done, self._unsettled = self._unsettled, []
        odd = tuple((each.number, each.odd) for each in done if each.odd)
        taken = tuple(each.number for each in done if not each.odd)
        if odd:
            self._odd = odd[-1][1]
        with contextlib.suppress(TransportError):  # the connection ended: the bus tells them again
            await self._transport.ask(AmqpSettle(self.bus.request.queue, taken, odd))

    # ── the bus itself ───────────────────────────────────────────────────────────────────────────────────────────

    def _standing(self) -> Iterator[Observation]:
        """How the bus stands, when that changed."""
        now = self.bus.standing
        if now is None:
            return
        if self._stood is None:
            self._look_at = min(self._look_at, asyncio.get_running_loop().time())
        error = ""
        if now.trouble:
            error = now.trouble
        elif not now.bound:
            error = f"none of these exchanges is there: {', '.join(now.missing)}"
        elif self._odd:
            error = f"{now.dead} not understood are in {self.bus.request.queue}.dead; the last: {self._odd}"
        if error != self._stood:
            self._stood = error
            scope = self._scopes[BUS]
            yield RunBegan(scope)
            if not error:
                yield RunEnded(scope, "completed")
            else:
                yield RunEnded(scope, "partial" if now.bound else "failed", (RunError("message bus", error),))

    def _measured(self, deliveries: list[Delivery]) -> Measured:
        self._counted["notifications"] += len(deliveries)
        self._counted["notifications_not_understood"] += sum(bool(each.odd) for each in deliveries)
        self._counted["notifications_without_effect"] += sum(not each.concerns and not each.odd for each in deliveries)
        now = self.bus.standing or Standing()
        kept = {"notifications_waiting": now.waiting, "notifications_dead": now.dead}
        return Measured(self._scopes[BUS], {ids.region(self._mirror.region): {**self._counted, **kept}})


def untold(mirror: Mirror) -> Iterator[Concern]:
    """What changes without an event: subports come and go, agents finish what was begun when nobody listened yet."""
    if mirror.of("trunks"):
        yield Concern("trunks")
    for listing, under_way in UNDER_WAY.items():
        yield from (Concern(listing, "id", id) for id, each in mirror.of(listing).items() if under_way(each))


def _names(said: Any, usual: tuple[str, ...]) -> tuple[str, ...]:
    """A list of names, or text with commas."""
    if not said:
        return usual
    return tuple(said.replace(",", " ").split()) if isinstance(said, str) else tuple(map(str, said))
