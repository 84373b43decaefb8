"""What an operator should know: said once, counted when it comes again, over when what it is about is well again.

The states of scopes are the one place all failures come by: of a watch, a scan, an agent, an import.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

import msgspec
import structlog

from calipso.errors import NotFound, StoreError
from calipso.model.record import ScopeState
from calipso.operations.message_documents import Level, Message, SourceSystem
from calipso.runtime.shelf import Shelf
from calipso.runtime.site import Site

COLLECTION = "messages"
SOON, AGAIN = 0.2, 5.0
"""Seconds until what is new is durable: all that comes meanwhile goes with it; and after the store refused."""
DAY = 86_400_000_000
PLACES = 64
"""Places that a message counts by name."""
SYSTEMS: dict[str, SourceSystem] = {"openstack": "OpenStack", "kubernetes": "Kubernetes"}
"""Source → the system that speaks through it."""
_VARYING = re.compile(r"0x[0-9a-f]+|\b[0-9a-f]{8,}\b|\d+")

log = structlog.get_logger()
Told = Callable[[Message], None]


class Retention(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """keep: messages of each environment; days: how long one stays that is over."""

    keep: int = 5000
    days: float = 30.0


class Surroundings(Protocol):
    """What messages need of the system."""

    def site(self, environment: str) -> Site: ...


class _Board:
    """The messages of one environment; `standing`: key → id of those that hold now, `at`: place → their keys."""

    def __init__(self, shelf: Shelf[Message]) -> None:
        self.shelf = shelf
        self.standing: dict[str, str] = {}
        self.at: dict[str, set[str]] = {}
        self.keeping: asyncio.Task[None] | None = None
        for message in shelf.all():
            if message.places:
                self.stand(message)

    def stand(self, message: Message) -> None:
        self.standing[message.key] = message.id
        for place in message.places:
            self.at.setdefault(place, set()).add(message.key)


class Messages:
    """Implements `operations.message_documents.Messages`. `told` is called with every message, new or changed."""

    def __init__(self, surroundings: Surroundings, retention: Retention, clock: Callable[[], int], told: Told) -> None:
        self._surroundings = surroundings
        self._retention = retention
        self._clock = clock
        self._told = told
        self._boards: dict[str, _Board] = {}

    def open(self, environment: str) -> None:
        """Read what is kept, and listen to what goes wrong from now on and was wrong already."""
        site = self._surroundings.site(environment)
        self._boards[environment] = _Board(Shelf(site.writer, COLLECTION, Message, site.store.documents(COLLECTION)))
        self._prune(environment)
        known = {state.scope.key: state for state in site.scopes()}
        for place in [place for place in self._boards[environment].at if place.partition(" ")[0] == "scope"]:
            state = known.get(place.partition(" ")[2])
            if state is None or not state.stale:
                self.over(environment, place)
        site.writer.listen_to_scopes(lambda states: self.scopes(environment, states))

    async def forget(self, environment: str) -> None:
        """Keep what is new and let an environment go."""
        board = self._boards.pop(environment, None)
        if board is None:
            return
        if board.keeping is not None:
            board.keeping.cancel()
            await asyncio.gather(board.keeping, return_exceptions=True)
        try:
            await board.shelf.flush()
        except StoreError as error:
            log.error("messages not kept", environment=environment, reason=error.message)

    async def close(self) -> None:
        for environment in list(self._boards):
            await self.forget(environment)

    # ── what is said ─────────────────────────────────────────────────────────────────────────────────────────────

    def scopes(self, environment: str, states: Iterable[ScopeState]) -> None:
        """What the states of scopes say: failures begin or go on, and are over once a look completed."""
        for state in states:
            place = f"scope {state.scope.key}"
            if state.gone or state.status == "completed":
                self.over(environment, place)
            elif state.status in ("failed", "partial"):
                self._wrong(environment, place, state)

    def _wrong(self, environment: str, place: str, state: ScopeState) -> None:
        host, source = state.scope.reporter, state.scope.source
        keys = set()
        level: Level = "error" if state.status == "failed" else "warn"
        for error in state.errors:
            said = error.message if error.message.startswith(host) else f"{host}: {error.message}"
            message = self.say(
                environment, level, said, key=f"{host} {_alike(error.message)}", place=place, related_object=host,
                related_object_type="host", source_system=SYSTEMS.get(source, "Calipso"),
            )  # fmt: skip
            keys.add(message.key)
        self.over(environment, place, but=keys)

    def say(self, environment: str, level: Level, text: str, *, key: str, place: str = "", **about: Any) -> Message:
        """A message; counted where one with its key holds already.

        place: what it is about: it holds until `over` is told of all its places; without one it only happened.
        """
        board = self._boards[environment]
        now = self._clock()
        known = board.shelf.get(board.standing.get(key, ""))
        if known is None:
            message = Message(
                id=board.shelf.new_id(), environment=environment, level=level, message=text, key=key,
                first=now, last=now, finished=0 if place else now, places={place: 1} if place else {},
                **{"display_context": about.get("related_object", ""), **about},
            )  # fmt: skip
        else:
            places = dict(known.places)
            if place in places or len(places) < PLACES:
                places[place] = places.get(place, 0) + 1
            count = max(known.count, *places.values())
            message = msgspec.structs.replace(known, level=level, message=text, last=now, count=count, places=places)
        if message.places:
            board.stand(message)
        self._put(environment, message)
        if known is None and len(board.shelf) > self._retention.keep:
            self._prune(environment)
        return message

    def over(self, environment: str, place: str, but: Iterable[str] = ()) -> None:
        """What was said of a place does not hold there any more; `but`: keys of what still does."""
        board = self._boards[environment]
        keys = board.at.get(place, set())
        for key in keys - set(but):
            keys.discard(key)
            message = board.shelf.get(board.standing.get(key, ""))
            if message is None:
                continue
            places = {each: times for each, times in message.places.items() if each != place}
            if not places:
                del board.standing[key]
            finished = 0 if places else self._clock()
            self._put(environment, msgspec.structs.replace(message, places=places, finished=finished))
        if not keys:
            board.at.pop(place, None)

    def standing(self, environment: str, prefix: str) -> list[str]:
        """The places that begin so and of which something holds."""
        return sorted(place for place in self._boards[environment].at if place.startswith(prefix))

    # ── what operations ask for ──────────────────────────────────────────────────────────────────────────────────

    def all(self, environment: str) -> list[Message]:
        return sorted(self._board(environment).shelf.all(), key=lambda each: (-each.last, -int(each.id)))

    async def view(self, environment: str, ids: Sequence[str], viewed: bool) -> int:
        shelf = self._board(environment).shelf
        found = [shelf.one(id, "message") for id in dict.fromkeys(ids)]
        changed = [each for each in found if each.viewed != viewed]
        for each in changed:
            self._put(environment, msgspec.structs.replace(each, viewed=viewed))
        await shelf.flush()
        return len(changed)

    async def delete(self, environment: str, ids: Sequence[str]) -> int:
        shelf = self._board(environment).shelf
        found = [shelf.one(id, "message") for id in dict.fromkeys(ids)]
        for each in found:
            self._drop(environment, each)
        await shelf.flush()
        return len(found)

    # ── keeping ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _put(self, environment: str, message: Message) -> None:
        board = self._boards[environment]
        board.shelf.put(message)
        if board.keeping is None or board.keeping.done():
            board.keeping = asyncio.create_task(self._keep(board), name=f"messages of {environment}")
        self._told(message)

    async def _keep(self, board: _Board) -> None:
        delay = SOON
        while board.shelf.dirty:
            await asyncio.sleep(delay)
            try:
                await board.shelf.flush()
                delay = SOON
            except StoreError as error:
                log.error("messages not kept yet", reason=error.message)
                delay = AGAIN

    def _prune(self, environment: str) -> None:
        """Drop what is over and old, and more than may be kept: of those first what is over, then the oldest."""
        shelf = self._boards[environment].shelf
        old = self._clock() - int(self._retention.days * DAY)
        for message in shelf.all() if len(shelf) else ():
            if message.finished and message.last < old:
                self._drop(environment, message)
        surplus = len(shelf) - self._retention.keep
        if surplus > 0:
            for message in sorted(shelf.all(), key=lambda each: (not each.finished, each.last))[:surplus]:
                self._drop(environment, message)

    def _drop(self, environment: str, message: Message) -> None:
        board = self._boards[environment]
        board.shelf.drop(message.id)
        if board.standing.get(message.key) == message.id:
            del board.standing[message.key]
            for place in message.places:
                board.at.get(place, set()).discard(message.key)

    def _board(self, environment: str) -> _Board:
        self._surroundings.site(environment)
        board = self._boards.get(environment)
        if board is None:
            raise NotFound(f"{environment} is being ended")
        return board


def _alike(text: str) -> str:
    """A text without what differs each time it is said: numbers, addresses, digests."""
    return _VARYING.sub("#", text.lower())
