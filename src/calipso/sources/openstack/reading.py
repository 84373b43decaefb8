"""Targeted re-reads: what an event concerns is asked of the listings that a scan asks, and what follows from it too."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Iterator
from typing import Any
from urllib.parse import quote

import msgspec

from calipso.errors import CalipsoError, CommandFailed, ParseError, TransportError
from calipso.seams import Http, Transport
from calipso.sources.openstack import parse
from calipso.sources.openstack.collect import DETAILS, LISTINGS, SESSION, Answer, Asking, Lacking
from calipso.sources.openstack.mirror import Documents, Mirror, below, key
from calipso.sources.openstack.parse_notifications import Concern

MANY = {"servers": 20}
MANY_OTHERS = 100
"""More objects of a listing than these are asked by asking for all of it."""
ROUNDS = 6
"""Answers lead to questions: an unknown network of a port, then its subnets. They come to an end long before."""
JOINING = 4
"""Rounds in which more may be asked for along with what follows: then what was begun comes to its end."""
ID_FILTER = {"servers": "uuid"}
"""Nova tells one server of its listing by `uuid`; Neutron any number of objects by `id`."""

Failures = dict[Concern, CalipsoError]


class Question(msgspec.Struct, frozen=True):
    """One request: objects of a listing whose field `by` is one of some values; "" for all. It answers `concerns`."""

    listing: str
    by: str
    concerns: tuple[Concern, ...]

    @property
    def values(self) -> set[str]:
        return {each.value for each in self.concerns}


class Reading:
    """Asks the API for what events concern, and keeps the mirror up."""

    def __init__(self, transport: Transport, mirror: Mirror) -> None:
        self._transport = transport
        self._mirror = mirror
        self._asking: Asking | None = None

    def forget(self) -> None:
        """Ask for the session anew: services may have come."""
        self._asking = None

    async def read(self, concerned: Iterable[Concern], before: Documents) -> Failures:
        """Ask until nothing follows any more. `before` collects what changed; what could not be asked is told."""
        asking = Pass(self, concerned)
        while asking.left:
            await asking.step(before)
        return asking.failures

    async def details(self, asking: Asking, before: Documents) -> None:
        """What is asked of single objects: of those that newly need it, and no more of those that are gone.

        What cannot be told now is told by the next look.
        """
        listed = self._mirror.listings()
        for name in {each for part in self._mirror.parts for each in part.uses if each in DETAILS}:
            known = self._mirror.of(name)
            needed = {each.id for each in DETAILS[name].of(listed)}
            for id in set(known) - needed:
                self._mirror.put(name, id, None, before)
            if needed - set(known):
                answer = await asking.details(DETAILS[name], listed, known)
                for id, said in answer.items() if isinstance(answer, dict) else ():
                    self._mirror.put(name, id, said, before)

    def worth(self, concern: Concern) -> bool:
        """Whether there is anything to ask."""
        if concern.listing in self._mirror.lacking:
            return False
        return not (concern.if_unknown and concern.value in self._mirror.of(concern.listing))

    async def session(self) -> Asking:
        """Who asks. Raises `TransportError`, `ParseError`."""
        if self._asking is None:
            reply = await self._transport.ask(Http(SESSION, "/"))
            self._asking = Asking(self._transport, parse.about(reply.body).services)
        return self._asking

    def take(self, asked: Question, answer: Answer, before: Documents, *, events: Collection[Concern]) -> set[Concern]:
        """Put an answer into the mirror; what has to be asked because of it. `events`: what they told to ask."""
        if isinstance(answer, Lacking):
            self._mirror.lacking.add(asked.listing)
        return set() if isinstance(answer, CalipsoError) else set(self._taken(asked, answer, before, events))

    def _taken(
        self, asked: Question, found: Iterable[Any], before: Documents, events: Collection[Concern]
    ) -> Iterator[Concern]:
        known = self._mirror.of(asked.listing)
        new = {key(each): each for each in found}
        named = {each.value for each in asked.concerns if each.by == "id"}
        heard = [each for each in asked.concerns if each in events]
        told = {each.value for each in heard if each.by == "id"}
        left = [id for id in known if id not in new]
        if asked.by not in ("", "id"):
            moved = (id for id in left if getattr(known[id], asked.by, None) in asked.values)
            yield from (Concern(asked.listing, "id", id) for id in moved)  # moved or gone: it is asked by its id
        gone = left if not asked.by else named - new.keys()
        for id in sorted({*new, *gone}):
            old, now = known.get(id), new.get(id)
            self._mirror.put(asked.listing, id, now, before)
            if id in told or (not asked.by and heard and old != now):
                yield from _following(asked.listing, id, old, now)
                if asked.listing == "subnets" and now is None:
                    yield from self._on(id)
            if now is not None:
                yield from self._unknown(asked.listing, now)

    def _on(self, subnet: str) -> Iterator[Concern]:
        """What is still known to be on a subnet that is gone."""
        for id, port in self._mirror.of("ports").items():
            if any(each.get("subnet_id") == subnet for each in port.fixed_ips):
                yield Concern("ports", "id", id)
        for id, network in self._mirror.of("networks").items():
            if subnet in network.subnets:
                yield Concern("networks", "id", id)

    def _unknown(self, listing: str, document: Any) -> Iterator[Concern]:
        """What an object names and nobody told of: networks and groups that the cloud makes by itself."""
        if listing == "ports":
            if document.network_id not in self._mirror.of("networks"):
                yield Concern("networks", "id", document.network_id)
                yield from _parts(document.network_id)
            yield from (Concern("security_groups", "id", group, if_unknown=True) for group in document.security_groups)


class Pass:
    """What events concern, asked in rounds: first that itself, all at once, then what follows from the answers.

    What a round changed can be told before the next one. `failures`: what could not be asked.
    """

    def __init__(self, reading: Reading, concerned: Iterable[Concern]) -> None:
        self._reading = reading
        self._events: set[Concern] = set()
        self._asked: set[Concern] = set()
        self._rounds, self._most = 0, 0
        self._changed = False
        self.left: set[Concern] = set()
        self.failures: Failures = {}
        self.join(concerned)

    @property
    def joinable(self) -> bool:
        """Whether it may be made longer: or what comes without a pause would have it never end."""
        return self._rounds < JOINING

    def join(self, concerned: Iterable[Concern]) -> None:
        """Ask for these too, and for what follows from them also where it was asked: something happened since."""
        new = {each for each in concerned if each.listing in LISTINGS}
        self._events |= new
        self._asked.clear()
        self.left |= {each for each in new if self._reading.worth(each)}
        self._most = self._rounds + ROUNDS

    async def step(self, before: Documents) -> None:
        """One round. `before` collects what changed."""
        try:
            asking = await self._reading.session()
        except (TransportError, ParseError) as error:
            self.failures.update(dict.fromkeys(self.left, error))
            self.left = set()
            return
        self._rounds += 1
        self._asked |= self.left
        following: set[Concern] = set()
        questions = list(_questions(self.left))
        for one, answer in zip(questions, await asyncio.gather(*(_ask(asking, q) for q in questions)), strict=True):
            if isinstance(answer, CalipsoError) and not isinstance(answer, Lacking):
                self.failures.update(dict.fromkeys(one.concerns, answer))
            following |= self._reading.take(one, answer, before, events=self._events)
        self._changed |= bool(before)
        self.left = {each for each in following - self._asked if self._reading.worth(each)}
        if self._rounds >= self._most:
            self.left = set()
        if not self.left and self._changed:
            await self._reading.details(asking, before)


def _following(listing: str, id: str, old: Any, now: Any) -> Iterator[Concern]:
    """What changes together with an object, as it was and as it is: whether or not a look saw it change before."""
    if listing == "networks":
        yield from _parts(id)
    elif listing == "routers":
        yield from (Concern("ports", "device_id", id), Concern("floating_ips", "router_id", id))
    elif listing in ("floating_ips", "trunks"):
        yield Concern("ports", "device_id", id)
    for each in (old, now):
        if listing in ("subnets", "segments") and each is not None:
            yield from (Concern("networks", "id", each.network_id), Concern("ports", "network_id", each.network_id))
        elif listing == "trunks" and each is not None:
            yield from (Concern("ports", "id", port) for port in (each.port_id, *below(each)))
        elif listing == "ports" and each is not None:
            yield from _owner(each)


def _owner(port: parse.Port) -> Iterator[Concern]:
    """What a port belongs to, and what is tied to it."""
    kind = port.device_owner or ""
    if port.device_id and kind.startswith("compute:"):
        yield Concern("servers", "id", port.device_id)
    elif port.device_id and kind.startswith("network:router"):
        yield Concern("routers", "id", port.device_id)
    yield Concern("floating_ips", "port_id", port.id)


def _parts(network: str) -> Iterator[Concern]:
    """What comes and goes with a network, without an event of its own."""
    yield from (Concern(name, "network_id", network) for name in ("subnets", "ports", "segments"))


def _questions(wanted: Iterable[Concern]) -> Iterator[Question]:
    """Concerns by the request that answers them. Where there are many of a listing, or all are wanted: all of it."""
    by_listing: dict[str, list[Concern]] = {}
    for each in sorted(wanted):
        by_listing.setdefault(each.listing, []).append(each)
    for listing, found in by_listing.items():
        if len(found) > MANY.get(listing, MANY_OTHERS) or any(not each.by for each in found):
            yield Question(listing, "", tuple(found))
        elif listing in ID_FILTER:
            yield from (Question(listing, each.by, (each,)) for each in found)
        else:
            for by in sorted({each.by for each in found}):
                yield Question(listing, by, tuple(each for each in found if each.by == by))


async def _ask(asking: Asking, question: Question) -> list[Any] | CalipsoError:
    """One listing, filtered. A cloud that does not know the filter (400) is asked for all, and it is filtered here."""
    listing = LISTINGS[question.listing]
    if not question.by:
        return await asking.answer(listing)
    name = ID_FILTER.get(question.listing, question.by) if question.by == "id" else question.by
    query = "&".join(f"{name}={quote(value, safe='')}" for value in sorted(question.values))
    path = f"{listing.path}{'&' if '?' in listing.path else '?'}{query}"
    answer = await asking.answer(msgspec.structs.replace(listing, path=path))
    if isinstance(answer, CommandFailed) and answer.exit_code == 400:
        answer = await asking.answer(listing)
    if isinstance(answer, CalipsoError):
        return answer
    return [each for each in answer if getattr(each, question.by, None) in question.values]
