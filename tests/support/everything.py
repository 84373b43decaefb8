"""Records with every attribute the sources can give: what recordings lack is built, message by message.

All comes out of the sources' own parsers; only the messages, files and rows they read are made up.
"""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import Iterator
from typing import Any
from unittest import mock

from calipso.errors import ParseError
from calipso.model.record import Observation, Record, RunError, Seen
from calipso.seams import Exec, Reply, Request, SourceConfig
from calipso.sources.calico import parse as calico_parse
from calipso.sources.calico.records import Said as CalicoSaid
from calipso.sources.calico.records import records as calico_records
from calipso.sources.libvirt.parse_domain import Domain
from calipso.sources.libvirt.parse_host import network_record, pool_entry, pools_record
from calipso.sources.linux import parse_host, parse_neighbors, parse_routes, parse_rules, slow, tables
from calipso.sources.linux.ledger import Ledger
from calipso.sources.linux.link_kinds import KINDS, SLAVE_KINDS
from calipso.sources.linux.parse_ethtool import Hardware
from calipso.sources.linux.parse_links import LINK, parse_links
from calipso.sources.linux.parse_namespaces import Namespace, Namespaces
from calipso.sources.linux.parse_netfilter import Firewall
from calipso.sources.linux.parse_sockets import parse_owners
from calipso.sources.linux.succession import Succession
from calipso.sources.linux.survey import Interfaces, Survey
from calipso.sources.linux.wire import Table
from calipso.sources.lldp import parse as lldp_parse
from calipso.sources.lldp.records import records as lldp_records
from calipso.sources.ovs.collect import Switch, tables_of
from calipso.sources.ovs.parse import Tables
from calipso.sources.ovs.records import Instance
from calipso.sources.snmp.parse import Walk as SnmpWalk
from calipso.sources.snmp.records import Switch as SnmpSwitch
from calipso.transports.probes import OWNERS, SOCKETS
from calipso.transports.probes import message as probe
from calipso.transports.replay import ReplayTransport
from calipso.transports.transcript import header
from tests.support import fabric, libvirt_texts
from tests.support.netlink_messages import attribute, dumps, ip, link, mac, message, neighbor, route

ROOT = Namespace("h", "root", "", 1, 0)
BLUE = Namespace("h/netns:blue", "netns:blue", "/run/netns/blue", 2, 2, name="blue", paths=("/run/netns/blue",))
_VALUES = (
    *(bytes((0x21,)) * length for length in (1, 2, 4, 6, 8)),
    b"".join(attribute(number, bytes((0x21,)) * 4) for number in range(1, 5)),
    b"".join(attribute(number, bytes((0x21,)) * 6) for number in range(1, 6)),
)
"""Something for every decoder: it takes the first that has a meaning for it."""


def samples(table: Table) -> dict[str, bytes]:
    """Name → an attribute of a table that its decoder gives a value for."""
    out = {}
    for number, (name, decode) in table.items():
        for body in _VALUES:
            try:
                if decode(body, 0, len(body)) not in (None, [], {}):
                    out[name] = attribute(number, body)
            except (ParseError, struct.error):
                continue
    return out


def survey() -> Survey:
    found = Survey(ReplayTransport([header()]), SourceConfig(host="h"))
    found.listing = Namespaces((ROOT, BLUE), frozenset(), True, True, ())
    return found


# ── interfaces ────────────────────────────────────────────────────────────────────────────────────────────────────

_FACTS = {
    "uname -snrvm": b"Linux cmp1 6.1.0-9 #1 SMP Debian 6.1 x86_64\n",
    "/etc/os-release": b'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12"\nID_LIKE=unix\n',
    "/etc/machine-id": b"1" * 32,
    "/etc/hosts": b"192.0.2.1 cmp1.example.net cmp1\n",
    "/proc/cpuinfo": b"processor: 0\nmodel name: X\nvendor_id: Y\ncpu family: 6\nstepping: 1\nmicrocode: 0x1\n"
    b"cache size: 512 KB\ncpu cores: 4\nphysical id: 0\n",
    "/proc/meminfo": b"MemTotal: 4096 kB\n",
    "/sys/class/dmi/id/product_uuid": b"4c4c4544-0042-3510-8056-b4c04f4b3232\n",
}


def host() -> list[Record]:
    """Facts, a namespace that can be read and one that cannot."""
    found = survey()
    for request, parse in parse_host.FACTS:
        name = " ".join(request.argv) if isinstance(request, Exec) else getattr(request, "path", "")
        found.facts |= parse(_FACTS.get(name, b"something\n"))
    found.facts = parse_host.host_facts(found.facts)
    found.failed = {BLUE.part: RunError("blue", "gone")}
    address = {"ip": "192.0.2.1", "length": 24, "scope": "global"}
    found.read["root"] = Interfaces(parse_links(link(2, "eth0")), {2: [address]}, {}, {})
    return found.host_records()


def _link_messages() -> Iterator[bytes]:
    """Kinds, one message an attribute and one with all that go together; members of bridges and bonds."""
    for kind, (_, table) in KINDS.items():
        found = samples(table)
        together = [body for name, body in found.items() if name != "collect_metadata"]
        yield link(9, "all", attribute(5, 2), kind=kind, data=together)
        yield link(9, "away", attribute(5, 2), attribute(37, 3), kind=kind, data=together)
        yield link(9, "far", attribute(5, 2), attribute(37, 99), kind=kind, data=together)
        yield from (link(9, name, kind=kind, data=[body]) for name, body in found.items())
    for kind, (_, table) in SLAVE_KINDS.items():
        yield link(9, "member", attribute(10, 2), slave=(kind, list(samples(table).values())))
    yield link(9, "cable", attribute(5, 2), attribute(37, 99), kind="veth")
    yield link(9, "cable", attribute(5, 2), kind="veth")
    vf = [attribute(each, struct.pack("=II", 3, 1) + bytes(32)) for each in (1, 2, 3, 4, 5, 6, 9)]
    yield link(9, "nic", attribute(22, [attribute(1, vf)]))
    yield link(9, "nic", attribute(43, [attribute(2, b"\1"), attribute(4, 7)]), attribute(52, [attribute(53, "other")]))
    yield link(9, "nic", attribute(36, b"\1\2"), attribute(38, "pf0vf1"))
    own = {name: body for name, body in samples(LINK).items() if not name.startswith("_")}
    given = ("name", "vfs", "counters", "xdp", "altnames", "link", "link_nsid")
    yield link(9, "x", *(body for name, body in own.items() if name not in given))


def interfaces() -> Iterator[Record]:
    """Every kind with all it can have, tunnel endpoints, segments, virtual functions, and one that was renamed."""
    hardware = Hardware("mlx5", "1", "2.0", "0000:01:00.0", 10_000, "full", {"highdma": True})
    addresses = [
        {"ip": "10.0.0.1", "length": 32, "scope": "global", "peer": "10.0.0.2"},
        {"ip": "2001:db8::1", "length": 64, "scope": "global", "duplicate": True},
    ]
    for each in _link_messages():
        found = survey()
        found.read["root"] = Interfaces(parse_links(each), {9: addresses}, {3: 2}, {9: hardware})
        found.build([ROOT])
        yield from found.read["root"].records()
        yield from found.overlay()
    found, address = survey(), mac(1, "02:00:00:00:00:01")
    succession = Succession(found)
    for name in ("old", "new"):
        found.read["root"] = Interfaces(parse_links(link(2, name, address, kind="veth")), {}, {}, {})
        found.build([ROOT])
        succession.settle({"root"})
    yield from found.read["root"].records()


# ── tables ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _routes() -> Iterator[bytes]:
    own = samples(parse_routes._TABLE)
    own["metrics"] = attribute(8, list(samples(parse_routes._METRICS).values()))
    hop = b"".join(samples(parse_routes._HOP_TABLE).values())
    own["nexthops"] = attribute(9, struct.pack("=HBBi", 8 + len(hop), 4, 0, 9) + hop)
    for kind in (1, 6):
        for name, body in own.items():
            parts = [attribute(4, 9)] if name not in ("nexthops", "oif") else []
            yield route(*parts, body, kind=kind, flags=4)
        head = struct.pack("=BBBBBBBBI", 2, 24, 24, 8, 254, 4, 253, kind, 0)
        yield message(24, head + attribute(4, 9) + ip(1, "192.0.2.0") + ip(2, "10.0.0.0"))


def _rules() -> Iterator[bytes]:
    head = struct.pack("=BBBBBxxBI", 2, 24, 24, 4, 254, 1, 2)
    for body in samples(parse_rules._TABLE).values():
        yield message(32, head + body)
    yield message(32, head + attribute(10, 1) + attribute(16, 7))


def _neighbors(family: int) -> Iterator[bytes]:
    own = samples(parse_neighbors._TABLE)
    own["ip"], own["mac"] = ip(1, "192.0.2.1"), mac(2, "02:00:00:00:00:01")
    yield neighbor(9, *own.values(), family=family, flags=0x82)
    yield neighbor(9, own["ip"], mac(2, "02:00:00:00:00:02"), family=family)


def kernel_tables(namespace: Namespace) -> Iterator[Record]:
    """Routes, rules, neighbours, forwarding entries: all of them, and cut off as too long."""
    found = survey()
    found.read[namespace.part] = Interfaces(parse_links(link(9, "eth0")), {}, {}, {})
    found.build([namespace])
    bodies = {"routes": _routes(), "neighbors": _neighbors(2), "fdb": _neighbors(7), "rules": _rules()}
    body = dumps(*(b"".join(bodies.get(name, ())) for name in tables.DUMPS))
    for most in (10_000, 1):
        with mock.patch.object(tables, "MOST", most):
            records, _, errors = tables.table_records(namespace, found.read[namespace.part].devices, body)
        assert not errors
        yield from records


class _Tools:
    """Answers commands that list rules; some tools are not there."""

    answers = frozenset({Exec})

    def __init__(self, there: dict[str, bytes]) -> None:
        self._there = there

    async def ask(self, request: Request) -> Reply:
        assert isinstance(request, Exec)
        body = self._there.get(request.argv[0])
        return Reply(b"", 127) if body is None else Reply(body)


def filters(namespace: Namespace) -> Iterator[Record]:
    nft = json.dumps({"nftables": [{"table": {"family": "ip6", "name": "nat", "handle": 1}}]}).encode()
    saved = b"*nat\n:INPUT ACCEPT [5:300]\nCOMMIT\n"
    there = {"nft": nft, "iptables-save": saved, "ip6tables-save": saved}
    for tools in (there, {}):
        found = survey()
        found.transport = _Tools(tools)  # type: ignore[assignment]
        firewall = Firewall(generation=2, tables=("nat",), tables6=("nat",))
        record = asyncio.run(slow._netfilter(found, namespace, firewall, []))
        assert record is not None
        yield record


def sockets(namespace: Namespace) -> Iterator[Record]:
    def row(state: int, inode: int) -> bytes:
        addresses = (bytes((127, 0, 0, 1)) + bytes(12)) * 2
        head = struct.pack("=BBBB", 2, state, 0, 0) + struct.pack(">HH", 22, 999) + addresses + bytes(12)
        return message(20, head + struct.pack("=IIIII", 0, 0, 0, 0, inode))

    body = probe(SOCKETS, 0, [(1, row(10, 5) + row(1, 6))])
    owners = parse_owners(probe(OWNERS, 0, [(1, b'[[5, 42, "sshd"]]')]))
    for most in (10_000, 1):
        with mock.patch.object(slow, "MOST", most):
            for each in slow._socket_run(survey(), Ledger(), namespace, body, owners, ()):
                yield from each.records if isinstance(each, Seen) else ()


def linux() -> Iterator[Record]:
    """Everything of the source `linux`."""
    yield from host()
    yield from interfaces()
    for namespace in (ROOT, BLUE):
        yield from kernel_tables(namespace)
        yield from filters(namespace)
        yield from sockets(namespace)


# ── Open vSwitch ──────────────────────────────────────────────────────────────────────────────────────────────────


def _map(**pairs: str) -> list[Any]:
    return ["map", [[name.replace("_", "-"), value] for name, value in pairs.items()]]


def _options(**pairs: str) -> list[Any]:
    return ["map", [[name, value] for name, value in pairs.items()]]


_NOTES = {"external_ids": _map(note="x"), "other_config": _map(note="x")}
_NEUTRON = _options(network_type="vlan", physical_network="physnet1", segmentation_id="5", net_uuid="n1")
_FLOW = {"key": "flow", "remote_ip": "flow", "vhost-server-path": "/run/guest.sock"}
_OPTIONS = {"remote_ip": "192.0.2.2", "local_ip": "192.0.2.1", "key": "7", "dst_port": "4789", "peer": "other"}
_GUEST = _map(iface_id="p1", attached_mac="02:00:00:00:00:01", vm_uuid="i1", iface_status="active")
_SAID = {
    "uuid": ["uuid", "u"], "mac_in_use": "02:00:00:00:00:02", "link_state": "up", "admin_state": "up", "mtu": 1500,
    "error": "no such device", "ofport": 1, "ifindex": 3, "other_config": _map(note="x"),
    "status": _options(tunnel_egress_iface="eth0"),
}  # fmt: skip


def _database() -> dict[str, dict[str, dict[str, Any]]]:
    exports = {"targets": "192.0.2.9:6343", "sampling": 64, "polling": 10, "agent": "eth0"}
    mirror = {"name": "m", "select_all": True, "select_src_port": ["uuid", "p"], "select_dst_port": ["uuid", "p"],
              "select_vlan": ["set", [1, 2]], "output_port": ["uuid", "p"], "output_vlan": 3}  # fmt: skip
    ports = {"p": "vxlan", "q": "flow"}
    return {
        "Open_vSwitch": {"o": {
            "ovs_version": "3.1.0", "db_version": "8.4.0", "system_type": "debian", "other_config": _map(note="x"),
            "external_ids": _map(system_id="s", hostname="h", ovn_bridge_mappings="physnet1:br-ex",
                                 ovn_encap_ip="192.0.2.1", ovn_encap_type="geneve")}},
        "Bridge": {"b": {
            **_NOTES, "name": "br-int", "datapath_id": "00aa", "fail_mode": "secure", "protocols": "OpenFlow13",
            "stp_enable": False, "rstp_enable": False, "controller": ["uuid", "c"], "mirrors": ["uuid", "m"],
            "sflow": ["uuid", "e"], "netflow": ["uuid", "e"], "ipfix": ["uuid", "e"],
            "ports": ["set", [["uuid", name] for name in ports]]}},
        "Port": {name: {
            "name": name, "interfaces": ["uuid", f"i-{name}"], "tag": 4, "trunks": ["set", [5, 6]], "lacp": "active",
            "vlan_mode": "native-tagged", "bond_mode": "balance-slb", "other_config": _NEUTRON,
            "external_ids": _map(note="x")} for name in ports},
        "Interface": {
            "i-p": {**_SAID, "name": "p", "type": "vxlan", "options": _options(**_OPTIONS), "external_ids": _GUEST},
            "i-q": {**_SAID, "name": "q", "type": "vxlan", "options": _options(**_FLOW)}},
        "Mirror": {"m": mirror},
        "Manager": {"x": {"target": "ptcp:6640"}},
        "Controller": {"c": {"target": "tcp:127.0.0.1:6633"}},
        **{table: {"e": exports} for table in ("sFlow", "NetFlow", "IPFIX")},
    }  # fmt: skip


_PRINTED = {
    "dump-flows": b" cookie=0x1, duration=1s, table=2, n_packets=0, n_bytes=0, priority=5,tun_id=0x7 "
    b"actions=mod_vlan_vid:4,output:1\n",
    "dump-groups": b" group_id=1,type=all,bucket=actions=output:1\n",
    "fdb/show": b" port  VLAN  MAC                Age\n    1     4  02:00:00:00:00:01    3\n",
}


class _Vswitchd:
    """Prints what a bridge has."""

    answers = frozenset({Exec})

    async def ask(self, request: Request) -> Reply:
        assert isinstance(request, Exec)
        return Reply(next(body for name, body in _PRINTED.items() if name in request.argv))


def ovs() -> Iterator[Record]:
    """Everything of the source `ovs`."""
    rows = {table: {uuid: {"new": row} for uuid, row in found.items()} for table, found in _database().items()}
    known = Tables()
    known.update(json.dumps(rows).encode())
    instance = Instance(known, "h")
    yield from instance.records()

    async def read() -> list[Observation]:
        switch = Switch("unix:db.sock", "run")
        found = tables_of(_Vswitchd(), SourceConfig(host="h"), switch, instance)  # type: ignore[arg-type]
        return [each async for each in found]

    for each in asyncio.run(read()):
        yield from each.records if isinstance(each, Seen) else ()


def libvirt() -> list[Record]:
    """A domain with every kind of interface, a network, a pool."""
    none: frozenset[str] = frozenset()
    return [
        *Domain(libvirt_texts.DOMAIN, "h", {"instance-1": "running"}).records(),
        network_record(libvirt_texts.NETWORK, "h", none),
        *pools_record([pool_entry(libvirt_texts.POOL, none)], "h"),
    ]


def lldp() -> list[Record]:
    """A switch that tells all of itself, heard by a host that knows who it is."""

    def identity(value: str) -> dict[str, Any]:
        return {"id": {"type": "mac", "value": value}}

    chassis = {
        **identity("02:00:00:00:00:0a"), "descr": "a switch", "mgmt-ip": "192.0.2.9",
        "capability": [{"type": "Bridge", "enabled": True}],
    }  # fmt: skip
    port = {
        **identity("02:00:00:00:00:1a"), "descr": "Eth1/1", "mfs": "9216", "aggregation": "12",
        "auto-negotiation": {"current": "10GbaseT"},
    }  # fmt: skip
    vlan = {"vlan-id": "10", "pvid": True, "value": "blue"}
    heard = {"via": "LLDP", "chassis": {"leaf1": chassis}, "port": port, "vlan": vlan}
    own = json.dumps({"local-chassis": {"chassis": {"h": identity("02:00:00:00:00:01")}}}).encode()
    neighbors = json.dumps({"lldp": {"interface": {"eth0": heard}}}).encode()
    return lldp_records("h", lldp_parse.parse_neighbors(neighbors), lldp_parse.parse_chassis(own))


def calico() -> list[Record]:
    """A host whose session with its only peer failed, with a block of addresses."""
    told = """BIRD 2.0.12 ready.
Name       Proto      Table      State  Since         Info
mesh       BGP        ---        start  12:00:00.000  Active  Socket: Connection refused
  BGP state:          Active
    Neighbor address: 192.0.2.2
    Neighbor AS:      64512
    Local AS:         64512
    Last error:       Socket: Connection refused
    Routes:         0 imported, 1 exported, 0 preferred
"""
    routes = [
        {"dst": "192.0.2.0/24", "dev": "eth1"}, {"dst": "10.65.0.2", "dev": "tap1", "protocol": "80"},
        {"type": "blackhole", "dst": "10.65.0.0/26", "protocol": "bird"},
    ]  # fmt: skip
    read = calico_parse.parse_routes(json.dumps(routes).encode(), 4)
    return calico_records("h", CalicoSaid(True, ("tap",), read, calico_parse.parse_peers(told), "etcdv3"))


def snmp() -> list[Record]:
    """A switch with VLANs, neighbours and a forwarding table."""
    switch = SnmpSwitch(SnmpWalk(fabric.answer(fabric.leaf())), "leaf1")
    return [*switch.records(), *switch.forwarding()]
