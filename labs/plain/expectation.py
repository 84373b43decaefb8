"""The graph that the lab's declaration promises: objects with what is said of them, and links. Knows no engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from calipso.model import ids
from labs.plain import declaration as d

Link = tuple[str, str, str]
"""(type, source id, target id)."""


@dataclass
class Expected:
    """The whole graph but OpenFlow rules, which `rules` tells.

    objects: id → (kind, type). attributes: id → what has to be said of it; None: it must not be said. networks: id →
    networks carried, None for unknown. through: role link → ids passed, for those that pass any.
    """

    objects: dict[str, tuple[str, str]] = field(default_factory=dict)
    attributes: dict[str, dict[str, Any]] = field(default_factory=dict)
    links: set[Link] = field(default_factory=set)
    networks: dict[str, tuple[str, ...] | None] = field(default_factory=dict)
    through: dict[Link, tuple[str, ...]] = field(default_factory=dict)

    def add(self, id: str, kind: str, type: str, owner: str = "", said: Mapping[str, Any] | None = None) -> str:
        """An object, and the ownership that its id or its owner tells."""
        self.objects[id] = (kind, type)
        host = ids.host_of(id)
        self.attributes[id] = {"name": ids.split(id)[-1][1], **({"host": host} if host else {}), **(said or {})}
        owner = owner or ids.parent(id)
        if owner:
            self.links.add(("ownership", owner, id))
        return id

    def link(self, type: str, source: str, target: str, *through: str) -> None:
        self.links.add((type, source, target))
        if through:
            self.through[type, source, target] = through

    def pair(self, type: str, a: str, b: str) -> None:
        """An undirected link is stored once, from the smaller id."""
        self.links.add((type, min(a, b), max(a, b)))

    def device(self, netns: str, name: str, kind: str, type: str, *, up: bool = True, **said: Any) -> str:
        """A kernel device; `netns` is the host's id for its root namespace."""
        attributes = {"netns": netns, "state": "up" if up else "down", **said}
        return self.add(ids.device(netns, name), kind, type, said=attributes)

    def text(self) -> str:
        """One line for each object, then one for each link."""
        lines = [f"{id}  {kind}  {type}" for id, (kind, type) in sorted(self.objects.items())]
        return "\n".join((*lines, *("  ".join(link) for link in sorted(self.links))))


def expected(lab: d.Lab) -> Expected:
    """All that the declaration promises."""
    out = Expected()
    for network in lab.networks:
        key = ids.segment_key("vxlan", None, network.vni)
        said = {"name": key, "key": key, "network_type": "vxlan", "segmentation_id": network.vni}
        out.objects[network.segment], out.attributes[network.segment] = ("network", "segment"), said
    for host in lab.hosts:
        _host(out, lab, host)
        _tunnels(out, lab, host)
    return out


def rules(lab: d.Lab, host: d.Host) -> list[tuple[str, int, int]]:
    """(bridge id, table, priority) of every OpenFlow rule of a host, sorted: two for each network set by rule."""
    ovs = ids.ovs(host.name)
    by_rule = sum(network.by_rule for network in lab.networks)
    normal = [(ids.ovs_bridge(ovs, bridge), 0, 0) for bridge in ("br-int", "br-vtep")]
    return sorted([*normal, *[(ids.ovs_bridge(ovs, "br-tun"), 0, 10)] * (2 * by_rule)])


def _host(out: Expected, lab: d.Lab, host: d.Host) -> None:
    out.add(host.name, "host", "host", said={"hostname": host.name, "namespaces_complete": True,
            "addresses": [f"{host.address}/{d.PREFIX}"]})  # fmt: skip
    out.device(host.name, "lo", "device", "loopback")
    out.device(host.name, "ovs-netdev", "device", "tun", up=False)
    pnic = out.device(host.name, "eth0", "host_pnic", "veth", mac=d.mac(host, "eth0"), ips=None)
    means = [{"tag": n.tag, "segment": n.segment, "medium": "overlay/vxlan"} for n in lab.networks]
    ovs = out.add(ids.ovs(host.name), "vedge", "ovs", said={"netns": host.name, "segments": means})
    for bridge in d.BRIDGES:
        secure = "secure" if bridge == "br-tun" else None
        out.add(ids.ovs_bridge(ovs, bridge), "ovs_bridge", "ovsbridge", said={
            "ovs": ovs, "datapath_type": "netdev", "fail_mode": secure})  # fmt: skip
        ips = [host.address] if bridge == "br-vtep" else None
        _port(out, host, bridge, bridge, out.device(host.name, bridge, "device", "internal", up=bool(ips), ips=ips))
    wire = _port(out, host, "br-vtep", "eth0", pnic), ids.ovs_bridge(ovs, "br-vtep")
    out.link("vedge-host_pnic", ovs, pnic, *reversed(wire))
    for network in lab.networks:
        out.link("host_pnic-network", pnic, network.segment)
    ends = [("br-int", "patch-tun", "patch-int"), ("br-tun", "patch-int", "patch-tun")]
    out.pair("layer2.patch", *(_interface(out, host, bridge, name, "patch", peer_name=peer)
                               for bridge, name, peer in ends))  # fmt: skip
    for vm in host.vms:
        _vm(out, host, vm)
    for service in host.services:
        _service(out, host, service)


def _port(out: Expected, host: d.Host, bridge: str, name: str, end: str, tag: int | None = None) -> str:
    """A port of a bridge and the device or interface at its end."""
    ovs = ids.ovs(host.name)
    where = ids.ovs_bridge(ovs, bridge)
    said = {"ovs": ovs, "bridge": where, "tag": tag, "interfaces": [ids.ovs_interface(ovs, name)]}
    port = out.add(ids.ovs_port(ovs, name), "ovs_port", "ovsport", where, said)
    out.links |= {("layer2.ovs", where, port), ("layer2.ovs", port, end)}
    out.attributes[end] |= {"ovs": ovs, "bridge": where, "port": port}
    return port


def _interface(
    out: Expected, host: d.Host, bridge: str, name: str, type: str, tag: int | None = None, **said: Any
) -> str:
    """An Open vSwitch interface without a device, and its port."""
    ovs = ids.ovs(host.name)
    end = out.add(ids.ovs_interface(ovs, name), "device", type, ids.ovs_bridge(ovs, bridge), said)
    _port(out, host, bridge, name, end, tag)
    return end


def _namespace(out: Expected, host: d.Host, name: str, kind: str, **said: Any) -> str:
    netns = out.add(ids.netns(host.name, name), kind, "netns", said={"path": f"/run/netns/{name}", **said})
    out.device(netns, "lo", "device", "loopback")
    return netns


def _vm(out: Expected, host: d.Host, vm: d.Vm) -> None:
    ovs, netns = ids.ovs(host.name), _namespace(out, host, vm.name, "instance")
    nic = out.device(netns, "eth0", "vnic", "veth", mac=d.mac(host, vm.name), ips=[vm.address], mtu=d.MTU)
    near = out.device(host.name, vm.near, "device", "veth", mac=d.mac(host, vm.near), peer_netns=netns, ips=None)
    out.link("instance-vnic", netns, nic)
    out.pair("layer2.veth", nic, near)
    out.networks[nic] = (vm.network.segment,)
    switch = ids.ovs_bridge(ovs, "br-int")
    if not vm.bridge:
        port = _port(out, host, "br-int", vm.near, near, vm.network.tag)
        out.link("vnic-vedge", nic, ovs, near, port, switch)
        return
    bridge = out.device(host.name, vm.bridge, "vconnector", "bridge", mac=d.mac(host, vm.bridge), ips=None)
    here, there = (
        out.device(host.name, name, "device", "veth", mac=d.mac(host, name), peer_netns=host.name, ips=None)
        for name in vm.bridge_cable
    )
    out.pair("layer2.veth", here, there)
    out.links |= {("layer2.master", bridge, near), ("layer2.master", bridge, here)}
    port = _port(out, host, "br-int", vm.port, there, vm.network.tag)
    out.link("vnic-vconnector", nic, bridge, near)
    out.link("vconnector-vedge", bridge, ovs, here, there, port, switch)
    out.networks[bridge] = (vm.network.segment,)


def _service(out: Expected, host: d.Host, service: d.Service) -> None:
    type, _, number = service.name.partition("-")
    netns = _namespace(out, host, service.name, "vservice", service_type=type, local_service_id=number)
    ovs = ids.ovs(host.name)
    for port in service.ports:
        address = d.mac(host, port.port)
        nic = out.device(netns, port.device, "vnic", "internal" if port.known else "tun", mac=address,
                         ips=[port.address], mtu=d.MTU, attached_mac=address if port.told else None)  # fmt: skip
        out.link("vservice-vnic", netns, nic)
        out.networks[nic] = (port.network.segment,) if port.known else None
        if port.known:
            place = _port(out, host, "br-int", port.port, nic, port.network.tag)
            out.link("vnic-vedge", nic, ovs, place, ids.ovs_bridge(ovs, "br-int"))
        else:
            out.attributes[nic] |= {"ovs": None, "port": None}
            _interface(out, host, "br-int", port.port, "internal", port.network.tag, mac=None, ifindex=None)


def _tunnels(out: Expected, lab: d.Lab, host: d.Host) -> None:
    ovs = ids.ovs(host.name)
    rule, bare = (sorted(name(other) for other in lab.others(host)) for name in (d.rule_tunnel, d.bare_tunnel))
    access = [d.access_tunnel(n, other) for n in lab.networks if not n.by_rule for other in lab.others(host)]
    vxlan = _endpoint(out, host, "vxlan", [*rule, *access], host.address)
    _endpoint(out, host, "geneve", bare)
    wire = (ids.device(host.name, "br-vtep"), ids.ovs_port(ovs, "br-vtep"), ids.ovs_bridge(ovs, "br-vtep"),
           ids.ovs_port(ovs, "eth0"))  # fmt: skip
    out.link("otep-host_pnic", vxlan, ids.device(host.name, "eth0"), *wire)
    for other in lab.others(host):
        there = ids.tunnel_endpoint(other.name, "vxlan", other.address)
        if vxlan < there:  # both tunnels lead there: of two ways the one with the smaller id is told
            ends = ((host, d.rule_tunnel(other)), (other, d.rule_tunnel(host)))
            way = tuple(ids.ovs_interface(ids.ovs(each.name), name) for each, name in ends)
            out.link("otep-otep", vxlan, there, *way)
        addresses: dict[str, Any] = {"remote_ip": other.address, "local_ip": host.address}
        _interface(out, host, "br-tun", d.bare_tunnel(other), "geneve", remote_ip=other.address, local_ip=None,
                   key=str(d.BARE_KEY))  # fmt: skip
        _interface(out, host, "br-tun", d.rule_tunnel(other), "vxlan", key="flow", **addresses)
        _tunnel(out, host, other, d.rule_tunnel(other), d.rule_tunnel(host))
        for network in lab.networks:
            if not network.by_rule:
                name = d.access_tunnel(network, other)
                _interface(out, host, "br-int", name, "vxlan", network.tag, key=str(network.vni), **addresses)
                _tunnel(out, host, other, name, d.access_tunnel(network, host))


def _endpoint(out: Expected, host: d.Host, overlay: str, tunnels: list[str], ip: str = "") -> str:
    """Where a host's tunnels of one type end; without an address it is known by its type."""
    ovs = ids.ovs(host.name)
    said = {"overlay_type": overlay, "ip": ip or None, "vedge": ovs, "name": ip or overlay, "netns": host.name,
            "tunnels": sorted(ids.ovs_interface(ovs, name) for name in tunnels)}  # fmt: skip
    otep = out.add(ids.tunnel_endpoint(host.name, overlay, ip), "otep", "otep", said=said)
    out.link("vedge-otep", ovs, otep)
    return otep


def _tunnel(out: Expected, host: d.Host, other: d.Host, here: str, there: str) -> None:
    out.pair(
        "layer3.tunnel", ids.ovs_interface(ids.ovs(host.name), here), ids.ovs_interface(ids.ovs(other.name), there)
    )
