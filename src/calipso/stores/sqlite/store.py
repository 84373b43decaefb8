"""The embedded graph store (CORE §6). Appending belongs to one thread; everything else may be asked from any."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any

import msgspec

from calipso.errors import NotFound, StoreError
from calipso.graph.codec import Codec
from calipso.graph.heads import encode_head
from calipso.graph.ordinals import Ordinals
from calipso.graph.protocol import GraphReader
from calipso.graph.value import Delta, Graph
from calipso.model.environment import Environment
from calipso.model.record import Scope, ScopeState
from calipso.native.skimming import skimmer
from calipso.seams import LoggedChange
from calipso.stores.sqlite import epoch as epochs
from calipso.stores.sqlite import places
from calipso.stores.sqlite.briefs import Briefs
from calipso.stores.sqlite.database import Database
from calipso.stores.sqlite.documents import Documents, put_marks
from calipso.stores.sqlite.faults import damaged
from calipso.stores.sqlite.load import FOREVER, Loader
from calipso.stores.sqlite.log import Log, last_until, until
from calipso.stores.sqlite.log import epochs as kept_epochs
from calipso.stores.sqlite.names import Names
from calipso.stores.sqlite.overlay import FACETS
from calipso.stores.sqlite.schema import HEAD
from calipso.stores.sqlite.seen import Seen
from calipso.stores.sqlite.text import Text
from calipso.stores.sqlite.training import Training, kept
from calipso.stores.sqlite.view import View

EPOCH_ROWS = 100_000
"""An epoch is due when its log has this many rows, or half as many as there are objects if that is more …"""
EPOCH_AGE = 24 * 3600 * 1_000_000
"""… or when it is this old, in µs."""


class SqliteStore:
    """One environment's graph, history and documents in one SQLite file. Implements `GraphStore`.

    Opening raises `StoreDamaged`, `StoreTooNew`, `StoreError`, `Conflict`, and leaves what it refuses as it is.
    """

    def __init__(self, path: Path, environment: Environment) -> None:
        self.path = path
        self.environment = environment
        self.database = Database(path)
        try:
            self._begin()
        except BaseException:
            self.database.close()
            raise

    def _begin(self) -> None:
        database = self.database
        self.facet_names, self.link_types = Names(database, "facet_name"), Names(database, "link_type")
        self.codec = Codec(skimmer)
        with database.reading() as reader:
            for (dictionary,) in reader.execute("SELECT bytes FROM dictionary ORDER BY nth"):
                self.codec.learn(dictionary)
            secret = reader.execute("SELECT value FROM meta WHERE key = 'hash key'").fetchone()
            if secret is None:
                raise damaged(self.path, "its hash key is missing")
            self.seen = Seen(secret[0])
            kept = kept_epochs(reader)
            self._open = kept[-1]
            self._rev, self._ts = last_until(reader, self._open, FOREVER)
            complete = until(kept, FOREVER)
            self._touched = epochs.Touched()
            for epoch in complete:
                self._touched.add(epochs.Touched.within(reader, epoch.n))
        with database.writing() as writer:
            epochs.drop_incomplete(writer)
        self._log = Log(database, self.facet_names, self.link_types)
        self._documents = Documents(database)
        self._text = Text(database, self.changes)
        self._training = Training(database, self.codec)
        self._ordinals: Ordinals | None = None
        self._kept_ids = 0
        self._state = threading.RLock()
        """Held while the log's end moves: appending, switching the epoch."""
        self._epochs = threading.Lock()
        """Held while a snapshot is written or epochs are dropped."""

    # ── appending ────────────────────────────────────────────────────────────────────────────────────────────────

    def append(self, delta: Delta, marks: Mapping[str, int] = {}) -> None:
        if not delta:
            if marks:
                with self.database.writing() as writer:
                    put_marks(writer, marks)
            return
        with self._state:
            if delta.ts <= self._ts:
                raise StoreError(
                    f"{self.path}: a tick of {delta.ts} µs cannot follow one of {self._ts} µs",
                    hint="The clock went back: give ticks times that rise.",
                )
            ids = self._new_ids(delta)
            seen = self.seen.rows(ids, delta.keys)
            records, links = self._rows(delta)
            dictionary = self._training.trained
            with self.database.writing() as writer:
                n = self._open.n
                writer.executemany("INSERT OR IGNORE INTO object VALUES (?, ?)", ids)
                writer.executemany(f"INSERT INTO log_{n:d} VALUES (?, ?, ?, ?, ?)", records)  # noqa: S608
                writer.executemany(f"INSERT INTO link_{n:d} VALUES (?, ?, ?, ?, ?, ?)", links)  # noqa: S608
                writer.executemany("INSERT OR IGNORE INTO seen VALUES (?, ?)", seen)
                if delta.hosts is not None:
                    row = (self._rev + 1, delta.ts, msgspec.msgpack.encode(delta.hosts))
                    writer.execute("INSERT INTO hosts VALUES (?, ?, ?)", row)
                if dictionary is not None:
                    writer.execute(*kept(dictionary))
                places.write(writer, self._rev + len(records) + len(links), delta.places)
                put_marks(writer, marks)
            self._rev += len(records) + len(links)
            self._ts = delta.ts
            self._kept_ids += len(ids)
            self._touched.add(epochs.Touched.by(delta))
        if dictionary is not None:
            self._training.finish()
        self._training.note(len(delta.facets))

    def _new_ids(self, delta: Delta) -> list[tuple[int, str]]:
        """Ids the file does not have yet: the tick's, and those given by ticks that were thrown away."""
        ordinals = self.ordinals
        for ord, id in delta.ids:
            if ordinals.get(id) is None:
                ordinals.put(ord, id)
        return [(ord, ordinals.id(ord)) for ord in range(self._kept_ids, len(ordinals))]

    def _rows(self, delta: Delta) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
        facets = self.facet_names.number({name for _, name, _ in delta.facets})
        types = self.link_types.number({name for name, _, _, _ in delta.links})
        if len(facets) >= FACETS:
            raise StoreError(f"{self.path}: more than {FACETS - 1} facet names")
        rev, ts = count(self._rev + 1), delta.ts
        records: list[tuple[Any, ...]] = [(next(rev), ts, ord, facets[name], body) for ord, name, body in delta.facets]
        for ord, head in delta.heads:
            records.append((next(rev), ts, ord, HEAD, None if head is None else encode_head(head)))
        links: list[tuple[Any, ...]] = [(next(rev), ts, types[name], a, b, op) for name, a, b, op in delta.links]
        return records, links

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def ordinals(self) -> Ordinals:
        """All ids and their ordinals, shared with every graph of this store."""
        with self._state:
            if self._ordinals is None:
                with self.database.reading() as reader:
                    self._ordinals = Ordinals(reader.execute("SELECT ord, id FROM object ORDER BY ord"))
                self._kept_ids = len(self._ordinals)
            return self._ordinals

    def load(self) -> Graph:
        names, types = self.facet_names.names, self.link_types.names
        loader = Loader(self.environment, self.codec, self.ordinals, names, types)
        with self.database.reading() as reader:
            graph = loader.load(reader, until(kept_epochs(reader), FOREVER))
        self.held = loader.held
        return graph

    def graph(self, at: int) -> GraphReader:
        return View(self, at)

    @property
    def begins(self) -> int:
        with self.database.reading() as reader:
            return kept_epochs(reader)[0].ts

    def changes(self, t0: int, t1: int) -> Iterator[LoggedChange]:
        return self._log.changes(t0, t1)

    def revision(self, at: int) -> int:
        return self._log.revision(at)

    def timeline(self, ord: int, t0: int = 0, t1: int = FOREVER) -> Iterator[LoggedChange]:
        head = View(self, self.begins).get(ord)
        return self._log.timeline(ord, t0, t1, head.members if head is not None else ())

    def briefs(self, ords: Collection[int], t1: int = FOREVER) -> Iterator[tuple[int, int, bool]]:
        view = View(self, self.begins)
        heads = [head for ord in ords if (head := view.get(ord)) is not None]
        owners = {member: head.ord for head in heads for member in head.members if member != head.ord}
        return Briefs(self.database, owners).of(ords, t1)

    def id_of(self, ord: int) -> str:
        if self._ordinals is not None:
            try:
                return self._ordinals.id(ord)
            except IndexError:
                raise NotFound(f"no object has the ordinal {ord}") from None
        with self.database.reading() as reader:
            row = reader.execute("SELECT id FROM object WHERE ord = ?", (ord,)).fetchone()
        if row is None:
            raise NotFound(f"no object has the ordinal {ord}")
        return str(row[0])

    def ord_of(self, id: str) -> int | None:
        if self._ordinals is not None:
            return self._ordinals.get(id)
        with self.database.reading() as reader:
            for ord in self.seen.candidates(reader, "id", id):
                if reader.execute("SELECT id FROM object WHERE ord = ?", (ord,)).fetchone() == (id,):
                    return ord
        return None

    def index_text(self, graph: Graph) -> int:
        """Bring the search by text up to a graph; how many objects were written. For a thread of its own."""
        return self._text.index(graph)

    def search(self, text: str, limit: int = 100) -> list[int]:
        """Ordinals of objects, also gone ones, whose name, id or addresses hold a text, best first."""
        return self._text.search(text, limit)

    # ── epochs ───────────────────────────────────────────────────────────────────────────────────────────────────

    def due(self, objects: int, now: int) -> bool:
        """Whether the open epoch is to be closed: `roll`. `now` in µs since the epoch."""
        rows = self._rev - self._open.rev
        return rows >= max(EPOCH_ROWS, objects // 2) or (rows > 0 and now - self._open.ts >= EPOCH_AGE)

    def roll(self, graph: Graph) -> None:
        """Close the open epoch and begin one at `graph`, which may be some ticks behind. For a thread of its own.

        Raises `Conflict` when the graph is not of the open epoch, `StoreError`; the history then stays as it was.
        """
        with self._epochs:
            with self._state:
                with self.database.writing() as writer:
                    epochs.drop_incomplete(writer)
                    begun = epochs.switch(writer, graph)
                    later = epochs.Touched.within(writer, begun.n)
                touched, self._touched, self._open = self._touched, later, begun
            try:
                epochs.snapshot(self.database, begun, graph, touched, self.facet_names, self.link_types)
            except BaseException:
                with self._state:
                    self._touched.add(touched)
                raise

    def prune(self, before: int) -> int:
        with self._epochs:
            return epochs.prune(self.database, before)

    def retain(self, age: int, now: int) -> int:
        """Keep what is needed to show the last `age` µs; the number of epochs dropped."""
        return self.prune(now - age)

    # ── beside the graph ─────────────────────────────────────────────────────────────────────────────────────────

    def put_scopes(self, states: Iterable[ScopeState]) -> None:
        self._documents.put_scopes(states)

    def runs(self, t0: int, t1: int) -> list[ScopeState]:
        return self._documents.runs(t0, t1)

    def scopes(self) -> Mapping[Scope, ScopeState]:
        return self._documents.scopes()

    def put_document(self, collection: str, key: str, document: Mapping[str, Any] | None) -> None:
        self._documents.put(collection, {key: document})

    def put_documents(self, collection: str, documents: Mapping[str, Mapping[str, Any] | None]) -> None:
        self._documents.put(collection, documents)

    def marks(self) -> Mapping[str, int]:
        return self._documents.marks()

    def documents(self, collection: str) -> Mapping[str, Any]:
        return self._documents.all(collection)

    def close(self) -> None:
        """Close the file; a training under way is waited for."""
        self._training.wait()
        self.database.close()
