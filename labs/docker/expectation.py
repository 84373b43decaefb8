"""What the graph shall hold, by the declaration. Ids that engines choose by chance are asked of them, nothing else is.

Exact for every object of the kinds in `KINDS` and every link of the types in `LINKS`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from labs.docker import declaration as d
from labs.docker.lab import Running

KINDS = frozenset({"host", "container", "vnic", "vconnector", "host_pnic", "otep", "network"})
LINKS = frozenset({
    "container-vnic", "container-network", "vnic-vconnector", "vnic-host_pnic", "vconnector-host_pnic", "otep-otep",
    "otep-host_pnic", "otep-vconnector", "host_pnic-network",
})  # fmt: skip
OWN_NETWORKS = (d.DEFAULT, "host", "none", d.GATEWAY_BRIDGE)
"""What every engine of a swarm has by itself."""
SWARM_NETWORKS = (d.OVERLAY, "ingress")

Link = tuple[str, str, str]


class Expected(NamedTuple):
    """objects: id → kind. networks: id of a NIC → ids of its networks."""

    objects: dict[str, str]
    links: set[Link]
    networks: dict[str, tuple[str, ...]]


def expected(made: Running) -> Expected:
    """What shall be seen of a lab as it was made."""
    return _Expectation(made).all()


class _Expectation:
    def __init__(self, made: Running) -> None:
        self._made = made
        self._out = Expected({}, set(), {})
        self._networks: dict[tuple[str, str], str] = {}
        self._containers: dict[tuple[str, str], str] = {}
        self._namespaces: dict[tuple[str, str], str] = {}

    def all(self) -> Expected:
        for host in d.HOSTS:
            self._host(host)
        for network in d.NETWORKS:
            self._network(network.host, network.name)
            if network.driver == "bridge":
                self._bridge(network.host, f"br-{self._networks[network.host, network.name][:12]}")
        for container in d.CONTAINERS:
            self._container(container)
        one, other = (f"{host.name}/otep:vxlan" for host in d.HOSTS)
        self._out.links.add(("otep-otep", one, other))
        return self._out

    def _host(self, host: d.Host) -> None:
        pnic, endpoint = f"{host.name}/dev:{d.UPLINK}", f"{host.name}/otep:vxlan"
        self._out.objects.update({host.name: "host", pnic: "host_pnic", endpoint: "otep"})
        self._out.links.add(("otep-host_pnic", endpoint, pnic))
        for name in (*OWN_NETWORKS, *SWARM_NETWORKS):
            self._network(host.name, name)
        for name in ("docker0", d.GATEWAY_BRIDGE):
            self._bridge(host.name, name)
        for name in SWARM_NETWORKS:
            network = self._networks[host.name, name]
            bridge = self._overlay_bridge(host.name, name)
            self._out.objects[bridge] = "vconnector"
            self._out.links.update(
                {
                    ("otep-vconnector", endpoint, bridge),
                    ("host_pnic-network", pnic, f"network:{network}"),
                }
            )

    def _network(self, host: str, name: str) -> None:
        id = self._made.inspect(host, "network", name)["Id"]
        self._networks[host, name] = id
        self._out.objects[f"network:{id}"] = "network"

    def _overlay_bridge(self, host: str, name: str) -> str:
        """The engine keeps an overlay's bridge in a namespace of its own."""
        return f"{host}/netns:1-{self._networks[host, name][:10]}/dev:br0"

    def _bridge(self, host: str, name: str) -> None:
        """It has an address, so it leaves by the default route where there is one, else by no NIC at all."""
        id = f"{host}/dev:{name}"
        self._out.objects[id] = "vconnector"
        if next(each for each in d.HOSTS if each.name == host).routed:
            self._out.links.add(("vconnector-host_pnic", id, f"{host}/dev:{d.UPLINK}"))

    def _container(self, container: d.Container) -> None:
        said = self._made.inspect(container.host, "container", container.name)
        id = f"container:{said['Id']}"
        self._out.objects[id] = "container"
        if container.shares:
            netns = self._namespaces[container.host, container.shares]
            for nic in [each for each in self._out.networks if each.startswith(f"{netns}/")]:
                self._out.links.add(("container-vnic", id, nic))
            return
        netns = f"{container.host}/netns:{said['NetworkSettings']['SandboxKey'].rpartition('/')[2]}"
        self._namespaces[container.host, container.name] = netns
        for name in (container.network, *container.also):
            self._out.links.add(("container-network", id, f"network:{self._networks[container.host, name]}"))
        for nth, (name, bridge) in enumerate(self._cables(container)):
            nic = f"{netns}/dev:eth{nth}"
            self._out.objects[nic] = "vnic"
            self._out.networks[nic] = (f"network:{self._networks[container.host, name]}",)
            self._out.links.add(("container-vnic", id, nic))
            kind = "vnic-vconnector" if bridge else "vnic-host_pnic"
            self._out.links.add((kind, nic, bridge or f"{container.host}/dev:{d.UPLINK}"))

    def _cables(self, container: d.Container) -> Iterator[tuple[str, str]]:
        """(network, bridge) of each NIC; "" for one right on the uplink."""
        host = container.host
        for name in (container.network, *container.also):
            network = d.network(name, host)
            if name == d.DEFAULT:
                yield name, f"{host}/dev:docker0"
            elif name == d.OVERLAY:
                yield name, self._overlay_bridge(host, name)
                yield d.GATEWAY_BRIDGE, f"{host}/dev:{d.GATEWAY_BRIDGE}"
            elif network is not None and network.driver == "bridge":
                yield name, f"{host}/dev:br-{self._networks[host, name][:12]}"
            elif network is not None:
                yield name, ""
