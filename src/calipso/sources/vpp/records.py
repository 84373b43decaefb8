"""VPP's tables as records: the process, its bridge domains and interfaces, and where its tunnels end.

An interface's type tells what is at its other end: `dpdk` a NIC that VPP drives itself, `dpdkvhostuser` a guest's
socket, `lag` a bond, `vxlan` a tunnel, `vppinterface` anything else (loopback, tap, memif, sub-interface …).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from calipso.model import ids
from calipso.model.record import Record
from calipso.sources.vpp.parse import Bond, BridgeDomain, Tap, Tunnel, VhostUser
from calipso.sources.vpp.parse_interfaces import Addresses, Hardware, Interface

FACET = "vpp"
VXLAN_PORT = 4789
"""RFC 7348; what VPP uses unless told otherwise."""
_OWN_DEVICE = "host-"
"""What VPP calls an interface on a device of the host (af_packet), before the device's name."""


class Said(msgspec.Struct, frozen=True):
    """One look at VPP."""

    version: str
    interfaces: list[Interface]
    hardware: Mapping[str, Hardware] = {}
    addresses: Mapping[str, Addresses] = {}
    domains: list[BridgeDomain] = []
    tunnels: list[Tunnel] = []
    sockets: list[VhostUser] = []
    taps: list[Tap] = []
    bonds: list[Bond] = []


def records(host: str, said: Said) -> list[Record]:
    """One record for each id, sorted."""
    vpp = ids.switching_process(host, "vpp")
    process = {"name": "VPP", "host": host, "netns": ids.host(host), "version": said.version}
    found = [Record(vpp, FACET, "vpp", process)]
    found += [_domain(host, vpp, each) for each in said.domains]
    tables = _Interfaces(host, vpp, said)
    found += [tables.record(each) for each in said.interfaces]
    found += _endpoints(host, vpp, said)
    return sorted(found, key=lambda record: record.id)


def counters(host: str, said: Said) -> dict[str, dict[str, float]]:
    vpp = ids.switching_process(host, "vpp")
    return {ids.vpp_interface(vpp, each.name): dict(each.counters) for each in said.interfaces if each.counters}


def _domain(host: str, vpp: str, domain: BridgeDomain) -> Record:
    attributes = {
        "name": f"bd{domain.id}",
        "host": host,
        "vedge": vpp,
        "bd_id": domain.id,
        "mac_age": domain.mac_age,
        "bvi": ids.vpp_interface(vpp, domain.bvi) if domain.bvi else None,
        **domain.flags,
    }
    return Record(ids.vpp_bridge_domain(vpp, domain.id), FACET, "vppbd", clean(attributes))


class _Interfaces:
    """What the tables say of an interface, looked up by its name or index."""

    def __init__(self, host: str, vpp: str, said: Said) -> None:
        self.host, self.vpp, self.said = host, vpp, said
        self.tunnels = {each.index: each for each in said.tunnels if each.index is not None}
        self.sockets = {each.name: each for each in said.sockets}
        self.taps = {each.name: each for each in said.taps}
        self.bonds = {each.name: each for each in said.bonds}
        self.bond_of = {member: each.name for each in said.bonds for member in each.members}
        self.names = {each.name for each in said.interfaces}

    def id(self, name: str) -> str:
        return ids.vpp_interface(self.vpp, name)

    def record(self, interface: Interface) -> Record:
        name = interface.name
        hardware = self.said.hardware.get(name)
        above = self.said.addresses.get(name, Addresses())
        link = hardware.link if hardware is not None else interface.up
        attributes: dict[str, Any] = {
            "name": name,
            "host": self.host,
            "netns": ids.host(self.host),
            "owner": self.vpp,
            "vedge": self.vpp,
            "index": interface.index,
            "admin_state": "up" if interface.up else "down",
            "link_state": ("up" if hardware.link else "down") if hardware is not None else None,
            "state": "up" if interface.up and link else "down",
            "mtu": interface.mtu,
            "addresses": sorted(above.addresses),
            "ips": sorted({address.partition("/")[0] for address in above.addresses}),
            "crossed_with": self.id(above.crossed) if above.crossed else None,
            "is_bvi": above.bvi or None,
            "member_of": self._member_of(name, above),
            "lower": self._lower(name),
        }
        if hardware is not None:
            attributes |= {"mac": hardware.mac, "driver": hardware.device, "bus_address": hardware.pci_address}
            attributes |= {"largest_frame": hardware.frame, "link_speed": hardware.speed}
        type, special = self._special(interface, hardware)
        return Record(self.id(name), FACET, type, clean(attributes | special))

    def _member_of(self, name: str, above: Addresses) -> str | None:
        if name in self.bond_of:
            return self.id(self.bond_of[name])
        number = above.bridge_domain
        return ids.vpp_bridge_domain(self.vpp, number) if number is not None else None

    def _lower(self, name: str) -> str | None:
        """What an interface is on, or cabled to: its own lower interface, or a device of the host."""
        lower, dot, _ = name.rpartition(".")
        if dot and lower in self.names:
            return self.id(lower)
        tap = self.taps.get(name)
        device = (tap.device if not tap.namespace else "") if tap is not None else self._own_device(name)
        return ids.device(ids.host(self.host), device) if device else None

    @staticmethod
    def _own_device(name: str) -> str:
        return name.removeprefix(_OWN_DEVICE) if name.startswith(_OWN_DEVICE) else ""

    def _special(self, interface: Interface, hardware: Hardware | None) -> tuple[str, dict[str, Any]]:
        name = interface.name
        if (tunnel := self.tunnels.get(interface.index)) is not None:
            return "vxlan", {
                "local_ip": tunnel.local,
                "remote_ip": tunnel.remote,
                "vni": tunnel.vni,
                "udp_port": tunnel.port or VXLAN_PORT,
                "segment": ids.segment("vxlan", None, tunnel.vni),
            }
        if (socket := self.sockets.get(name)) is not None:
            return "dpdkvhostuser", {"socket": socket.path, "socket_role": socket.role}
        if (bond := self.bonds.get(name)) is not None:
            return "lag", {"bond_mode": bond.mode, "load_balance": bond.balance}
        sub = name.rpartition(".")[2] if name.rpartition(".")[0] in self.names else ""
        if sub:
            return "vppinterface", {"sub_id": int(sub)} if sub.isdecimal() else {}
        return ("dpdk" if hardware is not None and hardware.pci_address else "vppinterface"), {}


def _endpoints(host: str, vpp: str, said: Said) -> list[Record]:
    """Where tunnels end on this host, and the segments that they carry."""
    names = {each.index: each.name for each in said.interfaces}
    found = []
    for ip in sorted({each.local for each in said.tunnels}):
        here = [each for each in said.tunnels if each.local == ip]
        attributes = {
            "name": ip,
            "host": host,
            "netns": ids.host(host),
            "overlay_type": "vxlan",
            "ip": ip,
            "udp_port": here[0].port or VXLAN_PORT,
            "vedge": vpp,
            "tunnels": sorted(ids.vpp_interface(vpp, names[each.index]) for each in here if each.index in names),
        }
        found.append(Record(ids.tunnel_endpoint(host, "vxlan", ip), FACET, "otep", clean(attributes)))
    for vni in sorted({each.vni for each in said.tunnels}):
        key = ids.segment_key("vxlan", None, vni)
        attributes = {"name": key, "key": key, "network_type": "vxlan", "segmentation_id": vni}
        found.append(Record(ids.segment("vxlan", None, vni), FACET, "segment", attributes))
    return found


def clean(said: dict[str, Any]) -> dict[str, Any]:
    """Without what is not known."""
    return {name: value for name, value in said.items() if value is not None and value != "" and value != []}
