"""A graph from its heads, facts and links: what a store keeps; index, binds and bookkeeping follow from them.

Nothing is derived here: kinds, links and networks are taken as they were, so a restart shows what was shown before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Any

import immutables

from calipso.graph.bind import left_keys, right_keys
from calipso.graph.hostnames import HostRecord, canonical_names
from calipso.graph.index import Builder, Key
from calipso.graph.keys import all_keys, head_keys
from calipso.graph.objects import HOST_RECORDS
from calipso.graph.presence import presence_of
from calipso.graph.protocol import Obj
from calipso.graph.value import Graph


def restore(graph: Graph, index: Builder | None = None, fresh: Collection[int] | None = None) -> Graph:
    """Fill in everything but heads, facts, ends, ordinals and codec; the same graph.

    `index`: holds the keys that are known already but for those of the heads; then only the objects in `fresh` are
    asked for theirs.
    """
    graph.hosts = immutables.Map(_host_names(graph))
    index = Builder() if index is None else index
    bound: dict[int, int] = {}
    presence: dict[tuple[str, str], dict[str, int]] = {}
    few: dict[Key, list[int]] = defaultdict(list)
    for head in graph.objects():
        ord = head.ord
        for key in head_keys(head):
            few[key].append(ord)
        for member in head.members:
            if member != ord:
                bound[member] = ord
        if head.networks:
            for host, medium, network in presence_of(head):
                counts = presence.setdefault((host, medium), {})
                counts[network] = counts.get(network, 0) + 1
    for key, ords in few.items():
        index.few(key, ords)
    _stand_fresh(graph, index, fresh)
    graph.bound = immutables.Map(bound)
    graph.index = index.finish()
    graph.presence = immutables.Map({place: immutables.Map(counts) for place, counts in presence.items()})
    _watch_tracked(graph)
    return graph


def _stand_fresh(graph: Graph, index: Builder, fresh: Collection[int] | None) -> None:
    """The keys of the objects that an index does not hold yet; None for all."""
    keys: dict[str, tuple[list[int], list[Any]]] = defaultdict(lambda: ([], []))
    heads = graph.objects() if fresh is None else map(graph.get, sorted(fresh))
    for head in heads:
        for ord, (name, value) in index_keys(graph, head) if head is not None else ():
            ords, values = keys[name]
            ords.append(ord)
            values.append(value)
    for name, places in keys.items():
        index.stand(name, *places)


def index_keys(graph: Graph, head: Obj) -> Iterator[tuple[int, Key]]:
    """The keys that an object stands under besides those of its head, and those of its records for binds."""
    for key in all_keys(head, graph.attributes(head)) - head_keys(head):
        yield head.ord, key
    for member in head.members or (head.ord,):
        for key in _bind_keys(graph, member):
            yield member, key


def _host_names(graph: Graph) -> dict[str, str]:
    records = []
    for ord, facts in graph.facts.items():
        id = graph.ordinals.id(ord)
        if "/" not in id and ":" not in id:
            records += [
                HostRecord(id, facet.name, facet.attributes)
                for facet in graph.decoder.facets((facts,), {})
                if "." not in facet.name.partition("@")[0]
            ]
    return canonical_names(records, graph.environment.host_aliases())


def _bind_keys(graph: Graph, ord: int) -> set[Key]:
    facts = graph.facts.get(ord)
    if not facts:
        return set()
    id = graph.ordinals.id(ord)
    said, slash, rest = id.partition("/")
    facets = graph.decoder.facets((facts,), graph.hosts)
    resolved = graph.hosts.get(said, said) + slash + rest
    keys = {*left_keys(resolved, facets), *right_keys(resolved, facets)}
    if "/" not in id and ":" not in id:
        keys.add(HOST_RECORDS)
    return keys


def _watch_tracked(graph: Graph) -> None:
    """Evaluate the tracked rules once more, to know what they read."""
    from calipso.graph.session import Session

    session = Session(graph, graph.ts)
    session.watch_all()
    graph.tracked = session.tracking.finish()
