"""What the lab is. Both the lab and the graph expected of it come from here, and from nowhere else."""

from __future__ import annotations

from dataclasses import dataclass, field

from calipso.model import ids

BRIDGES = ("br-int", "br-tun", "br-vtep")
UNDERLAY = "192.0.2.{}"
PREFIX = 24
MTU = 1450
"""Of what sits on a network: VXLAN over IPv4 takes 50 octets of the 1,500 below it (RFC 7348 §5)."""
ROUTER = "router-"
PATTERNS = (ROUTER, "dhcp-")
"""How the names of services begin."""
BARE_KEY = 77
"""Key of the tunnels without a local address."""


@dataclass(frozen=True)
class Network:
    """A network of the lab. `by_rule`: its VNI is set by OpenFlow rules, else by access tunnel ports with a key."""

    tag: int
    vni: int
    subnet: str
    by_rule: bool

    @property
    def segment(self) -> str:
        return ids.segment("vxlan", None, self.vni)

    @property
    def gateway(self) -> str:
        """The router's address."""
        return f"{self.subnet}.1"


@dataclass(frozen=True)
class Vm:
    """An instance: a namespace with eth0, plugged into br-int or, with `bridge`, into a Linux bridge before it."""

    name: str
    network: Network
    address: str
    bridge: str = ""

    @property
    def near(self) -> str:
        """The host's end of its cable."""
        return "vh" + self.name.removeprefix("vm-")

    @property
    def bridge_cable(self) -> tuple[str, str]:
        """The cable from its Linux bridge to br-int: (end in the bridge, end in br-int)."""
        short = self.bridge.removeprefix("br-")
        return f"p{short}", f"p{short}o"

    @property
    def port(self) -> str:
        """The port of br-int that its frames come in by."""
        return self.bridge_cable[1] if self.bridge else self.near


@dataclass(frozen=True)
class ServicePort:
    """An internal port moved into a service's namespace. `device`: its name there. `told`: its MAC is noted on it."""

    port: str
    network: Network
    address: str
    device: str
    told: bool = True

    @property
    def known(self) -> bool:
        """Whether anything tells which device the port is: its name, or its MAC."""
        return self.told or self.device == self.port


@dataclass(frozen=True)
class Service:
    """A service: a namespace named after it with internal ports of br-int."""

    name: str
    ports: tuple[ServicePort, ...]


@dataclass(frozen=True)
class Host:
    """A host: number n has the underlay address 192.0.2.n."""

    name: str
    number: int
    vms: tuple[Vm, ...] = ()
    services: tuple[Service, ...] = ()

    @property
    def address(self) -> str:
        return UNDERLAY.format(self.number)


BLUE = Network(10, 10010, "10.10.0", by_rule=False)
RED = Network(20, 10020, "10.20.0", by_rule=True)


@dataclass(frozen=True)
class Lab:
    """The whole lab."""

    networks: tuple[Network, ...] = (BLUE, RED)
    hosts: tuple[Host, ...] = field(default_factory=tuple)

    def host(self, name: str) -> Host:
        """Raises `KeyError`."""
        return {host.name: host for host in self.hosts}[name]

    def others(self, host: Host) -> list[Host]:
        return [each for each in self.hosts if each is not host]


def lab(hosts: int = 2) -> Lab:
    """The lab with so many hosts, two at least; every host beyond the second has one instance on each network."""
    first = Host(
        "h1",
        1,
        (Vm("vm-a", BLUE, "10.10.0.11"), Vm("vm-b", RED, "10.20.0.11", bridge="br-b")),
        (
            Service(
                "router-r", (ServicePort("r10", BLUE, BLUE.gateway, "r10"), ServicePort("r20", RED, RED.gateway, "r20"))
            ),
            Service(
                "dhcp-10",
                (
                    ServicePort("d10", BLUE, "10.10.0.2", "eth0", told=False),
                    ServicePort("d20", RED, "10.20.0.2", "eth1"),
                ),
            ),
        ),
    )
    second = Host("h2", 2, (Vm("vm-c", BLUE, "10.10.0.12", bridge="br-c"), Vm("vm-d", RED, "10.20.0.12")))
    more = tuple(
        Host(f"h{n}", n, (Vm(f"vm-{n}a", BLUE, f"10.10.0.{n + 10}"), Vm(f"vm-{n}b", RED, f"10.20.0.{n + 10}")))
        for n in range(3, max(hosts, 2) + 1)
    )
    return Lab(hosts=(first, second, *more))


def mac(host: Host, what: str) -> str:
    """A MAC that is the same each time the lab is made. `what` names it; its last four letters tell on a host."""
    return f"02:{host.number:02x}:" + ":".join(f"{byte:02x}" for byte in what.encode()[-4:].rjust(4, b"\0"))


def access_tunnel(network: Network, other: Host) -> str:
    """Name of the access tunnel port of a network towards a host."""
    return f"vx{network.tag}-{other.name}"


def rule_tunnel(other: Host) -> str:
    """Name of the tunnel port whose key rules set."""
    return f"vx-{other.name}"


def bare_tunnel(other: Host) -> str:
    """Name of the tunnel port without a local address."""
    return f"gv-{other.name}"
