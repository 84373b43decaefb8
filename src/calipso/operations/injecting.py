"""Packets sent from an object's place in the network, and the flows that they cause."""

from __future__ import annotations

import asyncio
import base64
import binascii
import io
import ipaddress
import secrets
import time
from typing import Annotated, Literal

import msgspec

from calipso.errors import Conflict, NotFound, ParseError, QueryError
from calipso.flows import forge
from calipso.flows.pcap import read
from calipso.graph.protocol import Obj
from calipso.model.moments import rfc3339
from calipso.operations import ways
from calipso.operations.context import Context, InjectionOrder, InjectionState, Site, asking
from calipso.operations.inventory import between
from calipso.operations.querying import Reach
from calipso.query.evaluate import Found, evaluate
from calipso.query.run import Limits

Text = Annotated[str, msgspec.Meta(max_length=10_000)]
Port = Annotated[int, msgspec.Meta(ge=0, le=65_535)]
MOST = 1_000_000
_LIMITS = Limits(seconds=5.0, results=2)
_ETHERNET = 1


class Packet(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a packet is like. size: octets of payload, filled up with zeros. increment: octets that each packet has more
    than the one before. icmp_id: 0 for one that is chosen.
    """

    payload: Text = ""
    size: Annotated[int, msgspec.Meta(ge=0, le=forge.LARGEST)] = 0
    increment: Annotated[int, msgspec.Meta(ge=0, le=forge.LARGEST)] = 0
    icmp_id: Port = 0
    ttl: Annotated[int, msgspec.Meta(ge=1, le=255)] = 64


class InjectPacket(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """source: an object by id or by a query that finds one: a device, a namespace or a host. target: the same, or an
    address. id: what it is to be known by, empty for one that is made up. type: of the packets, or pcap for the frames
    of a file, as they are.

    source_ip, source_mac, target_mac: instead of what addresses, routes and neighbours tell. source_port: 0 for one
    that is chosen. interval: milliseconds between packets, 0 for as fast as is allowed. mode: unique, all packets are
    of one flow; random, each is of its own. pcap: a file of frames of Ethernet, in base64.
    """

    source: Text
    target: Text = ""
    environment: str = "local"
    id: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$|^$")] = ""
    type: Literal["icmp4", "icmp6", "tcp4", "tcp6", "udp4", "udp6", "pcap"] = "icmp4"
    source_ip: Text = ""
    source_mac: Text = ""
    target_mac: Text = ""
    source_port: Port = 0
    target_port: Port = 0
    packet: Packet | None = None
    count: Annotated[int, msgspec.Meta(ge=1, le=MOST)] = 1
    interval: Annotated[float, msgspec.Meta(ge=0, le=86_400_000)] = 1000.0
    mode: forge.Mode = "unique"
    pcap: str = ""


class GetInjections(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """id: only this one. since, until: those that began within."""

    environment: str = "local"
    id: str = ""
    since: str = ""
    until: str = ""


class RemoveInjection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The flows that it caused stay."""

    id: str
    environment: str = "local"


class InjectionView(msgspec.Struct, frozen=True):
    """An injection. state: running, done, stopped or failed. errors: packets that the device did not take; error: why.

    tracking_ids: of the flows that its packets are of, the first 100: `get_flows` finds them at every point.
    """

    id: str
    state: str
    source: str
    device: str
    target: str
    type: str
    source_ip: str
    target_ip: str
    source_mac: str
    target_mac: str
    source_port: int
    target_port: int
    icmp_id: int
    count: int
    interval: float
    mode: str
    ttl: int
    who: str
    began: str
    ended: str
    sent: int
    errors: int
    error: str
    tracking_ids: list[str]


class InjectionList(msgspec.Struct, frozen=True):
    """The oldest first. They are not kept over a restart."""

    items: list[InjectionView]


async def inject_packet(context: Context, request: InjectPacket) -> InjectionView:
    """Send packets from an object; gives at once, and `get_injections` tells how it goes.

    A token may send as much, and to where, as its role is allowed in the settings (`injections`): who writes only to
    addresses of objects of the environment. Raises `QueryError`, `NotFound`, `Forbidden` for what the role may not;
    `Conflict` without a running server, `Unreachable` for an object that is neither here nor on a host with an agent.
    """
    if not context.captures(request.environment).running:
        raise Conflict("nothing is sent without a server", hint="Start `calipso up`, then try again.")
    order = await asyncio.to_thread(_ordered, context.site(request.environment), request, context.moment("now"))
    state = await context.injections(request.environment).start(order, asking.get())
    return _view(state)


async def get_injections(context: Context, request: GetInjections) -> InjectionList:
    """What was sent since the server began, and what is being sent. Raises `NotFound`."""
    since, until = between(context, request.since, request.until)
    found = [each for each in context.injections(request.environment).states() if since <= each.began <= until]
    if request.id:
        found = [each for each in found if each.id == request.id]
        if not found:
            raise NotFound(f"no injection {request.id!r}", hint="`calipso injections` tells those there were.")
    return InjectionList([_view(each) for each in found])


async def remove_injection(context: Context, request: RemoveInjection) -> InjectionView:
    """Send nothing more of it and take it from the list; gives how far it came. Raises `NotFound`."""
    return _view(await context.injections(request.environment).remove(request.id))


def _ordered(site: Site, request: InjectPacket, now: int) -> InjectionOrder:
    """What is to be sent, by what is known now. Raises `QueryError`, `NotFound`."""
    source = _object(site, request.source, now, "source")
    if request.type == "pcap":
        replayed = _replayed(request.pcap)
        return InjectionOrder(id=request.id, source=source.id, device=source.id, target=request.target, replay=replayed,
                              interval=request.interval)  # fmt: skip
    version = forge.version_of(request.type)
    target_ip, target = _target(site, request.target, version, now)
    packet = request.packet or Packet()
    found = ways.way(site.graph(), source, target_ip)
    wanted = forge.Frames(
        kind=request.type, source_mac=request.source_mac or found.source_mac,
        target_mac=request.target_mac or found.target_mac, target_ip=target_ip,
        source_ip=_address(request.source_ip or found.source_ip, "source_ip"),
        source_port=request.source_port or _chosen(), target_port=request.target_port,
        payload=packet.payload.encode("utf-8", "surrogatepass").ljust(packet.size, b"\0"), growth=packet.increment,
        icmp_id=packet.icmp_id or _chosen(), count=request.count, mode=request.mode, ttl=packet.ttl,
    )  # fmt: skip
    for name, value in (("source_mac", wanted.source_mac), ("target_mac", wanted.target_mac)):
        if not value:
            raise QueryError(f"nothing tells the {name.replace('_', ' ').replace('mac', 'MAC')} for {target_ip}",
                             hint=f"say it: {name}")  # fmt: skip
    next(forge.frames(wanted, 0))
    given = tuple(each for each in (request.source_mac, request.target_mac) if each)
    return InjectionOrder(id=request.id, source=source.id, device=found.device, target=target, frames=wanted,
                          interval=request.interval, given_macs=given)  # fmt: skip


def _object(site: Site, said: str, now: int, what: str) -> Obj:
    """An object by its id, else the one that a query finds. Raises `NotFound`, `QueryError`."""
    head = site.graph().resolve(said)
    if head is not None:
        return head
    if not said.lstrip().startswith("G."):
        raise NotFound(f"{what}: no object {said!r}", hint="it takes an id, or a query as in G.V().Has('Name', 'eth0')")
    answer = evaluate(said, Reach(site, None, now), time.monotonic, _LIMITS)
    found = [row.value.head for row in answer.rows if isinstance(row.value, Found)]
    if answer.kind != "nodes" or len(found) != 1:
        many = "none" if not found else "more than one"
        raise QueryError(f"{what}: the query is to find one object, and it finds {many}")
    return found[0]


def _target(site: Site, said: str, version: int, now: int) -> tuple[str, str]:
    """Its address, and the object's id when it was named by one. Raises `QueryError`, `NotFound`."""
    try:
        return str(ipaddress.ip_interface(said).ip), ""
    except ValueError:
        head = _object(site, said, now, "target")
    own = ways.addresses(site.graph(), head, version)
    if not own:
        raise QueryError(f"{head.id} has no address of IPv{version}", hint="give an address as the target")
    return own[0], head.id


def _address(said: str, what: str) -> str:
    """An address, which may have the length of a prefix. Raises `QueryError`."""
    if not said:
        raise QueryError(f"nothing tells the {what.replace('_ip', ' address')}", hint=f"say it: {what}")
    try:
        return str(ipaddress.ip_interface(said).ip)
    except ValueError as error:
        raise QueryError(f"{what}: {said!r} is not an address") from error


def _replayed(said: str) -> tuple[bytes, ...]:
    """The frames of a file. Raises `QueryError`."""
    try:
        packets = list(read(io.BytesIO(base64.b64decode(said, validate=True))))
    except (binascii.Error, ValueError, ParseError) as error:
        raise QueryError(f"pcap: {getattr(error, 'message', 'not base64')}") from error
    if not packets or any(packet.link != _ETHERNET for packet in packets):
        raise QueryError("pcap: a file of frames of Ethernet is needed, with one at least")
    cut = sum(len(packet.frame) < packet.wire for packet in packets)
    if cut:
        raise QueryError(f"pcap: {cut} packets were cut when they were captured", hint="capture with a larger snaplen")
    return tuple(packet.frame for packet in packets)


def _chosen() -> int:
    """An identifier or port that hardly anybody else uses now."""
    return secrets.randbelow(28_000) + 32_768


def _view(state: InjectionState) -> InjectionView:
    order, frames = state.order, state.order.frames
    return InjectionView(
        id=state.id, state=state.state, source=order.source, device=order.device, target=order.target,
        type=frames.kind if frames else "pcap", source_ip=frames.source_ip if frames else "",
        target_ip=frames.target_ip if frames else "", source_mac=frames.source_mac if frames else "",
        target_mac=frames.target_mac if frames else "", source_port=_shown(frames, "source_port"),
        target_port=_shown(frames, "target_port"), icmp_id=_shown(frames, "icmp_id"),
        count=order.count, interval=order.interval, mode=frames.mode if frames else "unique",
        ttl=frames.ttl if frames else 0, who=state.who, began=rfc3339(state.began),
        ended=rfc3339(state.ended) if state.ended else "", sent=state.sent, errors=state.errors, error=state.error,
        tracking_ids=list(state.tracking_ids),
    )  # fmt: skip


def _shown(frames: forge.Frames | None, name: str) -> int:
    """A number of the packets, 0 when they have none such."""
    if frames is None or frames.kind.startswith("icmp") != (name == "icmp_id"):
        return 0
    return int(getattr(frames, name))
