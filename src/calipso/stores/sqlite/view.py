"""The graph as of a time: an epoch's snapshot, the log over it, chunks opened when first touched (CORE §6)."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from types import MappingProxyType
from typing import Any, Protocol

import immutables
from pyroaring import BitMap

from calipso.errors import NotFound
from calipso.graph.adjacency import around, parted
from calipso.graph.codec import Codec
from calipso.graph.columns import Column, Columns
from calipso.graph.heads import decode_head
from calipso.graph.index import FEW_VALUED
from calipso.graph.keys import PATHS, values_of
from calipso.graph.merge import CACHE, Decoder
from calipso.graph.pages import SIZE
from calipso.graph.protocol import Facet, LinkEnd, Obj, Ordinals, Spec
from calipso.graph.value import Facts
from calipso.model.environment import Environment
from calipso.model.moments import rfc3339
from calipso.model.record import Attributes
from calipso.stores.sqlite import few
from calipso.stores.sqlite.chunk import CHUNK_BITS, FacetChunk, HeadChunk, unpack_facets, unpack_heads, unpack_objects
from calipso.stores.sqlite.database import Database
from calipso.stores.sqlite.log import epochs, until
from calipso.stores.sqlite.names import Names
from calipso.stores.sqlite.overlay import Overlay
from calipso.stores.sqlite.seen import Seen

OPEN_CHUNKS = 1024
OPEN_FACETS = 256
"""Chunks a view keeps open; the first opened are closed first."""
AS_SAID: immutables.Map[str, str] = immutables.Map()
"""Host names as they were said."""
OF_HEAD = {"kind": "kind", "type": "type", "host": "host"}
"""Few-valued keys that are a field of the head."""


class History(Protocol):
    """What a view needs of its store."""

    environment: Environment
    database: Database
    codec: Codec
    seen: Seen
    facet_names: Names
    link_types: Names

    def ord_of(self, id: str) -> int | None: ...

    def id_of(self, ord: int) -> str: ...


class View:
    """A `GraphReader` of the past. Safe in any thread. Raises `NotFound` when what it needs was pruned meanwhile."""

    def __init__(self, history: History, at: int) -> None:
        self._history = history
        with history.database.reading() as reader:
            used = until(epochs(reader), at)
            base = used[0].n
            self._overlay = Overlay(reader, [epoch for epoch in used if epoch.ts <= at], at)
            self._directory: dict[int, int] = dict(
                reader.execute(
                    "SELECT chunk, max(epoch) FROM snap WHERE epoch IN"
                    " (SELECT n FROM epoch WHERE n <= ? AND few IS NOT NULL) GROUP BY chunk",
                    (base,),
                )
            )
            blob = reader.execute("SELECT few FROM epoch WHERE n = ?", (base,)).fetchone()[0]
        self._few_blob: bytes = blob
        self._few: few.Few | None = None
        self._values: dict[str, dict[Any, BitMap]] = {}
        self._heads: dict[int, HeadChunk] = {}
        self._facets: dict[int, FacetChunk] = {}
        self._changed: dict[int, Obj] = {}
        self._said: dict[int, Facts | None] = {}
        self._lock = threading.RLock()
        self._decoder = Decoder(history.codec, history.environment.service_patterns)
        self._columns = Columns()
        self.hosts = self._overlay.hosts

    @property
    def rev(self) -> int:
        return self._overlay.rev

    @property
    def ts(self) -> int:
        return self._overlay.ts

    # ── snapshot ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _blob(self, chunk: int, column: str) -> bytes | None:
        epoch = self._directory.get(chunk)
        if epoch is None:
            return None
        query = f"SELECT {column} FROM snap WHERE chunk = ? AND epoch = ?"  # noqa: S608 - one of two literals
        with self._history.database.reading() as reader:
            row = reader.execute(query, (chunk, epoch)).fetchone()
        if row is None:
            raise NotFound(
                f"the history at {rfc3339(self.ts)} was pruned while it was read",
                hint="Ask for a later time.",
            )
        found: bytes = row[0]
        return found

    def _head_chunk(self, chunk: int) -> HeadChunk:
        with self._lock:
            opened = self._heads.get(chunk)
            if opened is None:
                blob = self._blob(chunk, "heads")
                opened = HeadChunk({}, {}, {}) if blob is None else unpack_heads(blob)
                if len(self._heads) >= OPEN_CHUNKS:
                    del self._heads[next(iter(self._heads))]
                self._heads[chunk] = opened
            return opened

    def _objects_of(self, chunk: int) -> Iterable[Obj]:
        """A chunk's objects by ordinal; what is not open already is not kept."""
        with self._lock:
            opened = self._heads.get(chunk)
            if opened is not None:
                return opened.heads.values()
            blob = self._blob(chunk, "heads")
            return () if blob is None else unpack_objects(blob)

    def _facet_chunk(self, chunk: int) -> FacetChunk:
        with self._lock:
            opened = self._facets.get(chunk)
            if opened is None:
                blob = self._blob(chunk, "facets")
                opened = {} if blob is None else unpack_facets(blob)
                if len(self._facets) >= OPEN_FACETS:
                    del self._facets[next(iter(self._facets))]
                self._facets[chunk] = opened
            return opened

    def _facts(self, ord: int) -> Facts | None:
        """What sources said about an id: the snapshot's facets with the log's over them, sorted by name.

        The same tuple when asked again, which is how the decoder knows what it has decoded.
        """
        if ord in self._said:
            return self._said[ord]
        if len(self._said) >= CACHE:
            self._said = {}
        facts = self._said[ord] = self._read_facts(ord)
        return facts

    def _read_facts(self, ord: int) -> Facts | None:
        base = self._facet_chunk(ord >> CHUNK_BITS).get(ord)
        names = self._history.facet_names.names
        changed = self._overlay.said(ord, names)
        if base is not None and len(base) == 2 and not changed:
            return names[base[0]], base[1]  # type: ignore[index, return-value]
        said: dict[int, bytes | None] = dict(zip(base[::2], base[1::2], strict=True)) if base else {}  # type: ignore[arg-type]
        said.update(changed)
        rows = sorted((names[n], body) for n, body in said.items() if body is not None)
        return tuple(part for row in rows for part in row) or None

    def _owner(self, ord: int) -> int:
        """The object an id's records belong to at that time."""
        if self.get(ord) is not None:
            return ord
        found = self._overlay.owners.get(ord)
        if found is not None:
            return found
        owner = self._head_chunk(ord >> CHUNK_BITS).owners.get(ord, ord)
        return ord if owner in self._overlay.heads else owner  # its new head would name the id as a member

    # ── reading protocol ─────────────────────────────────────────────────────────────────────────────────────────

    def __len__(self) -> int:
        return len(self._all())

    def objects(self) -> Iterator[Obj]:
        changed = self._overlay.heads
        chunks = sorted({*self._directory, *(ord >> CHUNK_BITS for ord in changed)})
        by_chunk: dict[int, list[Obj | None]] = {}
        for ord, head in changed.items():
            by_chunk.setdefault(ord >> CHUNK_BITS, []).append(head)
        for chunk in chunks:
            base = self._objects_of(chunk)
            if chunk not in by_chunk:
                yield from base
                continue
            merged = {head.ord: head for head in base if head.ord not in changed}
            merged.update((head.ord, head) for head in by_chunk[chunk] if head is not None)
            for ord in sorted(merged):
                yield merged[ord]

    def get(self, ord: int) -> Obj | None:
        body = self._overlay.head(ord)
        if body is False:
            return self._head_chunk(ord >> CHUNK_BITS).heads.get(ord)
        if body is None:
            return None
        head = self._changed.get(ord)
        if head is None:
            head = self._changed[ord] = decode_head(ord, body)
        return head

    def resolve(self, id: str) -> Obj | None:
        ord = self._history.ord_of(id)
        return None if ord is None else self.get(self._owner(ord))

    def id_of(self, ord: int) -> str:
        return self._history.id_of(ord)

    def find(self, key: str, value: Any) -> Ordinals:
        if key == "id":
            head = self.resolve(value)
            return () if head is None else (head.ord,)
        if key in FEW_VALUED:
            valued: Mapping[Any, Ordinals] = self.values(key)
            return valued.get(value, ())
        if key not in PATHS:
            return ()
        with self._history.database.reading() as reader:
            candidates = self._history.seen.candidates(reader, key, value)
        return [ord for ord in candidates if self._has(ord, key, value)]

    def _has(self, ord: int, key: str, value: Any) -> bool:
        head = self.get(ord)
        return head is not None and value in values_of(self, head, key)

    def values(self, key: str) -> Mapping[Any, Ordinals]:
        valued: Any = self._valued(key) if key in FEW_VALUED else {}
        return MappingProxyType(valued)

    def links(self, ord: int, types: Iterable[str] | None = None) -> Iterator[LinkEnd]:
        flat = self.flat_ends(ord)
        names = self._history.link_types.names
        wanted = None if types is None else frozenset(types)
        for code, other in zip(flat[::2], flat[1::2], strict=True):
            name = names[code >> 1]
            if wanted is None or name in wanted:
                yield LinkEnd(name, other, not code & 1)

    def flat_ends(self, ord: int) -> Sequence[int]:
        flat = self._head_chunk(ord >> CHUNK_BITS).ends.get(ord, ())
        changed = self._overlay.ends.get(ord)
        if changed is None:
            return flat
        kept = [end for end in zip(flat[::2], flat[1::2], strict=True) if end not in changed]
        return [each for end in (*kept, *(end for end, op in changed.items() if op > 0)) for each in end]

    def around(self, ords: Iterable[int], codes: Collection[int]) -> list[int]:
        return around(self.flat_ends, ords, codes)

    def parted(self, ords: Iterable[int], codes: Collection[int], asked: frozenset[int]) -> tuple[list[int], list[int]]:
        return parted(self.flat_ends, ords, codes, asked)

    def link_names(self) -> Mapping[int, str]:
        return self._history.link_types.names

    def column(self, spec: Spec) -> Column:
        return self._columns.of(self, spec)

    @property
    def codec(self) -> Codec:
        return self._history.codec

    def facets(self, obj: Obj) -> list[Facet]:
        return self._decoder.facets(self.facts_of(obj), self.hosts)

    def records(self, obj: Obj) -> list[tuple[str, Facet]]:
        said: list[tuple[str, Facet]] = []
        for member in obj.members or (obj.ord,):
            facts = self._facts(member)
            if facts is not None:
                id = self._history.id_of(member)
                said += [(id, facet) for facet in self._decoder.facets((facts,), AS_SAID)]
        return said

    def attributes(self, obj: Obj) -> Attributes:
        return self._decoder.attributes(self.facts_of(obj), self.hosts)

    def facts_of(self, obj: Obj) -> tuple[Facts | None, ...]:
        """The encoded facets of each member."""
        return tuple(self._facts(member) for member in obj.members or (obj.ord,))

    def everything(self) -> Iterator[tuple[Sequence[int], Sequence[Facts]]]:
        """Objects, some at a time, and beside each its encoded facets, those of all its members."""
        objects = self.objects()
        while page := list(islice(objects, SIZE)):
            facts = [tuple(chain.from_iterable(filter(None, self.facts_of(head)))) for head in page]
            yield [head.ord for head in page], facts

    # ── bitmaps ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _begun_with(self) -> few.Few:
        if self._few is None:
            self._few = few.unpack(self._few_blob)
        return self._few

    def _all(self) -> BitMap:
        changed = self._overlay.heads
        return (self._begun_with().all - BitMap(changed)) | BitMap(o for o, head in changed.items() if head is not None)

    def _valued(self, key: str) -> dict[Any, BitMap]:
        """The epoch's bitmaps of a key, corrected for what changed since."""
        with self._lock:
            if key not in self._values:
                changed = BitMap(self._overlay.heads if key in OF_HEAD else self._changed_objects())
                fixed = {value: bits - changed for value, bits in self._begun_with().get(key, {}).items()}
                for ord in changed:
                    head = self.get(ord)
                    for value in () if head is None else self._few_values(head, key):
                        fixed.setdefault(value, BitMap()).add(ord)
                self._values[key] = {value: bits for value, bits in fixed.items() if bits}
            return self._values[key]

    def _few_values(self, head: Obj, key: str) -> Iterable[Any]:
        if key in OF_HEAD:
            value = getattr(head, OF_HEAD[key])
            return (value,) if value or key != "host" else ()
        return values_of(self, head, key)

    def _changed_objects(self) -> set[int]:
        return {self._owner(ord) for ord in self._overlay.ids} | set(self._overlay.heads)
