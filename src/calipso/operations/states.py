"""Whether a link is up: nothing of what makes it is down."""

from __future__ import annotations

from collections.abc import Iterable

from calipso.graph.protocol import GraphReader


def is_down(graph: GraphReader, ids: Iterable[str]) -> bool:
    """Whether anything of what makes a link, its ends and what it goes through, is down."""
    heads = (graph.resolve(id) for id in ids if _counts(graph, id))
    return any(head is not None and graph.attributes(head).get("state") == "down" for head in heads)


def _counts(graph: GraphReader, id: str) -> bool:
    """Whether an object's state is part of its link's: a bridge's own local device is not (MODEL §4)."""
    head = graph.resolve(id)
    if head is None or head.type != "internal":
        return True
    bridge = graph.attributes(head).get("bridge", "")
    return not (isinstance(bridge, str) and bridge.endswith(f"/bridge:{head.name}"))
