"""What commands print, as records' raw material: every kind, also those that this machine's kernel cannot make."""

from __future__ import annotations

import asyncio
import json
import subprocess
from typing import Any

import pytest

from calipso.errors import CommandFailed, ParseError
from calipso.seams import Exec, Reply, Request
from calipso.sources.linux.commands.batch import MOST, batch, parse_frames
from calipso.sources.linux.commands.listing import parse_listing, parse_numbers
from calipso.sources.linux.commands.parse_hardware import parse_hardware
from calipso.sources.linux.commands.parse_links import parse_addresses, parse_links
from calipso.sources.linux.commands.parse_sockets import parse_sockets
from calipso.sources.linux.commands.parse_tables import parse_fdb, parse_neighbors, parse_routes, parse_rules


class Shell:
    """Runs the batch's script here."""

    answers: frozenset[type[Request]] = frozenset({Exec})

    def __init__(self) -> None:
        self.asked = 0

    async def ask(self, request: Request) -> Reply:
        assert isinstance(request, Exec)
        self.asked += 1
        done = await asyncio.to_thread(
            subprocess.run, request.argv, capture_output=True, env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"}
        )
        return Reply(done.stdout, done.returncode, done.stderr)


def run(commands: list[tuple[str, ...]]) -> list[Reply]:
    return asyncio.run(batch(Shell(), [("", commands)]))  # type: ignore[arg-type]


def test_each_command_of_a_batch_has_its_answer() -> None:
    said = run(
        [("printf", "a\\nb\\n"), ("false",), ("ls", "/no such $(x)"), ("printf", "%s", "ü'\"`"), ("no-such",), ("cat",)]
    )
    assert [reply.body for reply in said] == [b"a\nb", b"", b"", "ü'\"`".encode(), b"", b""]
    assert [reply.exit_code for reply in said] == [0, 1, 2, 0, 127, 0]
    assert b"/no such $(x)" in said[2].stderr


def test_a_batch_too_long_for_one_word_is_several() -> None:
    shell = Shell()
    long = "x" * (MOST // 3)
    said = asyncio.run(batch(shell, [("", [("printf", long)] * 7)]))  # type: ignore[arg-type]
    assert [reply.body for reply in said] == [long.encode()] * 7 and shell.asked > 1


@pytest.mark.parametrize(
    "body", [b"", b"\x00\xff garbage", b"0 5 0\nab", b"0 1\na\n", b"0 -1 0\n", b"Welcome to h1!\n0 1 0\na\n"]
)
def test_what_is_no_frame(body: bytes) -> None:
    with pytest.raises(ParseError):
        parse_frames(body, 1)


def test_a_namespace_that_cannot_be_entered_fails_alone() -> None:
    groups = [("/no/such", [("true",), ("true",)]), ("", [("printf", "here")])]
    said = asyncio.run(batch(Shell(), groups))  # type: ignore[arg-type]
    assert [reply.exit_code for reply in said] == [1, 1, 0] and said[2].body == b"here"
    assert b"/no/such" in said[0].stderr


def test_a_shell_that_does_not_start() -> None:
    class Broken(Shell):
        async def ask(self, request: Request) -> Reply:
            return Reply(b"", 126, b"sh: not permitted\n")

    with pytest.raises(CommandFailed, match="not permitted"):
        asyncio.run(batch(Broken(), [("", [("true",)])]))  # type: ignore[arg-type]


def link(kind: str, said: dict[str, Any], **more: Any) -> dict[str, Any]:
    lower = {"ifindex": 3, "ifname": "eth0", "flags": [], "link_type": "ether"}
    one = {"ifindex": 9, "ifname": "x", "flags": ["UP", "LOWER_UP"], "link_type": "ether", "operstate": "UP", **more}
    one["linkinfo"] = {"info_kind": kind, "info_data": said}
    return parse_links([lower, one])[1]


@pytest.mark.parametrize(
    ("kind", "said", "data"),
    [
        ("vlan", {"protocol": "802.1Q", "id": 7, "flags": ["REORDER_HDR"]},
         {"vlan_id": 7, "vlan_protocol": "802.1Q", "vlan_flags": ["reorder_hdr"]}),
        ("geneve", {"id": 5, "remote": "192.0.2.9", "port": 6081, "ttl": 64},
         {"vni": 5, "remote_ip": "192.0.2.9", "udp_port": 6081, "ttl": 64}),
        ("gre", {"remote": "192.0.2.9", "local": "any", "link": "eth0", "ikey": "0.0.0.10", "okey": "0.0.1.0",
          "pmtudisc": True},
         {"remote_ip": "192.0.2.9", "lower": 3, "ikey": 10, "okey": 256, "pmtudisc": True}),
        ("bond", {"mode": "802.3ad", "active_slave": "eth0", "ad_info": {"aggregator": 1, "num_ports": 2}},
         {"bond_mode": "802.3ad", "bond_active_slave": 3, "bond_ad": {"aggregator": 1, "ports": 2}}),
        ("ipvlan", {"mode": "l3", "flags": "bridge"}, {"ipvlan_mode": "l3", "ipvlan_flags": 0}),
        ("vrf", {"table": 10}, {"vrf_table": 10}),
        ("vxlan", {"id": 7, "remote6": "2001:db8::1", "external": True, "port_range": {"low": 1, "high": 2}},
         {"vni": 7, "remote_ip": "2001:db8::1", "collect_metadata": True, "source_ports": [1, 2]}),
    ],
)  # fmt: skip
def test_kinds(kind: str, said: dict[str, Any], data: dict[str, Any]) -> None:
    found = link(kind, said)["data"]
    assert {name: found.get(name) for name in data} == data


def test_relations() -> None:
    other = link("veth", {}, link_index=12, link_netnsid=4, master="eth0", group="7", altnames=["b", "a"])
    assert (other["link"], other["link_nsid"], other["master"], other["group"]) == (12, 4, 3, 7)
    assert other["altnames"] == ["a", "b"] and other["flags"] == 1 | 64 | 1 << 16 and other["carrier"]
    assert link("macvlan", {"mode": "bridge"}, link="if77")["link"] == 77, "a name that iproute2 made up"
    assert link("veth", {}, flags=["NO-CARRIER", "UP"])["flags"] == 1


def test_addresses() -> None:
    said = [{"ifindex": 2, "addr_info": [
        {"family": "inet6", "local": "2001:db8::1", "prefixlen": 64, "scope": "global", "dadfailed": True},
        {"family": "inet", "local": "192.0.2.1", "address": "192.0.2.2", "prefixlen": 32, "scope": "global"},
    ]}]  # fmt: skip
    assert parse_addresses(said) == {2: [
        {"ip": "192.0.2.1", "length": 32, "scope": "global", "peer": "192.0.2.2"},
        {"ip": "2001:db8::1", "length": 64, "scope": "global", "duplicate": True},
    ]}  # fmt: skip


def test_tables() -> None:
    names = {"a": 1, "b": 2}
    hops = [{"gateway": "192.0.2.1", "dev": "b", "weight": 2, "flags": []}, {"dev": "a", "weight": 1}]
    ((indexes, route),) = parse_routes(
        json.dumps([{"dst": "192.0.2.7", "table": "77", "nexthops": hops}]).encode(), b"", names
    )
    assert indexes == (1, 2) and route["table"] == 77 and route["dst"] == "192.0.2.7/32"
    assert route["nexthops"] == [{"ifindex": 2, "weight": 2, "gateway": "192.0.2.1"}, {"ifindex": 1, "weight": 1}]
    rule = {"priority": 5, "not": None, "src": "10.0.0.0", "srclen": 8, "fwmark": "0x1", "table": "main"}
    assert parse_rules(json.dumps([rule]).encode(), b"") == [
        {"family": 4, "priority": 5, "table": 254, "from": "10.0.0.0/8", "fwmark": 1, "fwmask": 0xFFFFFFFF,
         "action": "lookup", "not": True}
    ]  # fmt: skip
    neighbor = {"dst": "fe80::1", "dev": "b", "lladdr": "02:00:00:00:00:01", "router": None, "state": ["STALE"]}
    assert parse_neighbors(json.dumps([neighbor, {**neighbor, "state": ["NOARP"]}]).encode(), names) == {
        2: [{"ip": "fe80::1", "state": "known", "mac": "02:00:00:00:00:01", "flags": ["router"]}]
    }
    entry = {
        "mac": "02:00:00:00:00:01",
        "ifname": "b",
        "vlan": 3,
        "master": "a",
        "flags": ["extern_learn"],
        "state": "",
    }
    assert parse_fdb(json.dumps([entry]).encode(), names) == {
        2: [{"mac": "02:00:00:00:00:01", "state": "known", "vlan": 3, "master": 1, "flags": ["ext_learned"]}]
    }


def test_listing_and_numbers() -> None:
    own = (
        b"lrwxrwxrwx 1 0 0 0 x /proc/1/ns/net -> net:[1]\nlrwxrwxrwx 1 0 0 0 x /proc/self/ns/pid -> pid:[4026531836]\n"
    )
    processes = b"l x /proc/7/ns/net -> net:[1]\nl x /proc/9/ns/net -> net:[3]\n"
    bodies = (
        own,
        b"2 4 /run/netns/a\n8 99 /run/netns/left\n",
        b"a\nleft\n",
        b"2 4 /run/netns/a\n2 4 /mnt/a b\n",
        processes,
    )
    found = json.loads(parse_listing([Reply(body) for body in bodies]))
    assert found["initial"] and found["complete"] and found["root"]["inode"] == 1
    assert [(each["inode"], each["path"], each["paths"]) for each in found["namespaces"]] == [
        (2, "/run/netns/a", ["/run/netns/a", "/mnt/a b"]), (3, "/proc/9/ns/net", []),
        (0, "/run/netns/left", ["/run/netns/left"]),
    ]  # fmt: skip
    lsns = b'{"namespaces": [{"ns": 3, "netnsid": "5"}, {"ns": 1, "netnsid": "unassigned"}, {"ns": 44, "netnsid": 6}]}'
    names = b'[{"nsid": 0, "name": "a"}, {"nsid": 5, "name": "a"}]'
    assert parse_numbers(Reply(lsns), Reply(names), {3: 2, 1: 0}, {"a": 1}) == {5: 2, 0: 1}
    hidden = [
        Reply(body)
        for body in (own, b"", b"", b"", b"ls: cannot read symbolic link '/proc/3/ns/net': Permission denied")
    ]
    assert not json.loads(parse_listing(hidden))["complete"]
    with pytest.raises(ParseError):
        parse_listing([Reply(b"")] * 5)


def test_hardware_and_sockets() -> None:
    features = (
        b"Features for x:\nrx-checksumming: on\ntx-checksumming: on\n"
        b"\ttx-checksum-ipv4: off [fixed]\n\ttx-checksum-sctp: off\n"
    )
    found = parse_hardware(
        Reply(b"driver: veth\nbus-info: \n"), Reply(b"\tSpeed: 10000Mb/s\n\tDuplex: Full\n"), Reply(features)
    )
    assert found is not None and (found.driver, found.speed, found.duplex) == ("veth", 10000, "full")
    assert found.features == {"rx-checksum": True, "tx-checksum-sctp": False}
    assert parse_hardware(Reply(b"", 127), Reply(b"", 127), Reply(b"", 127)) is None
    said = (
        b'tcp LISTEN 0 128 *:22 *:* users:(("sshd",pid=8,fd=3),("sshd",pid=7,fd=3))\n'
        b"tcp ESTAB 0 0 192.0.2.1:22 192.0.2.2:999\nudp UNCONN 0 0 127.0.0.53%lo:53 0.0.0.0:*\nrubbish\n"
    )
    assert parse_sockets(said) == [
        {"protocol": "tcp", "state": "established", "local_address": "192.0.2.1", "local_port": 22,
         "remote_address": "192.0.2.2", "remote_port": 999},
        {"protocol": "tcp", "state": "listen", "local_address": "::", "local_port": 22, "pid": 7, "process": "sshd"},
        {"protocol": "udp", "state": "listen", "local_address": "127.0.0.53", "local_port": 53},
    ]  # fmt: skip
