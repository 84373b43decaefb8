"""What `lldpcli -f json show …` answers, in one form whatever the number of things (lldpd, src/client/json_writer.c).

Its JSON writes one thing as a map and several as a list of maps, a thing with a name below that name, and one without
a name as it is: `"interface": {"eth0": {…}}`, `"interface": [{"eth0": {…}}, {"eth1": {…}}]`, `"chassis": {"id": {…}}`.
"""

from __future__ import annotations

from typing import Any

import msgspec

from calipso.errors import ParseError
from calipso.model import ids

NAME = "lldpcli"
_SWITCHING = frozenset({"Bridge", "Router", "Wlan", "Repeater"})
"""Capabilities of IEEE 802.1AB §8.5.8 that pass others' frames on."""


class Chassis(msgspec.Struct, frozen=True):
    """Who speaks. `capabilities`: those enabled; None when none were told."""

    subtype: str
    id: str
    name: str = ""
    description: str = ""
    addresses: tuple[str, ...] = ()
    capabilities: tuple[str, ...] | None = None

    @property
    def switches(self) -> bool:
        """Whether it is a switch as far as it says: one that tells no capabilities is taken for one."""
        return self.capabilities is None or not _SWITCHING.isdisjoint(self.capabilities)


class Port(msgspec.Struct, frozen=True):
    """A port as it speaks of itself. `vlans`: (number, name); `pvid`: its untagged VLAN; mtu: largest frame, octets."""

    subtype: str
    id: str
    description: str = ""
    largest_frame: int | None = None
    aggregation: int | None = None
    medium: str = ""
    pvid: int | None = None
    vlans: tuple[tuple[int, str], ...] = ()


class Neighbor(msgspec.Struct, frozen=True):
    """Who is heard on a local device, and by which protocol (`LLDP`, `CDPv2`, `EDP` …)."""

    device: str
    protocol: str
    chassis: Chassis
    port: Port


def parse_neighbors(body: bytes) -> list[Neighbor]:
    """`show neighbors details`, sorted. Raises `ParseError`."""
    found = []
    for device, said in _named(_top(body, "lldp").get("interface")):
        for name, chassis in _named(said.get("chassis")):
            port = _port(_map(said.get("port")), said)
            found.append(Neighbor(device, str(said.get("via", "")), _chassis(name, chassis), port))
    return sorted(found, key=lambda each: (each.device, each.chassis.id, each.port.id, each.protocol))


def parse_chassis(body: bytes) -> Chassis | None:
    """`show chassis`: who the host itself is. Raises `ParseError`."""
    for name, said in _named(_top(body, "local-chassis").get("chassis")):
        return _chassis(name, said)
    return None


def parse_interfaces(body: bytes) -> dict[str, Port]:
    """`show interfaces`: local device → how it speaks of itself. Raises `ParseError`."""
    return {device: _port(_map(said.get("port")), said) for device, said in _named(_top(body, "lldp").get("interface"))}


def _top(body: bytes, name: str) -> dict[str, Any]:
    try:
        said = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ParseError(NAME, str(error), excerpt=body[:200].decode(errors="replace")) from None
    if not isinstance(said, dict) or name not in said:
        raise ParseError(NAME, f"no {name!r}", excerpt=body[:200].decode(errors="replace"))
    return _map(said[name])


def _map(said: object) -> dict[str, Any]:
    return said if isinstance(said, dict) else {}


def _many(said: object) -> list[Any]:
    return said if isinstance(said, list) else [] if said is None else [said]


def _named(said: object) -> list[tuple[str, dict[str, Any]]]:
    """(name, thing) of each; "" for one without a name."""
    out: list[tuple[str, dict[str, Any]]] = []
    for each in _many(said):
        entry = _map(each)
        if "id" in entry or not all(isinstance(value, dict) for value in entry.values()):
            out.append(("", entry))
        else:
            out += [(name, value) for name, value in entry.items()]
    return out


def _identity(said: object) -> tuple[str, str]:
    """(subtype, id); a MAC in the usual form, so that one chassis has one id whoever reports it."""
    entry = _map(said)
    subtype, value = str(entry.get("type", "")), str(entry.get("value", ""))
    return subtype, ids.canonical_mac(value) if subtype == "mac" else value


def _chassis(name: str, said: dict[str, Any]) -> Chassis:
    subtype, id = _identity(said.get("id"))
    told = [_map(each) for each in _many(said.get("capability"))]
    enabled = tuple(sorted(str(each.get("type")) for each in told if each.get("enabled") is True))
    addresses = sorted({ids.canonical_ip(str(each)) for each in _many(said.get("mgmt-ip"))})
    description = str(said.get("descr", ""))
    return Chassis(subtype, id, name, description, tuple(addresses), enabled if told else None)


def _port(port: dict[str, Any], said: dict[str, Any]) -> Port:
    subtype, id = _identity(port.get("id"))
    vlans = [(_number(each.get("vlan-id")), _map(each)) for each in _many(said.get("vlan")) if isinstance(each, dict)]
    return Port(
        subtype,
        id,
        str(port.get("descr", "")),
        _number(port.get("mfs")),
        _number(port.get("aggregation")),
        str(_map(port.get("auto-negotiation")).get("current", "")),
        next((number for number, each in vlans if each.get("pvid") is True), None),
        tuple(sorted((number, str(each.get("value", ""))) for number, each in vlans if number is not None)),
    )


def _number(said: object) -> int | None:
    text = str(said)
    return int(text) if text.isascii() and text.isdigit() else None
