"""Where points of capture stand on the way of frames: distances over the device-level links of the graph.

Links of layer 2 and 3 are gone over in both directions, and a tunnel's endpoint leads from its interfaces to the device
that carries it. Distances do not depend on the order of links, so neither does what is told from them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from calipso.graph.protocol import GraphReader, Obj

MOST = 100_000
"""Objects looked at in one search: what is further away is not known."""
_CARRIED_BY = "otep-host_pnic"


def holder(graph: GraphReader, key: str, value: str) -> Obj | None:
    """The one object with a MAC or an address; None where there is none, or more than one.

    The port that an API keeps for a NIC has the same ones: the NIC is meant, the port only where no NIC is known.
    """
    heads = [head for ord in graph.find(key, value) if (head := graph.get(ord)) is not None] if value else []
    found = {head.ord: head for head in heads}
    meant = {ord: head for ord, head in found.items() if head.kind != "port"} or found
    return next(iter(meant.values())) if len(meant) == 1 else None


class Places:
    """Searches in one graph, each made once."""

    def __init__(self, graph: GraphReader) -> None:
        self.graph = graph
        self._layer2 = _codes(graph, lambda name: name.partition(".")[0] == "layer2")
        self._all = _codes(graph, lambda name: name.partition(".")[0] in ("layer2", "layer3") or name == _CARRIED_BY)
        self._oteps = _endpoints(graph)
        self._known: dict[int, dict[int, int]] = {}

    def owner(self, key: str, value: str) -> Obj | None:
        """The one object with a MAC or an address; None where there is none, or more than one."""
        return holder(self.graph, key, value)

    def netns(self, head: Obj | None) -> str:
        """Id of the namespace that an object is in, the host's id for its own; empty where it is not known."""
        return "" if head is None else str(self.graph.attributes(head).get("netns", ""))

    def distances(self, start: Obj) -> dict[int, int]:
        """Links from an object to every other that can be reached."""
        found = self._known.get(start.ord)
        if found is None:
            found = self._known[start.ord] = {}
            front = [start.ord]
            far = 0
            while front and len(found) < MOST:
                found.update((ord, far) for ord in front)
                front = list(self._around(front, self._all) - found.keys())
                far += 1
        return found

    def between(self, start: str, end: str, *, layer2: bool = False) -> list[str] | None:
        """Ids of what stands between two objects on the shortest way; None where the graph knows no way.

        layer2: only over cables, not through tunnels. Of two ways of one length the one with the smaller ids.
        """
        first, last = self.graph.resolve(start), self.graph.resolve(end)
        if first is None or last is None:
            return None
        codes = self._layer2 if layer2 else self._all
        came: dict[int, int] = {first.ord: first.ord}
        front = [first.ord]
        while front and last.ord not in came and len(came) < MOST:
            reached = []
            for ord in front:
                for other in sorted(self._around((ord,), codes), key=self.graph.id_of):
                    if other not in came:
                        came[other] = ord
                        reached.append(other)
            front = reached
        if last.ord not in came:
            return None
        way = []
        at = came[last.ord]
        while at != first.ord:
            way.append(self.graph.id_of(at))
            at = came[at]
        return way[::-1]

    def _around(self, ords: Sequence[int], codes: frozenset[int]) -> set[int]:
        found = set(self.graph.around(ords, codes))
        if codes is self._all and self._oteps:
            found.update(other for ord in ords for other in self._oteps.get(ord, ()))
        return found


def _codes(graph: GraphReader, wanted: Callable[[str], bool]) -> frozenset[int]:
    """Codes of links, both ways."""
    return frozenset(2 * code + way for code, name in graph.link_names().items() if wanted(name) for way in (0, 1))


def _endpoints(graph: GraphReader) -> dict[int, list[int]]:
    """Tunnel endpoint → its interfaces, and back."""
    out: dict[int, list[int]] = {}
    for ord in graph.find("type", "otep"):
        head = graph.get(ord)
        if head is None:
            continue
        for id in graph.attributes(head).get("tunnels") or ():
            other = graph.resolve(str(id))
            if other is not None:
                out.setdefault(head.ord, []).append(other.ord)
                out.setdefault(other.ord, []).append(head.ord)
    return out
