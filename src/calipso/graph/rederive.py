"""Everything derived anew from the records: when rules or an environment's options are others than they were."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from hashlib import blake2b
from importlib.resources import files
from itertools import islice

import msgspec

from calipso.graph import adjacency
from calipso.graph.index import Key
from calipso.graph.protocol import Obj
from calipso.graph.value import Delta, FacetChange, Graph
from calipso.model.environment import Environment
from calipso.model.links import LINK_TYPES

BATCH = 2000

Told = Callable[[int], None]
"""Called with the number of records done."""


@cache
def _rules() -> bytes:
    """A digest of the code that derives."""
    digest = blake2b()
    for package in ("calipso.graph", "calipso.model"):
        for file in sorted(files(package).iterdir(), key=lambda file: file.name):
            if file.name.endswith(".py"):
                digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.digest()


def derivation(environment: Environment) -> str:
    """What a graph's derived part depends on besides its records; another value means that it may be out of date."""
    options = (
        environment.host_aliases(), environment.pnics, environment.namespaces, environment.service_patterns,
        environment.type, environment.mechanism_drivers, environment.type_drivers,
    )  # fmt: skip
    return blake2b(_rules() + msgspec.json.encode(options), digest_size=16).hexdigest()


def rederived(graph: Graph, ts: int, told: Told = lambda _: None) -> tuple[Graph, Delta]:
    """The graph that the same records give now, and how it differs. The facets stay; heads and links may change."""
    fresh = Graph(graph.environment, graph.codec, graph.ordinals)
    changes = _changes(graph)
    done, keys = 0, list[tuple[int, Key]]()
    while batch := list(islice(changes, BATCH)):
        fresh, step = fresh.apply(batch, ts)
        keys += step.keys
        done += len(batch)
        told(done)
    delta = Delta(ts, heads=list(_heads(graph, fresh)), links=list(_links(graph, fresh)), keys=keys)
    if fresh.hosts != graph.hosts:
        delta.hosts = dict(fresh.hosts)
    fresh.ts = ts
    fresh.rev = graph.rev + len(delta.heads) + len(delta.links)
    return (fresh, delta) if delta else (graph, delta)


def _changes(graph: Graph) -> Iterator[FacetChange]:
    for ord, facts in graph.facts.items():
        for i in range(0, len(facts), 2):
            yield FacetChange(graph.ordinals.id(ord), str(facts[i]), facts[i + 1])  # type: ignore[arg-type]


def _heads(old: Graph, new: Graph) -> Iterator[tuple[int, Obj | None]]:
    for ord in range(len(new.ordinals)):
        head = new.heads.get(ord)
        if head != old.heads.get(ord):
            yield ord, head


def _links(old: Graph, new: Graph) -> Iterator[tuple[str, int, int, int]]:
    for ord in range(len(new.ordinals)):
        before, after = _outgoing(old, ord), _outgoing(new, ord)
        for code, other in before - after:
            yield LINK_TYPES[code >> 1].name, ord, other, -1
        for code, other in after - before:
            yield LINK_TYPES[code >> 1].name, ord, other, +1


def _outgoing(graph: Graph, ord: int) -> set[tuple[int, int]]:
    return {(code, other) for code, other in adjacency.ends(graph.ends.get(ord)) if not code & 1}
