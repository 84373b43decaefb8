"""A graph from its heads, facts and links: what a store keeps; index, binds and bookkeeping follow from them.

Nothing is derived here: kinds, links and networks are taken as they were, so a restart shows what was shown before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

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
    for head in graph.objects():
        for key in head_keys(head):
            index.few(key, head.ord)
        if fresh is None or head.ord in fresh:
            for ord, key in index_keys(graph, head):
                index.stand(key[0], (ord,), (key[1],))
        for member in head.members:
            if member != head.ord:
                bound[member] = head.ord
        for host, medium, network in presence_of(head):
            counts = presence.setdefault((host, medium), {})
            counts[network] = counts.get(network, 0) + 1
    graph.bound = immutables.Map(bound)
    graph.index = index.finish()
    graph.presence = immutables.Map({place: immutables.Map(counts) for place, counts in presence.items()})
    _watch_tracked(graph)
    return graph


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
