"""The definition of the graph by nested loops: no index, no increments, every pair looked at.

Kinds, one walk and one bind are the same functions as in the product; joins, compositions, membership, networks and
everything about *when* to look are done again here in the most direct way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from calipso.graph import networks
from calipso.graph.bind import left_keys, partner, right_keys
from calipso.graph.keys import keys_of, path_values
from calipso.graph.kinds import kind_of
from calipso.graph.merge import Decoder, object_type
from calipso.graph.objects import parent_of
from calipso.graph.presence import presence_of
from calipso.graph.protocol import Facet, Obj
from calipso.graph.walk import selects, walk
from calipso.model import ids
from calipso.model.environment import Environment
from calipso.model.links import CODES, LINK_TYPES, NETWORK_LINKS
from calipso.model.rules import Join, LinkType, Rule, Via

Records = dict[str, dict[str, bytes]]
"""id → facet → encoded facet."""


class Definition:
    """A graph defined by nested loops over records. Reads like the session that rules are written against."""

    def __init__(self, environment: Environment, decoder: Decoder, records: Records) -> None:
        self.environment = environment
        self.decoder = decoder
        self.ord_of = {id: ord for ord, id in enumerate(sorted(records))}
        self.id_of = {ord: id for id, ord in self.ord_of.items()}
        self.facts = {
            self.ord_of[id]: tuple(part for facet in sorted(facets) for part in (facet, facets[facet]))
            for id, facets in records.items()
        }
        self.owner = {ord: self._bound(ord) for ord in self.facts}
        self.heads: dict[int, Obj] = {}
        self.found: set[tuple[str, int, int]] = set()
        self._objects()
        self._links([link for link in LINK_TYPES if link.device_level])
        self._kinds()
        self._links([link for link in LINK_TYPES if not link.device_level and link not in NETWORK_LINKS])
        self._networks()
        self._links(list(NETWORK_LINKS))

    # ── what rules read ──────────────────────────────────────────────────────────────────────────────────────────

    def get(self, ord: int) -> Obj | None:
        return self.heads.get(ord)

    def resolve(self, id: str) -> Obj | None:
        ord = self.ord_of.get(id)
        return None if ord is None else self.heads.get(self.owner[ord])

    def _facts_of(self, head: Obj) -> tuple[Any, ...]:
        return tuple(self.facts[member] for member in head.members or (head.ord,))

    def attributes(self, head: Obj) -> dict[str, Any]:
        return self.decoder.attributes(self._facts_of(head), {})

    def facets(self, head: Obj) -> list[Facet]:
        return self.decoder.facets(self._facts_of(head), {})

    def look(self, key: str, value: object) -> list[int]:
        return [head.ord for head in self.heads.values() if (key, value) in keys_of(self, head)]  # type: ignore[arg-type]

    def linked(self, ord: int, link_type: str) -> bool:
        return any(name == link_type and ord in (a, b) for name, a, b in self.found)

    def ends(self, ord: int) -> tuple[int, ...]:
        flat: list[int] = []
        for name, a, b in sorted(self.found):
            if a == ord:
                flat += (2 * CODES[name], b)
            if b == ord:
                flat += (2 * CODES[name] + 1, a)
        return tuple(flat)

    def others(self, ord: int, name: str, way: int) -> list[int]:
        return [(b, a)[way] for link, a, b in self.found if link == name and (a, b)[way] == ord]

    # ── the strata ───────────────────────────────────────────────────────────────────────────────────────────────

    def _bound(self, ord: int) -> int:
        def facets(other: int) -> list[Facet]:
            return self.decoder.facets((self.facts[other],), {})

        def candidates(key: tuple[str, Any]) -> Iterator[tuple[int, list[Facet]]]:
            for other in self.facts:
                if key in right_keys(self.id_of[other], facets(other)):
                    yield other, facets(other)

        id = self.id_of[ord]
        found = partner(id, facets(ord), candidates) if left_keys(id, facets(ord)) else None
        return ord if found is None else found

    def _objects(self) -> None:
        for ord in set(self.owner.values()):
            members = sorted(
                (other for other, owner in self.owner.items() if owner == ord),
                key=lambda other: (other != ord, self.id_of[other]),
            )
            stub = Obj(ord, self.id_of[ord], "", "", "", "", "", () if members == [ord] else tuple(members))
            a, id = self.attributes(stub), stub.id
            self.heads[ord] = Obj(
                ord, id, "", object_type(self.facets(stub)), str(a.get("name") or ids.split(id)[-1][1]),
                str(a.get("host") or ids.host_of(id)), parent_of(id, a), stub.members,
            )  # fmt: skip

    def _set(self, ord: int, **changed: Any) -> None:
        h = self.heads[ord]
        self.heads[ord] = Obj(
            ord, h.id, changed.get("kind", h.kind), h.type, h.name, h.host, h.parent, h.members,
            changed.get("networks", h.networks), changed.get("media", h.media),
        )  # fmt: skip

    def _kinds(self) -> None:
        for _ in range(3):  # namespaces, then devices: the third round shows that nothing depends on the order
            for head in list(self.heads.values()):
                self._set(head.ord, kind=kind_of(self, head, self.attributes(head))[0])  # type: ignore[arg-type]

    def _links(self, links: Iterable[LinkType]) -> None:
        for link in links:
            for head in list(self.heads.values()):
                for other in self._partners(link, head) - {head.ord}:
                    a, b = (head.ord, other) if link.by == "source" else (other, head.ord)
                    if link.pair and self.id_of[a] > self.id_of[b]:
                        a, b = b, a
                    self.found.add((link.name, a, b))

    def _partners(self, link: LinkType, head: Obj) -> set[int]:
        out: set[int] = set()
        for rule in link.rules:
            out |= self._targets(rule, head)
            if out and link.first:
                break
        if link.follow is not None:
            for other in list(out):
                out |= self._join(link.follow, self.heads[other])
        return out

    def _targets(self, rule: Rule | str, head: Obj, from_start: bool = False) -> set[int]:
        if isinstance(rule, str):
            name, way = rule.lstrip("-"), int(rule.startswith("-"))
            out = set(self.others(head.ord, name, way))
            return out | set(self.others(head.ord, name, 1 - way)) if LINK_TYPES[CODES[name]].pair else out
        if isinstance(rule, Via):
            if isinstance(rule.first, Join) and rule.first.target_key == ("host", "medium"):
                return self._present(head) if selects(rule.first.source, head) else set()
            middles = self._targets(rule.first, head)
            return {t for m in middles for t in self._targets(rule.second, self.heads[m], True)}
        if not selects(rule.source, head):
            return set()
        if isinstance(rule, Join):
            return self._join(rule, head)
        stops = {reached.stop for reached in walk(self, head.ord, rule, from_start=from_start)}  # type: ignore[arg-type]
        if not rule.lift:
            return stops
        lifted = set()
        for stop in stops:
            for value in path_values(rule.lift, self.heads[stop], self.attributes(self.heads[stop])):
                found = self.resolve(value)
                lifted |= {found.ord} if found is not None else set()
        return lifted

    def _values(self, path: Any, head: Obj) -> set[Any]:
        if path == "id":
            return {self.id_of[member] for member in (*head.members, head.ord)}
        return set(path_values(path, head, self.attributes(head)))

    def _join(self, rule: Join, head: Obj) -> set[int]:
        out: set[int] = set()
        for value in self._values(rule.key, head):
            matching = {
                other.ord
                for other in self.heads.values()
                if selects(rule.target, other) and value in self._values(rule.target_key, other)
            }
            sharing = [other for other in self.heads.values() if value in self._values(rule.key, other)]
            if not rule.unique or (len(matching - {head.ord}) == 1 == len(matching) and len(sharing) == 1):
                out |= matching
        return out - {head.ord}

    def _networks(self) -> None:
        reader = _NetworkReader(self)
        for derive in (networks._bound, networks._vnic, networks._vconnector):
            for head in list(self.heads.values()):
                if derive is networks._vnic and head.kind != "vnic":
                    continue
                if derive is networks._vconnector and head.kind != "vconnector":
                    continue
                found = derive(reader, head, self.attributes(head))  # type: ignore[arg-type]
                if found is not None:
                    self._set(head.ord, networks=found[0], media=found[1])
        for head in list(self.heads.values()):
            if head.kind == "host_pnic":
                self._set(head.ord, media=networks._media(reader, head.ord))  # type: ignore[arg-type]

    def _present(self, head: Obj) -> set[int]:
        out = set()
        for other in self.heads.values():
            for host, medium, network in presence_of(other):
                found = self.resolve(network)
                if host == head.host and medium in head.media and found is not None and found.kind == "network":
                    out.add(found.ord)
        return out

    def seen(self) -> dict[str, tuple[Any, ...]]:
        """The same shape as `estate.seen`, without facets."""
        out = {}
        for head in self.heads.values():
            links = frozenset(
                (name, a == head.ord, self.id_of[b if a == head.ord else a])
                for name, a, b in self.found
                if head.ord in (a, b)
            )
            known = frozenset(self.id_of[member] for member in head.members)
            out[head.id] = (
                head.kind, head.type, head.name, head.host, head.parent, head.networks, head.media, links, known,
            )  # fmt: skip
        return out


class _NetworkReader:
    """The definition as the network derivations read a session."""

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        self.adjacency = self
        self.heads = definition.heads
        self.index = self

    def __getattr__(self, name: str) -> Any:
        return getattr(self.definition, name)

    def others(self, ord: int, code: int) -> list[int]:
        return self.definition.others(ord, LINK_TYPES[code >> 1].name, code & 1)
