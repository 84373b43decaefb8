"""A cloud that is worked on: its API answers as it is now, its bus tells what was done, and much happens in silence.

As in a real cloud, nothing is told of ports of DHCP, gateways and floating IPs, of what goes with a network that is
deleted, nor of addresses that a server gains with a port.
"""

from __future__ import annotations

import asyncio
import copy
import itertools
import json
import random
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from calipso.errors import Unreachable
from calipso.seams import Amqp, AmqpSettle, Http, Reply, Request
from calipso.sources.openstack.collect import LISTINGS
from tests.support.openstack_said import OBJECTS, MadeUpCloud, Row

HOSTS = ("cmp1", "cmp2")
FILTERS = {"id", "uuid", "network_id", "device_id", "port_id", "router_id"}
KEPT = ("regions", "services", "endpoints", "flavors", "hypervisors", "nova_services", "zones")


class SimulatedCloud(MadeUpCloud):
    """`told`: bodies of notifications in the order in which they were sent, which nobody delivered yet."""

    answers: frozenset[type[Request]] = frozenset({Http, Amqp, AmqpSettle})

    def __init__(self, seed: int) -> None:
        objects = {name: copy.deepcopy(rows) if name in KEPT else [] for name, rows in OBJECTS.items()}
        super().__init__(objects)
        self.random = random.Random(seed)
        self.numbers = itertools.count(1)
        self.told: list[str] = []
        self.settled: set[int] = set()
        self.dead: dict[int, str] = {}
        self.away = False
        self._stream: asyncio.Queue[Reply | Exception] = asyncio.Queue()
        self._messages = itertools.count(1)
        self.delivered = 0
        for name in ("agents", "projects", "images", "qos_policies", "aggregates"):
            objects[name] = copy.deepcopy(OBJECTS[name])

    # ── the API ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def ask(self, request: Request) -> Reply:
        if isinstance(request, AmqpSettle):
            self.settled |= {*request.taken, *(number for number, _ in request.dead)}
            self.dead |= dict(request.dead)
            return Reply(b"")
        for _ in range(self.random.randrange(3)):
            await asyncio.sleep(0)
        if self.away:
            raise Unreachable("cloud: connection refused")
        reply = await super().ask(request)
        for _ in range(self.random.randrange(3)):
            await asyncio.sleep(0)
        return reply

    def page(self, request: Http) -> Reply:
        path, _, query = request.path.partition("?")
        asked = {name: values for name, values in parse_qs(query).items() if name in FILTERS}
        if not asked:
            return super().page(request)
        name = next(
            name for name, each in LISTINGS.items()
            if each.service == request.endpoint.removeprefix("openstack:") and urlsplit(each.path).path == path
        )  # fmt: skip
        rows = self.objects[name]
        for field, values in asked.items():
            rows = [row for row in rows if row.get("id" if field == "uuid" else field) in values]
        return Reply(json.dumps({LISTINGS[name].key: rows}).encode(), 200)

    # ── the bus ──────────────────────────────────────────────────────────────────────────────────────────────────

    def listen(self, request: Request) -> AsyncIterator[Reply]:
        return self._listened()

    async def _listened(self) -> AsyncIterator[Reply]:
        yield self.stands()
        while True:
            reply = await self._stream.get()
            if isinstance(reply, Exception):
                raise reply
            yield reply

    def stands(self, *bound: str) -> Reply:
        said = {"bound": ["neutron", "nova", *bound], "missing": [], "waiting": 0, "dead": len(self.dead)}
        return Reply(json.dumps(said).encode())

    def put(self, reply: Reply | Exception) -> None:
        """What the stream says next."""
        self._stream.put_nowait(reply)

    def deliver(self, body: str) -> int:
        """A message comes to whoever listens; its number."""
        number = next(self._messages)
        self.delivered += 1
        said = {"number": number, "exchange": "nova", "routing_key": "notifications.info", "redelivered": False}
        self.put(Reply(json.dumps({**said, "body": body}).encode()))
        return number

    def tell(self, event: str, payload: Row) -> None:
        """Some services wrap their payloads, some the whole message."""
        if event.startswith("instance."):
            payload = {"nova_object.name": "Payload", "nova_object.version": "1.0", "nova_object.data": payload}
        inner = {"event_type": event, "payload": payload, "timestamp": "2026-01-01 00:00:00.000000"}
        wrapped = {"oslo.version": "2.0", "oslo.message": json.dumps(inner)}
        self.told.append(json.dumps(wrapped if self.random.random() < 0.9 else inner))

    # ── what is done to it ───────────────────────────────────────────────────────────────────────────────────────

    def work(self) -> None:
        """Something that a user may do now."""
        self.random.choice(WORK)(self)

    def one(self, listing: str, where: Callable[[Row], bool] = lambda row: True) -> Row | None:
        found = [row for row in self.objects[listing] if where(row)]
        return self.random.choice(found) if found else None

    def add(self, listing: str, **row: Any) -> Row:
        """With a new id."""
        made = {"id": f"{listing[0]}{next(self.numbers)}-{listing}", "project_id": "p1", "tags": [], **row}
        self.objects[listing].append(made)
        return made

    def drop(self, listing: str, where: Callable[[Row], bool]) -> None:
        self.objects[listing] = [row for row in self.objects[listing] if not where(row)]

    def port(self, network: Row, owner: str = "", device: str = "", **more: Any) -> Row:
        number = next(self.numbers)
        mac = f"fa:16:3e:00:{number // 256:02x}:{number % 256:02x}"
        return self.add(
            "ports", network_id=network["id"], mac_address=mac, device_owner=owner, device_id=device, **more
        )

    def release(self, ports: set[str]) -> None:
        """Ports are gone: whatever was tied to them is not any more."""
        self.drop("ports", lambda row: row["id"] in ports)
        for row in self.objects["floating_ips"]:
            if row["port_id"] in ports:
                row.update(port_id=None, fixed_ip_address=None, router_id=None, status="DOWN")


def _networks(cloud: SimulatedCloud) -> None:
    network = cloud.one("networks")
    if network is None or cloud.random.random() < 0.4:
        made = cloud.add(
            "networks", name="net", subnets=[], status="ACTIVE", mtu=1450,
            **{"provider:network_type": "vxlan", "provider:segmentation_id": next(cloud.numbers)},
        )  # fmt: skip
        if cloud.random.random() < 0.5:
            cloud.add("segments", network_id=made["id"], network_type="vxlan", segmentation_id=7)
        return cloud.tell("network.create.end", {"network": dict(made)})
    if cloud.random.random() < 0.5:
        network["name"] += "'"
        return cloud.tell("network.update.end", {"network": dict(network)})
    inside = [row for row in cloud.objects["ports"] if row["network_id"] == network["id"]]
    if all(row["device_owner"] == "network:dhcp" for row in inside):
        cloud.release({row["id"] for row in inside})
        for listing in ("subnets", "segments"):
            cloud.drop(listing, lambda row: row["network_id"] == network["id"])
        cloud.drop("networks", lambda row: row is network)
        cloud.tell("network.delete.end", {"network_id": network["id"]})
    return None


def _subnets(cloud: SimulatedCloud) -> None:
    subnet, network = cloud.one("subnets"), cloud.one("networks")
    if network is not None and (subnet is None or cloud.random.random() < 0.5):
        made = cloud.add("subnets", network_id=network["id"], cidr="10.0.0.0/24", name="sub", enable_dhcp=True)
        network["subnets"] = [*network["subnets"], made["id"]]
        fixed = [{"subnet_id": made["id"], "ip_address": "10.0.0.2"}]
        cloud.port(network, "network:dhcp", f"dhcp-{network['id']}", fixed_ips=fixed)
        cloud.tell("subnet.create.end", {"subnet": dict(made)})
    elif subnet is not None and cloud.random.random() < 0.5:
        subnet["name"] += "'"
        cloud.tell("subnet.update.end", {"subnet": dict(subnet)})
    elif subnet is not None:
        used = [row for row in cloud.objects["ports"] if _on(row, subnet)]
        if all(row["device_owner"] == "network:dhcp" for row in used):
            cloud.release({row["id"] for row in used})
            cloud.drop("subnets", lambda row: row is subnet)
            of = next(row for row in cloud.objects["networks"] if row["id"] == subnet["network_id"])
            of["subnets"] = [id for id in of["subnets"] if id != subnet["id"]]
            cloud.tell("subnet.delete.end", {"subnet_id": subnet["id"]})


def _on(port: Row, subnet: Row) -> bool:
    return any(each["subnet_id"] == subnet["id"] for each in port.get("fixed_ips", ()))


def _ports(cloud: SimulatedCloud) -> None:
    port, network = cloud.one("ports", lambda row: not row["device_owner"]), cloud.one("networks")
    if network is not None and (port is None or cloud.random.random() < 0.5):
        group = cloud.add("security_groups", name="default", security_group_rules=[])  # made in silence
        made = cloud.port(network, name="port", security_groups=[group["id"]])
        cloud.tell("port.create.end", {"port": dict(made)})
    elif port is not None and cloud.random.random() < 0.6:
        port["name"] = f"{port.get('name')}'"
        cloud.tell("port.update.end", {"port": dict(port)})
    elif port is not None and not any(
        port["id"] in (row["port_id"], *(sub["port_id"] for sub in row["sub_ports"])) for row in cloud.objects["trunks"]
    ):
        cloud.release({port["id"]})
        cloud.tell("port.delete.end", {"port_id": port["id"], "port": dict(port)})


def _routers(cloud: SimulatedCloud) -> None:
    router, network = cloud.one("routers"), cloud.one("networks")
    if router is None or cloud.random.random() < 0.2:
        return cloud.tell("router.create.end", {"router": dict(cloud.add("routers", name="router"))})
    choice = cloud.random.randrange(4)
    if choice == 0 and network is not None:
        cloud.release(_of(cloud, router["id"], "network:router_gateway"))
        cloud.port(network, "network:router_gateway", router["id"])
        router["external_gateway_info"] = {"network_id": network["id"]}
        return cloud.tell("router.update.end", {"router": dict(router)})
    if choice == 1 and network is not None:
        port = cloud.port(network, "network:router_interface", router["id"])
        return cloud.tell("router.interface.create", {"router_interface": {"id": router["id"], "port_id": port["id"]}})
    gone = _of(cloud, router["id"], "network:router_interface")
    if choice == 2 and gone:
        port_id = sorted(gone)[0]
        cloud.release({port_id})
        cloud.tell("router.interface.delete", {"router_interface": {"id": router["id"], "port_id": port_id}})
    elif choice == 3 and not gone:
        cloud.release(_of(cloud, router["id"], "network:router_gateway"))
        cloud.drop("routers", lambda row: row is router)
        for row in cloud.objects["floating_ips"]:
            if row["router_id"] == router["id"]:
                row.update(router_id=None, port_id=None)
        cloud.tell("router.delete.end", {"router_id": router["id"]})
    return None


def _of(cloud: SimulatedCloud, device: str, owner: str) -> set[str]:
    return {row["id"] for row in cloud.objects["ports"] if (row["device_id"], row["device_owner"]) == (device, owner)}


def _floating(cloud: SimulatedCloud) -> None:
    floating, network, port, router = (cloud.one(name) for name in ("floating_ips", "networks", "ports", "routers"))
    if network is not None and (floating is None or cloud.random.random() < 0.4):
        made = cloud.add(
            "floating_ips", floating_ip_address="192.0.2.9", floating_network_id=network["id"], port_id=None,
            router_id=None, status="DOWN",
        )  # fmt: skip
        cloud.port(network, "network:floatingip", made["id"])
        cloud.tell("floatingip.create.end", {"floatingip": dict(made)})
    elif floating is not None and port is not None and router is not None and cloud.random.random() < 0.6:
        floating.update(port_id=port["id"], router_id=router["id"], fixed_ip_address="10.0.0.5", status="ACTIVE")
        cloud.tell("floatingip.update.end", {"floatingip": dict(floating)})
    elif floating is not None:
        cloud.drop("floating_ips", lambda row: row is floating)
        cloud.release(_of(cloud, floating["id"], "network:floatingip"))
        cloud.tell("floatingip.delete.end", {"floatingip_id": floating["id"]})


def _trunks(cloud: SimulatedCloud) -> None:
    trunk, port = cloud.one("trunks"), cloud.one("ports", lambda row: not row["device_owner"])
    if port is not None and (trunk is None or cloud.random.random() < 0.3):
        made = cloud.add("trunks", port_id=port["id"], sub_ports=[], name="trunk")
        cloud.tell("trunk.create.end", {"trunk": dict(made)})
    elif trunk is not None and port is not None and port["id"] != trunk["port_id"] and cloud.random.random() < 0.7:
        port.update(device_owner="trunk:subport", device_id=trunk["id"])
        sub = {"port_id": port["id"], "segmentation_type": "vlan", "segmentation_id": next(cloud.numbers)}
        trunk["sub_ports"] = [*trunk["sub_ports"], sub]
        cloud.tell("trunk.update.end", {"trunk": {"id": trunk["id"]}} if cloud.random.random() < 0.5 else {})
    elif trunk is not None:
        for row in cloud.objects["ports"]:
            if row["device_id"] == trunk["id"]:
                row.update(device_owner="", device_id="")
        cloud.drop("trunks", lambda row: row is trunk)
        cloud.tell("trunk.delete.end", {"trunk_id": trunk["id"]})


def _groups(cloud: SimulatedCloud) -> None:
    group = cloud.one("security_groups")
    if group is None:
        made = cloud.add("security_groups", name="web", security_group_rules=[])
        return cloud.tell("security_group.create.end", {"security_group": dict(made)})
    rule = {"id": f"rule{next(cloud.numbers)}", "direction": "ingress", "security_group_id": group["id"]}
    group["security_group_rules"] = [*group["security_group_rules"], rule][-3:]
    return cloud.tell("security_group_rule.create.end", {"security_group_rule": rule})


def _servers(cloud: SimulatedCloud) -> None:
    server, network = cloud.one("servers"), cloud.one("networks")
    versioned = cloud.random.random() < 0.5
    if network is not None and (server is None or cloud.random.random() < 0.3):
        host = cloud.random.choice(HOSTS)
        server = cloud.add("servers", name="vm", status="ACTIVE", tenant_id="p1", **{"OS-EXT-SRV-ATTR:host": host})
        _plug(cloud, server, network, host)
        event = "create.end"
    elif server is None:
        return
    else:
        event = cloud.random.choice(tuple(CHANGES))
        if event == "delete.end":
            cloud.release({row["id"] for row in cloud.objects["ports"] if row["device_id"] == server["id"]})
            cloud.drop("servers", lambda row: row is server)
        elif event == "interface_attach.end":
            if network is not None:
                _plug(cloud, server, network, server["OS-EXT-SRV-ATTR:host"])
        elif event == "live_migration_post.end":
            host = server["OS-EXT-SRV-ATTR:host"] = cloud.random.choice(HOSTS)
            for row in cloud.objects["ports"]:
                if row["device_id"] == server["id"]:
                    row["binding:host_id"] = host
        else:
            server.update(CHANGES[event], name=server["name"] + "'")
    server["updated"] = f"2026-01-01T00:00:{next(cloud.numbers):08}Z"
    if versioned:
        state = {"ACTIVE": "active", "SHUTOFF": "stopped"}.get(str(server["status"]), "of some time ago")
        cloud.tell(f"instance.{event}", {
            "uuid": server["id"], "host": "of some time ago", "state": state, "power_state": "running",
            "task_state": cloud.random.choice((None, None, "busy")), "updated_at": server["updated"],
        })  # fmt: skip
    else:
        cloud.tell(f"compute.instance.{event}", {"instance_id": server["id"], "state": "of some time ago"})


CHANGES: dict[str, Row] = {
    "update": {},
    "power_off.end": {"status": "SHUTOFF", "OS-EXT-STS:power_state": 4},
    "power_on.end": {"status": "ACTIVE", "OS-EXT-STS:power_state": 1},
    "suspend.end": {"status": "SUSPENDED", "OS-EXT-STS:vm_state": "suspended"},
    "resume.end": {"status": "ACTIVE", "OS-EXT-STS:vm_state": "active"},
    "finish_resize.end": {"flavor": {"id": "f1"}},
    "delete.end": {},
    "interface_attach.end": {},
    "live_migration_post.end": {},
}


def _plug(cloud: SimulatedCloud, server: Row, network: Row, host: str) -> None:
    cloud.port(network, "compute:nova", server["id"], **{"binding:host_id": host})
    server["addresses"] = {"net": [*server.get("addresses", {}).get("net", ()), {"addr": f"10.9.0.{len(server)}"}]}


def _others(cloud: SimulatedCloud) -> None:
    choice = cloud.random.randrange(6)
    if choice == 0:
        cloud.objects["projects"][0]["name"] += "'"
        cloud.tell("identity.project.updated", {"resource_info": "p1"})
    elif choice == 1:
        cloud.objects["images"][0]["name"] += "'"
        cloud.tell("image.update", {"id": "im1"})
    elif choice == 2:
        cloud.objects["aggregates"][0]["metadata"] = {"nth": str(next(cloud.numbers))}
        cloud.tell("aggregate.updateprop.end", {"aggregate_id": 3})
    elif choice == 3:
        cloud.objects["agents"][0]["admin_state_up"] = cloud.random.random() < 0.5
        cloud.tell("agent.update.end", {"agent": {"id": cloud.objects["agents"][0]["id"]}})
    elif choice == 4:
        cloud.objects["qos_policies"][0]["name"] += "'"
        cloud.tell("policy.update.end", {"policy": {"id": "q1"}})
    else:
        row = cloud.one("networks")
        if row is not None:
            row["tags"] = sorted({*row["tags"], f"tag{next(cloud.numbers)}"})
            cloud.tell("tag.create.end", {"parent_resource": "networks", "parent_resource_id": row["id"]})


def _extensions(cloud: SimulatedCloud) -> None:
    """Firewalls and VPNs, whose events have all of them asked."""
    listing = cloud.random.choice(("firewall_groups", "vpn_services"))
    event = {"firewall_groups": "firewall_group", "vpn_services": "vpnservice"}[listing]
    row, port, router = cloud.one(listing), cloud.one("ports"), cloud.one("routers")
    if row is None or cloud.random.random() < 0.4:
        cloud.add(listing, name="service", status="PENDING_CREATE", router_id=router["id"] if router else "r1")
        cloud.tell(f"{event}.create.end", {})
    elif cloud.random.random() < 0.6:
        row.update(name=row["name"] + "'", ports=[port["id"]] if port else [])
        cloud.tell(f"{event}.update.end", {})
    else:
        cloud.drop(listing, lambda each: each is row)
        cloud.tell(f"{event}.delete.end", {f"{event}_id": row["id"]})


WORK: tuple[Callable[[SimulatedCloud], None], ...] = (
    _networks, _networks, _subnets, _subnets, _ports, _ports, _routers, _routers, _floating, _trunks, _groups,
    _servers, _servers, _servers, _others, _extensions,
)  # fmt: skip
