"""The contracts between the core and everything that touches the world (DESIGN §5).

Requests are values, so a source does not know whether its answer comes from this kernel, an SSH session or a
recording. Transports answer them; sources turn the answers into observations; stores keep them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol

import msgspec

from calipso.model.flow import Flow, FlowMetric
from calipso.model.flow import RawPacket as RawPacket
from calipso.model.record import Observation, Scope, ScopeState
from calipso.requests import Amqp as Amqp
from calipso.requests import AmqpSettle as AmqpSettle
from calipso.requests import Exec as Exec
from calipso.requests import Http as Http
from calipso.requests import Namespaces as Namespaces
from calipso.requests import Netlink as Netlink
from calipso.requests import NetlinkEvents as NetlinkEvents
from calipso.requests import Ovsdb as Ovsdb
from calipso.requests import Read as Read
from calipso.requests import Request as Request
from calipso.requests import Snmp as Snmp
from calipso.requests import Sql as Sql

if TYPE_CHECKING:
    from pathlib import Path

    from calipso.graph.codec import Codec
    from calipso.graph.protocol import GraphReader
    from calipso.graph.value import Delta, Graph

# ── requests: `calipso.requests` ──────────────────────────────────────────────────────────────────────────────────


class Reply(msgspec.Struct, frozen=True):
    """An answer: `body` as the device gave it. A transport raises `TransportError` when there is none."""

    body: bytes
    exit_code: int = 0
    stderr: bytes = b""


class Transport(Protocol):
    """Answers requests of one host. Safe for concurrent use; bounded concurrency is its own matter."""

    answers: frozenset[type[Request]]
    """The kinds of request it has answers to: a source chooses its way by them."""

    async def ask(self, request: Request) -> Reply:
        """Raises `Unreachable`, `AuthFailed`, `TimedOut`, `CommandFailed` (never for an exit code alone)."""
        ...

    def listen(self, request: Request) -> AsyncIterator[Reply]:
        """A stream of replies. It ends only by an error or by being closed; `Overrun` is a reply of its own kind."""
        ...

    async def close(self) -> None: ...


# ── sources ───────────────────────────────────────────────────────────────────────────────────────────────────────


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a source is, for the catalogue, the docs and the scheduler."""

    name: str
    title: str
    facets: tuple[str, ...]
    types: tuple[str, ...]
    watches: bool = False
    interval: float = 30.0
    """Seconds between full passes while watching (a safety net) or polling."""
    options: Mapping[str, str] = {}
    """Option name → one line of help."""


class SourceConfig(msgspec.Struct, frozen=True, kw_only=True):
    """How a source is run on one host. `host` is the name the records carry; options are the source's own.

    parts: the parts of scopes that a look is wanted of, None for all. A source may look at more, says nothing of those
    that it leaves out, and ends none of them.
    """

    host: str
    environment: str = "local"
    options: Mapping[str, Any] = {}
    parts: frozenset[str] | None = None

    def wants(self, *parts: str) -> bool:
        """Whether any of these is to be looked at."""
        return self.parts is None or not self.parts.isdisjoint(parts)


class Source(Protocol):
    """Sans-I/O: turns replies into observations. Imports no socket, subprocess, database, logging or clock."""

    manifest: Manifest

    def collect(self, transport: Transport, config: SourceConfig) -> AsyncIterator[Observation]:
        """One pass over all its scopes. Failures of a part are observations (`RunEnded(status="failed")`)."""
        ...

    def watch(self, transport: Transport, config: SourceConfig) -> AsyncIterator[Observation]:
        """A full pass, then changes as they happen, for ever. Re-dumps by itself after a loss."""
        ...


# ── graph store ───────────────────────────────────────────────────────────────────────────────────────────────────


class LoggedChange(msgspec.Struct, frozen=True):
    """One row of the history. `what`: `facet` (facet, bytes or None), `head` (new head or None), `link` (+1/-1)."""

    rev: int
    ts: int
    what: Literal["facet", "head", "link"]
    ord: int
    facet: str = ""
    body: bytes | None = None
    link_type: str = ""
    other: int = -1
    op: int = 0


class GraphStore(Protocol):
    """History of one environment's graph: append-only, epochs, intervals computed when read (CORE §6)."""

    @property
    def codec(self) -> Codec: ...

    def load(self) -> Graph:
        """The newest graph, rebuilt from the newest epoch and its log. Raises `StoreDamaged`, `StoreTooNew`."""
        ...

    def append(self, delta: Delta, marks: Mapping[str, int] = {}) -> None:
        """Make a tick durable: when it returns it survives power loss. Raises `StoreError` and changes nothing.

        `marks`: how far each feed was taken with this tick; kept with it or not at all.
        """
        ...

    def marks(self) -> Mapping[str, int]:
        """Feed → how far it was taken."""
        ...

    def graph(self, at: int) -> GraphReader:
        """The graph as of `at` (µs since the epoch). Raises `NotFound` before the oldest kept epoch."""
        ...

    @property
    def begins(self) -> int:
        """The oldest moment that can be asked for, in µs since the epoch: what was before it was pruned."""
        ...

    def changes(self, t0: int, t1: int) -> Iterator[LoggedChange]:
        """All changes with t0 < ts ≤ t1 in order of revision."""
        ...

    def revision(self, at: int) -> int:
        """The revision of the last change not after `at`: differences are numbers of changes."""
        ...

    def timeline(self, ord: int, t0: int = 0, t1: int = 2**62) -> Iterator[LoggedChange]:
        """All changes of one object's facets, head and links, oldest first."""
        ...

    def briefs(self, ords: Collection[int], t1: int = 2**62) -> Iterator[tuple[int, int, bool]]:
        """When many objects' facets and heads changed: (object, when, whether it went), in order for each."""
        ...

    def id_of(self, ord: int) -> str: ...

    def ord_of(self, id: str) -> int | None:
        """The ordinal of an id that was ever seen."""
        ...

    def roll(self, graph: Graph) -> None:
        """Close the open epoch and begin one with a snapshot of `graph`."""
        ...

    def prune(self, before: int) -> int:
        """Drop whole epochs that end before `before`; the number dropped."""
        ...

    def index_text(self, graph: Graph) -> int:
        """Bring the search by text up to a graph; how many objects were written."""
        ...

    def search(self, text: str, limit: int = 100) -> list[int]:
        """Ordinals of objects, also gone ones, whose name, ids or addresses hold a text; best first."""
        ...

    def put_scopes(self, states: Iterable[ScopeState]) -> None: ...

    def runs(self, t0: int, t1: int) -> list[ScopeState]:
        """Looks with t0 < ended ≤ t1 that changed something or went otherwise than the one before, oldest first."""
        ...

    def scopes(self) -> Mapping[Scope, ScopeState]: ...

    def put_document(self, collection: str, key: str, document: Mapping[str, Any] | None) -> None:
        """Keep a JSON document (None deletes it) of a collection: scans, messages, environments …"""
        ...

    def put_documents(self, collection: str, documents: Mapping[str, Mapping[str, Any] | None]) -> None:
        """The same for many at once: all of them or none."""
        ...

    def documents(self, collection: str) -> Mapping[str, Any]: ...

    def close(self) -> None: ...


# ── captures and flows ────────────────────────────────────────────────────────────────────────────────────────────


class CapturePoint(msgspec.Struct, frozen=True, kw_only=True):
    """Where packets are captured: a device of a namespace. `netns`: path that leads to it, "" for the host's own.

    `node`: id of the object, `host` its host. `pid`: the host is the set of namespaces of this process, 0 for none.
    """

    device: str
    netns: str = ""
    pid: int = 0
    node: str = ""
    host: str = ""


class CaptureOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What a capture counts and keeps. bpf: filter in the language of pcap-filter(7). header: octets looked at.

    flows: conversations counted at once. raw_packets: whole packets kept of each flow. l2_key: MACs tell flows apart.
    defragment: fragments are counted with their first one. packets_per_second, cpu: 0 for no limit; cpu in cores.
    sampling: of how many packets one is to be seen. port: that a receiver listens on, 0 for the engine's own.
    tcp_metric: TCP's sequence numbers are followed. payload: the first octets of conversations are handed on.
    target: address and port that flows (netflow) or packets (erspan) are sent on to, the file of packets (local).
    """

    bpf: str = ""
    header: int = 256
    flows: int = 262_144
    raw_packets: int = 0
    l2_key: bool = False
    defragment: bool = False
    packets_per_second: int = 0
    cpu: float = 0.0
    sampling: int = 1
    port: int = 0
    tcp_metric: bool = False
    payload: bool = False
    target: str = ""
    target_type: Literal["netflow", "erspan", "local"] = "netflow"

    @property
    def frames(self) -> bool:
        """Whether it takes an engine that sees every frame, as those do that keep packets."""
        return bool(self.raw_packets or self.defragment or self.tcp_metric or self.payload or self.target)


class CaptureCounts(msgspec.Struct, frozen=True):
    """What became of the packets at a point, since it was opened: nothing is lost silently.

    received: seen and counted. dropped: the kernel or device had no room for them. lost: seen, but the flow table was
    full. unknown: without a link header. sampled: of how many packets one was seen. unkept: counted, but there was no
    room to keep the packet, or it could not be sent on.
    """

    received: int = 0
    dropped: int = 0
    lost: int = 0
    unknown: int = 0
    sampled: int = 1
    unkept: int = 0


class Capture(Protocol):
    """An open capture. `read` may be called from a thread; nothing is captured any more after `close`."""

    def read(self) -> tuple[bytes, CaptureCounts]:
        """Records of all conversations since each was seen first (`flows/record.py`), and what became of packets.

        Raises `TransportError` when the device or the engine is gone.
        """
        ...

    def packets(self) -> list[RawPacket]:
        """The packets kept since the last call."""
        ...

    def cpu(self) -> float:
        """Seconds of CPU that it used in this process so far, 0.0 where it is the kernel or a switch that counts."""
        ...

    def close(self) -> None: ...


class CaptureEngine(Protocol):
    """A way to capture. `reason` says why it cannot be used here, "" when it can."""

    name: str
    title: str
    types: frozenset[str]
    """Types of objects that it captures on."""
    filters: bool
    """Whether it takes a filter."""
    keeps_packets: bool

    def reason(self) -> str: ...

    def open(self, point: CapturePoint, options: CaptureOptions) -> Capture:
        """Raises `Unreachable` (no such device), `AuthFailed` (not permitted), `ConfigError` (filter, options)."""
        ...


class FrameSender(Protocol):
    """A device that frames are handed to."""

    def send(self, frames: Sequence[bytes]) -> list[str]:
        """Hand frames over; why, for each that was not taken. May be called from a thread."""
        ...

    def close(self) -> None: ...


class Injector(Protocol):
    """A way to send frames. `reason` says why it cannot be used here, "" when it can."""

    name: str

    def reason(self) -> str: ...

    def open(self, point: CapturePoint) -> FrameSender:
        """Raises `Unreachable` (no such device), `AuthFailed` (not permitted)."""
        ...


class FlowFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which flows: all that is given must hold; several values of a field mean any of them.

    since, until: µs since the epoch, flows that were going on then. match: field of the flow by dotted path → values;
    `network`, `link` and `transport` match either end.
    """

    since: int = 0
    until: int = 1 << 62
    nodes: tuple[str, ...] = ()
    captures: tuple[str, ...] = ()
    tracking_ids: tuple[str, ...] = ()
    match: Mapping[str, tuple[str | int, ...]] = {}
    limit: int = 1000
    order: str = "-last"


class FlowStore(Protocol):
    """Flows of one environment, by time. The same suite proves every engine (`tests/conformance/flow_store`)."""

    def add(self, flows: Sequence[Flow]) -> None:
        """Make a batch durable: when it returns it survives a kill. The newest state of a flow (uuid) counts.

        A later state of a flow has the same `start` and no earlier `last`; its deltas end within it, or at most an hour
        later (they end when they were read). Raises `StoreError`; then nothing of the
        batch was kept.
        """
        ...

    def find(self, wanted: FlowFilter) -> list[Flow]:
        """The newest states of flows; those without what is ordered by come last, equal ones by their uuid."""
        ...

    def series(self, wanted: FlowFilter, slice_seconds: float) -> list[FlowMetric]:
        """Sum of the deltas of the flows in slices of time, oldest first; its time is that of the deltas' ends."""
        ...

    def updates(self, wanted: FlowFilter) -> list[tuple[str, FlowMetric]]:
        """The deltas themselves with their flow's uuid, by when they ended; `order` has no meaning."""
        ...

    def parquet(self, wanted: FlowFilter, file: Path) -> int:
        """Write flows to a Parquet file, a column for each field (`network_a`), times as numbers; how many."""
        ...

    def prune(self, before: int) -> int:
        """Drop flows that ended before (µs), and their deltas; how many."""
        ...

    def close(self) -> None: ...
