"""Between two workloads: the networks that both are on, and the tunnels that join their hosts for these networks."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import msgspec

from calipso.graph.networks import medium_of
from calipso.graph.protocol import GraphReader, Obj
from calipso.model.media import ROUTED
from calipso.model.record import Attributes


class SharedNetwork(msgspec.Struct, frozen=True):
    """A network that both ends are on. network_type: `vxlan`, `vlan` …, "" where nothing tells it.

    carried: `tunnel` between hosts, `wire` as it is, `routes` to each workload (Calico), `host` for a network that
    never leaves its host; "" for unknown.
    """

    id: str
    name: str
    network_type: str
    segmentation_id: int | None
    carried: str


def shared_network(graph: GraphReader, network: Obj) -> SharedNetwork:
    """What type a network is of, by itself or by its segments where these agree."""
    said = [graph.attributes(network)]
    if "network_type" not in said[0]:
        said = [graph.attributes(each) for each in _linked(graph, network, "segment-network")]
    types = {str(each["network_type"]): each for each in said if each.get("network_type")}
    if len(types) != 1:
        return SharedNetwork(network.id, network.name, "", None, "")
    ((type, told),) = types.items()
    number = told.get("segmentation_id")
    carried = _carried(graph, network, type)
    return SharedNetwork(network.id, network.name, type, number if isinstance(number, int) else None, carried)


def _carried(graph: GraphReader, network: Obj, network_type: str) -> str:
    ports = _linked(graph, network, "port-network") if network_type in ("local", "flat") else ()
    if any(graph.attributes(port).get("medium") == ROUTED for port in ports):
        return "routes"
    if (medium_of(network_type, None) or "").startswith("overlay/"):
        return "tunnel"
    return {"flat": "wire", "vlan": "wire", "local": "host"}.get(network_type, "")


def endpoints(graph: GraphReader, host: str, overlay: str) -> list[Obj]:
    """A host's tunnel endpoints of a type, by id."""
    found = (graph.get(ord) for ord in graph.find("kind", "otep"))
    return sorted(
        (each for each in found if each is not None and each.host == host
         and graph.attributes(each).get("overlay_type") == overlay),
        key=lambda each: each.id,
    )  # fmt: skip


def told(graph: GraphReader, endpoint: Obj) -> bool:
    """Whether anything says which tunnels an endpoint has, so that one that is not said is not there."""
    said = graph.attributes(endpoint)
    return bool(said.get("tunnels") or said.get("peer_ips"))


def serving(graph: GraphReader, near: Obj, far: Obj, numbers: Collection[int]) -> list[str] | None:
    """Ids of the tunnels of one endpoint that lead to another for networks with these numbers; any without a number.

    None where none does. Empty where they are joined and nothing tells by which tunnel.
    """
    if far.ord not in {link.other for link in graph.links(near.ord, ("otep-otep",))}:
        return None
    there = set(graph.attributes(far).get("tunnels", ()))
    leading = [each for each in _tunnels(graph, near) if _meets(graph, each, there) or leads(graph, each, far)]
    fitting = [each.id for each in leading if fits(graph.attributes(each), numbers)]
    return fitting if fitting or not leading else None


def leads(graph: GraphReader, tunnel: Obj, far: Obj) -> bool:
    """Whether a tunnel itself says that it leads to an endpoint."""
    said, ip = graph.attributes(tunnel), graph.attributes(far).get("ip")
    return bool(ip) and (said.get("remote_ip") == ip or ip in said.get("fdb_remotes", ()))


def fits(tunnel: Attributes, numbers: Collection[int]) -> bool:
    """Whether a tunnel takes frames of networks with these numbers: any where its key is set frame by frame."""
    key = str(tunnel.get("key", tunnel.get("vni", "flow")))
    return not numbers or not key.isdecimal() or int(key) in numbers


def _meets(graph: GraphReader, tunnel: Obj, ends: Collection[str]) -> bool:
    return any(other.id in ends for other in _linked(graph, tunnel, "layer3.tunnel"))


def _tunnels(graph: GraphReader, endpoint: Obj) -> Iterable[Obj]:
    found = (graph.resolve(id) for id in graph.attributes(endpoint).get("tunnels", ()))
    return [each for each in found if each is not None]


def _linked(graph: GraphReader, head: Obj, type: str) -> list[Obj]:
    found = (graph.get(link.other) for link in graph.links(head.ord, (type,)))
    return [each for each in found if each is not None]
