"""What moves through a query: objects, links, values, paths; and the graph as a step sees it."""

from __future__ import annotations

from typing import Any, NamedTuple

from calipso.model.flow import Flow

Kind = str
"""What a stream carries: one of the names below."""

GRAPH, NODES, LINKS, VALUES, PATHS, METRICS, FLOWS, PACKETS = (
    "graph", "nodes", "links", "values", "paths", "metrics", "flows", "packets",
)  # fmt: skip
ELEMENTS = frozenset({NODES, LINKS})
ANYTHING = frozenset({NODES, LINKS, VALUES, PATHS, METRICS})

TITLES = {
    GRAPH: "the graph", NODES: "objects", LINKS: "links", VALUES: "values", PATHS: "paths", METRICS: "metrics",
    FLOWS: "flows", PACKETS: "packets",
}  # fmt: skip


class Link(NamedTuple):
    """A link: its type and the ordinals of its source (parent) and target (child)."""

    type: str
    source: int
    target: int


class Hop(NamedTuple):
    """A place on the way of a traverser, and what kind of thing is there. `before` is None at the start."""

    before: Hop | None
    item: Any
    kind: Kind


def trail(hop: Hop | None) -> list[Hop]:
    """All places, first to last."""
    out = []
    while hop is not None:
        out.append(hop)
        hop = hop.before
    return out[::-1]


def seen_twice(hop: Hop) -> bool:
    places = [(each.kind, _hashable(each.item)) for each in trail(hop)]
    return len(set(places)) < len(places)


def _hashable(item: Any) -> Any:
    if isinstance(item, list):
        return tuple(map(_hashable, item))
    if isinstance(item, dict):
        return tuple(sorted((repr(key), repr(value)) for key, value in item.items()))
    return item


def identity(item: Any) -> Any:
    """What tells an item from others of its kind: hashable."""
    if isinstance(item, Flow):
        return item.uuid
    if type(item) is bool:
        return (bool, item)
    if isinstance(item, list | tuple) and not isinstance(item, Link):
        return tuple(map(identity, item))
    if isinstance(item, dict):
        return ("map", *sorted((repr(key), repr(value)) for key, value in item.items()))
    return item
