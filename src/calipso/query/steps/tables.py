"""Steps that read an object's tables: NextHop of its routes, Sockets, Metrics."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from calipso.graph.protocol import GraphReader, Obj
from calipso.model.flow import Flow
from calipso.query.conditions import Condition, chosen
from calipso.query.elements import FLOWS, METRICS, NODES, VALUES, Kind
from calipso.query.names import name_of
from calipso.query.plan import Asked, Spec, Step
from calipso.query.predicates import address, present
from calipso.query.run import Run, fits
from calipso.query.steps.series import FlowMetrics

UNUSED = frozenset({"broadcast", "multicast", "unreachable", "prohibit", "blackhole", "throw"})
"""Types of routes that lead to no next hop."""
LOCAL_TABLE = 255


class NextHop(NamedTuple):
    """Where an object would send a packet: {its id: {IP, MAC, IfIndex}} of the longest prefix that fits."""

    ip: str

    def open(self, stream: Iterator[Any], run: Run) -> Iterator[Any]:
        reader = run.reader
        for each in stream:
            head = reader.get(run.item(each))
            found = None if head is None else next_hop(reader, head, self.ip)
            run.tick()
            if head is not None and found is not None:
                yield run.moved(each, {head.id: found}, VALUES)


def next_hop(reader: GraphReader, head: Obj, ip: str) -> dict[str, Any] | None:
    """By the routes of a device, or of all devices of a host or namespace; None where none fits."""
    wanted = ipaddress.ip_address(ip)
    best: tuple[tuple[int, int], Obj, dict[str, Any]] | None = None
    for device in routed(reader, head):
        for route in reader.attributes(device).get("routes", ()):
            length = fitting(route, wanted)
            if length < 0:
                continue
            order = (length, -int(route.get("metric", 0)))
            if best is None or order > best[0]:
                best = order, device, route
    return None if best is None else _hop(reader, best[1], best[2], ip)


def routed(reader: GraphReader, head: Obj) -> Iterator[Obj]:
    """The object itself, and the devices of it when it is a host or namespace."""
    yield head
    if head.type in ("host", "netns"):
        for ord in reader.find("netns", head.id):
            device = reader.get(ord)
            if device is not None and device.ord != head.ord and "routes" in reader.attributes(device):
                yield device


def fitting(route: dict[str, Any], wanted: ipaddress.IPv4Address | ipaddress.IPv6Address) -> int:
    """Length of a route's prefix when the address lies in it, else -1."""
    if route.get("type") in UNUSED or route.get("table") == LOCAL_TABLE:
        return -1
    said = route.get("dst", "default")
    if said in ("default", ""):
        version = route.get("family") or (6 if ":" in str(route.get("gateway", route.get("via", ""))) else 4)
        return 0 if version in (wanted.version, {4: 2, 6: 10}[wanted.version]) else -1
    try:
        network = ipaddress.ip_network(said, strict=False)
    except ValueError:
        return -1
    return network.prefixlen if network.version == wanted.version and wanted in network else -1


def _hop(reader: GraphReader, device: Obj, route: dict[str, Any], ip: str) -> dict[str, Any]:
    """The gateway, or the destination itself on a connected network."""
    hops = route.get("nexthops") or [route]
    hop = hops[0]
    said = hop.get("gateway") or hop.get("via") or route.get("gateway") or route.get("via") or ip
    attributes = reader.attributes(device)
    out: dict[str, Any] = {"IP": said}
    index = hop.get("ifindex", route.get("ifindex", attributes.get("ifindex")))
    if index is not None:
        out["IfIndex"] = index
    for entry in attributes.get("neighbors", ()):
        if entry.get("ip", entry.get("dst")) == said and entry.get("mac"):
            out["MAC"] = entry["mac"]
    return out


SOCKET_NAMES = {
    "process": "Process", "pid": "Pid", "local_address": "LocalAddress", "local_port": "LocalPort",
    "remote_address": "RemoteAddress", "remote_port": "RemotePort", "protocol": "Protocol", "state": "State",
}  # fmt: skip


class Sockets(NamedTuple):
    """The sockets of hosts and namespaces, with Skydive's names."""

    def open(self, stream: Iterator[Any], run: Run) -> Iterator[Any]:
        reader = run.reader
        for each in stream:
            head = reader.get(run.item(each))
            for socket in () if head is None else sockets_of(reader, head, run):
                yield run.moved(each, socket, VALUES)


def sockets_of(reader: GraphReader, head: Obj, run: Run) -> Iterator[dict[str, Any]]:
    for socket in reader.attributes(head).get("sockets", ()):
        run.tick()
        named = {SOCKET_NAMES.get(name, name): value for name, value in socket.items()}
        for name in ("Protocol", "State"):
            if isinstance(named.get(name), str):
                named[name] = named[name].upper()
        yield named


def named_sockets(run: Run) -> Iterator[dict[str, Any]]:
    """All sockets that are known."""
    for ord in chosen(run, (Condition(name_of("sockets"), present()),)):
        head = run.reader.get(ord)
        if head is not None:
            yield from sockets_of(run.reader, head, run)


class FlowSockets(NamedTuple):
    """The sockets that flows run between, of either end, as the hosts and namespaces tell them."""

    def open(self, stream: Iterator[Any], run: Run) -> Iterator[Any]:
        known: dict[tuple[Any, ...], list[dict[str, Any]]] | None = None
        for each in stream:
            if known is None:
                known = {}
                for socket in named_sockets(run):
                    known.setdefault(_four(socket), []).append(socket)
            flow = run.item(each)
            run.tick()
            for key in _keys(flow):
                for socket in known.get(key, ()):
                    yield run.moved(each, socket, VALUES)


def _four(socket: Mapping[str, Any]) -> tuple[Any, ...]:
    names = ("Protocol", "LocalAddress", "LocalPort", "RemoteAddress", "RemotePort")
    return tuple(socket.get(name) for name in names)


def _keys(flow: Flow) -> list[tuple[Any, ...]]:
    network, transport = flow.network, flow.transport
    if network is None or transport is None:
        return []
    one, other = (network.a, transport.a), (network.b, transport.b)
    return [(transport.protocol, *one, *other), (transport.protocol, *other, *one)]


class Metrics(NamedTuple):
    """The latest counters of objects, all or of one field."""

    field: str

    def open(self, stream: Iterator[Any], run: Run) -> Iterator[Any]:
        reader = run.reader
        for each in stream:
            run.tick()
            found = dict(run.world.metrics(reader.id_of(run.item(each)))) if run.at is None else {}
            if self.field:
                found = {name: value for name, value in found.items() if fits(name, self.field)}
            if found:
                yield run.moved(each, found, METRICS)


# ── arguments ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _next_hop(asked: Asked) -> tuple[Step, Kind]:
    asked.count(1, 1)
    found = address(asked.text(asked.args[0]))
    if found is None:
        raise asked.wrong("an address is needed", asked.args[0])
    return NextHop(str(found)), VALUES


def _sockets(asked: Asked) -> tuple[Step, Kind]:
    asked.count(0, 0)
    return (FlowSockets() if asked.kind == FLOWS else Sockets()), VALUES


def _metrics(asked: Asked) -> tuple[Step, Kind]:
    asked.count(0, 1)
    field = asked.text(asked.args[0]) if asked.args else ""
    return (FlowMetrics(field) if asked.kind == FLOWS else Metrics(field)), METRICS


SPECS: tuple[Spec, ...] = (
    Spec(("NextHop",), frozenset({NODES}), VALUES, _next_hop, "Where a packet to an address would be sent.",
         "G.V('h1').NextHop('192.0.2.9')"),
    Spec(("Sockets",), frozenset({NODES, FLOWS}), VALUES, _sockets,
         "The sockets of hosts and namespaces; of flows those that they run between.",
         "G.V('h1').Sockets()"),
    Spec(("Metrics",), frozenset({NODES, FLOWS}), METRICS, _metrics,
         "The latest counters of objects; of flows, in a slice of time all deltas, else the last.",
         "G.V().Has('Name', 'eth0').Metrics()"),
)  # fmt: skip
