"""The way of a packet out of an object: through which device, from and to which MAC, by routes and neighbours."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Any

import msgspec

from calipso.errors import QueryError
from calipso.graph.protocol import GraphReader, Obj
from calipso.query.steps.tables import next_hop


class Way(msgspec.Struct, frozen=True):
    """device: id of the object that frames leave by. source, target: of the frames; empty where nothing tells it."""

    device: str
    source_ip: str
    source_mac: str
    target_mac: str


def way(reader: GraphReader, source: Obj, target_ip: str) -> Way:
    """How a packet to an address leaves. Raises `QueryError` where no route fits and the object is no device."""
    place = _place(reader, source)
    wanted = ipaddress.ip_address(target_ip)
    hop: dict[str, Any] = next_hop(reader, source, target_ip) or {}
    if not hop and place.id != source.id:
        hop = next_hop(reader, place, target_ip) or {}
    device = source if _is_device(reader, source) else _numbered(reader, place, hop.get("IfIndex"))
    if device is None:
        raise QueryError(f"{source.id} has no route to {target_ip}", hint="name the device that it is to leave by")
    via = str(hop.get("IP", target_ip))
    attributes = reader.attributes(device)
    return Way(device.id, _source(attributes, wanted.version, via), str(attributes.get("mac", "")),
               str(hop.get("MAC", "")) or _mac_of(reader, via))  # fmt: skip


def addresses(reader: GraphReader, head: Obj, version: int) -> list[str]:
    """An object's own addresses of a version, else those of its devices, in their order."""
    found = list(_addresses(reader.attributes(head), version))
    if not found and head.type in ("host", "netns"):
        for device in _devices(reader, head):
            found += _addresses(reader.attributes(device), version)
    return found


def _place(reader: GraphReader, source: Obj) -> Obj:
    """The host or namespace that an object is in."""
    if source.type in ("host", "netns"):
        return source
    netns = reader.attributes(source).get("netns")
    found = reader.resolve(str(netns)) if netns else None
    return found if found is not None else source


def _is_device(reader: GraphReader, head: Obj) -> bool:
    return head.type not in ("host", "netns") and "ifindex" in reader.attributes(head)


def _devices(reader: GraphReader, place: Obj) -> Iterator[Obj]:
    for ord in reader.find("netns", place.id):
        device = reader.get(ord)
        if device is not None and "ifindex" in reader.attributes(device):
            yield device


def _numbered(reader: GraphReader, place: Obj, ifindex: object) -> Obj | None:
    for device in _devices(reader, place) if ifindex is not None else ():
        if reader.attributes(device).get("ifindex") == ifindex:
            return device
    return None


def _addresses(attributes: dict[str, Any] | Any, version: int) -> Iterator[str]:
    for text in attributes.get("ips", ()):
        if ipaddress.ip_address(text).version == version:
            yield str(text)


def _source(attributes: Any, version: int, via: str) -> str:
    """The device's address in the network of the next hop, else its first."""
    hop = ipaddress.ip_address(via)
    for text in attributes.get("addresses", ()):
        own = ipaddress.ip_interface(text)
        if own.version == version and hop in own.network:
            return str(own.ip)
    return next(_addresses(attributes, version), "")


def _mac_of(reader: GraphReader, ip: str) -> str:
    """The MAC of the one object that has an address; empty when there is none, or several."""
    macs = {
        str(reader.attributes(head).get("mac", "")) for ord in reader.find("ip", ip)
        if (head := reader.get(ord)) is not None
    } - {""}  # fmt: skip
    return macs.pop() if len(macs) == 1 else ""
