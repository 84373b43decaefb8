"""The cliques that the lab's declaration promises: what an instance depends on, and what it reaches."""

from __future__ import annotations

from dataclasses import dataclass

from calipso.model import ids
from labs.plain import declaration as d
from labs.plain.expectation import Expected, Link

WALKED = (
    "instance-vnic", "vservice-vnic", "vnic-vconnector", "vnic-vedge", "vconnector-vedge", "vedge-otep",
    "otep-host_pnic", "vedge-host_pnic", "host_pnic-network",
)  # fmt: skip
"""Role links that a clique of an instance may hold; tunnels join endpoints only at the level of devices."""


@dataclass(frozen=True)
class Clique:
    """Objects by id, and links."""

    objects: frozenset[str]
    links: frozenset[Link]


def instance(graph: Expected, host: d.Host, vm: d.Vm) -> Clique:
    """What an instance's frames pass on its own host, down to the wire and its network."""
    return _among(graph, {*_side(host, vm), *_uplink(host), _bare(host), vm.network.segment})


def reach(graph: Expected, lab: d.Lab, host: d.Host, vm: d.Vm) -> Clique:
    """That, and what shares its network: on every host the uplink, instances, services, and how they are plugged.

    Of another host's tunnel endpoints those that a physical NIC carries: none without an address.
    """
    objects = {vm.network.segment, _bare(host)}
    for each in lab.hosts:
        objects |= _uplink(each)
        for other in each.vms:
            if other.network == vm.network:
                objects |= _side(each, other)
        for service in each.services:
            netns = ids.netns(each.name, service.name)
            ports = [port for port in service.ports if port.known and port.network == vm.network]
            objects |= {netns, *(ids.device(netns, port.device) for port in ports)} if ports else set()
    return _among(graph, objects)


def _side(host: d.Host, vm: d.Vm) -> set[str]:
    netns = ids.netns(host.name, vm.name)
    bridge = {ids.device(host.name, vm.bridge)} if vm.bridge else set()
    return {netns, ids.device(netns, "eth0"), *bridge}


def _uplink(host: d.Host) -> set[str]:
    """The switch, the tunnel endpoint and the physical NIC."""
    return {
        ids.ovs(host.name), ids.tunnel_endpoint(host.name, "vxlan", host.address), ids.device(host.name, "eth0"),
    }  # fmt: skip


def _bare(host: d.Host) -> str:
    """The endpoint whose address nobody tells."""
    return ids.tunnel_endpoint(host.name, "geneve")


def _among(graph: Expected, objects: set[str]) -> Clique:
    links = {link for link in graph.links if link[0] in WALKED and link[1] in objects and link[2] in objects}
    return Clique(frozenset(objects), frozenset(links))
