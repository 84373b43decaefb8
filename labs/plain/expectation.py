"""The graph that the lab's declaration promises: every object with kind and type, every link. Knows no engine."""

from __future__ import annotations

from dataclasses import dataclass, field

from calipso.model import ids
from labs.plain import declaration as d
from labs.plain.running import bridge_cable, near_end

Link = tuple[str, str, str]
"""(type, source id, target id)."""


@dataclass
class Expected:
    """objects: id → (kind, type). networks: id → networks carried, None for unknown."""

    objects: dict[str, tuple[str, str]] = field(default_factory=dict)
    links: set[Link] = field(default_factory=set)
    networks: dict[str, tuple[str, ...] | None] = field(default_factory=dict)

    def add(self, id: str, kind: str, type: str, owner: str = "") -> str:
        self.objects[id] = (kind, type)
        owner = owner or ids.parent(id)
        if owner:
            self.links.add(("ownership", owner, id))
        return id

    def pair(self, type: str, a: str, b: str) -> None:
        """An undirected link is stored once, from the smaller id."""
        self.links.add((type, min(a, b), max(a, b)))


def expected(lab: d.Lab) -> Expected:
    """All of it but OpenFlow rules, which `rules` tells."""
    out = Expected()
    for network in lab.networks:
        out.objects[network.segment] = ("network", "segment")
    for host in lab.hosts:
        _host(out, lab, host)
    _tunnels(out, lab)
    return out


def rules(lab: d.Lab, host: d.Host) -> set[tuple[str, int, int]]:
    """(bridge id, table, priority) of every OpenFlow rule, as many as there are of each."""
    ovs = ids.ovs(host.name)
    normal = {(ids.ovs_bridge(ovs, bridge), 0, 0) for bridge in ("br-int", "br-vtep")}
    return normal | {(ids.ovs_bridge(ovs, "br-tun"), 0, 10)}


def _host(out: Expected, lab: d.Lab, host: d.Host) -> None:
    out.add(host.name, "host", "host")
    for name, kind, type in (
        ("lo", "device", "loopback"),
        ("eth0", "host_pnic", "veth"),
        ("ovs-netdev", "device", "tun"),
    ):
        out.add(ids.device(host.name, name), kind, type)
    ovs = out.add(ids.ovs(host.name), "vedge", "ovs")
    for bridge in d.BRIDGES:
        out.add(ids.ovs_bridge(ovs, bridge), "ovs_bridge", "ovsbridge")
        _port(out, host, bridge, bridge, out.add(ids.device(host.name, bridge), "device", "internal"))
    pnic = ids.device(host.name, "eth0")
    _port(out, host, "br-vtep", "eth0", pnic)
    out.links.add(("vedge-host_pnic", ovs, pnic))
    for network in lab.networks:
        out.links.add(("host_pnic-network", pnic, network.segment))
    patches = [
        _interface(out, host, bridge, name, "patch")
        for bridge, name in (("br-int", "patch-tun"), ("br-tun", "patch-int"))
    ]
    out.pair("layer2.patch", *patches)
    for vm in host.vms:
        _vm(out, host, vm)
    for service in host.services:
        _service(out, host, service)


def _port(out: Expected, host: d.Host, bridge: str, name: str, end: str) -> str:
    """A port of a bridge and the device or interface at its end."""
    ovs = ids.ovs(host.name)
    where = ids.ovs_bridge(ovs, bridge)
    port = out.add(ids.ovs_port(ovs, name), "ovs_port", "ovsport", where)
    out.links |= {("layer2.ovs", where, port), ("layer2.ovs", port, end)}
    return port


def _interface(out: Expected, host: d.Host, bridge: str, name: str, type: str) -> str:
    """An Open vSwitch interface without a device, and its port."""
    ovs = ids.ovs(host.name)
    end = out.add(ids.ovs_interface(ovs, name), "device", type, ids.ovs_bridge(ovs, bridge))
    _port(out, host, bridge, name, end)
    return end


def _namespace(out: Expected, host: d.Host, name: str, kind: str) -> str:
    netns = out.add(ids.netns(host.name, name), kind, "netns")
    out.add(ids.device(netns, "lo"), "device", "loopback")
    return netns


def _vm(out: Expected, host: d.Host, vm: d.Vm) -> None:
    ovs, netns = ids.ovs(host.name), _namespace(out, host, vm.name, "instance")
    nic = out.add(ids.device(netns, "eth0"), "vnic", "veth")
    near = out.add(ids.device(host.name, near_end(vm)), "device", "veth")
    out.links.add(("instance-vnic", netns, nic))
    out.pair("layer2.veth", nic, near)
    out.networks[nic] = (vm.network.segment,)
    if not vm.bridge:
        _port(out, host, "br-int", near_end(vm), near)
        out.links.add(("vnic-vedge", nic, ovs))
        return
    bridge = out.add(ids.device(host.name, vm.bridge), "vconnector", "bridge")
    here, there = (out.add(ids.device(host.name, name), "device", "veth") for name in bridge_cable(vm))
    out.pair("layer2.veth", here, there)
    out.links |= {("layer2.master", bridge, near), ("layer2.master", bridge, here)}
    _port(out, host, "br-int", bridge_cable(vm)[1], there)
    out.links |= {("vnic-vconnector", nic, bridge), ("vconnector-vedge", bridge, ovs)}
    out.networks[bridge] = (vm.network.segment,)


def _service(out: Expected, host: d.Host, service: d.Service) -> None:
    netns = _namespace(out, host, service.name, "vservice")
    for port in service.ports:
        nic = out.add(ids.device(netns, port.device), "vnic", "internal" if port.known else "tun")
        out.links.add(("vservice-vnic", netns, nic))
        out.networks[nic] = (port.network.segment,) if port.known else None
        if port.known:
            _port(out, host, "br-int", port.port, nic)
            out.links.add(("vnic-vedge", nic, ids.ovs(host.name)))
        else:
            _interface(out, host, "br-int", port.port, "internal")


def _tunnels(out: Expected, lab: d.Lab) -> None:
    for host in lab.hosts:
        ovs = ids.ovs(host.name)
        vxlan = out.add(ids.tunnel_endpoint(host.name, "vxlan", host.address), "otep", "otep")
        bare = out.add(ids.tunnel_endpoint(host.name, "geneve"), "otep", "otep")
        out.links |= {("vedge-otep", ovs, vxlan), ("vedge-otep", ovs, bare)}
        out.links.add(("otep-host_pnic", vxlan, ids.device(host.name, "eth0")))
        for other in lab.others(host):
            out.pair("otep-otep", vxlan, ids.tunnel_endpoint(other.name, "vxlan", other.address))
            _interface(out, host, "br-tun", d.bare_tunnel(other), "geneve")
            _interface(out, host, "br-tun", d.rule_tunnel(other), "vxlan")
            _ends(out, host, other, d.rule_tunnel(other), d.rule_tunnel(host))
            for network in lab.networks:
                if not network.by_rule:
                    _interface(out, host, "br-int", d.access_tunnel(network, other), "vxlan")
                    _ends(out, host, other, d.access_tunnel(network, other), d.access_tunnel(network, host))


def _ends(out: Expected, host: d.Host, other: d.Host, here: str, there: str) -> None:
    out.pair(
        "layer3.tunnel", ids.ovs_interface(ids.ovs(host.name), here), ids.ovs_interface(ids.ovs(other.name), there)
    )
