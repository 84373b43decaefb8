"""Keeps what users declare in the graph up to date: rules are asked again when what they depend on has changed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable

import structlog

from calipso.errors import QueryError
from calipso.following import ended
from calipso.graph.value import Delta, Graph
from calipso.model import ids, user
from calipso.model.record import Observation, Record, RunBegan, RunEnded, Seen
from calipso.operations.declared import Declarations, composed
from calipso.operations.fabric import expanded, parse_fabric
from calipso.operations.querying import Reach
from calipso.operations.usertopology import declarations
from calipso.query.depends import ALL, Key, depends, keys_touched, touched
from calipso.query.evaluate import Found, evaluate
from calipso.query.run import Limits
from calipso.runtime.at import now
from calipso.runtime.site import Site

ROUNDS = 4
"""Rules may find what other rules make; what has not come to rest by then is left for the next change."""
PAUSE = 0.2
"""Seconds in which changes are gathered."""
LIMITS = Limits(seconds=10.0, results=50_000)

log = structlog.get_logger()


class Declared:
    """What users have declared in one environment, at work."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.problems: list[str] = []
        self._lock = asyncio.Lock()
        self._records: list[Record] | None = None
        self._keys: frozenset[Key] = frozenset()
        self._due = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def apply(self) -> None:
        """Bring the graph up to what is declared; done when it is kept."""
        async with self._lock:
            declared = declarations(self.site)
            if not declared and self._records is None and not self._held():
                return
            for _ in range(ROUNDS):
                records = await asyncio.to_thread(self._composed, declared)
                if records == self._records:
                    break
                observations: list[Observation] = [
                    RunBegan(user.SCOPE),
                    Seen(user.SCOPE, tuple(records)),
                    RunEnded(user.SCOPE, "completed"),
                ]
                self._records = records
                await self.site.put(observations)
            self._keys = _keys(declared)

    def _held(self) -> bool:
        """Whether something was declared before the start."""
        return any(state.scope == user.SCOPE for state in self.site.scopes())

    def _composed(self, declared: Declarations) -> list[Record]:
        graph = self.site.graph()
        self.problems = []
        world = Reach(self.site, None, now())
        found = {query: self._found(query, world) for query in sorted(_queries(declared))}
        return composed(expanded(declared, graph), graph, found)

    def _found(self, query: str, world: Reach) -> tuple[str, ...]:
        try:
            answer = evaluate(query, world, time.monotonic, LIMITS)
        except QueryError as error:
            self.problems.append(f"{query}: {error.message}")
            return ()
        return tuple(sorted({row.value.head.id for row in answer.rows if isinstance(row.value, Found)}))

    # ── as the graph changes ─────────────────────────────────────────────────────────────────────────────────────

    def begin(self) -> None:
        """Follow the graph until `end`."""
        if self._task is None:
            self.site.writer.listen(self.published)
            self._task = asyncio.create_task(self._follow(), name=f"declared in {self.site.config.name}")

    async def end(self) -> None:
        if self._task is not None:
            self.site.writer.leave(self.published)
            await ended(self._task)
            self._task = None

    def published(self, old: Graph, new: Graph, delta: Delta) -> None:
        """Called by the writer after each tick."""
        if not self._keys or self._due.is_set() or _only_declared(delta):
            return
        if ALL in self._keys or self._keys & keys_touched(old, new, touched(new, delta)):
            self._due.set()

    async def _follow(self) -> None:
        await self.apply()
        while True:
            await self._due.wait()
            await asyncio.sleep(PAUSE)
            self._due.clear()
            await self.apply()


def _only_declared(delta: Delta) -> bool:
    """Whether a tick is nothing but what is declared here: that is already taken into account."""
    return bool(delta.facets) and all(
        name.partition("@")[0] in (user.FACET, user.EDGE_FACET) for _, name, _ in delta.facets
    )


def _queries(declared: Declarations) -> set[str]:
    found = {rule.query for rule in declared.node_rules if rule.action == "update"}
    for rule in declared.edge_rules:
        found |= {rule.source, rule.target}
    return found


def _keys(declared: Declarations) -> frozenset[Key]:
    """The keys of objects whose change can change what follows from the declarations."""
    keys: set[Key] = set()
    for query in _queries(declared):
        keys |= depends(query).keys
    for edge in declared.edges:
        keys |= {("id", id) for id in (edge.parent, edge.child) if not user.is_node(id)}
    return frozenset(keys | set(_fabric_keys(declared)))


def _fabric_keys(declared: Declarations) -> Iterable[Key]:
    for each in declared.fabric:
        cable = parse_fabric(each.text)
        if cable is not None and cable.device:
            yield ("id", ids.device(ids.host(cable.right), cable.device)) if cable.right != "*" else (
                "name", cable.device
            )  # fmt: skip
