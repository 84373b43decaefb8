"""Two hosts with Open vSwitch, a Linux bridge, namespaces as instances and VXLAN between them, as records."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

from calipso.graph.codec import Codec
from calipso.graph.value import FacetChange, Graph
from calipso.model import ids
from calipso.model.environment import Environment

ENVIRONMENT = Environment(name="estate", namespaces="instances", service_patterns=("router-", "dhcp-"))
CODEC = Codec()


@dataclass
class Estate:
    """Builds records; `changes` are what a store would be told."""

    changes: list[FacetChange] = field(default_factory=list)

    def record(self, id: str, facet: str, type: str, **attributes: Any) -> None:
        self.changes.append(FacetChange(id, facet, CODEC.encode(type, "test", attributes)))

    def device(self, host: str, netns: str, name: str, ifindex: int, type: str, **attributes: Any) -> None:
        where = ids.netns(host, netns) if netns else ids.host(host)
        self.record(
            ids.device(where, name), "netlink", type, host=host, netns=where, name=name, ifindex=ifindex, **attributes
        )

    def ovs_port(self, host: str, bridge: str, name: str, type: str, tag: int | None = None, **attributes: Any) -> None:
        ovs = ids.ovs(host)
        where = ids.ovs_bridge(ovs, bridge)
        tagged = {} if tag is None else {"tag": tag}
        interface = ids.ovs_interface(ovs, name)
        self.record(
            ids.ovs_port(ovs, name), "ovs", "ovsport", host=host, ovs=ovs, bridge=where, owner=where, name=name,
            interfaces=[interface], **tagged,
        )  # fmt: skip
        self.record(
            interface, "ovs", type, host=host, ovs=ovs, netns=host, port=ids.ovs_port(ovs, name), bridge=where,
            owner=where, name=name, **attributes,
        )  # fmt: skip


def _kernel(estate: Estate, host: str, ip: str, n: int) -> None:
    estate.record(host, "linux", "host", name=host, host=host, namespaces_complete=True)
    for name in ("vm-a", "vm-b", "router-r"):
        estate.record(ids.netns(host, name), "netlink", "netns", host=host, name=name)
    estate.device(host, "", "lo", 1, "loopback")
    estate.device(host, "", "eth0", 2, "veth", mac=f"02:00:00:00:00:0{n}", peer_nsid=0, peer_ifindex=9, ips=[ip])
    for vm, near, far in (("vm-a", "vha", 10), ("vm-b", "vhb", 11)):
        netns = ids.netns(host, vm)
        estate.device(host, vm, "eth0", 2, "veth", mac=f"aa:0{n}:{far:02x}", peer_netns=host, peer_ifindex=far)
        bridged = {"master": 12} if near == "vhb" else {}
        estate.device(
            host, "", near, far, "veth", mac=f"ab:0{n}:{far:02x}", peer_netns=netns, peer_ifindex=2, **bridged
        )
    estate.device(host, "", "br-b", 12, "bridge", mac=f"ac:0{n}:12")
    estate.device(host, "", "pb", 13, "veth", mac=f"ac:0{n}:13", peer_netns=host, peer_ifindex=14, master=12)
    estate.device(host, "", "pbo", 14, "veth", mac=f"ac:0{n}:14", peer_netns=host, peer_ifindex=13)
    estate.device(host, "", "br-int", 15, "tun", mac=f"ac:0{n}:15", state="down")
    estate.device(host, "router-r", "r10", 16, "tun", mac=f"ac:0{n}:16")


def _switch(estate: Estate, host: str, ip: str, other: str, n: int) -> None:
    ovs = ids.ovs(host)
    estate.record(ovs, "ovs", "ovs", host=host, name="ovs", netns=host)
    for bridge in ("br-int", "br-tun"):
        estate.record(ids.ovs_bridge(ovs, bridge), "ovs", "ovsbridge", host=host, ovs=ovs, name=bridge, owner=ovs)
    estate.ovs_port(host, "br-int", "br-int", "internal")
    estate.ovs_port(host, "br-int", "vha", "system", 10, ifindex=10)
    estate.ovs_port(host, "br-int", "pbo", "system", 20, ifindex=14)
    estate.ovs_port(host, "br-int", "r10", "internal", 10, attached_mac=f"ac:0{n}:16")
    estate.ovs_port(host, "br-int", "patch-tun", "patch", peer_name="patch-int")
    estate.ovs_port(host, "br-tun", "patch-int", "patch", peer_name="patch-tun")
    tunnels = []
    for tag, vni in ((10, "10010"), (20, "10020")):
        estate.ovs_port(host, "br-int", f"vx{tag}", "vxlan", tag, local_ip=ip, remote_ip=other, key=vni)
        tunnels.append(ids.ovs_interface(ovs, f"vx{tag}"))
        estate.record(
            ids.segment("vxlan", None, vni), f"ovs@{host}", "segment", name=f"vxlan/-/{vni}", network_type="vxlan",
            segmentation_id=int(vni), key=f"vxlan/-/{vni}",
        )  # fmt: skip
    meaning = [{"tag": 10, "segment": "segment:vxlan/-/10010"}, {"tag": 20, "segment": "segment:vxlan/-/10020"}]
    estate.record(ovs, "ovs.segments", "ovs", segments=meaning)
    estate.record(
        ids.tunnel_endpoint(host, "vxlan", ip), "ovs", "otep", host=host, netns=host, overlay_type="vxlan", ip=ip,
        vedge=ovs, tunnels=tunnels,
    )  # fmt: skip


def two_hosts() -> list[FacetChange]:
    """Every record of the estate."""
    estate = Estate()
    for n, host in ((1, "h1"), (2, "h2")):
        ip, other = f"192.0.2.{n}", f"192.0.2.{3 - n}"
        _kernel(estate, host, ip, n)
        _switch(estate, host, ip, other, n)
    return estate.changes


def disturbed(change: FacetChange, random: random.Random) -> FacetChange:
    """The record with something about it changed: an attribute gone, or a value that means something elsewhere."""
    assert change.body is not None
    type, scope, attributes = CODEC.decode(change.body)
    a = dict(attributes)
    what = random.choice(
        ("drop", "tag", "mac", "ifindex", "name", "peer", "master", "ips", "complete", "host", "state")
    )
    if what == "drop" and a:
        a.pop(random.choice(sorted(a)))
    elif what == "peer":
        a["peer_ifindex"] = random.choice([2, 10, 11])
    elif what == "complete":
        a["namespaces_complete"] = random.choice([True, False])
    elif what == "state":
        a |= {"state": random.choice(["up", "down"]), "mtu": random.choice([1400, 1500])}
    elif what == "master":
        a["master"] = random.choice([12, 10])
    elif what in a:
        a[what] = random.choice({
            "tag": [10, 20, 30], "mac": ["aa:01:0a", "ab:01:0b", "ac:01:16"], "ifindex": [2, 10, 11, 12],
            "name": ["eth0", "vha", "router-r"], "ips": [["192.0.2.1"], ["192.0.2.2"]], "host": ["h1", "h2"],
        }[what])  # fmt: skip
    return FacetChange(change.id, change.facet, CODEC.encode(type, scope, a))


def scratch() -> Graph:
    return Graph(ENVIRONMENT, CODEC)


def seen(graph: Graph) -> dict[str, tuple[Any, ...]]:
    """All that a user can see of a graph, by id."""
    out = {}
    for head in graph.objects():
        links = frozenset(
            (link.type, link.outgoing, other.id if (other := graph.get(link.other)) is not None else "dangling")
            for link in graph.links(head.ord)
        )
        known = frozenset(graph.ordinals.id(member) for member in head.members)
        out[head.id] = (
            head.kind, head.type, head.name, head.host, head.parent, head.networks, head.media, links, known,
            tuple((facet.name, facet.type, sorted(facet.attributes)) for facet in graph.facets(head)),
        )  # fmt: skip
    return out
