"""Two hosts with Linux bridges, a VXLAN tunnel and a router between two networks, and a ping as it was seen."""

from __future__ import annotations

from typing import Any

import msgspec

from calipso.graph.value import Graph
from calipso.model import ids
from calipso.model.flow import Flow, FlowIcmp, FlowLink, FlowMetric, FlowNetwork
from tests.support.estate import Estate, scratch

MACS = {name: f"02:00:00:00:00:{n:02x}" for n, name in enumerate(("a", "b", "left", "right"), 1)}
A, B, ROUTER = "10.1.0.2", "10.2.0.2", "10.2.0.1"
VNI = 20
WAY = [
    "h1/netns:vm-a/dev:eth0", "h1/dev:va", "h1/dev:rl", "h1/netns:router/dev:left", "h1/netns:router/dev:right",
    "h1/dev:rr", "h1/dev:vx20", "h1/dev:eth0", "h2/dev:eth0", "h2/dev:vx20", "h2/dev:vb", "h2/netns:vm-b/dev:eth0",
]  # fmt: skip
"""All the points of the way from vm-a to vm-b, in order."""
INSIDE = ("h1/dev:eth0", "h2/dev:eth0")
"""Where the ping is inside of the tunnel."""


def graph() -> Graph:
    """See the module."""
    estate = Estate()

    def device(host: str, netns: str, name: str, index: int, type: str = "veth", **more: Any) -> None:
        where = ids.netns(host, netns) if netns else host
        said = {"host": host, "netns": where, "name": name, "ifindex": index, "flags": ["UP"], **more}
        estate.record(ids.device(where, name), "netlink", type, **said)

    def cable(host: str, near: tuple[str, int, dict[str, Any]], far: tuple[str, str, int, dict[str, Any]]) -> None:
        inside = ids.netns(host, far[0])
        device(host, "", near[0], near[1], peer_netns=inside, peer_ifindex=far[2], **near[2])
        device(host, far[0], far[1], far[2], peer_netns=host, peer_ifindex=near[1], **far[3])

    def namespace(host: str, name: str) -> None:
        estate.record(ids.netns(host, name), "netlink", "netns", host=host, name=name)

    for host, own, other in (("h1", "192.0.2.1", "192.0.2.2"), ("h2", "192.0.2.2", "192.0.2.1")):
        device(host, "", "eth0", 2, ips=[own], mac=f"02:00:00:00:01:{own[-1]:0>2}")
        device(host, "", "br20", 3, "bridge")
        device(host, "", "vx20", 4, "vxlan", master=3, vni=VNI, local_ip=own, remote_ip=other,
               underlay_netns=host, underlay_ifindex=2)  # fmt: skip
    device("h1", "", "br10", 5, "bridge")
    for host, name in (("h1", "vm-a"), ("h1", "router"), ("h2", "vm-b")):
        namespace(host, name)
    cable("h1", ("va", 10, {"master": 5}), ("vm-a", "eth0", 2, {"mac": MACS["a"], "ips": [A]}))
    cable("h1", ("rl", 11, {"master": 5}), ("router", "left", 2, {"mac": MACS["left"]}))
    cable("h1", ("rr", 12, {"master": 3}), ("router", "right", 3, {"mac": MACS["right"], "ips": [ROUTER]}))
    cable("h2", ("vb", 10, {"master": 3}), ("vm-b", "eth0", 2, {"mac": MACS["b"], "ips": [B]}))
    made, _ = scratch().apply(estate.changes, 1000)
    return made


def ping(*, translated: bool = False, packets: int = 5) -> tuple[list[Flow], dict[str, Flow]]:
    """A flow at each point, 10 µs apart, and the tunnels by uuid. translated: the router gives its own address."""
    flows, tunnels = [], {}
    for n, node in enumerate(WAY):
        routed = n > WAY.index("h1/netns:router/dev:left")
        a = ROUTER if routed and translated else A
        ends = ("right", "b") if routed else ("a", "left")
        tracking = "t2" if routed and translated else "t1"
        inside = node in INSIDE
        flow = Flow(
            uuid=f"f{n:02}", tracking_id=tracking, l3_tracking_id=tracking, layers_path="Ethernet/IPv4/ICMPv4",
            application="ICMPv4", start=1_000_000 + 10 * n, last=2_000_000 + 10 * n, node=node, capture="c",
            host=node.split("/")[0], link=FlowLink(a=MACS[ends[0]], b=MACS[ends[1]]),
            network=FlowNetwork("IPV4", a, B, VNI if inside else 0), icmp=FlowIcmp(8, 0, 9),
            metric=FlowMetric(packets, packets * 98, packets, packets * 98, rtt=1_000_000 - 20_000 * n),
            tunnel="VXLAN" if inside else "", parent=f"t{n:02}" if inside else "",
        )  # fmt: skip
        flows.append(flow)
        if inside:
            tunnels[flow.parent] = msgspec.structs.replace(
                flow, uuid=flow.parent, parent="", tunnel="", network=FlowNetwork("IPV4", "192.0.2.1", "192.0.2.2"),
                icmp=None,
            )  # fmt: skip
    return flows, tunnels


def turned(flow: Flow) -> Flow:
    """The same flow where its answer was seen first."""
    m, link, net = flow.metric, flow.link, flow.network
    assert link is not None and net is not None
    swapped = FlowMetric(m.ba_packets, m.ba_bytes, m.ab_packets, m.ab_bytes, m.start, m.last, m.rtt)
    return msgspec.structs.replace(
        flow, metric=swapped, link=FlowLink(a=link.b, b=link.a, id=link.id),
        network=FlowNetwork(net.protocol, net.b, net.a, net.id),
    )  # fmt: skip
