"""Captures on what a query finds, and the flows they saw."""

from __future__ import annotations

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Literal

import msgspec

from calipso.errors import ConfigError, Conflict
from calipso.flows.pcap import written
from calipso.flows.table import Policy
from calipso.model.endpoint import endpoint
from calipso.model.flow import Flow
from calipso.model.moments import rfc3339
from calipso.operations.capture_documents import Captures, CaptureSpec, CaptureState
from calipso.operations.context import Context
from calipso.operations.inventory import between
from calipso.seams import CaptureCounts, CaptureOptions, FlowFilter, FlowStore

MOST = 10_000
TARGET = r"^[0-9A-Fa-f.:\[\]]{0,60}$"
LOCAL = "local"
"""A target: the file is chosen where it is captured."""
MOST_EXPORTED = 1_000_000
Text = Annotated[str, msgspec.Meta(max_length=1000)]


class CaptureExtra(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a capture counts and reads besides.

    defragment: fragments of IP are counted to the flow of their datagram's first one. tcp_metric: TCP is followed: what
    was skipped, sent again, new. first_payload: what a conversation says first is read, put together of its segments:
    TLS's server name, HTTP's host, the name DNS is asked for. layers: also told in full.
    target: address, with a port for netflow (`[2001:db8::1]:2055`), that flows (NetFlow v5) or packets (ERSPAN type II)
    are sent on to; none for local: every packet is written to a pcap file of the host that captures.
    packets_per_second: of a point, which is ended at more, 0 for any.
    """

    defragment: bool = False
    tcp_metric: bool = False
    first_payload: bool = False
    layers: Annotated[tuple[Literal["DNS", "DHCPv4", "VRRP"], ...], msgspec.Meta(max_length=3)] = ()
    target: Annotated[str, msgspec.Meta(pattern=TARGET)] = ""
    target_type: Literal["netflow", "erspan", "local"] = "netflow"
    packets_per_second: Annotated[int, msgspec.Meta(ge=0, le=1 << 40)] = 0


class CreateCapture(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """query: what finds the objects, asked again as they change. engine: empty for the best there is.

    id: what it is to be known by, empty for one that is made up.

    bpf: a filter in the language of pcap-filter(7). header: octets of a packet that are looked at. raw_packets: whole
    packets kept of each flow. l2_key: MACs tell flows apart. ttl: seconds until it ends by itself, 0 for never.

    extra: what else is counted and read.

    sampling: one of how many packets a switch is to send. port: UDP port of a receiver, 0 for its own.

    packets: seen at all points together, after which it ends, 0 for any number. cpu: the share of a CPU that it may use
    in a process, 1.0 for a whole one, 0 for any; one that uses more for some seconds is ended. An agent holds to both
    by what it sees, also while the server is away.
    """

    query: Annotated[str, msgspec.Meta(max_length=10_000)]
    environment: str = "local"
    id: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$|^$")] = ""
    name: Text = ""
    description: Text = ""
    engine: str = ""
    bpf: Text = ""
    header: Annotated[int, msgspec.Meta(ge=64, le=4096)] = 256
    raw_packets: Annotated[int, msgspec.Meta(ge=0, le=100_000)] = 0
    l2_key: bool = False
    extra: CaptureExtra | None = None
    sampling: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 1
    port: Annotated[int, msgspec.Meta(ge=0, le=65_535)] = 0
    ttl: Annotated[float, msgspec.Meta(ge=0, le=31_536_000)] = 0.0
    packets: Annotated[int, msgspec.Meta(ge=0, le=1 << 53)] = 0
    cpu: Annotated[float, msgspec.Meta(ge=0, le=1024)] = 0.0


class GetCaptures(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    environment: str = "local"


class RemoveCapture(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The flows that it saw stay."""

    id: str
    environment: str = "local"


class PointView(msgspec.Struct, frozen=True):
    """A capture at one object; counts since it was opened there."""

    node: str
    state: str
    engine: str
    counts: CaptureCounts
    flows: int
    reason: str = ""


class CaptureView(msgspec.Struct, frozen=True):
    """A capture and its points. error: why its query cannot be answered now."""

    id: str
    query: str
    name: str
    description: str
    engine: str
    bpf: str
    header: int
    raw_packets: int
    l2_key: bool
    ttl: float
    created: str
    points: list[PointView]
    error: str = ""
    extra: CaptureExtra = CaptureExtra()
    packets: int = 0
    cpu: float = 0.0


class CaptureEnded(msgspec.Struct, frozen=True):
    """A capture that ended by itself, and why."""

    id: str
    query: str
    name: str
    at: str
    reason: str


class CaptureList(msgspec.Struct, frozen=True):
    """running: whether anything is captured here: a server does. ended: by themselves since then, the last first."""

    captures: list[CaptureView]
    running: bool
    ended: list[CaptureEnded] = []


class GetFlows(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """since, until: moments; flows that were going on then. address, port, mac: of either end.

    node, capture: where it was captured. tracking_id: all points at which one flow was seen. order: a field of the
    flow by dotted path, `-` before it for the greatest first.
    """

    environment: str = "local"
    since: str = ""
    until: str = ""
    address: str = ""
    mac: str = ""
    application: str = ""
    protocol: str = ""
    node: str = ""
    capture: str = ""
    tracking_id: str = ""
    order: Literal["-last", "last", "-start", "start", "-metric.ab_bytes", "-metric.ba_bytes"] = "-last"
    limit: Annotated[int, msgspec.Meta(ge=0, le=MOST)] = 100


class FlowList(msgspec.Struct, frozen=True):
    """lost: packets that a capture could not count, since it was opened: what is missing from these flows at most."""

    flows: list[Flow]
    truncated: bool
    lost: int


class ExportFlows(GetFlows, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """As `GetFlows`, with another limit."""

    limit: Annotated[int, msgspec.Meta(ge=0, le=MOST_EXPORTED)] = 100_000


class FlowFile(msgspec.Struct, frozen=True):
    """parquet: the file, in JSON as base64; a column for each field (`network_a`), times in µs."""

    flows: int
    parquet: bytes


class GetPackets(GetFlows, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """As `GetFlows`, of whose flows the packets are. uuid: of one flow. bpf: a filter of pcap-filter(7) besides."""

    uuid: str = ""
    bpf: Text = ""
    limit: Annotated[int, msgspec.Meta(ge=0, le=MOST)] = 1000


class PacketFile(msgspec.Struct, frozen=True):
    """pcap: a classic file with times in ns, in JSON as base64. truncated: there are more flows than were looked at.

    missing: why packets that hosts with agents keep are not among them.
    """

    packets: int
    flows: int
    truncated: bool
    pcap: bytes
    missing: list[str] = []


async def create_capture(context: Context, request: CreateCapture) -> CaptureView:
    """Capture on every object that a query finds, for as long as it finds it.

    Raises `QueryError`, `ConfigError`; `Conflict` without a running server, and for an id that is taken.
    """
    captures = context.captures(request.environment)
    if not captures.running:
        raise Conflict("nothing is captured without a server", hint="Start `calipso up`, then try again.")
    extra = request.extra or CaptureExtra()
    target = _target(extra)
    options = CaptureOptions(
        bpf=request.bpf,
        header=request.header,
        raw_packets=request.raw_packets,
        l2_key=request.l2_key,
        defragment=extra.defragment,
        tcp_metric=extra.tcp_metric,
        payload=extra.first_payload or bool(extra.layers),
        target=target,
        target_type=extra.target_type,
        sampling=request.sampling,
        port=request.port,
        cpu=request.cpu,
        packets_per_second=extra.packets_per_second,
    )
    spec = CaptureSpec(
        query=request.query, id=request.id, name=request.name, description=request.description, engine=request.engine,
        options=options, policy=Policy(layers=extra.layers), ttl=request.ttl, packets=request.packets,
    )  # fmt: skip
    made = await asyncio.to_thread(captures.create, spec)
    return _view(CaptureState(made, []))


def _target(extra: CaptureExtra) -> str:
    """Raises `ConfigError`."""
    if extra.target_type == LOCAL:
        if extra.target:
            raise ConfigError("a file is where the packets are: it has no address", where="extra.target")
        return LOCAL
    try:
        if extra.target:
            endpoint(extra.target)
    except ValueError:
        raise ConfigError(f"{extra.target} is no address with a port", where="extra.target") from None
    return extra.target


async def get_captures(context: Context, request: GetCaptures) -> CaptureList:
    """The captures there are, where each is at work, and what became of the packets there."""
    return _listed(context.captures(request.environment))


async def remove_capture(context: Context, request: RemoveCapture) -> CaptureList:
    """End a capture. Raises `NotFound`."""
    captures = context.captures(request.environment)
    captures.remove(request.id)
    return _listed(captures)


async def get_flows(context: Context, request: GetFlows) -> FlowList:
    """Flows that were captured, the latest first unless asked otherwise. Raises `QueryError` for a wrong moment."""
    captures = context.captures(request.environment)
    wanted = _filter(context, request)
    found = await asyncio.to_thread(captures.flows.find, msgspec.structs.replace(wanted, limit=request.limit + 1))
    lost = sum(point.counts.dropped + point.counts.lost for state in captures.states() for point in state.points)
    return FlowList(found[: request.limit], len(found) > request.limit, lost)


async def export_flows(context: Context, request: ExportFlows) -> FlowFile:
    """Flows as a Parquet file. Raises `QueryError` for a wrong moment."""
    captures = context.captures(request.environment)
    wanted = msgspec.structs.replace(_filter(context, request), limit=request.limit)
    return await asyncio.to_thread(_exported, captures.flows, wanted)


async def get_packets(context: Context, request: GetPackets) -> PacketFile:
    """The packets kept of flows, as a file. Raises `QueryError` (a moment), `ConfigError` (a filter)."""
    captures = context.captures(request.environment)
    wanted = msgspec.structs.replace(_filter(context, request), limit=request.limit + 1)
    if request.uuid:
        wanted = msgspec.structs.replace(wanted, match={**wanted.match, "uuid": (request.uuid,)})
    return await asyncio.to_thread(_packets, captures, wanted, request.bpf)


def _packets(captures: Captures, wanted: FlowFilter, bpf: str) -> PacketFile:
    flows = captures.flows.find(wanted)
    looked = flows[: wanted.limit - 1]
    there = captures.packets([flow.uuid for flow in looked])
    found = captures.matching(bpf, there.packets)
    link = found[0].link if found else 1
    same = [(each.time, each.frame, each.wire) for each in found if each.link == link]
    count = len({each.flow for each in found})
    return PacketFile(len(same), count, len(flows) > len(looked), written(same, link), there.missing)


def _exported(flows: FlowStore, wanted: FlowFilter) -> FlowFile:
    with TemporaryDirectory(prefix="calipso-flows-") as folder:
        file = Path(folder) / "flows.parquet"
        count = flows.parquet(wanted, file)
        return FlowFile(count, file.read_bytes())


def _filter(context: Context, request: GetFlows) -> FlowFilter:
    match: dict[str, tuple[Any, ...]] = {}
    for path, value in (
        ("network", request.address), ("link", request.mac.lower()), ("application", request.application),
        ("transport.protocol", request.protocol.upper()),
    ):  # fmt: skip
        if value:
            match[path] = (value,)
    since, until = between(context, request.since, request.until)
    return FlowFilter(
        since=since, until=until, match=match, order=request.order,
        nodes=(request.node,) if request.node else (),
        captures=(request.capture,) if request.capture else (),
        tracking_ids=(request.tracking_id,) if request.tracking_id else (),
    )  # fmt: skip


def _listed(captures: Captures) -> CaptureList:
    ended = [CaptureEnded(each.spec.id, each.spec.query, each.spec.name, rfc3339(each.at), each.reason)
             for each in captures.ended()]  # fmt: skip
    return CaptureList([_view(each) for each in captures.states()], captures.running, ended)


def _view(state: CaptureState) -> CaptureView:
    spec = state.spec
    points = [PointView(each.node, each.state, each.engine, each.counts, each.flows, each.reason)
              for each in state.points]  # fmt: skip
    return CaptureView(
        spec.id, spec.query, spec.name, spec.description, spec.engine, spec.options.bpf, spec.options.header,
        spec.options.raw_packets, spec.options.l2_key, spec.ttl, rfc3339(spec.created), points, state.error,
        _extra(spec), spec.packets, spec.options.cpu,
    )  # fmt: skip


def _extra(spec: CaptureSpec) -> CaptureExtra:
    options = spec.options
    return CaptureExtra(
        defragment=options.defragment, tcp_metric=options.tcp_metric, first_payload=options.payload,
        layers=spec.policy.layers, target=options.target if options.target != LOCAL else "",
        target_type=options.target_type, packets_per_second=options.packets_per_second,
    )  # fmt: skip
