"""The estate that the tables of the query language are asked of: as it is, and as a store has it of a moment."""

from __future__ import annotations

from calipso.graph.value import FacetChange
from calipso.model import ids
from tests.support.estate import Estate, two_hosts

THEN, LATER = 1_000_000, 2_000_000
ROUTES = [
    {"dst": "default", "gateway": "192.0.2.254", "family": 4},
    {"dst": "192.0.2.0/24", "family": 4},
    {"dst": "192.0.2.9/32", "gateway": "192.0.2.7", "metric": 50},
    {"dst": "fd00::/8", "gateway": "fd00::1", "family": 6},
    {"dst": "203.0.113.0/24", "type": "blackhole"},
]
SOCKETS = [
    {"protocol": "tcp", "state": "listen", "local_address": "0.0.0.0", "local_port": 22, "pid": 7, "process": "sshd"},
    {
        "protocol": "udp",
        "state": "established",
        "local_address": "192.0.2.1",
        "local_port": 68,
        "remote_address": "192.0.2.9",
        "remote_port": 67,
    },
]


def records() -> list[FacetChange]:
    """The estate, with what its hosts' tables say."""
    estate = Estate()
    estate.changes = two_hosts()
    eth0, vha = ids.device("h1", "eth0"), ids.device("h1", "vha")
    estate.record("h1", "sockets", "host", sockets=SOCKETS)
    estate.record(eth0, "netlink.routes", "veth", routes=ROUTES)
    estate.record(eth0, "netlink.neighbors", "veth", neighbors=[{"ip": "192.0.2.7", "mac": "02:00:00:00:00:07"}])
    estate.record(
        ids.device("h2", "eth0"),
        "netlink",
        "veth",
        host="h2",
        netns="h2",
        name="eth0",
        ifindex=2,
        mtu=1400,
        state="down",
        mac="02:00:00:00:00:02",
        peer_nsid=0,
        peer_ifindex=9,
        addresses=["192.0.2.2/24", "fe80::2/64"],
        ips=["192.0.2.2"],
        features={"rx-gro": True, "tx-nocache-copy": False},
        flags=["UP", "BROADCAST"],
        driver="veth",
        speed=10000,
    )
    estate.record(vha, "libvirt@h1", "veth", alias='it\'s "so"\\', peer_mac="aa:01:0a")
    estate.record(
        ids.ovs_interface(ids.ovs("h1"), "r10"),
        "ovs",
        "internal",
        host="h1",
        ovs=ids.ovs("h1"),
        netns="h1",
        port=ids.ovs_port(ids.ovs("h1"), "r10"),
        bridge=ids.ovs_bridge(ids.ovs("h1"), "br-int"),
        name="r10",
        mtu=1500,
        owner=ids.ovs_bridge(ids.ovs("h1"), "br-int"),
        attached_mac="ac:01:16",
        external_ids={"vm-uuid": "5f0", "iface-id": "9c1", "attached-mac": "ac:01:16"},
        other_config={"a.b": "c"},
    )
    return estate.changes
