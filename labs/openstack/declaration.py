"""What the lab is. The cloud, its configuration and what is expected of it come from here. Knows no engine."""

from __future__ import annotations

from dataclasses import dataclass, replace

MECHANISMS = ("ovs", "ovn", "calico")
"""ML2 mechanism drivers that the lab can be made with."""
ROUTERS = ("legacy", "dvr", "ha")
"""With ML2/OVS: routers on the control host; distributed over all hosts; on two of the hosts, one of them active."""
HA_HOSTS = 2
PASSWORD = "secret"
LISTENER = "calipso"
"""Who listens to the message bus."""
"""One for everything: nothing of it can be reached but from within the lab."""
REGION = "RegionOne"
MANAGEMENT, TUNNEL, PREFIX = "10.77.0.{}", "10.77.1.{}", 24
OUTSIDE = MANAGEMENT.format(1)
"""The address of who looks at the cloud from outside of its hosts."""
WIRES = ("mgmt", "tun", "ext")
"""Wires that every host has, in the order of its NICs: management, tunnels, provider network."""
PHYSNET, PROVIDER_BRIDGE = "physnet1", "br-provider"
PROVIDER_GATEWAY = "172.24.4.1"
OVSDB_PORT, NORTHBOUND_PORT, SOUTHBOUND_PORT = 6640, 6641, 6642
ETCD_PORT, AS_NUMBER = 2379, 64512
"""With Calico: of its datastore, and of the autonomous system in which hosts tell each other of guests."""


@dataclass(frozen=True)
class Host:
    """A host. number: the last octet of its addresses. firewall: its agent's firewall driver."""

    name: str
    number: int
    firewall: str = "openvswitch"
    controls: bool = False
    computes: bool = False

    @property
    def address(self) -> str:
        """On the management wire."""
        return MANAGEMENT.format(self.number)

    @property
    def tunnel_address(self) -> str:
        return TUNNEL.format(self.number)


CTL = Host("ctl", 11, controls=True)
HOSTS = (CTL, Host("cmp1", 21, "iptables_hybrid", computes=True), Host("cmp2", 22, computes=True))
COMPUTES = tuple(host for host in HOSTS if host.computes)


@dataclass(frozen=True)
class Api:
    """A WSGI service of the control host. path: what follows the port in the catalogue."""

    name: str
    type: str
    port: int
    module: str
    path: str = ""

    @property
    def url(self) -> str:
        return f"http://{CTL.address}:{self.port}{self.path}"


KEYSTONE = Api("keystone", "identity", 5000, "keystone.wsgi.api", "/v3")
NEUTRON = Api("neutron", "network", 9696, "neutron.wsgi.api")
NOVA = Api("nova", "compute", 8774, "nova.wsgi.osapi_compute", "/v2.1")
PLACEMENT = Api("placement", "placement", 8778, "placement.wsgi.api")
GLANCE = Api("glance", "image", 9292, "glance.wsgi.api")
OCTAVIA = Api("octavia", "load-balancer", 9876, "octavia.wsgi.api")
REGISTERED = (NOVA, NEUTRON, PLACEMENT, GLANCE, OCTAVIA)
"""Services with a user and endpoints of their own; Keystone registers itself."""


@dataclass(frozen=True)
class Network:
    """A network with one subnet. project: its tenant, who also has a router from it to the outside; empty: shared.

    vlan: it is a provider network of that VLAN. external: it is the flat network to the outside.
    """

    name: str
    cidr: str
    project: str = ""
    vlan: int = 0
    external: bool = False


@dataclass(frozen=True)
class Vm:
    """An instance on a host of choice, with a NIC on each network. floating: it has an address outside."""

    name: str
    project: str
    host: str
    networks: tuple[str, ...]
    floating: bool = False


SERVED = "red"
"""The project that has a load balancer, and with ML2/OVS a firewall and a VPN."""
KEY_OF_VPN = "never-told"
EXTERNAL = Network("ext-net", "172.24.4.0/24", external=True)
VLAN = Network("vlan-101", "10.101.0.0/24", vlan=101)
TENANTS = (Network("net-red", "10.1.0.0/24", "red"), Network("net-blue", "10.2.0.0/24", "blue"))
VMS = (
    Vm("red-1", "red", "cmp1", ("net-red",), floating=True),
    Vm("red-2", "red", "cmp2", ("net-red",)),
    Vm("blue-1", "blue", "cmp1", ("net-blue",)),
    Vm("blue-2", "blue", "cmp2", ("net-blue", "vlan-101")),
)


def agents(routers: str) -> list[tuple[str, str]]:
    """(agent, host) of agents that serve with ML2/OVS. Routers that are on several hosts have an agent on each."""
    everywhere = [("l3", host.name) for host in HOSTS if host.controls or routers != ROUTERS[0]]
    return [*everywhere, ("dhcp", CTL.name), ("metadata", CTL.name)]


def networks(mechanism: str) -> tuple[Network, ...]:
    """Calico's hosts route between guests: it knows no provider's VLAN, and the lab gives it no way outside."""
    return TENANTS if mechanism == "calico" else (EXTERNAL, VLAN, *TENANTS)


def vms(mechanism: str) -> tuple[Vm, ...]:
    """As far as the networks are there."""
    known = {net.name for net in networks(mechanism)}
    return tuple(
        replace(vm, networks=tuple(each for each in vm.networks if each in known),
                floating=vm.floating and EXTERNAL.name in known)
        for vm in VMS
    )  # fmt: skip


OVERLAYS = {"ovs": ("vxlan", "gre"), "ovn": ("geneve",), "calico": ("local",)}
"""Mechanism driver → network types that tenants' networks can be of, the usual one first."""
