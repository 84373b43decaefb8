"""Live deltas of one environment: numbered, encoded once a tick, joined for all who asked the same (CORE §7)."""

from __future__ import annotations

import asyncio
from typing import Any

from calipso.errors import Conflict
from calipso.graph.value import Delta, Graph
from calipso.operations.questions import SUBSCRIPTIONS
from calipso.query.standing import Standing
from calipso.runtime.deltas import Changed, Tick
from calipso.runtime.groups import Asked, Chosen, Group, Keyed
from calipso.runtime.site import Site
from calipso.runtime.subscriber import Message, Subscriber

LINGER = 60.0
"""Seconds that what was asked for is kept up to date after its last client went: it may come again."""
MOST_GROUPS = 500
"""Different things that may be asked for at the same time."""
LINGERING = 64
"""Of those that nobody asks for any more."""

Key = tuple[str, str]
Filter = Key | Standing | None


class Live:
    """What clients of one environment asked for. `published` is called by the writer after each tick."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.lost = 0
        """Times that a client was too slow, of groups that are gone."""
        self._groups: dict[Any, Group] = {None: Group(site)}
        """By what was asked for. That of everything stays: it can serve whoever comes again from another filter."""
        self._begun: dict[Any, asyncio.Task[None]] = {}
        self._leaving: dict[Any, asyncio.TimerHandle] = {}
        self._feeds: set[Feed] = set()
        site.writer.listen(self.published)

    @property
    def clients(self) -> int:
        return sum(len(group.clients) for group in self._groups.values())

    @property
    def dropped(self) -> int:
        return self.lost + sum(group.lost for group in self._groups.values())

    @property
    def groups(self) -> list[Group]:
        return list(self._groups.values())

    def published(self, old: Graph, new: Graph, delta: Delta) -> None:
        """Hand a tick to those whom it may concern."""
        tick = Tick(old, new, delta)
        routed = self._routed(tick)
        for group in self._groups.values():
            group.take(tick, routed.get(group, ()) if group.keys else tick.objects.values())

    def _routed(self, tick: Tick) -> dict[Group, list[Changed]]:
        """To groups with keys the changes of objects that had or have one of them: a look-up a key, not a group."""
        by_key: dict[Any, list[Group]] = {}
        for group in self._groups.values():
            for key in group.keys:
                by_key.setdefault(key, []).append(group)
        routed: dict[Group, list[Changed]] = {}
        for each in tick.objects.values() if by_key else ():
            before, after = each.keys
            for group in {group: None for key in before | after for group in by_key.get(key, ())}:
                routed.setdefault(group, []).append(each)
        return routed

    def notice(self, kind: str, body: bytes) -> None:
        """Hand out what happened beside the graph, to those who asked: without a number, only now."""
        message = Message(kind, b'{"%s":%s}' % (kind.encode(), body), None)
        for group in self._groups.values():
            for client in group.clients:
                if client.notices:
                    client.offer(message)

    async def subscribe(self, wanted: Filter, since: int | None, notices: bool = False, who: str = "") -> Feed:
        """A new client of a caller; with `notices` it also hears what happens beside the graph.

        Raises `QueryError` for a query that has no answer, `Conflict` when there are too many.
        """
        name = wanted.text if isinstance(wanted, Standing) else wanted
        if name is not None:  # everything is kept told of anyway
            SUBSCRIPTIONS.begin(who, (self, name))
        try:
            client, group = await self._joined(name, wanted, since)
        except BaseException:
            self._freed(name, who)
            raise
        client.notices = notices
        feed = Feed(self, name, group, client, who)
        self._feeds.add(feed)
        return feed

    def _freed(self, name: Any, who: str) -> None:
        if name is not None:
            SUBSCRIPTIONS.end(who, (self, name))

    async def _joined(self, name: Any, wanted: Filter, since: int | None) -> tuple[Subscriber, Group]:
        group = self._groups.get(name)
        if group is None or group.failed is not None:
            self._make_room()
            group = self._groups[name] = _group(self.site, wanted)
            self._begun[name] = asyncio.create_task(group.begin())
        if (timer := self._leaving.pop(name, None)) is not None:
            timer.cancel()
        group.waiting += 1
        try:
            if name in self._begun:
                await asyncio.shield(self._begun[name])
        except BaseException:
            group.waiting -= 1
            self._left(name, group)
            raise
        group.waiting -= 1
        self._begun.pop(name, None)
        return group.join(since), group

    def _make_room(self) -> None:
        """Raises `Conflict`."""
        if len(self._groups) >= MOST_GROUPS and self._leaving:
            self._forget_first()
        if len(self._groups) >= MOST_GROUPS:
            raise Conflict(f"{MOST_GROUPS} different subscriptions are open", hint="close some, or ask for the same")

    def _forget_first(self) -> None:
        """Of those that nobody asks for any more the one that is longest so."""
        name = next(iter(self._leaving))
        self._leaving[name].cancel()
        self._forget(name, self._groups[name])

    def _left(self, name: Any, group: Group) -> None:
        idle = not group.clients and not group.waiting and name is not None
        if idle and self._groups.get(name) is group and name not in self._leaving:
            linger = 0.0 if group.failed is not None or name in self._begun else LINGER
            self._leaving[name] = asyncio.get_running_loop().call_later(linger, self._forget, name, group)
            if len(self._leaving) > LINGERING:
                self._forget_first()

    def _forget(self, name: Any, group: Group) -> None:
        self._leaving.pop(name, None)
        if not group.clients and not group.waiting and self._groups.get(name) is group:
            self._begun.pop(name, None)
            del self._groups[name]
            self.lost += group.lost
            group.close()

    def leave(self, feed: Feed) -> None:
        """A client went."""
        if feed in self._feeds:
            self._feeds.discard(feed)
            self._freed(feed.name, feed.who)
            feed.group.clients.discard(feed.client)
            self._left(feed.name, feed.group)

    def close(self) -> None:
        """Let go of everything."""
        for feed in list(self._feeds):
            self.leave(feed)
        for timer in self._leaving.values():
            timer.cancel()
        for group in self._groups.values():
            group.close()
        self._groups.clear()
        self.site.writer.leave(self.published)


def _group(site: Site, wanted: Filter) -> Group:
    if wanted is None:
        return Group(site)
    if not isinstance(wanted, Standing):
        return Keyed(site, wanted)
    return Asked(site, wanted) if wanted.tests is None else Chosen(site, wanted)


class Feed:
    """One client's messages, from a snapshot or a number on."""

    def __init__(self, live: Live, name: Any, group: Group, client: Subscriber, who: str) -> None:
        self.name, self.group, self.client, self.who = name, group, client, who
        self._live = live

    async def next(self) -> Message | None:
        """None when nothing comes any more."""
        return await self.client.next()

    def close(self) -> None:
        self._live.leave(self)
