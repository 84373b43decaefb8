"""A cloud of any size, as its hosts and APIs would answer: compute hosts of ML2/OVS with the hybrid firewall.

What the kernel of a host says is recorded once, by commands, on a real host made of namespaces, and then told for every
host with its own names and addresses. Open vSwitch and libvirt answer in the form of recordings of real ones.
"""

from __future__ import annotations

import copy
import json
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from calipso.errors import TransportError, Unreachable
from calipso.seams import Exec, Http, Ovsdb, Read, Reply, Request, SourceConfig
from calipso.sources.linux import SOURCE as LINUX
from calipso.sources.openstack.collect import LISTINGS
from calipso.transports.local import LocalTransport
from calipso.transports.transcript import request_key
from labs.plain.holders import end, hold

REPLAY = Path(__file__).parents[1] / "tests/replay"
TOKEN, MAC, IP = "c0ffee", "c0:ff:ee", "10.192.255.238"
"""Stand for a host's number in names, MACs and its address, and are as long as it: some answers tell their lengths."""
NETWORKS, PEERS, PAGE = 200, 20, 1000
Row = dict[str, Any]


def port(host: int, nth: int) -> str:
    return f"{host:06x}{nth:02x}-0000-4000-8000-00000000000a"


def server(host: int, nth: int) -> str:
    return f"{host:06x}{nth:02x}-1111-4000-8000-000000000001"


def network(number: int) -> str:
    return f"{number:08x}-2222-4000-8000-000000000002"


def mac(host: int, nth: int) -> str:
    return f"fa:16:{host >> 16:02x}:{host >> 8 & 255:02x}:{host & 255:02x}:{nth:02x}"


def address(host: int) -> str:
    return f"10.200.{100 + host // 100}.{100 + host % 100}"


def name(host: int) -> str:
    return f"cmp-{host:06x}"


class Recorder:
    """Only what commands tell, as over SSH; what was told is kept."""

    answers: frozenset[type[Request]] = frozenset({Exec, Read})

    def __init__(self, pid: int) -> None:
        self._inner = LocalTransport(pid)
        self.told: dict[str, Reply] = {}

    async def ask(self, request: Request) -> Reply:
        reply = await self._inner.ask(request)
        self.told[request_key(request)] = reply
        return reply

    def listen(self, request: Request) -> AsyncIterator[Reply]:
        raise TransportError("a look is no stream")

    async def close(self) -> None:
        await self._inner.close()


@contextmanager
def one_host(instances: int) -> Iterator[int]:
    """The pid of a host whose devices carry the tokens. Needs root."""
    made = hold(mortal=True)
    try:
        lines = [
            f"link add eth1 type veth peer name far address 02:01:{MAC}:fe", "link set eth1 up", "link set far up",
            f"addr add {IP}/16 dev eth1", "tuntap add br-int mode tap", "tuntap add br-tun mode tap",
        ]  # fmt: skip
        for nth in range(instances):
            of, own = f"{TOKEN}{nth:02x}-00", f"16:{MAC}:{nth:02x}"
            lines += [
                f"tuntap add tap{of} mode tap", f"link add qbr{of} type bridge",
                f"link add qvb{of} address 02:{own} type veth peer name qvo{of} address 06:{own}",
                f"link set tap{of} address fe:{own} master qbr{of} up", f"link set qvb{of} master qbr{of} up",
                f"link set qvo{of} up", f"link set qbr{of} up",
            ]  # fmt: skip
        enter = ["nsenter", "-t", str(made.first), "-a", "--"]
        subprocess.run([*enter, "sh", "-c", f"hostname cmp-{TOKEN}; ip link set lo up"], check=True)
        subprocess.run([*enter, "ip", "-batch", "-"], input="\n".join(lines) + "\n", text=True, check=True)
        yield made.first
    finally:
        end([made])


async def recorded(instances: int) -> dict[str, Reply]:
    """Request → what the one host's kernel says, by commands."""
    with one_host(instances) as pid:
        recorder = Recorder(pid)
        async for _ in LINUX.collect(recorder, SourceConfig(host=f"cmp-{TOKEN}")):
            pass
        await recorder.close()
        return recorder.told


class GeneratedHost:
    """Answers for one host, as it would over SSH."""

    answers: frozenset[type[Request]] = frozenset({Exec, Read, Ovsdb})

    def __init__(self, number: int, instances: int, kernel: dict[str, Reply], hosts: int) -> None:
        self.number, self.instances, self.hosts = number, instances, hosts
        self._kernel = kernel

    async def ask(self, request: Request) -> Reply:
        if isinstance(request, Ovsdb):
            return Reply(json.dumps(self._switch()).encode())
        if isinstance(request, Read) and request.path in RUN:
            return Reply(RUN[request.path])
        if isinstance(request, Exec) and (said := self._command(request.argv)) is not None:
            return Reply(said.encode())
        told = self._kernel.get(request_key(request).replace(f"{self.number:06x}", TOKEN))
        if told is not None:
            return Reply(self._own(told.body), told.exit_code, told.stderr)
        if isinstance(request, Exec):
            return Reply(b"", 127, b"not found")
        raise Unreachable("no such file")

    def listen(self, request: Request) -> AsyncIterator[Reply]:
        raise TransportError("a look is no stream")

    async def close(self) -> None:
        """Nothing is open."""

    def _own(self, body: bytes) -> bytes:
        number = self.number
        own = f"{number >> 16:02x}:{number >> 8 & 255:02x}:{number & 255:02x}"
        pairs = ((TOKEN, f"{number:06x}"), (MAC, own), (IP, address(number)))
        for said, mine in pairs:
            body = body.replace(said.encode(), mine.encode())
        return body

    def _command(self, argv: tuple[str, ...]) -> str | None:
        if argv[0] == "ovs-ofctl":
            bridge = argv[-1].rpartition("/")[2].removesuffix(".mgmt")
            return self._flows(bridge) if "dump-flows" in argv else ""
        if "ovs-appctl" in argv:
            return " port  VLAN  MAC                Age\n"
        if argv[0] == "virsh":
            return self._virsh(argv)
        return None

    def _flows(self, bridge: str) -> str:
        rules: list[tuple[int, int, str]] = [(60, 0, " actions=drop")]
        for nth in range(self.instances):
            vni, at = hex(1000 + self._network(nth)), f",in_port={nth + 3}"
            if bridge == "br-int":
                rules.append((0, 9, f"{at} actions=goto_table:25"))
                rules.append((0, 10, f",arp{at} actions=goto_table:24"))
                rules.append((25, 2, f"{at},dl_src={mac(self.number, nth)} actions=goto_table:58"))
            elif bridge == "br-tun":
                tagged = f"actions=push_vlan:0x8100,set_field:{4097 + nth}->vlan_vid,goto_table:10"
                rules.append((4, 1, f",tun_id={vni} {tagged}"))
                rules.append((22, 1, f",dl_vlan={nth + 1} actions=pop_vlan,set_field:{vni}->tun_id,output:2"))
        lines = (
            f" cookie=0x1, duration=1.0s, table={table}, n_packets=0, n_bytes=0, priority={priority}{rest}\n"
            for table, priority, rest in rules
        )
        return "OFPST_FLOW reply (OF1.3) (xid=0x2):\n" + "".join(lines)

    def _network(self, nth: int) -> int:
        return (self.number * self.instances + nth) % NETWORKS

    def _switch(self) -> dict[str, Any]:
        switch = Switch()
        for nth in range(self.instances):
            id, vni = port(self.number, nth), 1000 + self._network(nth)
            external = {"attached-mac": mac(self.number, nth), "iface-id": id, "vm-uuid": server(self.number, nth)}
            config = {"net_uuid": network(self._network(nth)), "network_type": "vxlan", "segmentation_id": str(vni)}
            plug = {"ofport": nth + 3, "external_ids": said_map(external)}
            of = {"tag": nth + 1, "other_config": said_map(config)}
            switch.add("br-int", f"qvo{id[:11]}", {**SAMPLE_PLUG, **plug}, {**SAMPLE_PORT, **of})
        away = range(1, 1 + min(PEERS, self.hosts - 1) // 2)
        peers = sorted({(self.number + sign * each) % self.hosts for each in away for sign in (1, -1)})
        for nth, peer in enumerate(peers):
            ends = {"in_key": "flow", "out_key": "flow", "local_ip": address(self.number), "remote_ip": address(peer)}
            plug = {"ofport": nth + 2, "options": said_map(ends)}
            switch.add("br-tun", f"vxlan-{nth}", {**SAMPLE_TUNNEL, **plug}, SAMPLE_PORT_OF_TUNNEL)
        return switch.tables

    def _virsh(self, argv: tuple[str, ...]) -> str:
        all_of = range(self.instances)
        if "--version" in argv:
            return "9.0.0\n"
        if "list" in argv:
            return "".join(f"{server(self.number, nth)}\n" for nth in all_of)
        if "domstats" in argv:
            return "".join(f"Domain: 'instance-{nth:08x}'\n  state.state=1\n  state.reason=1\n\n" for nth in all_of)
        if argv[-1].startswith("dumpxml"):
            return "\n".join(self._domain(nth) for nth in all_of)
        return ""

    def _domain(self, nth: int) -> str:
        text = SAMPLE_DOMAIN
        for said, mine in (
            ("4e1ed217-4c44-4861-bfb7-c0003f5e5b06", server(self.number, nth)),
            ("2b3d0d1d-27", port(self.number, nth)[:11]), ("fa:16:3e:f7:ed:70", mac(self.number, nth)),
            ("instance-00000005", f"instance-{nth:08x}"),
        ):  # fmt: skip
            text = text.replace(said, mine)
        return text


class Switch:
    """Tables of the recorded switch, and ports that are added to them."""

    def __init__(self) -> None:
        self.tables = {table: dict(rows) for table, rows in RECORDED_SWITCH.items()}
        self._bridges = {row["new"]["name"]: uuid for uuid, row in self.tables["Bridge"].items()}

    def add(self, bridge: str, called: str, interface: Row, port: Row) -> None:
        own = {"name": called, "ifindex": ["set", []]}
        self.tables["Interface"][f"i-{called}"] = {"new": {**interface, **own}}
        self.tables["Port"][f"p-{called}"] = {"new": {**port, "name": called, "interfaces": ["uuid", f"i-{called}"]}}
        uuid = self._bridges[bridge]
        row = self.tables["Bridge"][uuid]["new"]
        self.tables["Bridge"][uuid] = {"new": {**row, "ports": ["set", [*row["ports"][1], ["uuid", f"p-{called}"]]]}}


def said_map(values: dict[str, str]) -> list[Any]:
    """A map as OVSDB writes it (RFC 7047 §5.1)."""
    return ["map", [[name, value] for name, value in values.items()]]


class GeneratedApi:
    """Answers for the APIs of such a cloud, page by page."""

    answers: frozenset[type[Request]] = frozenset({Http})

    def __init__(self, hosts: int, instances: int) -> None:
        self.hosts, self.instances = hosts, instances
        self._rows = self._made()

    async def ask(self, request: Request) -> Reply:
        assert isinstance(request, Http)
        if request.endpoint == "openstack:":
            return Reply(
                json.dumps({"region": "one", "services": ["compute", "identity", "image", "network"]}).encode()
            )
        parts = urlsplit(request.path)
        listing, key = next((
            (listing, each.key) for listing, each in LISTINGS.items()
            if each.path.partition("?")[0] == parts.path and f"openstack:{each.service}" == request.endpoint
        ), ("", ""))  # fmt: skip
        if not listing:
            return Reply(b"no details of single objects", 404)
        rows = self._rows.get(listing, [])
        begins = int(parse_qs(parts.query).get("marker", ["0"])[0])
        said: Row = {key: rows[begins : begins + PAGE]}
        if begins + PAGE < len(rows):
            said[f"{key}_links"] = [{"rel": "next", "href": f"{parts.path}?limit={PAGE}&marker={begins + PAGE}"}]
        return Reply(json.dumps(said).encode(), 200)

    def listen(self, request: Request) -> AsyncIterator[Reply]:
        raise TransportError("a look is no stream")

    async def close(self) -> None:
        """Nothing is open."""

    def _made(self) -> dict[str, list[Row]]:
        made: dict[str, list[Row]] = {
            "regions": [{"id": "one"}],
            "projects": [{"id": f"project-{number}", "name": f"tenant-{number}"} for number in range(20)],
            "servers": [self._server(*at) for at in self._places()],
            "ports": [self._port(*at) for at in self._places()],
            "networks": [
                {"id": network(n), "name": f"net-{n}", "subnets": [], "provider:segmentation_id": 1000 + n}
                for n in range(NETWORKS)
            ],
            "segments": [
                {"id": f"segment-{n}", "network_id": network(n), "network_type": "vxlan", "segmentation_id": 1000 + n}
                for n in range(NETWORKS)
            ],
            "agents": [self._agent(host) for host in range(self.hosts)],
            "nova_services": [
                {"id": str(host), "binary": "nova-compute", "host": name(host)} for host in range(self.hosts)
            ],
            "hypervisors": [self._hypervisor(host) for host in range(self.hosts)],
        }
        samples = _recorded_api()
        return {listing: [{**samples[listing], **row} for row in rows] for listing, rows in made.items()}

    def _places(self) -> Iterator[tuple[int, int]]:
        return ((host, nth) for host in range(self.hosts) for nth in range(self.instances))

    def _server(self, host: int, nth: int) -> Row:
        return {
            "id": server(host, nth), "name": f"vm-{host}-{nth}", "tenant_id": f"project-{host % 20}",
            "OS-EXT-SRV-ATTR:host": name(host),
        }  # fmt: skip

    def _port(self, host: int, nth: int) -> Row:
        return {
            "id": port(host, nth), "mac_address": mac(host, nth), "device_id": server(host, nth),
            "device_owner": "compute:nova", "network_id": network((host * self.instances + nth) % NETWORKS),
            "binding:host_id": name(host), "project_id": f"project-{host % 20}", "fixed_ips": [],
        }  # fmt: skip

    def _agent(self, host: int) -> Row:
        says = {"tunnel_types": ["vxlan"], "tunneling_ip": address(host)}
        return {"id": f"agent-{host}", "host": name(host), "configurations": says}

    def _hypervisor(self, host: int) -> Row:
        of = {"id": str(host), "host": name(host)}
        return {"id": str(host), "hypervisor_hostname": name(host), "host_ip": address(host), "service": of}


def _lines(file: str) -> list[Row]:
    return [json.loads(line) for line in (REPLAY / file).read_text().splitlines()[1:]]


def _recorded_api() -> dict[str, Row]:
    """The first object of each listing of a real cloud, as a form for more of them."""
    found = {
        line["request"]["path"]: json.loads(line["text"])
        for line in _lines("openstack/api/openstack@ml2-ovs.jsonl")[1:]
    }
    return {
        listing: copy.deepcopy(found[each.path][each.key][0])
        for listing, each in LISTINGS.items()
        if found.get(each.path, {}).get(each.key)
    }


def _recorded_switch() -> dict[str, dict[str, Row]]:
    line = next(line for line in _lines("ovs/ovs@cmp1.jsonl") if line["request"]["type"] == "Ovsdb")
    found: dict[str, dict[str, Row]] = json.loads(line["text"])
    return found


RUN = {
    "/var/run/": b"libvirt\nopenvswitch\n", "/var/run/openvswitch/": b"db.sock\n",
    "/var/run/libvirt/": b"libvirt-sock-ro\n",
}  # fmt: skip
_SWITCH = _recorded_switch()


def _sample(table: str, begins: str) -> Row:
    return next(row["new"] for row in _SWITCH[table].values() if str(row["new"]["name"]).startswith(begins))


SAMPLE_PORT, SAMPLE_PORT_OF_TUNNEL = _sample("Port", "qvo"), _sample("Port", "vxlan")
SAMPLE_PLUG, SAMPLE_TUNNEL = _sample("Interface", "qvo"), _sample("Interface", "vxlan")


def _base() -> dict[str, dict[str, Row]]:
    """The recorded switch without its own instances and tunnels."""
    found = {table: dict(rows) for table, rows in _SWITCH.items()}
    gone = {}
    for table in ("Port", "Interface"):
        gone[table] = {
            uuid for uuid, row in found[table].items() if str(row["new"]["name"]).startswith(("qvo", "vxlan", "tap"))
        }
        found[table] = {uuid: row for uuid, row in found[table].items() if uuid not in gone[table]}
    for uuid, row in found["Bridge"].items():
        kept = [each for each in row["new"]["ports"][1] if isinstance(each, list) and each[1] not in gone["Port"]]
        found["Bridge"][uuid] = {"new": {**row["new"], "ports": ["set", kept]}}
    return found


RECORDED_SWITCH = _base()
_DOMAINS = next(
    each["text"]
    for each in _lines("libvirt/libvirt@cmp1.jsonl")
    if each["request"].get("argv", [""])[-1].startswith("dumpxml")
)
SAMPLE_DOMAIN = _DOMAINS.partition("</domain>")[0] + "</domain>\n"
