"""A graph as the original's documents: inventory, links and cliques."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from calipso.graph.clique import CliqueLink, find_clique
from calipso.graph.explain import why
from calipso.graph.protocol import GraphReader, Obj
from calipso.model import constants
from calipso.model.cliques import CliqueType
from calipso.model.environment import Environment
from calipso.model.moments import rfc3339
from calipso.model.scoring import choose
from calipso.operations.original_fields import fields, networks
from calipso.operations.original_places import Place, Places, object_id
from calipso.operations.states import is_down

Document = dict[str, Any]

LINK_TYPES = frozenset({*constants.FIRST_GENERATION["link_types"], *constants.SECOND_GENERATION["link_types"]})
"""What the original calls links; others of ours have no counterpart there."""


def clique_type_id(each: CliqueType) -> str:
    """A clique type's `_id`: the same as long as it asks for the same environments and begins at the same kind."""
    asked = "\0".join(f"{name}={value}" for name, value in sorted(each.environment.items()))
    return object_id("clique_types", each.origin, each.name, each.focal_kind, asked)


class Documents:
    """The documents of one graph, each made when it is asked for. last_scanned: host → µs of its last whole look."""

    def __init__(
        self, graph: GraphReader, environment: Environment, clique_types: Sequence[CliqueType],
        last_scanned: Mapping[str, int], constrained: Callable[[str], bool] = lambda kind: True,
    ) -> None:  # fmt: skip
        self.graph = graph
        self.environment = environment
        self.places = Places(graph, environment.name)
        self.clique_types = clique_types
        self.last_scanned = last_scanned
        self.constrained = constrained
        self._keys: dict[str, Sequence[Any]] = {}

    def keys(self, collection: str) -> Sequence[Any]:
        """What the documents of a collection are made from, in their order: kept, so that pages are cheap."""
        if collection not in self._keys:
            made = {"inventory": self.places.all, "links": self._link_keys, "cliques": self._focal_points}[collection]
            self._keys[collection] = list(made())
        return self._keys[collection]

    def make(self, collection: str, key: Any) -> Document | None:
        """One document; None where there is none after all."""
        if collection == "inventory":
            return self.object(key)
        if collection == "cliques":
            return self.clique(key)
        name, source, other = key
        return self.link(name, source, self.graph.get(other))

    def all(self, collection: str) -> Iterator[Document]:
        """The documents of a collection."""
        made = (self.make(collection, key) for key in self.keys(collection))
        return (each for each in made if each is not None)

    def object(self, place: Place) -> Document:
        """One document of the inventory."""
        above = place.above or self.places.root
        said: Document = {
            "_id": place.object_id, "id": place.id, "environment": self.environment.name, "type": place.type,
            "name": place.name, "object_name": place.name, "id_path": place.id_path, "name_path": place.name_path,
            "parent_id": above.id, "parent_type": above.type, "show_in_tree": place.type != "port",
        }  # fmt: skip
        if not place.ours:
            return {**said, "create_object": True, "text": place.name}
        head = self.graph.resolve(place.ours)
        if head is None:
            return said
        if place.parent_text:
            said["parent_text"] = place.parent_text
        scanned = self.last_scanned.get(head.host) or self.last_scanned.get("")
        if scanned:
            said["last_scanned"] = rfc3339(scanned)
        said["clique"] = head.kind == place.type and self._type_for(head) is not None
        return {**fields(self.places, head, place.type), **said}

    def _link_keys(self) -> Iterator[tuple[str, Obj, int]]:
        """Links of the types that the original has; by type and ends."""
        for name in sorted(LINK_TYPES):
            for head in self._of_kind(name.partition("-")[0]):
                ends = (end for end in self.graph.links(head.ord, (name,)) if end.outgoing)
                yield from ((name, head, each) for each in sorted((end.other for end in ends), key=self.graph.id_of))

    def link(self, name: str, source: Obj, target: Obj | None) -> Document | None:
        """One link's document, None where an end has no counterpart or the type is none of the original's."""
        one, other = self.places.of(source), self.places.of(target)
        if one is None or other is None or target is None or name not in LINK_TYPES:
            return None
        ends = [self.graph.attributes(source), self.graph.attributes(target)]
        passed = (source.id, *why(self.graph, name, source, target).through, target.id)
        attributes: Document = {}
        for head, said in ((source, ends[0]), (target, ends[1])):
            on = networks(self.places, head)
            if on:
                attributes.setdefault("network", on[0] if len(on) == 1 else on)
            if head.kind == "network":
                attributes.setdefault("network", one.id if head is source else other.id)
            if said.get("mac") and head.kind == "vnic":
                attributes.setdefault("mac_address", said["mac"])
        link: Document = {
            "_id": object_id(self.environment.name, "links", name, source.id, target.id),
            "environment": self.environment.name, "source": one.object_id, "target": other.object_id,
            "source_id": one.id, "target_id": other.id, "link_type": name, "link_name": self._link_name(source, target),
            "state": "down" if is_down(self.graph, passed) else "up", "link_weight": 0,
            "source_label": one.name, "target_label": other.name, "implicit": False, "attributes": attributes,
        }  # fmt: skip
        host = source.host or target.host
        return {**link, "host": host} if host else link

    def _link_name(self, source: Obj, target: Obj) -> str:
        """The network it carries where it carries one, as the original names them, else the other end."""
        for head in (source, target):
            for id in head.networks or ():
                network = self.graph.resolve(id)
                if network is not None:
                    return network.name
        return target.name

    def _focal_points(self) -> Iterator[Obj]:
        """Every object that has a clique type; its clique is kept when it has a link."""
        for kind in sorted({each.focal_kind for each in self.clique_types}):
            yield from (head for head in self._of_kind(kind) if self._type_for(head) is not None)

    def clique(self, head: Obj) -> Document | None:
        """The clique of one object; links that have no counterpart are left out of it."""
        chosen, place = self._type_for(head), self.places.of(head)
        if chosen is None or place is None:
            return None
        keep = self.constrained(head.kind)
        found = find_clique(self.graph, head, chosen, keep=keep)
        links = [link for each in found.links if (link := self._link_of(each)) is not None]
        links += [self._implicit(each.type, each.source, each.target, each.networks) for each in found.implicit]
        links = [link for link in links if link]
        if not links:
            return None
        nodes = sorted({end for link in links for end in (link["source"], link["target"])} | {place.object_id})
        own = (self.places.named(id) for id in found.constraint or ())
        kept = [each.id for each in own if each is not None] if keep else []
        return {
            "_id": object_id(self.environment.name, "cliques", head.id), "environment": self.environment.name,
            "focal_point": place.object_id, "focal_point_object_id": place.id, "focal_point_type": place.type,
            "clique_type": clique_type_id(chosen), "links": [link["_id"] for link in links], "links_detailed": links,
            "nodes": nodes, "constraints": {"network": kept[0] if len(kept) == 1 else kept} if kept else {},
        }  # fmt: skip

    def _link_of(self, link: CliqueLink) -> Document | None:
        source, target = self.graph.resolve(link.source), self.graph.resolve(link.target)
        return self.link(link.type, source, target) if source is not None else None

    def _implicit(self, name: str, source: str, target: str, carried: Sequence[str]) -> Document:
        """An implicit link's document, empty where an end has no counterpart."""
        one, other = self.places.named(source), self.places.named(target)
        if one is None or other is None:
            return {}
        on = [place.id for id in carried if (place := self.places.named(id)) is not None]
        return {
            "_id": object_id(self.environment.name, "links", name, source, target),
            "environment": self.environment.name, "source": one.object_id, "target": other.object_id,
            "source_id": one.id, "target_id": other.id, "link_type": name, "link_name": other.name, "state": "up",
            "link_weight": 0, "source_label": one.name, "target_label": other.name, "implicit": True,
            "attributes": {"network": on[0] if len(on) == 1 else on} if on else {},
        }  # fmt: skip

    def _type_for(self, head: Obj) -> CliqueType | None:
        return choose(self.clique_types, head.kind, self.environment)

    def _of_kind(self, kind: str) -> list[Obj]:
        found = (self.graph.get(ord) for ord in self.graph.find("kind", kind))
        return sorted((head for head in found if head is not None), key=lambda head: head.id)
