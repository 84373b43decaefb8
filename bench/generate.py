"""Estates of any size, as sources would tell them: OpenStack compute hosts with instances, bridges, Open vSwitch.

Shapes and sizes are those of recordings of real hosts; names, numbers, addresses and a few settings vary. Everything is
said as records, so that a real session derives objects, kinds and links. About eight objects for each instance.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any, NamedTuple

from calipso.graph.codec import Codec
from calipso.graph.value import FacetChange
from calipso.model import ids

FEATURES = (
    "rx-checksum", "tx-checksum-ip-generic", "tx-scatter-gather", "tx-tcp-segmentation", "tx-tcp6-segmentation",
    "tx-gso-robust", "tx-udp_tnl-segmentation", "tx-vlan-hw-insert", "rx-vlan-hw-parse", "rx-vlan-filter",
    "vlan-challenged", "tx-lockless", "netns-local", "highdma", "rx-gro", "rx-lro", "rx-hashing", "rx-all",
    "loopback", "tx-nocache-copy", "hw-tc-offload", "rx-fcs", "tx-gre-segmentation", "tx-ipxip4-segmentation",
    "l2-fwd-offload", "esp-hw-offload", "tx-checksum-sctp", "tx-gso-partial", "tx-tcp-ecn-segmentation",
    "tx-tcp-mangleid-segmentation", "tx-gre-csum-segmentation", "tx-udp_tnl-csum-segmentation",
    "tx-tunnel-remcsum-segmentation", "tx-sctp-segmentation", "tx-esp-segmentation", "tx-udp-segmentation",
    "tx-gso-list", "tx-vlan-stag-hw-insert", "rx-vlan-stag-hw-parse", "rx-vlan-stag-filter",
    "rx-udp_tunnel-port-offload", "tls-hw-tx-offload", "tls-hw-rx-offload", "rx-gro-hw", "tls-hw-record",
    "rx-gro-list", "macsec-hw-offload", "rx-udp-gro-forwarding", "hsr-tag-ins-offload", "hsr-tag-rm-offload",
    "hsr-fwd-offload", "hsr-dup-offload",
)  # fmt: skip
INSTANCES = 40
"""Instances a host."""
PER_NETWORK = 20
OVS_OBJECTS = frozenset({"ovsport", "ovsbridge", "vxlan", "segment", "nic"})
"""Types that only Open vSwitch knows: their records are objects of their own."""
PEERS = 7
"""Tunnels a host has."""


class Said(NamedTuple):
    """One record and the scope it comes from."""

    id: str
    facet: str
    type: str
    scope: str
    attributes: dict[str, Any]


class Estate:
    """A generator with its own random state: the same seed gives the same estate."""

    def __init__(self, seed: int = 1) -> None:
        self.random = random.Random(seed)
        self._index = 0

    def records(self, objects: int) -> Iterator[Said]:
        """Records of hosts until about so many objects are there."""
        made, number = 0, 0
        while made < objects:
            for said in self.host(number):
                made += said.facet in ("netlink", "linux") or said.type in (
                    "ovsport",
                    "ovsbridge",
                    "vxlan",
                    "segment",
                    "nic",
                )
                yield said
                if made >= objects and said.type == "nic":
                    return
            number += 1

    # ── values ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _hex(self, digits: int) -> str:
        return f"{self.random.getrandbits(4 * digits):0{digits}x}"

    def uuid(self) -> str:
        h = self._hex(32)
        return f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}"

    def mac(self, first: str = "fa") -> str:
        h = self._hex(6)
        return f"{first}:16:3e:{h[:2]}:{h[2:4]}:{h[4:]}"

    def device(self, host: str, netns: str, kind: str, name: str, **more: Any) -> Said:
        """A kernel device with all that a netlink dump and ethtool say of it."""
        pick = self.random.random
        self._index = self._index % 65000 + 1
        mac = more.pop("mac", None) or self.mac()
        octets = mac.split(":")
        said: dict[str, Any] = {
            "host": host, "netns": netns, "name": name, "ifindex": self._index, "mac": mac,
            "mtu": 1500 if pick() < 0.1 else 1450, "state": "up" if pick() < 0.97 else "down", "operstate": "up",
            "flags": ["BROADCAST", "LOWER_UP", "MULTICAST", "RUNNING", "UP"], "encap": "ether", "qdisc": "noqueue",
            "txqlen": 1000, "broadcast": "ff:ff:ff:ff:ff:ff", "promiscuity": int(pick() < 0.5), "allmulti": 0,
            "min_mtu": 68, "max_mtu": 65535, "num_tx_queues": 1 + int(pick() * 8), "num_rx_queues": 1 + int(pick() * 8),
            "gso_max_size": 65536, "gso_max_segs": 65535, "tso_max_size": 524280, "tso_max_segs": 65535,
            "gro_max_size": 65536, "group": 0, "link_mode": 0, "carrier": True, "driver": kind, "speed": 10000,
            "duplex": "full", "features": {feature: pick() < 0.7 for feature in FEATURES},
            "addresses": [f"fe80::{octets[0]}{octets[1]}:{octets[2]}ff:fe{octets[3]}:{octets[4]}{octets[5]}/64"],
        }  # fmt: skip
        said.update(more)
        return Said(ids.device(netns, name), "netlink", kind, f"linux@{host}", said)

    def _slave(self, bridge_mac: str) -> dict[str, Any]:
        """What a bridge says of a port of it."""
        pick = self.random.randrange
        flags = (
            "hairpin",
            "guard",
            "root_block",
            "fastleave",
            "proxy_arp",
            "proxy_arp_wifi",
            "neigh_suppress",
            "isolated",
        )
        return {
            "state": "forwarding", "priority": 32, "cost": pick(2, 100), "designated_bridge": f"8000.{bridge_mac}",
            "designated_root": f"8000.{bridge_mac}", "designated_port": 32768 + pick(1, 9), "designated_cost": 0,
            "id": f"0x80{pick(1, 99):02x}", "no": f"0x{pick(1, 9)}", "learning": True, "flood": True,
            "mcast_flood": True, "mcast_router": pick(3), "multicast_router": pick(3), "group_fwd_mask": "0",
            **{flag: pick(8) == 0 for flag in flags},
        }  # fmt: skip

    # ── a host ───────────────────────────────────────────────────────────────────────────────────────────────────

    def host(self, number: int) -> Iterator[Said]:
        self._index = 1
        host = f"compute-{number}"
        ip = f"10.77.{number >> 8}.{number & 255}"
        yield self._facts(host, ip)
        yield self.device(
            host, host, "device", "eth0", driver="ixgbe", bus="pci", bus_address=f"0000:{number & 255:02x}:00.0",
            ips=[ip], addresses=[f"{ip}/16"],
        )  # fmt: skip
        yield self._routes(host, ip)
        ovs = ids.ovs(host)
        yield from self._switch(host, ovs, ip, number)
        segments: list[dict[str, Any]] = []
        for first in range(0, INSTANCES, PER_NETWORK):
            network, vni, tag = self.uuid(), 1000 + number * 8 + first // PER_NETWORK, first // PER_NETWORK + 1
            segment = ids.segment("vxlan", None, vni)
            segments.append({"tag": tag, "segment": segment, "medium": "overlay/vxlan"})
            yield Said(segment, "ovs", "segment", f"ovs@{host}", {
                "name": ids.segment_key("vxlan", None, vni), "key": ids.segment_key("vxlan", None, vni),
                "network_type": "vxlan", "segmentation_id": vni,
            })  # fmt: skip
            yield from self._service(host, ovs, f"qdhcp-{network}", tag, vni)
            for nth in range(first, first + PER_NETWORK):
                yield from self._instance(host, ovs, nth, tag, vni)
        yield Said(ovs, "ovs.segments", "ovs", f"ovs@{host}", {"host": host, "segments": segments})

    def _facts(self, host: str, ip: str) -> Said:
        cpus = [{"cpu": i, "vendor": "AuthenticAMD", "model": "1", "mhz": 2400} for i in range(16)]
        return Said(ids.host(host), "linux", "host", f"linux@{host}", {
            "host": host, "name": host, "hostname": host, "fqdn": f"{host}.example.net", "machine_id": self._hex(32),
            "product_uuid": self.uuid(), "kernel": "6.1.0-13-amd64", "os": "debian", "cpus": cpus,
            "addresses": [f"{ip}/16"], "namespaces_complete": True,
        })  # fmt: skip

    def _routes(self, host: str, ip: str) -> Said:
        routes = [{"dst": f"10.{i}.0.0/16", "via": "10.77.0.1", "dev": "eth0", "protocol": "bgp"} for i in range(40)]
        routes.append({"dst": "default", "via": "10.77.0.1", "dev": "eth0", "src": ip})
        return Said(ids.host(host), "netlink.routes", "host", f"linux@{host}", {"host": host, "routes": routes})

    def _switch(self, host: str, ovs: str, ip: str, number: int) -> Iterator[Said]:
        scope = f"ovs@{host}"
        yield Said(ovs, "ovs", "ovs", scope, {
            "host": host, "netns": host, "name": "ovs", "version": "3.1.0", "db_version": "8.3.1",
            "system_id": self.uuid(), "hostname": host, "bridge_mappings": {},
        })  # fmt: skip
        otep = ids.tunnel_endpoint(host, "vxlan", ip)
        tunnels = []
        for name in ("br-int", "br-tun"):
            bridge = ids.ovs_bridge(ovs, name)
            yield Said(bridge, "ovs", "ovsbridge", scope, {
                "host": host, "ovs": ovs, "owner": ovs, "name": name, "uuid": self.uuid(), "datapath_type": "system",
                "datapath_id": self._hex(16), "fail_mode": "secure", "protocols": ["OpenFlow10", "OpenFlow13"],
            })  # fmt: skip
        for peer in range(1, PEERS + 1):
            other = number + peer
            remote = f"10.77.{other >> 8}.{other & 255}"
            name = f"vxlan-{0x0A4D0000 + other:08x}"
            more = {"remote_ip": remote, "local_ip": ip, "key": "flow", "tunnel_egress": "eth0"}
            yield from self._port(host, ovs, "br-tun", name, "vxlan", {}, more | {"options": dict(more)})
            tunnels.append(ids.ovs_interface(ovs, name))
        yield Said(otep, "ovs", "otep", scope, {
            "host": host, "netns": host, "overlay_type": "vxlan", "ip": ip, "udp_port": 4789, "vedge": ovs,
            "tunnels": tunnels,
        })  # fmt: skip

    def _port(
        self, host: str, ovs: str, bridge: str, name: str, kind: str, port: dict[str, Any], interface: dict[str, Any]
    ) -> Iterator[Said]:
        """An OVS port and its one interface."""
        scope, owner, place = f"ovs@{host}", ids.ovs_bridge(ovs, bridge), ids.ovs_port(ovs, name)
        end = ids.ovs_interface(ovs, name)
        yield Said(place, "ovs", "ovsport", scope, {
            "host": host, "ovs": ovs, "bridge": owner, "owner": owner, "name": name, "uuid": self.uuid(),
            "interfaces": [end], **port,
        })  # fmt: skip
        yield Said(end, "ovs", kind, scope, {
            "host": host, "ovs": ovs, "netns": host, "port": place, "bridge": owner, "owner": owner, "name": name,
            "uuid": self.uuid(), "ofport": self._index, "ovs_link_state": "up", "ovs_admin_state": "up",
            "ovs_mac": self.mac(), "mtu": 1450, **interface,
        })  # fmt: skip

    def _service(self, host: str, ovs: str, name: str, tag: int, vni: int) -> Iterator[Said]:
        """A namespace of a DHCP service with an internal port in it."""
        space = ids.netns(host, name)
        path = f"/run/netns/{name}"
        yield Said(space, "netlink", "netns", f"linux@{host}", {
            "host": host, "name": name, "inode": 4026530000 + self.random.randrange(10**6), "path": path,
            "paths": [path],
        })  # fmt: skip
        tap = "tap" + self.uuid()[:11]
        yield self.device(host, space, "tun", tap, ips=[f"10.{vni >> 8 & 255}.{vni & 255}.2"])
        yield from self._port(host, ovs, "br-int", tap, "internal", self._tagged(tag, vni), {})

    def _tagged(self, tag: int, vni: int) -> dict[str, Any]:
        other = {"network_type": "vxlan", "physical_network": "None", "segmentation_id": str(vni), "tag": str(tag)}
        return {
            "tag": tag,
            "segment": ids.segment("vxlan", None, vni),
            "other_config": other | {"net_uuid": self.uuid()},
        }

    def _instance(self, host: str, ovs: str, nth: int, tag: int, vni: int) -> Iterator[Said]:
        """A hybrid-plugged guest: tap, Linux bridge, veth pair, OVS port; its NIC as Open vSwitch tells it."""
        port, mac, instance = self.uuid(), self.mac(), ids.instance(self.uuid())
        short, first = port[:11], self._index
        bridge_mac = self.mac()
        yield self.device(
            host, host, "tun", f"tap{short}", mac=self.mac("fe"), master=first + 2, alias=f"net0 of {instance}",
            bridge_port=self._slave(bridge_mac),
        )  # fmt: skip
        yield self.device(
            host, host, "bridge", f"qbr{short}", mac=bridge_mac, bridge_id=f"8000.{bridge_mac}", bridge_stp=False,
            bridge_vlan_filtering=False, bridge_ageing_time=300, bridge_hello_time=2, bridge_max_age=20,
        )  # fmt: skip
        yield self.device(
            host, host, "veth", f"qvb{short}", master=first + 2, peer_netns=host, peer_ifindex=first + 4,
            bridge_port=self._slave(bridge_mac),
        )  # fmt: skip
        yield self.device(host, host, "veth", f"qvo{short}", peer_netns=host, peer_ifindex=first + 3)
        external = {"attached-mac": mac, "iface-id": port, "iface-status": "active", "vm-uuid": instance[9:]}
        said = {"iface_id": port, "attached_mac": mac, "vm_uuid": instance[9:], "iface_status": "active"}
        yield from self._port(
            host, ovs, "br-int", f"qvo{short}", "system", self._tagged(tag, vni),
            said | {"external_ids": external, "ifindex": first + 4},
        )  # fmt: skip
        yield Said(ids.guest_nic(instance, mac), "ovs", "nic", f"ovs@{host}", {
            "host": host, "instance": instance, "mac": mac, "iface_id": port, "port_id": port, "tap": f"tap{short}",
        })  # fmt: skip


def ticks(codec: Codec, records: Iterator[Said], size: int) -> Iterator[list[FacetChange]]:
    """The records as ticks of so many changes."""
    tick: list[FacetChange] = []
    for said in records:
        tick.append(FacetChange(said.id, said.facet, codec.encode(said.type, said.scope, said.attributes)))
        if len(tick) == size:
            yield tick
            tick = []
    if tick:
        yield tick


def updates(codec: Codec, records: list[Said], seed: int = 2) -> Iterator[FacetChange]:
    """Endless changes of what was said: states, MTUs, speeds, addresses. Each differs from what was said last."""
    pick = random.Random(seed)
    devices = [said for said in records if said.facet == "netlink" and "mtu" in said.attributes]
    number = 0
    while True:
        said = pick.choice(devices)
        number += 1
        changed = dict(said.attributes)
        what = pick.randrange(4)
        if what == 0:
            changed["state"] = changed["operstate"] = "down" if changed["state"] == "up" else "up"
        elif what == 1:
            changed["mtu"] = 1400 + pick.randrange(4) * 25
        elif what == 2:
            changed["speed"] = 1000 * pick.randrange(1, 100)
        else:
            changed["addresses"] = [*said.attributes["addresses"], f"10.{number >> 16 & 255}.{number >> 8 & 255}.9/24"]
        yield FacetChange(said.id, said.facet, codec.encode(said.type, said.scope, changed))
