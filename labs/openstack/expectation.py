"""The graph that Calipso has to find on the hosts of a cloud that says certain facts of itself. Knows no engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from calipso.model import ids
from labs.openstack import declaration as d

Link = tuple[str, str, str]
"""(type, source id, target id)."""
KINDS = ("host", "vedge", "otep", "host_pnic", "instance", "vnic", "vconnector", "vservice")
LINKS = (
    "instance-vnic", "vservice-vnic", "vnic-vconnector", "vnic-vedge", "vnic-vnic", "vconnector-vedge", "vedge-otep",
    "otep-otep", "otep-host_pnic", "vedge-host_pnic",
)  # fmt: skip
SHORT = 11
"""Letters of a port's id in the names of its devices: the kernel takes 15 (IFNAMSIZ)."""
PAIR = 14
"""Letters of such a name where it is made of a router's id."""
BEGINNINGS = {
    "network:dhcp": "tap", "network:router_interface": "qr-", "network:router_gateway": "qg-",
    "network:ha_router_replicated_interface": "qr-", "network:router_ha_interface": "ha-",
    "network:router_interface_distributed": "qr-", "network:router_centralized_snat": "sg-",
    "network:floatingip_agent_gateway": "fg-",
}  # fmt: skip
"""How devices of agents begin, by the owner of their port."""


@dataclass
class Expected:
    """All objects of KINDS, all links of LINKS. networks: vnic → the networks that its switch's ports tell."""

    objects: dict[str, str] = field(default_factory=dict)
    links: set[Link] = field(default_factory=set)
    networks: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def add(self, id: str, kind: str) -> str:
        self.objects[id] = kind
        return id


def expected(facts: Mapping[str, Any], mechanism: str, overlay: str = "") -> Expected:
    """From what `cloud/facts.py` prints. overlay: the type of tenants' networks, the usual one unless told."""
    out = Expected()
    for host in d.HOSTS:
        if mechanism == "calico":
            _routing_host(out, host)
        else:
            _host(out, host, overlay or d.OVERLAYS[mechanism][0])
    for cls, listed in facts.get("beside", {}).items():
        for id in listed:
            out.add(ids.by_uuid(cls, id), "vservice")
    network_of = {port["id"]: port["network"] for port in facts.get("ports", ())}
    for instance in facts["instances"]:
        host = next(each for each in d.HOSTS if each.name == instance["host"])
        hybrid = mechanism == "ovs" and host.firewall == "iptables_hybrid"
        id = out.add(ids.instance(instance["id"]), "instance")
        for port in instance["ports"]:
            below = [network_of[sub] for parent, subs in facts.get("trunks", {}).values() if parent == port["id"]
                     for sub in subs]  # fmt: skip
            vnic = _nic(out, id, port, below)
            if mechanism == "calico":  # its tap is Nova's
                out.links.add(("vnic-vedge", vnic, vedge(host.name, mechanism)))
            elif mechanism == "ovn" or instance.get("status") != "SHUTOFF":  # a tap that libvirt made is gone then
                _plugged(out, host, vnic, port, hybrid=hybrid)
    if mechanism == "ovn":  # does services by rules, without namespaces: its routers are the services
        for router in facts.get("objects", {}).get("router", ()):
            out.add(ids.by_uuid("router", router), "vservice")
        return out
    for service in facts["services"]:
        netns = out.add(ids.netns(service["host"], service["netns"]), "vservice")
        for port in service["ports"]:
            device = BEGINNINGS[port["owner"]] + port["id"][:SHORT]
            vnic = out.add(ids.device(netns, device), "vnic")
            out.links |= {("vservice-vnic", netns, vnic), ("vnic-vedge", vnic, ids.ovs(service["host"]))}
            out.networks[vnic] = (ids.by_uuid("network", port["network"]),)
    _ways(out, facts["services"])
    return out


def vedge(host: str, mechanism: str) -> str:
    """What switches or routes for instances of a host."""
    return ids.switching_process(host, "calico") if mechanism == "calico" else ids.ovs(host)


def _ways(out: Expected, services: Sequence[Mapping[str, Any]]) -> None:
    """On each host, a pair of devices from a distributed router to the way outside of floating IPs."""
    outside = {
        service["netns"].removeprefix("snat-"): f"fip-{port['network']}"
        for service in services for port in service["ports"]
        if service["netns"].startswith("snat-") and port["owner"] == "network:router_gateway"
    }  # fmt: skip
    there = {(service["host"], service["netns"]) for service in services}
    for router, way in outside.items():
        for host in d.HOSTS:
            if {(host.name, way), (host.name, f"qrouter-{router}")} <= there:
                ends = []
                for netns, begins in ((way, "fpr-"), (f"qrouter-{router}", "rfp-")):
                    service = ids.netns(host.name, netns)
                    ends.append(out.add(ids.device(service, f"{begins}{router}"[:PAIR]), "vnic"))
                    out.links.add(("vservice-vnic", service, ends[-1]))
                out.links.add(("vnic-vnic", ends[0], ends[1]))


def _host(out: Expected, host: d.Host, overlay: str) -> None:
    """Its switch, its NICs and its end of the tunnels to all others."""
    nics = _nics(out, host)
    ovs = out.add(ids.ovs(host.name), "vedge")
    otep = out.add(ids.tunnel_endpoint(host.name, overlay, host.tunnel_address), "otep")
    out.links |= {("vedge-otep", ovs, otep), ("otep-host_pnic", otep, nics[1])}
    out.links |= {("vedge-host_pnic", ovs, nic) for nic in nics[1:]}
    for other in d.HOSTS:
        far = ids.tunnel_endpoint(other.name, overlay, other.tunnel_address)
        if far > otep:  # an undirected link is stored once, from the smaller id
            out.links.add(("otep-otep", otep, far))


def _routing_host(out: Expected, host: d.Host) -> None:
    """Its NICs, and where it has instances what routes for them, to other hosts by the wire of tunnels."""
    nics = _nics(out, host)
    if host.computes:
        calico = out.add(vedge(host.name, "calico"), "vedge")
        out.links.add(("vedge-host_pnic", calico, nics[1]))


def _nics(out: Expected, host: d.Host) -> list[str]:
    """A host's, in the order of the wires, and the host."""
    out.add(host.name, "host")
    return [out.add(ids.device(host.name, f"eth{number}"), "host_pnic") for number in range(len(d.WIRES))]


def _nic(out: Expected, instance: str, port: Mapping[str, Any], below: list[str]) -> str:
    """A guest's NIC. below: networks of its subports."""
    vnic = out.add(ids.guest_nic(instance, port["mac"]), "vnic")
    out.links.add(("instance-vnic", instance, vnic))
    out.networks[vnic] = tuple(sorted({ids.by_uuid("network", each) for each in (port["network"], *below)}))
    return vnic


def _plugged(out: Expected, host: d.Host, vnic: str, port: Mapping[str, Any], *, hybrid: bool) -> None:
    """Through a Linux bridge of its own, or straight into the switch."""
    ovs = ids.ovs(host.name)
    if not hybrid:
        out.links.add(("vnic-vedge", vnic, ovs))
        return
    bridge = out.add(ids.device(host.name, "qbr" + port["id"][:SHORT]), "vconnector")
    out.links |= {("vnic-vconnector", vnic, bridge), ("vconnector-vedge", bridge, ovs)}
