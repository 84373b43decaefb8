"""One `apply`: changed records → objects → device links → kinds → role links → networks and media (CORE §4).

Strata run in this order and each reads only earlier ones, so nothing loops. Within a stratum only what depends on
something that changed is done again; `incremental == full` is a property test. Everything is read through this class,
which shows the strata already done.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from calipso.graph import joining, kinds, networks, objects, passive
from calipso.graph.adjacency import Adjacency, Ends, ends
from calipso.graph.index import FEW_VALUED, OF_HEADS, REFERENCES, Key, Slot, slot
from calipso.graph.keys import few_keys, path_keys, read_for
from calipso.graph.protocol import Facet, Obj
from calipso.graph.tracking import Tracking
from calipso.model.links import CODES, DEVICE_LINKS, LINK_TYPES, NETWORK_LINKS, ROLE_LINKS, TRACKED_LINKS
from calipso.model.record import Attributes
from calipso.model.rules import Path

if TYPE_CHECKING:
    from calipso.graph.value import Delta, FacetChange, Facts, Graph


class Session:
    """Writes on a graph that nobody sees until `run` returns the next value."""

    def __init__(self, base: Graph, ts: int) -> None:
        from calipso.graph.value import Delta

        self.base = base
        self.environment = base.environment
        self.ordinals = base.ordinals
        self.decoder = base.decoder
        self.hosts = base.hosts
        self.facts = base.facts.edit()
        self.heads = base.heads.edit()
        self.adjacency = Adjacency(base.ends)
        self.index = base.index.edit()
        self.bound = base.bound.mutate()
        self.presence = base.presence.mutate()
        self.tracking = Tracking(base.tracked)
        self.delta: Delta = Delta(ts)
        self.passing = False
        """Every object is asked once, so what it says is not worth keeping."""
        self.before: dict[int, Obj | None] = {}
        """Heads as they were, of every object whose head was written."""
        self.regrouped: set[int] = set()
        """Objects whose records changed."""
        self.folded: set[int] = set()
        """Those of them whose heads are done."""
        self.touched: set[int] = set()
        """Objects whose attributes, head or links changed."""
        self.reshaped: set[int] = set()
        """Objects whose head or links changed."""
        self.dirty: dict[int, set[int]] = {}
        """Link type code → objects to evaluate it for again."""
        self.relinked: dict[tuple[int, int, int], int] = {}
        """(code, source, target) → +1/−1, net of this session."""
        self.walk_seeds: dict[int, bool] = {}
        """Objects of which something walks read changed; True: more than its links."""
        self.members: dict[int, set[int]] = {}
        """Object → ordinals of the records that make it, of the objects regrouped."""
        self.places: dict[tuple[int, Slot], tuple[bool, Key]] = {}
        """Places of the index that were changed: whether the object stands there now, and a key of it."""
        self.rewalked: set[int] = set()
        """Sources of walks that were marked: what they passed may have changed even where the stops did not."""

    # ── reading: the state of the strata done so far ─────────────────────────────────────────────────────────────

    def get(self, ord: int) -> Obj | None:
        self.tracking.read(ord)
        return self.heads.get(ord)

    def resolve(self, id: str) -> Obj | None:
        ord = self.ordinals.get(id)
        if ord is None:
            self.tracking.read_key(("id", id))
            return None
        own = self.bound.get(ord, ord)
        self.tracking.read(own)
        if own != ord:
            self.tracking.read(ord)
        return self.heads.get(own)

    def facts_of(self, obj: Obj) -> tuple[Facts | None, ...]:
        get = self.facts.get
        return tuple(get(member) for member in obj.members) if obj.members else (get(obj.ord),)

    def attributes(self, obj: Obj) -> Attributes:
        self.tracking.read_attributes(obj.ord)
        return self.decoder.attributes(self.facts_of(obj), self.hosts)

    def attributes_for(self, obj: Obj, path: Path) -> Attributes:
        """Those that the values of a path are made of, or more."""
        names = read_for(path) if self.passing and obj.type != "netns" else None
        if names is None:
            return self.attributes(obj)
        self.tracking.read_attributes(obj.ord)
        return {} if not names else self.decoder.some(self.facts_of(obj), self.hosts, names)

    def facets(self, obj: Obj) -> list[Facet]:
        self.tracking.read_attributes(obj.ord)
        return self.decoder.facets(self.facts_of(obj), self.hosts)

    def look(self, key: str, value: Any) -> Iterable[int]:
        """Ordinals under a key of the index."""
        self.tracking.read_key((key, value))
        return self.index.get((key, value))

    def ends(self, ord: int) -> Ends | None:
        self.tracking.read(ord)
        return self.adjacency.get(ord)

    def others(self, ord: int, code: int) -> list[int]:
        self.tracking.read(ord)
        return self.adjacency.others(ord, code)

    def linked(self, ord: int, link_type: str) -> bool:
        code = CODES[link_type]
        return bool(self.adjacency.others(ord, 2 * code) or self.adjacency.others(ord, 2 * code + 1))

    # ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────

    def give(self, id: str) -> int:
        """The ordinal of an id, given now if it is new."""
        ord, new = self.ordinals.give(id)
        if new:
            self.delta.ids.append((ord, id))
            self.tracking.touch_key(("id", id))
        return ord

    def put_head(self, ord: int, head: Obj | None) -> None:
        old = self.heads.get(ord)
        self.touched.add(ord)
        if head == old:
            return
        if ord not in self.before:
            self.before[ord] = old
        self.heads.set(ord, head)
        self.reshaped.add(ord)

    def stand(self, key: Key, ord: int, where: Slot | None = None) -> None:
        """Put an object, or a record, into the index. where: the key's slot, where it is known."""
        where = slot(key) if where is None else where
        self.index.stand(where, ord)
        if key[0] not in OF_HEADS:
            self.places[ord, where] = (True, key)

    def unstand(self, key: Key, ord: int) -> None:
        """Take an object, or a record, out of the index."""
        self.index.remove(key, ord)
        if key[0] not in OF_HEADS:
            self.places[ord, slot(key)] = (False, key)

    def rekey(self, ord: int, old: set[Key], new: set[Key]) -> None:
        """Change an object's index keys and note whose links depend on them."""
        for key in old - new:
            name, value = key
            if name not in REFERENCES or not any((other, value) in new for other in REFERENCES):
                self.unstand(key, ord)
            self.tracking.touch_key(key)
            joining.key_changed(self, ord, key)
        for key in new - old:
            where = slot(key)
            self.stand(key, ord, where)
            if key[0] not in FEW_VALUED:  # history has bitmaps of those
                self.delta.keys.append((ord, key))
            self.tracking.touch_slot(where)
            if key[0] in joining.JOINED:
                joining.key_changed(self, ord, key)

    def mark(self, code: int, ord: int) -> None:
        self.dirty.setdefault(code, set()).add(ord)

    def link(self, code: int, source: int, target: int, op: int) -> None:
        """Add (+1) or remove (−1) a link that is not, or is, there."""
        (self.adjacency.add if op > 0 else self.adjacency.remove)(code, source, target)
        key = (code, source, target)
        net = self.relinked.get(key, 0) + op
        if net:
            self.relinked[key] = net
        else:
            del self.relinked[key]
        self.touched |= {source, target}
        self.reshaped |= {source, target}
        if joining.IS_LAYER2[code]:
            self.walk_seeds.setdefault(source, False)
            self.walk_seeds.setdefault(target, False)

    def unlink_all(self, ord: int) -> None:
        """Remove every link of an object that ended; its former partners look again."""
        for code, other in list(ends(self.adjacency.get(ord))):
            source, target = (other, ord) if code & 1 else (ord, other)
            self.link(code >> 1, source, target, -1)
            self.mark(code >> 1, other)

    # ── the strata ───────────────────────────────────────────────────────────────────────────────────────────────

    def run(self, changes: Iterable[FacetChange]) -> tuple[Graph, Delta]:
        changed = passive.settle(self, objects.take_facts(self, changes))
        self.regrouped = objects.regroup(self, changed)
        objects.fold(self, self.regrouped)
        joining.evaluate(self, DEVICE_LINKS)
        self._derive_kinds(self.regrouped)
        joining.mark_walks(self)
        joining.evaluate(self, ROLE_LINKS)
        networks.derive(self)
        joining.evaluate(self, TRACKED_LINKS)
        networks.derive_media(self)
        joining.evaluate(self, NETWORK_LINKS)
        return self._finish()

    def watch_all(self) -> None:
        """Evaluate every tracked rule for what it reads, changing nothing: after a restart (`graph/restore.py`)."""
        self.passing = True
        for head in list(self.base.objects()):
            joining.watch(self, head)
            networks.watch(self, head)

    def _derive_kinds(self, regrouped: set[int]) -> None:
        pending = kinds.affected(self, regrouped)
        devices = set()
        for ord in pending:
            head = self.heads.get(ord)
            if head is None:
                continue
            if kinds.is_device(head):
                devices.add(ord)
            elif self._set_kind(head) and head.type == "netns":
                devices.update(self.index.get(("netns", head.id)))
        for ord in devices:
            head = self.heads.get(ord)
            if head is not None and kinds.is_device(head):
                self._set_kind(head)

    def _set_kind(self, head: Obj) -> bool:
        kind, _ = kinds.kind_of(self, head, self.attributes(head))
        if kind == head.kind:
            return False
        self.set_head(head, kind=kind, networks=None, media=())
        if head.kind:
            self.index.remove(("kind", head.kind), head.ord)
        self.index.add(("kind", kind), head.ord)
        joining.kind_changed(self, head, kind)
        self.walk_seeds[head.ord] = True
        return True

    def set_head(self, head: Obj, **changes: Any) -> Obj:
        """Write a head with some fields changed."""
        new = Obj(
            head.ord, head.id, changes.get("kind", head.kind), head.type, head.name, head.host, head.parent,
            head.members, changes.get("networks", head.networks), changes.get("media", head.media),
        )  # fmt: skip
        self.put_head(head.ord, new)
        return new

    def keys(self, head: Obj) -> set[Key]:
        """All keys but `kind`, which has a stratum of its own."""
        a = self.attributes(head)
        keys = path_keys(head, a) | few_keys(head, a)
        keys.discard(("kind", head.kind))
        return keys

    def _finish(self) -> tuple[Graph, Delta]:
        base, delta = self.base, self.delta
        if self.hosts is not base.hosts:
            delta.hosts = dict(self.hosts)
        heads = ((ord, self.heads.get(ord), old) for ord, old in self.before.items())
        delta.heads = [(ord, head) for ord, head, old in heads if head != old]
        renewed = {ord for ord, head in delta.heads if head is not None}
        delta.places = [
            (ord, stands, *key)
            for (ord, _), (stands, key) in self.places.items()
            if not (stands and ord in renewed)  # most places of all: those of what is new
        ]
        delta.links = [(LINK_TYPES[code].name, a, b, op) for (code, a, b), op in self.relinked.items()]
        graph = base.copy()
        graph.ts = delta.ts
        graph.rev = base.rev + len(delta.facets) + len(delta.heads) + len(delta.links)
        graph.hosts = self.hosts
        graph.facts = self.facts.finish()
        graph.heads = self.heads.finish()
        graph.ends = self.adjacency.finish()
        graph.index = self.index.finish()
        graph.bound = self.bound.finish()
        graph.presence = self.presence.finish()
        graph.tracked = self.tracking.finish()
        return graph, delta
