"""One pass over real namespaces."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from typing import Any

import pytest

from calipso.seams import Exec, Netlink, Read, Reply, Request, SourceConfig
from calipso.sources.linux import SOURCE
from calipso.transports.local import LocalTransport
from tests.support.picture import Picture

pytestmark = pytest.mark.live

HOST = "here"


def collect(transport: LocalTransport | None = None, **options: Any) -> Picture:
    async def run() -> Picture:
        chosen = transport or LocalTransport()
        try:
            config = SourceConfig(host=HOST, options=options)
            return Picture.of([each async for each in SOURCE.collect(chosen, config)])
        finally:
            await chosen.close()

    return asyncio.run(run())


def estate(lab: Any) -> None:
    lab.run(
        "ip netns add @a",
        "ip netns add @b",
        "ip -n @a link add va type veth peer name vb netns @b",
        "ip -n @a addr add 10.1.0.1/24 dev va",
        "ip -n @a -6 addr add 2001:db8::1/64 dev va nodad",
        "ip -n @a link set va up",
        "ip -n @b link set vb up",
        "ip -n @a link add br0 type bridge",
        "ip -n @a link add p0 type veth peer name p1",
        "ip -n @a link set p0 master br0 up",
        "ip -n @a link set br0 up",
        "ip -n @a link add vx type vxlan id 77 local 10.1.0.1 dev va dstport 4789",
        "ip -n @a link add mv link va type macvlan mode private",
        "ip -n @a tuntap add tp mode tap",
        "ip -n @a link add fb type ifb",
        "ip -n @a route add 192.0.2.0/24 via 10.1.0.2 metric 9",
        "ip -n @a route add prohibit 198.51.100.0/24",
        "ip -n @a rule add to 203.0.113.0/24 table 42 priority 77",
        "ip -n @a neigh add 10.1.0.9 lladdr 02:00:00:00:00:09 dev va nud permanent",
        "bridge -n @a fdb add 02:00:00:00:00:08 dev vx dst 10.1.0.8",
        "ip netns exec @a nft add table ip guard",
    )


def test_interfaces_of_every_kind_with_their_relations(lab: Any) -> None:
    estate(lab)
    picture = collect()
    a = {name: picture.get(lab.id("a", name)) for name in ("lo", "va", "br0", "p0", "p1", "vx", "mv", "tp", "fb")}
    assert all(a.values())
    types = {name: picture.records[lab.id("a", name), "netlink"].type for name in a}
    assert types == {
        "lo": "loopback", "va": "veth", "br0": "bridge", "p0": "veth", "p1": "veth", "vx": "vxlan", "mv": "macvlan",
        "tp": "tun", "fb": "ifb",
    }  # fmt: skip
    vb = picture.get(lab.id("b", "vb"))
    assert vb is not None
    assert (vb["peer_netns"], vb["peer_ifindex"]) == (lab.id("a"), a["va"]["ifindex"])
    assert (a["va"]["peer_netns"], a["va"]["peer_ifindex"]) == (lab.id("b"), vb["ifindex"])
    assert a["p0"]["master"] == a["br0"]["ifindex"] and a["p0"]["peer_ifindex"] == a["p1"]["ifindex"]
    assert a["va"]["ips"] == ["10.1.0.1", "2001:db8::1"] and a["va"]["state"] == "up" and a["p1"]["state"] == "down"
    assert a["va"]["driver"] == "veth" and a["va"]["features"]
    assert (a["vx"]["vni"], a["vx"]["underlay_ifindex"]) == (77, a["va"]["ifindex"])
    assert (a["mv"]["parent_netns"], a["mv"]["parent_ifindex"]) == (lab.id("a"), a["va"]["ifindex"])
    assert a["tp"]["tun_mode"] == "tap"
    endpoint = picture.get("here/otep:vxlan:10.1.0.1")
    assert endpoint is not None and lab.id("a", "vx") in endpoint["tunnels"]
    assert picture.get("segment:vxlan/-/77") is not None
    assert picture.metrics[lab.id("a", "va")]["tx_packets"] >= 0


def test_tables_and_rule_sets(lab: Any) -> None:
    estate(lab)
    picture = collect()
    routes = picture.get(lab.id("a", "va"), "netlink.routes")
    assert routes is not None
    assert any(each["dst"] == "192.0.2.0/24" and each["metric"] == 9 for each in routes["routes"])
    rules = picture.get(lab.id("a"), "netlink.rules")
    assert rules is not None
    assert any(each["priority"] == 77 and each["to"] == "203.0.113.0/24" for each in rules["rules"])
    assert [(each["dst"], each["type"]) for each in rules["routes"]] == [("198.51.100.0/24", "prohibit")]
    neighbors = picture.get(lab.id("a", "va"), "netlink.neighbors")
    assert neighbors is not None
    assert {"ip": "10.1.0.9", "state": "permanent", "mac": "02:00:00:00:00:09"} in neighbors["neighbors"]
    fdb = picture.get(lab.id("a", "vx"), "netlink.fdb")
    assert fdb is not None and any(each.get("dst") == "10.1.0.8" for each in fdb["fdb"])
    netfilter = picture.get(lab.id("a"), "netfilter")
    assert netfilter is not None and netfilter["nftables"][0]["table"]["name"] == "guard"
    assert picture.get(lab.id("b"), "netfilter") is None


def test_reading_an_unchanged_host_twice_gives_the_same(lab: Any) -> None:
    estate(lab)
    time.sleep(2.5)  # until the kernel has settled its own addresses and groups
    mine = (lab.id("a"), lab.id("b"))
    assert collect().below(*mine) == collect().below(*mine)


def test_a_namespace_only_a_process_holds(lab: Any) -> None:
    inode = lab.unnamed()
    picture = collect()
    found = picture.get(f"here/netns:ino:{inode}")
    assert found is not None and found["paths"] == []
    assert picture.get(f"here/netns:ino:{inode}/dev:lo") is not None


def test_a_namespace_that_cannot_be_read_is_unknown(lab: Any) -> None:
    lab.run("ip netns add @a")
    with open(f"/run/netns/{lab.name('broken')}", "w"):
        pass
    picture = collect()
    broken = picture.get(lab.id("broken"))
    assert broken is not None and broken["state"] == "unknown" and broken["reason"]
    assert picture.status[f"netns:{lab.name('broken')}"] == "failed"
    assert picture.status[f"netns:{lab.name('a')}"] == "completed"
    host = picture.get("here", "linux")
    assert host is not None and host["namespaces_complete"] is False
    assert lab.id("broken") in host["unreadable_namespaces"]


def test_a_socket_and_its_process(lab: Any) -> None:
    lab.run("ip netns add @a", "ip -n @a link set lo up")
    program = "import socket,time\ns=socket.create_server(('127.0.0.1', 7777))\nprint('up', flush=True)\ntime.sleep(60)"
    lab.start("ip", "netns", "exec", lab.name("a"), sys.executable, "-c", program)
    assert lab.processes[-1].stdout.readline() == "up\n"
    found = collect().get(lab.id("a"), "sockets")
    assert found is not None
    (listening,) = [each for each in found["sockets"] if each["local_port"] == 7777]
    assert listening["state"] == "listen" and listening["process"].startswith("python") and listening["pid"]


def test_scopes_of_namespaces_that_went_are_said_to_be_gone(lab: Any) -> None:
    part = f"netns:{lab.name('went')}"

    async def run() -> list[Any]:
        transport = LocalTransport()
        config = SourceConfig(host=HOST, options={"known": [part, f"{part} routes", "root"]})
        try:
            return [each async for each in SOURCE.collect(transport, config)]
        finally:
            await transport.close()

    gone = [each.scope.part for each in asyncio.run(run()) if type(each).__name__ == "ScopeGone"]
    assert gone == [part, f"{part} routes"]


@pytest.mark.parametrize("at", ["addresses", "routes", "firewall", "nft"])
def test_a_namespace_that_ends_while_it_is_looked_at_is_no_failure(lab: Any, at: str) -> None:
    class Ending(LocalTransport):
        there = True

        async def ask(self, request: Request) -> Reply:
            words = request.dumps if isinstance(request, Netlink) else request.argv if isinstance(request, Exec) else ()
            if self.there and at in words and getattr(request, "netns", "").endswith(lab.name("a")):
                self.there = False
                await asyncio.to_thread(lab.run, "ip netns del @a")
            return await super().ask(request)

    lab.run("ip netns add @a", "ip netns exec @a nft add table ip guard")
    ending = Ending()
    picture = collect(ending)
    assert not ending.there
    mine = {part: status for part, status in picture.status.items() if part.startswith(f"netns:{lab.name('a')}")}
    assert set(mine.values()) <= {"completed"}


def test_a_host_made_of_namespaces(lab: Any) -> None:
    pid = lab.host(
        "hostname inner\nip link set lo up\nip netns add vm\nip link add e0 type veth peer name e1 netns vm\n"
        "unshare -n sleep 50 &\nsleep 0.2"
    )
    inside = collect(LocalTransport(pid))
    host = inside.get("here", "linux")
    assert host is not None and host["hostname"] == "inner" and host["namespaces_complete"] is True
    e0, e1 = inside.get("here/dev:e0"), inside.get("here/netns:vm/dev:e1")
    assert e0 is not None and e1 is not None
    assert (e0["peer_netns"], e1["peer_netns"]) == ("here/netns:vm", "here")
    unnamed = [id for id, facet in inside.records if id.startswith("here/netns:ino:") and "/dev:" not in id]
    assert len({*unnamed}) == 1

    inodes = {os.stat(f"/proc/{pid}/ns/net").st_ino, int(unnamed[0].rpartition(":")[2])}
    machine = collect(declared=[pid])
    assert not [id for id, _ in machine.records if any(str(inode) in id for inode in inodes)]
    assert [id for id, _ in collect().records if any(str(inode) in id for inode in inodes)]


def test_files_of_such_a_host_are_its_own(lab: Any) -> None:
    pid = lab.host(
        "mkdir /run/deep\necho inner > /run/file\nln -s /run/file /run/link\nln -s /../../etc/shadow /run/out"
    )

    async def run() -> tuple[bytes, bytes, bytes]:
        transport = LocalTransport(pid)
        link = await transport.ask(Read("/run/link"))
        folder = await transport.ask(Read("/run/"))
        command = await transport.ask(Exec(("cat", "/run/file")))
        await transport.close()
        return link.body, folder.body, command.body

    link, folder, command = asyncio.run(run())
    assert link == command == b"inner\n", "an absolute link stays below its root"
    assert folder == b"deep\nfile\nlink\nout\n"


def test_without_privilege_what_can_be_read_is_read(lab: Any) -> None:
    lab.run("ip netns add @a")
    program = (
        "import asyncio, json\n"
        "from calipso.seams import SourceConfig\n"
        "from calipso.sources.linux import SOURCE\n"
        "from calipso.transports.local import LocalTransport\n"
        "async def run():\n"
        "    config = SourceConfig(host='here')\n"
        "    ended = {o.scope.part: o.status async for o in SOURCE.collect(LocalTransport(), config)\n"
        "             if type(o).__name__ == 'RunEnded'}\n"
        "    print(json.dumps(ended))\n"
        "asyncio.run(run())\n"
    )
    argv = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", sys.executable, "-c", program]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=60)
    status = json.loads(done.stdout)
    assert status["root"] == "completed"
    assert status[f"netns:{lab.name('a')}"] == "failed"
    assert status["root netfilter"] == "partial"
