"""The other parsers: one answer in, what users rely on out."""

from __future__ import annotations

import struct

import msgspec
import pytest

from calipso.errors import ParseError
from calipso.sources.linux.parse_addresses import parse_addresses
from calipso.sources.linux.parse_host import (
    host_facts,
    parse_command_line,
    parse_cpuinfo,
    parse_hosts,
    parse_machine_id,
    parse_os_release,
    parse_product_uuid,
    parse_uname,
)
from calipso.sources.linux.parse_namespaces import parse_namespaces
from calipso.sources.linux.parse_neighbors import parse_fdb, parse_neighbors
from calipso.sources.linux.parse_netfilter import parse_iptables, parse_nftables
from calipso.sources.linux.parse_nsids import parse_nsids
from calipso.sources.linux.parse_routes import parse_routes
from calipso.sources.linux.parse_rules import parse_rules
from calipso.sources.linux.parse_sockets import parse_owners, parse_sockets
from calipso.sources.linux.wire import Refused, split_dumps
from calipso.transports.probes import OWNERS, SOCKETS
from calipso.transports.probes import message as probe
from tests.support.netlink_messages import attribute, ip, mac, message, neighbor, route, u16


def test_addresses_are_sorted_and_know_their_scope() -> None:
    def address(family: int, length: int, scope: int, *parts: bytes) -> bytes:
        return message(20, struct.pack("=BBBBI", family, length, 0x80, scope, 2) + b"".join(parts))

    body = (
        address(10, 64, 253, ip(1, "fe80::1"))
        + address(2, 24, 0, ip(1, "192.0.2.1"), ip(2, "192.0.2.1"))
        + address(2, 32, 0, ip(1, "10.9.9.9"), ip(2, "10.0.0.1"))
    )
    found = parse_addresses(body)[2]
    assert [each["ip"] for each in found] == ["10.0.0.1", "192.0.2.1", "fe80::1"]
    assert found[0]["peer"] == "10.9.9.9" and found[2]["scope"] == "link"


def test_neighbors_do_not_age() -> None:
    parts = [ip(1, "192.0.2.1"), mac(2, "02:00:00:00:00:01")]
    states = {parse_neighbors(neighbor(2, *parts, state=state))[2][0]["state"] for state in (2, 4, 8, 16)}
    assert states == {"known"}
    assert parse_neighbors(neighbor(2, *parts, state=0x80))[2][0]["state"] == "permanent"
    assert parse_neighbors(neighbor(2, ip(1, "192.0.2.1"), state=0x20))[2] == [
        {"ip": "192.0.2.1", "state": "unresolved"}
    ]
    assert parse_neighbors(neighbor(2, *parts, state=0x40)) == {}, "an address that needs no resolution"


def test_forwarding_entries() -> None:
    vxlan = neighbor(5, mac(2, "00:00:00:00:00:00"), ip(1, "192.0.2.7"), family=7, state=0x80, flags=2)
    learnt = neighbor(3, mac(2, "02:00:00:00:00:01"), u16(5, 10), attribute(9, 8), family=7, state=2, flags=4)
    listened = neighbor(3, mac(2, "33:33:00:00:00:01"), family=7, state=0x80, flags=2)
    assert parse_fdb(vxlan + learnt + listened) == {
        5: [{"mac": "00:00:00:00:00:00", "state": "permanent", "dst": "192.0.2.7", "flags": ["self"]}],
        3: [{"mac": "02:00:00:00:00:01", "state": "known", "vlan": 10, "master": 8, "flags": ["master"]}],
    }


def test_routes() -> None:
    default = route(ip(5, "192.0.2.254"), attribute(4, 2), attribute(6, 100))
    through_v6 = route(ip(1, "10.0.0.0"), attribute(18, b"\x0a\x00" + bytes(15) + b"\x01"), attribute(4, 2), length=8)
    blackhole = route(ip(1, "10.1.0.0"), length=16, kind=6)
    cached = route(ip(1, "10.2.0.1"), attribute(4, 2), length=32, flags=0x200)
    rows = parse_routes(default + through_v6 + blackhole + cached)
    by_dst = {each["dst"]: (indexes, each) for indexes, each in rows}
    assert by_dst["default"][1]["gateway"] == "192.0.2.254" and by_dst["default"][1]["metric"] == 100
    assert by_dst["10.0.0.0/8"][1]["gateway"] == "::1"
    assert by_dst["10.1.0.0/16"] == (
        (),
        {"family": 4, "table": 254, "dst": "10.1.0.0/16", "type": "blackhole", "protocol": "static"},
    )
    assert "10.2.0.1/32" not in by_dst


def test_rules() -> None:
    header = struct.pack("=BBBBBxxBI", 2, 0, 24, 0, 100, 1, 2)
    body = message(32, header + ip(2, "10.0.0.0") + attribute(6, 7) + attribute(14, 0xFFFFFFFF) + attribute(17, "eth0"))
    assert parse_rules(body) == [
        {
            "family": 4,
            "priority": 7,
            "table": 100,
            "from": "10.0.0.0/24",
            "oif": "eth0",
            "action": "lookup",
            "not": True,
        }
    ]


def test_numbers_of_namespaces() -> None:
    known = message(88, bytes(4) + attribute(1, 3) + attribute(5, 9))
    unknown = message(88, bytes(4) + attribute(1, 4) + attribute(5, -1, width="=i"))
    assert parse_nsids(known + unknown) == {3: 9}


def test_a_refused_dump_says_so() -> None:
    with pytest.raises(Refused) as refused:
        parse_routes(message(2, struct.pack("=i", -95)))
    assert refused.value.code == 95


def test_a_reply_that_lacks_a_dump() -> None:
    with pytest.raises(ParseError, match="rules"):
        split_dumps(struct.pack("=I", 0), ("routes", "rules"))


def test_sockets_and_their_processes() -> None:
    def row(state: int, port: int, remote: int, inode: int) -> bytes:
        addresses = bytes((127, 0, 0, 1)) + bytes(12) + bytes((127, 0, 0, 2)) + bytes(12)
        head = struct.pack("=BBBB", 2, state, 0, 0) + struct.pack(">HH", port, remote) + addresses + bytes(12)
        return message(20, head + struct.pack("=IIIII", 99, 99, 99, 0, inode))

    body = probe(SOCKETS, 0, [(1, row(10, 22, 0, 5) + row(1, 22, 999, 6) + row(6, 1, 2, 7)), (2, row(7, 53, 0, 8))])
    owners = parse_owners(probe(OWNERS, 0, [(1, b'[[5, 42, "sshd"]]')]))
    assert parse_sockets(body, owners) == [
        {
            "protocol": "tcp",
            "state": "established",
            "local_address": "127.0.0.1",
            "local_port": 22,
            "remote_address": "127.0.0.2",
            "remote_port": 999,
        },
        {
            "protocol": "tcp",
            "state": "listen",
            "local_address": "127.0.0.1",
            "local_port": 22,
            "pid": 42,
            "process": "sshd",
        },
        {"protocol": "udp", "state": "listen", "local_address": "127.0.0.1", "local_port": 53},
    ]


def test_nftables_without_what_changes_by_itself() -> None:
    body = b"""{"nftables": [{"metainfo": {"version": "1.0.6"}},
        {"rule": {"handle": 2, "expr": [{"counter": {"packets": 3, "bytes": 9}}, {"limit": {"rate": 5, "burst": 1}}]}},
        {"set": {"name": "s", "flags": ["dynamic"], "elem": [{"elem": {"val": "10.0.0.1", "expires": 5}}]}},
        {"set": {"name": "t", "elem": ["10.0.0.1"]}}]}"""
    assert parse_nftables(body) == [
        {"rule": {"handle": 2, "expr": [{"counter": {}}, {"limit": {"rate": 5, "burst": 1}}]}},
        {"set": {"name": "s", "flags": ["dynamic"]}},
        {"set": {"name": "t", "elem": ["10.0.0.1"]}},
    ]


def test_iptables_without_counters_and_dates() -> None:
    body = b"# Generated by iptables-save on today\n*nat\n:INPUT ACCEPT [5:300]\n[1:2] -A INPUT -j DROP\nCOMMIT\n"
    assert parse_iptables(body) == {"nat": [":INPUT ACCEPT", " -A INPUT -j DROP"]}
    with pytest.raises(ParseError) as error:
        parse_iptables(b"*nat\nCOMMIT\n-A INPUT -j DROP\n")
    assert error.value.line == 3


def test_host_facts() -> None:
    found = parse_uname(b"Linux cmp1 6.1.0-9 #1 SMP Debian 6.1 x86_64\n")
    found |= parse_os_release(b'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12"\n')
    found |= parse_hosts(b"127.0.0.1 localhost\n192.0.2.1 CMP1.example.net cmp1 # us\n")
    found |= parse_cpuinfo(b"processor : 0\nflags : fpu hypervisor\n\nprocessor : 1\n")
    facts = host_facts(found)
    assert facts["hostname"] == "cmp1" and facts["fqdn"] == "CMP1.example.net"
    assert facts["kernel_version"] == "#1 SMP Debian 6.1" and facts["os_version"] == "12"
    assert facts["cpu_count"] == 2 and facts["virtualization"] == "unknown"
    assert "hosts" not in facts


def test_ids_that_stand_for_none_are_none() -> None:
    assert parse_machine_id(b"uninitialized\n") == {} == parse_machine_id(b"")
    assert parse_product_uuid(b"00000000-0000-0000-0000-000000000000\n") == {}
    assert parse_product_uuid(b"4C4C4544-0042-3510-8056-B4C04F4B3232\n") == {
        "product_uuid": "4c4c4544-0042-3510-8056-b4c04f4b3232"
    }


def test_secrets_of_the_kernel_command_line_are_masked() -> None:
    line = parse_command_line(b"root=/dev/vda ds=http://user:pw@host/ my.password=abc quiet\n")["kernel_command_line"]
    assert line == "root=/dev/vda ds=http://***@host/ my.password=*** quiet"


# ── namespaces ────────────────────────────────────────────────────────────────────────────────────────────────────


def listing(*namespaces: dict[str, object], pid_namespace: int = 1) -> bytes:
    return msgspec.json.encode(
        {
            "root": {"inode": 1, "reference": 0},
            "pid_namespace": pid_namespace,
            "initial": True,
            "complete": True,
            "namespaces": [{"device": 4, **each} for each in namespaces],
        }
    )


def test_namespaces_are_named_by_their_first_path() -> None:
    found = parse_namespaces(
        listing(
            {"inode": 2, "paths": ["/run/netns/blue", "/srv/also"], "path": "/run/netns/blue"},
            {"inode": 3, "paths": ["/run/docker/netns/blue"], "path": "/run/docker/netns/blue"},
            {"inode": 4, "path": "/proc/9/ns/net", "processes": [[9, 1]]},
            {"inode": 5, "paths": ["/run/netns/a b"], "path": "/run/netns/a b"},
        ),
        "h",
    )
    assert [(each.id, each.part) for each in found.all] == [
        ("h", "root"),
        ("h/netns:blue", "netns:blue"),
        ("h/netns:%2Frun%2Fdocker%2Fnetns%2Fblue", "netns:%2Frun%2Fdocker%2Fnetns%2Fblue"),
        ("h/netns:ino:4", "netns:ino:4"),
        ("h/netns:a%20b", "netns:a%20b"),
    ]


def test_declared_hosts_keep_their_namespaces() -> None:
    body = listing(
        {"inode": 2, "path": "/proc/50/ns/net", "processes": [[50, 77], [51, 77]], "reference": 2},
        {"inode": 3, "path": "/proc/52/ns/net", "processes": [[52, 77]], "reference": 3},
        {"inode": 4, "path": "/proc/60/ns/net", "processes": [[52, 77], [60, 1]], "reference": 4},
        {"inode": 5, "paths": ["/run/netns/x"], "path": "/run/netns/x", "processes": [[52, 77]], "reference": 5},
    )
    found = parse_namespaces(body, "h", [50])
    assert [each.inode for each in found.all] == [1, 4, 5]
    assert found.foreign == {2, 3}


def test_what_is_gone_needs_proof() -> None:
    complete = parse_namespaces(listing(), "h")
    assert complete.proves_gone("netns:x") and not complete.proves_gone("root")
    hidden = msgspec.structs.replace(complete, complete=False, errors=("2 processes may not be looked at",))
    assert hidden.proves_gone("netns:x"), "names are held by mounts, and those were read"
    assert not hidden.proves_gone("netns:ino:7")
    unlisted = msgspec.structs.replace(complete, complete=False, errors=("/run/netns: Permission denied",))
    assert not unlisted.proves_gone("netns:x")
