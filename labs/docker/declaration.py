"""What the lab is. All that is made and all that is expected follows from it."""

from __future__ import annotations

from typing import NamedTuple

UPLINK = "eth0"
"""Each host's way out: its end of the cable between the two."""
DEFAULT = "bridge"
GATEWAY_BRIDGE = "docker_gwbridge"
"""What containers of an overlay have besides, for what is outside of it."""
OVERLAY = "ov"


class Host(NamedTuple):
    """A host. `routed`: it has a default route, out of its uplink."""

    name: str
    address: str
    routed: bool


class Network(NamedTuple):
    """A network that users make on a host."""

    name: str
    host: str
    driver: str
    subnets: tuple[str, ...]
    options: tuple[str, ...] = ()


class Container(NamedTuple):
    """A container. `network`: as `--network` takes it, `container:NAME` too. `also`: networks it is connected to."""

    name: str
    host: str
    network: str
    also: tuple[str, ...] = ()
    publish: str = ""

    @property
    def shares(self) -> str:
        """The container whose namespace it shares, "" for its own."""
        return self.network.partition(":")[2]


HOSTS = (Host("d1", "192.0.2.1", routed=True), Host("d2", "192.0.2.2", routed=False))

NETWORKS = (
    Network("appnet", "d1", "bridge", ("172.30.0.0/24", "fd00:30::/64")),
    Network("wire", "d1", "macvlan", ("198.51.100.0/24",), (f"parent={UPLINK}",)),
    Network("backnet", "d2", "bridge", ("172.31.0.0/24",)),
)

CONTAINERS = (
    Container("plain1", "d1", DEFAULT),
    Container("web", "d1", "appnet", publish="8080:80"),
    Container("db", "d1", "appnet", also=(DEFAULT,)),
    Container("side", "d1", "container:web"),
    Container("onwire", "d1", "wire"),
    Container("onhost", "d1", "host"),
    Container("alone", "d1", "none"),
    Container("far1", "d1", OVERLAY),
    Container("back", "d2", "backnet"),
    Container("far2", "d2", OVERLAY),
)


def network(name: str, host: str) -> Network | None:
    """The user's network of that name, None for those that engines have by themselves."""
    return next((each for each in NETWORKS if (each.name, each.host) == (name, host)), None)
