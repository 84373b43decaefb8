"""Does operations in a random order to a tenant's objects, and tells each as it was answered, as a line of JSON.

Arguments: seed, how many operations, `none` for no servers. At the end everything that it made is deleted again.

A line: `did`; `event`: type of the notification that the cloud sends of it, empty where it sends none; `kind`,
`id`: what it was done to; `about`: the id that the notification names; `shows`: what Calipso shows of it then,
null when it is no more; `at`: when it was answered, in seconds since the epoch. After each it waits for a line
on its standard input, as long as that is open.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Iterable
from typing import Any

from labs.openstack import declaration as d
from labs.openstack.cloud.connecting import connect

PATIENCE = 120
HOST = d.COMPUTES[-1].name
SMALL, LARGE = "nano", "micro"
STARTS, ENDS = "rnd-", 3
"""Names of what is made, and how many of one kind there are at most."""


def main() -> None:
    seed, number = map(int, sys.argv[1:3])
    work = Work(connect(), random.Random(seed), servers=0 if sys.argv[3:] == ["none"] else 1)
    try:
        work.everything(number)
    finally:
        work.clear()


class Work:
    """What was made so far: kind → objects."""

    def __init__(self, cloud: Any, chance: random.Random, servers: int) -> None:
        self.network, self.compute, self.image = cloud.network, cloud.compute, cloud.image
        self.chance = chance
        self.servers = servers
        self.made: dict[str, list[Any]] = {}
        self.number = 0
        self.outside = self.network.find_network(d.EXTERNAL.name)
        """None where hosts route by themselves (Calico): then there are no routers, floating IPs and trunks either."""

    def everything(self, number: int) -> None:
        """Each kind of operation once, in a random order as far as one does not need another, then any of them."""
        of_servers = [self.make_server, self.turn, self.turn, self.resize] if self.servers else []
        of_routers = [self.make_router, self.join, self.make_floating, self.lead, self.lead, self.make_trunk,
                      self.carry, self.part] if self.outside else []  # fmt: skip
        pending = [*of_servers, *of_routers, self.make_network, self.make_group, self.make_port, self.guard,
                   self.readdress, *(self.rename for _ in range(6))]  # fmt: skip
        for _ in range(number):
            self.chance.shuffle(pending)
            did = next((each for each in pending if each()), None)
            if did is not None:
                pending.remove(did)
            else:
                self.chance.choice((self.make_network, self.make_port, self.rename, self.guard, self.delete))()

    # ── making ───────────────────────────────────────────────────────────────────────────────────────────────────

    def make_network(self) -> bool:
        if len(self.of("network")) >= ENDS:
            return False
        nth = len(self.of("network"))
        net = self.add("network", self.network.create_network(name=self.name()), "network.create.end")
        cidr = f"10.{30 + self.number}.{nth}.0/24"
        below = self.network.create_subnet(name=self.name(), network_id=net.id, ip_version=4, cidr=cidr)
        self.add("subnet", below, "subnet.create.end")
        return True

    def make_group(self) -> bool:
        made = self.network.create_security_group(name=self.name())
        return bool(self.add("security_group", made, "security_group.create.end"))

    def make_router(self) -> bool:
        made = self.network.create_router(name=self.name(), external_gateway_info={"network_id": self.outside.id})
        return bool(self.add("router", made, "router.create.end"))

    def make_port(self) -> bool:
        net = self.any("network")
        return net is not None and bool(self._port(net))

    def _port(self, net: Any) -> Any:
        groups = {"security_group_ids": [group.id]} if (group := self.any("security_group")) else {}
        made = self.network.create_port(name=self.name(), network_id=net.id, **groups)
        return self.add("port", made, "port.create.end")

    def make_floating(self) -> bool:
        made = self.network.create_ip(floating_network_id=self.outside.id)
        self.of("floating_ip").append(made)
        return self.tell("create floating_ip", "floatingip.create.end", "floating_ip", made.id, port_id=None)

    def make_server(self) -> bool:
        port = self._spare() if len(self.of("server")) < self.servers else None
        if port is None:
            return False
        made = self.compute.create_server(
            name=self.name(), image_id=self.image.find_image("halt").id, flavor_id=self.compute.find_flavor(SMALL).id,
            networks=[{"port": port.id}], availability_zone=f"nova:{HOST}",
        )  # fmt: skip
        self.of("server").append(made)
        self._wait(made, "ACTIVE")
        return self.tell("create server", "compute.instance.create.end", "server", made.id, status="ACTIVE", host=HOST)

    def make_trunk(self) -> bool:
        port = None if self.of("trunk") else self._spare()
        if port is None:
            return False
        made = self.network.create_trunk(name=self.name(), port_id=port.id)
        return bool(self.add("trunk", made, "trunk.create.end"))

    # ── changing ─────────────────────────────────────────────────────────────────────────────────────────────────

    def rename(self) -> bool:
        kind = self.chance.choice(("network", "subnet", "port", "router", "security_group", "trunk", "server"))
        it = self.any(kind)
        if it is None:
            return False
        name = self.name()
        if kind == "server":
            self.compute.update_server(it, name=name)
            return self.tell("rename server", "compute.instance.update", "server", it.id, name=name)
        getattr(self.network, f"update_{kind}")(it.id, name=name)
        return self.tell(f"rename {kind}", f"{kind}.update.end", kind, it.id, name=name)

    def readdress(self) -> bool:
        it = self.any("subnet")
        if it is None:
            return False
        self.network.update_subnet(it.id, dns_nameservers=["192.0.2.99"])
        return self.tell("update subnet", "subnet.update.end", "subnet", it.id, dns_nameservers=["192.0.2.99"])

    def guard(self) -> bool:
        group = self.any("security_group")
        if group is None:
            return False
        port = 1000 + self.number
        self.number += 1
        rule = self.network.create_security_group_rule(
            security_group_id=group.id, direction="ingress", protocol="tcp", port_range_min=port, port_range_max=port
        )
        return self.tell(
            "add rule", "security_group_rule.create.end", "security_group", group.id, rule.id, rules=rule.id
        )

    def join(self) -> bool:
        """Give a router an interface on a subnet that has none."""
        taken = {subnet for _, subnet in self.of("interface")}
        free = [each for each in self.of("subnet") if each.id not in taken]
        router = self.any("router")
        if router is None or not free:
            return False
        subnet = self.chance.choice(free)
        made = self.network.add_interface_to_router(router.id, subnet_id=subnet.id)
        self.of("interface").append((router.id, subnet.id))
        return self.tell(
            "add interface", "router.interface.create", "port", made["port_id"], router.id, device_id=router.id
        )

    def part(self) -> bool:
        led = {self.network.get_ip(each.id).router_id for each in self.of("floating_ip")}
        free = [each for each in self.of("interface") if each[0] not in led]
        return bool(free) and self._part(self.chance.choice(free))

    def _part(self, joined: tuple[str, str]) -> bool:
        router, subnet = joined
        gone = self.network.remove_interface_from_router(router, subnet_id=subnet)
        self.of("interface").remove(joined)
        return self.gone("remove interface", "router.interface.delete", "port", gone["port_id"], router)

    def lead(self) -> bool:
        """Have a floating IP lead to a port behind a router, or nowhere."""
        it, port = self.any("floating_ip"), self._behind()
        if it is None or port is None:
            return False
        to = None if self.network.get_ip(it.id).port_id else port.id
        self.network.update_ip(it.id, port_id=to)
        return self.tell("update floating_ip", "floatingip.update.end", "floating_ip", it.id, port_id=to)

    def carry(self) -> bool:
        """Put a port into a trunk."""
        trunk = self.any("trunk")
        port = self._spare() if trunk else None
        if port is None:
            return False
        below = {"port_id": port.id, "segmentation_type": "vlan", "segmentation_id": 100 + self.number}
        self.number += 1
        self.network.add_trunk_subports(trunk.id, [below])
        self.of("below").append((trunk.id, port.id))
        number = below["segmentation_id"]
        return self.tell("add subport", "", "port", port.id, trunk.id, subport_vlan=number)

    def turn(self) -> bool:
        """Stop a server that runs, start one that does not."""
        it = self.any("server")
        if it is None:
            return False
        if self.compute.get_server(it.id).status == "ACTIVE":
            self.compute.stop_server(it.id)
            self._wait(it, "SHUTOFF")
            return self.tell("stop server", "compute.instance.power_off.end", "server", it.id, status="SHUTOFF")
        self.compute.start_server(it.id)
        self._wait(it, "ACTIVE")
        return self.tell("start server", "compute.instance.power_on.end", "server", it.id, status="ACTIVE")

    def resize(self) -> bool:
        it = self.any("server")
        if it is None:
            return False
        large = self.compute.find_flavor(LARGE) or self.compute.create_flavor(
            name=LARGE, ram=52, vcpus=1, disk=0, flavor_id=LARGE
        )
        others = [each.id for each in self.compute.services(binary="nova-compute") if each.host != HOST]
        for each in others:  # an instance goes where there is room; hosts of the lab do not log in to each other
            self.compute.update_service(each, status="disabled")
        try:
            self.compute.resize_server(it.id, large.id)
            self._wait(it, "VERIFY_RESIZE")
        finally:
            for each in others:
                self.compute.update_service(each, status="enabled")
        self.tell("resize server", "compute.instance.finish_resize.end", "server", it.id, flavor=LARGE)
        before = self.compute.get_server(it.id).power_state
        self.compute.confirm_server_resize(it.id)
        status = "ACTIVE" if before == 1 else "SHUTOFF"
        self._wait(it, status)
        return self.tell(
            "confirm resize", "compute.instance.resize.confirm.end", "server", it.id, flavor=LARGE, status=status
        )

    # ── deleting ─────────────────────────────────────────────────────────────────────────────────────────────────

    def delete(self) -> bool:
        """A port that nothing needs, or a security group of nobody."""
        port = self._loose()
        if port is None:
            return False
        self.network.delete_port(port.id)
        self.of("port").remove(port)
        return self.gone("delete port", "port.delete.end", "port", port.id)

    def clear(self) -> None:
        """Delete everything, in the order that the cloud asks for."""
        for it in self.of("server"):
            self.compute.delete_server(it.id)
            self.compute.wait_for_delete(it, wait=PATIENCE, interval=1)
            self.gone("delete server", "compute.instance.delete.end", "server", it.id)
        for trunk, port in self.of("below"):
            self.network.delete_trunk_subports(trunk, [{"port_id": port}])
            self.tell("remove subport", "", "port", port, trunk, subport_vlan=None)
        for kind, event in (("trunk", "trunk"), ("floating_ip", "floatingip")):
            self._all(kind, event)
        for joined in list(self.of("interface")):
            self._part(joined)
        for kind in ("router", "port", "security_group", "subnet", "network"):
            self._all(kind, kind)
        if found := self.compute.find_flavor(LARGE):
            self.compute.delete_flavor(found)

    def _all(self, kind: str, event: str) -> None:
        remove = self.network.delete_ip if kind == "floating_ip" else getattr(self.network, f"delete_{kind}")
        for it in self.of(kind):
            remove(it.id)
            self.gone(f"delete {kind}", f"{event}.delete.end", kind, it.id)

    # ── of all of them ───────────────────────────────────────────────────────────────────────────────────────────

    def name(self) -> str:
        self.number += 1
        return f"{STARTS}{self.number}"

    def of(self, kind: str) -> list[Any]:
        return self.made.setdefault(kind, [])

    def any(self, kind: str) -> Any:
        return self.chance.choice(self.of(kind)) if self.of(kind) else None

    def add(self, kind: str, made: Any, event: str) -> Any:
        self.of(kind).append(made)
        self.tell(f"create {kind}", event, kind, made.id, name=made.name)
        return made

    def _loose(self) -> Any:
        """A port that nothing uses."""
        used = {port for _, port in self.of("below")}
        return self._some(each for each in self.network.ports() if not each.device_id and each.id not in used
                          and each.id in {port.id for port in self.of("port")} and not each.trunk_details
                          and not (self.outside and list(self.network.ips(port_id=each.id))))  # fmt: skip

    def _spare(self) -> Any:
        """A port that nothing uses; one is made where there is none, but there is a network."""
        port, net = self._loose(), self.any("network")
        if port is None and net is not None:
            self._port(net)
            return self.of("port")[-1]
        return port

    def _behind(self) -> Any:
        """A port on a subnet with a way out."""
        joined = {subnet for _, subnet in self.of("interface")}
        ours = {port.id for port in self.of("port")}
        return self._some(each for each in self.network.ports() if each.id in ours
                          and any(one["subnet_id"] in joined for one in each.fixed_ips))  # fmt: skip

    def _some(self, found: Iterable[Any]) -> Any:
        by_id = {port.id: port for port in self.of("port")}
        there = [by_id[each.id] for each in found]
        return self.chance.choice(there) if there else None

    def _wait(self, server: Any, status: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while (now := self.compute.get_server(server.id)).status != status or now.task_state is not None:
            if now.status == "ERROR" or time.monotonic() > deadline:
                sys.exit(f"{server.name} is {now.status} ({now.task_state}), not {status}")
            time.sleep(0.5)

    def tell(self, did: str, event: str, kind: str, id: str, about: str = "", **shows: Any) -> bool:
        """`about`: id that the notification names, where it is not the object's own."""
        return self._say(did=did, event=event, kind=kind, id=id, about=about or id, shows=shows)

    def gone(self, did: str, event: str, kind: str, id: str, about: str = "") -> bool:
        return self._say(did=did, event=event, kind=kind, id=id, about=about or id, shows=None)

    def _say(self, **said: Any) -> bool:
        """And go on when a line comes back, or none can come any more."""
        print(json.dumps({**said, "at": time.time()}), flush=True)
        sys.stdin.readline()
        return True


if __name__ == "__main__":
    main()
