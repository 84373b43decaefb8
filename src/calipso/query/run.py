"""One run of a query: what it reads, what it may cost, what it has stored on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import msgspec

from calipso.errors import QueryError
from calipso.graph.codec import Codec
from calipso.graph.protocol import GraphReader, Obj
from calipso.graph.timeline import Row as Change
from calipso.model.flow import Flow, FlowMetric, FlowPacket
from calipso.query import names
from calipso.query.elements import FLOWS, LINKS, METRICS, NODES, Hop, Kind, Link, identity
from calipso.query.flow_names import flow_name
from calipso.query.names import Name

if TYPE_CHECKING:
    from calipso.query.plan import Ordered

STRIDE = 512
"""Elements between two looks at the clock."""
ELEMENT = 100
"""Bytes that an element takes that is kept, roughly."""


WEIGHED = frozenset({dict, list, str})
"""Elements that take as much as is in them; others are counted."""


class Limits(msgspec.Struct, frozen=True):
    """seconds: of running. results, size: handed out, and bytes of that. held: elements kept at once. work: in all.

    take: told of bytes that are kept until the end; it raises `QueryError` where all runs together keep too much.
    """

    seconds: float = 10.0
    results: int = 100_000
    held: int = 2_000_000
    work: int = 200_000_000
    size: int = 256 << 20
    take: Callable[[int], None] | None = None


class Life(NamedTuple):
    """When an object came and last changed, in µs since the epoch, and how often it changed."""

    created: int
    updated: int
    revision: int


class History(Protocol):
    """What a query over a slice of time needs of a store."""

    @property
    def codec(self) -> Codec: ...
    @property
    def begins(self) -> int: ...
    def changes(self, t0: int, t1: int) -> Iterable[Change]: ...
    def ord_of(self, id: str) -> int | None: ...
    def id_of(self, ord: int) -> str: ...


class FlowsWanted(NamedTuple):
    """Flows that went on from `since` until `until`, or deltas that ended then (µs since the epoch).

    match: path of a field → values, any of which it has; `network`, `link` and `transport` by either end.
    """

    since: int
    until: int
    match: Mapping[str, tuple[str | int, ...]]
    limit: int
    order: str


class FlowReader(Protocol):
    """What a query needs of a store of flows."""

    def find(self, wanted: FlowsWanted) -> Iterable[Flow]: ...
    def updates(self, wanted: FlowsWanted) -> Iterable[tuple[str, FlowMetric]]:
        """Deltas with their flow's uuid, by when they ended."""
        ...

    def packets(self, flows: Sequence[str]) -> Sequence[FlowPacket]:
        """The packets kept of flows (uuids), by time."""
        ...

    def matching(self, bpf: str, packets: Sequence[FlowPacket]) -> Sequence[FlowPacket]:
        """Those that pass a filter of pcap-filter(7). Raises `QueryError`."""
        ...


class World(Protocol):
    """What a query can reach. `now`: µs since the epoch."""

    @property
    def now(self) -> int: ...

    @property
    def history(self) -> History | None: ...

    @property
    def flows(self) -> FlowReader | None:
        """The flows that were captured; None where there are none to ask."""
        ...

    @property
    def patterns(self) -> tuple[str, ...]:
        """How services of the environment name their namespaces."""
        ...

    def graph(self, at: int | None) -> GraphReader:
        """The graph now (None) or as of a moment. Raises `NotFound` before history begins."""
        ...

    def metrics(self, id: str) -> Mapping[str, float]:
        """Latest counters of an object."""
        ...

    def life(self, ord: int, at: int | None) -> Life | None:
        """Of an object as of a moment; None where there is no history to ask."""
        ...

    def outcome(self, ordered: Ordered) -> Any:
        """What a workflow returned. Raises `QueryError` where none are run."""
        ...


class Run:
    """The state of one run. `tracked`: elements carry the way they came."""

    def __init__(
        self, world: World, limits: Limits, clock: Callable[[], float], *, tracked: bool = False,
        reader: GraphReader | None = None,
    ) -> None:  # fmt: skip
        self.world = world
        self.limits = limits
        self.clock = clock
        self.until = clock() + limits.seconds
        self.reader: GraphReader = world.graph(None) if reader is None else reader
        self.at: int | None = None
        self.window: tuple[int, int] | None = None
        """The slice of time that flows are asked about."""
        self.tracked = tracked
        self.stored: dict[str, list[Any]] = {}
        self.compiled: dict[Any, Any] = {}
        """Tests made ready for this reader: by step and graph."""
        self.known: set[str] = set()
        self.missing: dict[str, int] | None = None
        """Ids asked for that were not there, with their places in the query; None: that is an error at once."""
        self._done = 0
        self._held = 0
        self._handed = 0
        self._next = STRIDE

    # ── costs ────────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def done(self) -> int:
        """Elements looked at."""
        return self._done

    def tick(self, elements: int = 1) -> None:
        """Count work done. Raises `QueryError` when the run has taken too long or done too much."""
        self._done += elements
        if self._done >= self._next:
            self._next = self._done + STRIDE
            if self.clock() > self.until:
                raise QueryError(
                    f"the query took longer than {self.limits.seconds:g} s",
                    hint="begin with a more selective Has(), add Limit(), or allow it more time",
                )
            if self._done > self.limits.work:
                raise QueryError(f"the query looked at more than {self.limits.work} elements", hint="add Limit()")

    def hold(self, elements: int) -> None:
        """Count elements kept. Raises `QueryError` when they are too many."""
        self._held += elements
        if self.limits.take is not None:
            self.limits.take(elements * ELEMENT)
        if self._held > self.limits.held:
            raise QueryError(
                f"the query has to keep more than {self.limits.held} elements at once",
                hint="Dedup() or Limit() before what collects them",
            )

    def hand(self, size: int) -> None:
        """Count bytes handed out. Raises `QueryError` when they are too many."""
        self._handed += size
        if self.limits.take is not None:
            self.limits.take(size)
        if self._handed > self.limits.size:
            raise QueryError(
                f"the answer is larger than {self.limits.size >> 20} MB",
                hint="ask for fewer objects, or with Values() for some of what they are",
            )

    def metered(self, stream: Iterable[Any]) -> Iterator[Any]:
        """A stream whose elements are counted in strides."""
        count = 0
        for each in stream:
            count += 1
            if count == STRIDE:
                self.tick(count)
                count = 0
            yield each
        self.tick(count)

    def collected(self, stream: Iterable[Any]) -> list[Any]:
        """All of a stream, counted against what may be held."""
        out = []
        for each in stream:
            out.append(each)
            item = each.item if self.tracked else each
            if type(item) in WEIGHED:
                self.hand(weight(item))
            if not len(out) % STRIDE:
                self.tick(STRIDE)
                self.hold(STRIDE)
        self.hold(len(out) % STRIDE)
        return out

    # ── elements ─────────────────────────────────────────────────────────────────────────────────────────────────

    def item(self, each: Any) -> Any:
        """What a traverser stands on."""
        return each.item if self.tracked else each

    def begun(self, item: Any, kind: Kind) -> Any:
        """A traverser that starts here."""
        return Hop(None, item, kind) if self.tracked else item

    def moved(self, each: Any, item: Any, kind: Kind) -> Any:
        """A traverser one step on."""
        return Hop(each, item, kind) if self.tracked else item

    def key(self, each: Any) -> Any:
        return identity(self.item(each))

    def head(self, ord: int) -> Obj | None:
        return self.reader.get(ord)

    def value(self, item: Any, kind: Kind, name: Name) -> Any:
        """The value of a name for an element, None when it has none."""
        return value_of(self, self.reader, item, kind, name)


def value_of(run: Run, reader: GraphReader, item: Any, kind: Kind, name: Name) -> Any:
    """The value of a name for an element of a graph."""
    if kind == NODES:
        if name.text in names.LIFE:
            return _lived(run, item, names.LIFE[name.text])
        head = reader.get(item)
        return None if head is None else names.read(reader, head, name)
    if kind == LINKS:
        return names.of_link(reader, item, name.text)
    if kind == FLOWS:
        return flow_name(name.text).read(item)
    if kind == METRICS and name.text not in item:
        return next((value for each, value in item.items() if fits(each, name.text)), None)
    if isinstance(item, Mapping):
        return item[name.text] if name.text in item else names.walk(item, tuple(name.text.split(".")))
    return None


def weight(value: Any) -> int:
    """Bytes that a value takes as text, roughly."""
    if isinstance(value, str):
        return len(value) + 2
    if isinstance(value, dict):
        return 2 + sum(weight(key) + weight(inner) for key, inner in value.items())
    return 2 + sum(map(weight, value)) if isinstance(value, list | tuple) else 8


def fits(name: str, field: str) -> bool:
    """Whether a counter is meant by a field, in our spelling or Skydive's (`RxBytes`)."""
    return name.replace("_", "").lower() == field.rpartition(".")[2].replace("_", "").lower()


def _lived(run: Run, ord: int, what: str) -> int | None:
    run.tick(STRIDE)
    life = run.world.life(ord, run.at)
    if life is None or what == "deleted":
        return None
    return life.revision if what == "revision" else getattr(life, what) // 1000


def links_of(reader: GraphReader, ord: int) -> Iterator[Link]:
    """The links of an object, as it is their source or target."""
    for link in reader.links(ord):
        yield Link(link.type, ord, link.other) if link.outgoing else Link(link.type, link.other, ord)
