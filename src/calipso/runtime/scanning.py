"""One scan at work: which looks it takes, many hosts at a time, and what is there at its end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Annotated

import msgspec

from calipso.errors import NotFound
from calipso.graph.clique import find_clique
from calipso.graph.protocol import GraphReader, Obj
from calipso.graph.validate import validate
from calipso.model.environment import Environment
from calipso.model.record import ScopeGone
from calipso.model.scoring import choose, clique_types
from calipso.operations.context import AgentState
from calipso.operations.scan_documents import Plan, Results, ScanDocument, ScanError, ScanStatus
from calipso.runtime.collect import ATTEMPT, Collection, Post
from calipso.runtime.looking import AgentLook, BrokenLook, Look, PostLook
from calipso.runtime.site import Site

Count = Annotated[int, msgspec.Meta(ge=1)]


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """hosts: looked at at the same time. per_host: sources at work on one at the same time, so that no host is flooded.

    patience: seconds a source has for one host. keep: ended scans that are kept of each environment.
    """

    hosts: Count = 32
    per_host: Count = 4
    patience: Annotated[float, msgspec.Meta(gt=0)] = 600.0
    keep: Count = 200


class Scanning:
    """The work of one scan. `document` says at any time how far it is."""

    def __init__(
        self, document: ScanDocument, site: Site, collection: Collection | None, agents: Callable[[], list[AgentState]],
        limits: Limits,
    ) -> None:  # fmt: skip
        self._document = document
        self._site = site
        self._collection = collection
        self._agents = agents
        self._limits = limits
        self._looks: list[Look] = []

    @property
    def document(self) -> ScanDocument:
        return msgspec.structs.replace(self._document, looks=[look.view for look in self._looks], errors=self._errors)

    @property
    def _errors(self) -> list[ScanError]:
        return [error for look in self._looks for error in look.errors]

    async def work(self) -> ScanDocument:
        """All of it; the document with status and results. Raises `NotFound` when the object has gone meanwhile."""
        plan = self._document.plan
        corrected, cleared = 0, list[str]()
        if plan.only in ("", "inventory"):
            self._looks = self._chosen(plan)
            await self._look(self._looks)
            if more := self._told(plan):
                self._looks += more
                await self._look(more)
            cleared = await self._clear(plan)
        elif plan.only == "links":
            corrected = await self._site.writer.rederive(self._site.config)
        graph = self._site.graph()
        findings = await asyncio.to_thread(validate, graph, links=plan.only != "inventory")
        results = await asyncio.to_thread(_results, graph, self._site.config, plan)
        return msgspec.structs.replace(
            self.document, status=self._status(), reason=self._reason(), findings=findings,
            results=msgspec.structs.replace(results, corrected=corrected, cleared=cleared, scopes=self._looked_at()),
        )  # fmt: skip

    def _looked_at(self) -> list[str]:
        """The scopes that a scan of one object looked at; all others are as old as they were."""
        if not self._document.plan.object_id:
            return []
        touched = {scope for look in self._looks if isinstance(look, PostLook) for scope in look.touched}
        return sorted(scope.key for scope in touched if scope.part != ATTEMPT)

    def _status(self) -> ScanStatus:
        if not self._errors:
            return "completed"
        good = any(look.view.status in ("completed", "partial") and look.view.done for look in self._looks)
        return "completed_with_errors" if good else "failed"

    def _reason(self) -> str:
        return "" if self._status() != "failed" else f"nothing could be looked at: {self._errors[0].message}"

    def _chosen(self, plan: Plan) -> list[Look]:
        """The looks a plan takes, by host and source."""
        collection = self._collection
        if collection is None:
            return []
        wanted = places(self._site.graph(), plan.object_id) if plan.object_id else None
        writer, looks = self._site.writer, list[Look]()
        known = self._known()
        for post in sorted(collection.posts, key=_in_order):
            place = (post.source.manifest.name, post.host)
            if wanted is None or place in wanted:
                parts = None if wanted is None else frozenset(wanted[place])
                looks.append(PostLook(collection, post, writer, known.get(place, 0), parts))
        hosts = None if wanted is None else {host for _, host in wanted}
        looks += [BrokenLook(collection, name, writer) for name in collection.broken if hosts is None or name in hosts]
        agents = [name for name, host in sorted(self._site.config.hosts.items()) if host.agent]
        looks += [self._agent(name) for name in agents if hosts is None or name in hosts]
        if wanted is not None and not looks:
            said = ", ".join(f"{source}@{host}" for source, host in sorted(wanted))
            raise NotFound(f"nothing looks at {plan.object_id} any more: it was told by {said}")
        return looks

    def _known(self) -> dict[tuple[str, str], int]:
        """(source, host) → how many parts it was looked at in."""
        known: dict[tuple[str, str], int] = {}
        for state in self._site.scopes():
            if state.scope.part != ATTEMPT:
                place = (state.scope.source, state.scope.reporter)
                known[place] = known.get(place, 0) + 1
        return known

    def _told(self, plan: Plan) -> list[Look]:
        """Looks at hosts that the looks before have told of: those of a cloud, by its APIs."""
        if self._collection is None or plan.object_id:
            return []
        writer, before = self._site.writer, set(self._collection.broken)
        posts = sorted(self._collection.grow(), key=_in_order)
        looks: list[Look] = [PostLook(self._collection, post, writer, 0) for post in posts]
        return looks + [BrokenLook(self._collection, name, writer) for name in self._collection.broken.keys() - before]

    def _agent(self, host: str) -> AgentLook:
        environment = self._site.config.name

        def here() -> bool:
            return any(
                each.connected for each in self._agents() if (each.environment, each.host) == (environment, host)
            )

        return AgentLook(host, lambda: [s for s in self._site.scopes() if s.scope.reporter == host], here)

    async def _look(self, all: list[Look]) -> None:
        """Looks: many hosts at a time, a few sources at a time on each."""
        by_host: dict[str, list[Look]] = {}
        for look in all:
            by_host.setdefault(look.host, []).append(look)
        gate = asyncio.Semaphore(self._limits.hosts)
        async with asyncio.TaskGroup() as tasks:
            for looks in by_host.values():
                tasks.create_task(self._host(looks, gate))
        await self._site.writer.settled()

    async def _host(self, looks: list[Look], gate: asyncio.Semaphore) -> None:
        bound = asyncio.Semaphore(self._limits.per_host)

        async def one(look: Look) -> None:
            async with bound:
                await look.run(self._limits.patience)

        async with gate, asyncio.TaskGroup() as tasks:
            for look in looks:
                tasks.create_task(one(look))

    async def _clear(self, plan: Plan) -> list[str]:
        """End what nothing looks at any more: only a scan of everything that met no error proves it."""
        if not plan.clear or plan.object_id or self._errors:
            return []
        touched = {scope for look in self._looks if isinstance(look, PostLook) for scope in look.touched}
        agents = {name for name, host in self._site.config.hosts.items() if host.agent}
        gone = [
            state.scope for state in self._site.scopes()
            if state.scope not in touched and state.scope.reporter not in agents
        ]  # fmt: skip
        await self._site.put([ScopeGone(scope) for scope in gone])
        return [scope.key for scope in gone]


def _in_order(post: Post) -> tuple[str, str]:
    return post.host, post.source.manifest.name


def places(graph: GraphReader, id: str) -> dict[tuple[str, str], set[str]]:
    """(source, host) → parts of the scopes in which anything is said of an object and of what it owns.

    Raises `NotFound`.
    """
    focus = graph.resolve(id)
    if focus is None:
        raise NotFound(f"{id} is not there", hint="a scan of everything finds what is new")
    found: dict[tuple[str, str], set[str]] = {}
    waiting, met = [focus], {focus.ord}
    while waiting:
        head = waiting.pop()
        for facet in graph.facets(head):
            source, _, place = facet.scope.partition("@")
            host, _, part = place.partition(":")
            found.setdefault((source, host), set()).add(part)
        for below in _owned(graph, head):
            if below.ord not in met:
                met.add(below.ord)
                waiting.append(below)
    return found


def _owned(graph: GraphReader, head: Obj) -> Iterable[Obj]:
    names = {head.id, *(graph.id_of(member) for member in head.members)}
    for name in sorted(names):
        for ord in graph.find("parent", name):
            below = graph.get(ord)
            if below is not None:
                yield below


def _results(graph: GraphReader, config: Environment, plan: Plan) -> Results:
    kinds = {str(kind): len(ords) for kind, ords in sorted(graph.values("kind").items()) if len(ords)}
    links = sum(link.outgoing for head in graph.objects() for link in graph.links(head.ord))
    found = cliques(graph, config) if plan.only == "cliques" else {}
    return Results(graph.ts, len(graph), links, kinds, found)


def cliques(graph: GraphReader, config: Environment) -> dict[str, int]:
    """Clique type → how many focal objects have a clique of it that is more than themselves."""
    types = clique_types(config)
    found: dict[str, int] = {}
    for head in graph.objects():
        chosen = choose(types, head.kind, config)
        if chosen is not None and len(find_clique(graph, head, chosen).objects) > 1:
            found[chosen.name] = found.get(chosen.name, 0) + 1
    return dict(sorted(found.items()))


def failed(document: ScanDocument, status: ScanStatus, reason: str) -> ScanDocument:
    """A scan that ended without results. What had not been done of it is done no more."""
    looks = [
        msgspec.structs.replace(look, status="aborted") if look.status in ("waiting", "running") else look
        for look in document.looks
    ]
    return msgspec.structs.replace(document, status=status, reason=reason, looks=looks)
