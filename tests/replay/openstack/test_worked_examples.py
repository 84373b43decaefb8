"""The clouds of the recordings, object by object: kinds, binds, links and cliques as worked out by hand.

Where these numbers differ from a count of the same clouds without DHCP: a network is linked to the DHCP server that
serves it (network-vservice), three links in each cloud that has DHCP namespaces.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from calipso.graph.clique import Clique, find_clique
from calipso.graph.codec import Codec
from calipso.graph.explain import why
from calipso.graph.protocol import Obj
from calipso.graph.value import FacetChange, Graph
from calipso.model import ids
from calipso.model.cliques import CLIQUE_TYPES
from calipso.model.cliques_original import FIRST_GENERATION
from calipso.model.environment import Environment
from tests.support.estate import seen

HERE = Path(__file__).parent
CLOUDS = ("ml2-ovs", "ml2-ovn", "ml2-linuxbridge")
"""Those with what their APIs answered beside."""
RECORDED = (*CLOUDS, "ml2-calico")
TYPES = {each.name: each for each in CLIQUE_TYPES}
CODEC = Codec()


@cache
def records(cloud: str) -> tuple[FacetChange, ...]:
    """Every record as the store keeps it."""
    out = []
    for line in (HERE / f"{cloud}.jsonl").read_text().splitlines()[1:]:
        said = json.loads(line)
        scoped = said["id"].partition("/")[0] == said["reporter"]
        facet = said["facet"] if scoped else f"{said['facet']}@{said['reporter']}"
        out.append(FacetChange(said["id"], facet, CODEC.encode(said["type"], said["source"], said["attributes"])))
    return tuple(out)


def build(changes: list[FacetChange], step: int = 10**9) -> Graph:
    graph = Graph(Environment(name="openstack"), CODEC)
    for start in range(0, len(changes), step):
        graph, _ = graph.apply(changes[start : start + step], start + 1)
    return graph


@cache
def graph_of(cloud: str) -> Graph:
    return build(list(records(cloud)))


def role_links(graph: Graph) -> Counter[str]:
    return Counter(
        link.type
        for head in graph.objects()
        for link in graph.links(head.ord)
        if link.outgoing and "." not in link.type and link.type != "ownership"
    )


@pytest.mark.parametrize(
    ("cloud", "objects", "united", "role", "dhcp", "ports", "realised"),
    [
        ("ml2-ovs", 188, 30, 103, 3, 16, 15),
        ("ml2-ovn", 120, 20, 72, 0, 10, 5),
        ("ml2-linuxbridge", 82, 0, 43, 3, 9, 9),
        ("ml2-calico", 54, 0, 36, 0, 4, 4),
    ],
)
def test_counts(cloud: str, objects: int, united: int, role: int, dhcp: int, ports: int, realised: int) -> None:
    graph = graph_of(cloud)
    assert len(graph) == objects
    assert sum("/interface:" in graph.id_of(ord) for ord in graph.bound) == united
    assert role_links(graph).total() == role + dhcp
    heads = [head for head in graph.objects() if head.kind == "port"]
    assert len(heads) == ports
    assert sum(any(True for _ in graph.links(head.ord, ("vnic-port",))) for head in heads) == realised


@pytest.mark.parametrize(
    ("cloud", "name", "hosts", "type", "kind"),
    [
        ("ml2-ovs", "eth0", 3, "veth", "host_pnic"),
        ("ml2-ovs", "eth2", 3, "veth", "host_pnic"),
        ("ml2-ovs", "br-int", 3, "internal", "device"),
        ("ml2-ovs", "ovs-netdev", 3, "tun", "device"),
        ("ml2-ovs", "qbr2b3d0d1d-27", 1, "bridge", "vconnector"),
        ("ml2-ovs", "qvo2b3d0d1d-27", 1, "veth", "device"),
        ("ml2-ovs", "tap2b3d0d1d-27", 1, "tun", "device"),
        ("ml2-ovs", "qr-d5f277c0-47", 1, "internal", "vnic"),
        ("ml2-ovs", "tapaf91672b-57", 1, "internal", "vnic"),
        ("ml2-ovn", "tap360bffb2-6c", 1, "tun", "device"),
        ("ml2-linuxbridge", "brqa56ee44d-50", 2, "bridge", "vconnector"),
        ("ml2-linuxbridge", "vxlan-1275", 2, "vxlan", "device"),
        ("ml2-linuxbridge", "tapc75a3ce6-4d", 1, "veth", "device"),
        ("ml2-linuxbridge", "ns-c75a3ce6-4d", 1, "veth", "vnic"),
        ("ml2-calico", "eth1", 3, "veth", "host_pnic"),
    ],
)
def test_devices(cloud: str, name: str, hosts: int, type: str, kind: str) -> None:
    graph = graph_of(cloud)
    heads = [
        head
        for ord in graph.find("name", name)
        if (head := graph.get(ord)) is not None and head.type not in ("ovsport", "ovsbridge")
    ]
    assert [(head.type, head.kind) for head in heads] == [(type, kind)] * hosts


@pytest.mark.parametrize("cloud", RECORDED)
def test_every_kernel_device_and_every_row_has_a_kind_and_every_alias_resolves(cloud: str) -> None:
    graph = graph_of(cloud)
    assert all(head.kind for head in graph.objects())
    for change in records(cloud):
        assert graph.resolve(change.id) is not None, change.id


def find(cloud: str, start: str) -> Obj:
    found = [head for head in graph_of(cloud).objects() if head.id.startswith(start)]
    return min(found, key=lambda head: len(head.id))


def clique(cloud: str, start: str, name: str) -> Clique:
    return find_clique(graph_of(cloud), find(cloud, start), TYPES[name])


@pytest.mark.parametrize(
    ("cloud", "focal", "name", "links", "objects"),
    [
        ("ml2-ovs", "instance:4e1ed217", "instance", 7, 7),
        ("ml2-ovs", "instance:4e1ed217", "reach", 22, 19),
        ("ml2-ovs", "instance:fd477d95", "instance", 6, 6),
        ("ml2-ovs", "instance:fd477d95", "reach", 22, 19),
        ("ml2-ovs", "instance:f2c2e10a", "instance", 10, 9),
        ("ml2-ovs", "ctl/netns:qrouter-282e8a04", "vservice", 10, 9),
        ("ml2-ovs", "ctl/netns:qdhcp-63aadad0", "vservice", 6, 6),
        ("ml2-ovn", "instance:2c8a1d6c", "instance", 6, 6),
        ("ml2-ovn", "instance:2c8a1d6c", "reach", 18, 15),
        ("ml2-linuxbridge", "instance:lb-vm1", "instance", 5, 6),
        ("ml2-linuxbridge", "instance:lb-vm1", "reach", 11, 12),
        ("ml2-calico", "instance:c169b13e", "instance", 4, 5),
        ("ml2-calico", "instance:c169b13e", "reach", 8, 9),
    ],
)
def test_cliques(cloud: str, focal: str, name: str, links: int, objects: int) -> None:
    found = clique(cloud, focal, name)
    assert (len(found.links), len(found.objects)) == (links, objects)
    assert found.unknown == []


def test_red_and_blue_never_meet() -> None:
    reached = clique("ml2-ovs", "instance:4e1ed217", "reach").objects
    heads = [graph_of("ml2-ovs").resolve(id) for id in reached]
    blue = find("ml2-ovs", "network:244892a7").id
    assert all(head is not None and blue not in (head.networks or ()) for head in heads if head and head.kind == "vnic")
    assert blue not in reached
    assert any(id.startswith("ctl/netns:qrouter-282e8a04") for id in reached)


@pytest.mark.parametrize(
    ("cloud", "focal", "links"), [("ml2-ovs", "instance:4e1ed217", 4), ("ml2-linuxbridge", "instance:lb-vm1", 2)]
)
def test_the_originals_clique_type_stays_as_short_as_it_was(cloud: str, focal: str, links: int) -> None:
    assert len(find_clique(graph_of(cloud), find(cloud, focal), FIRST_GENERATION[0]).links) == links


def test_the_way_of_a_guest_behind_a_hybrid_firewall() -> None:
    graph = graph_of("ml2-ovs")
    bridge, vedge = graph.resolve("cmp1/dev:qbr2b3d0d1d-27"), graph.resolve("cmp1/ovs")
    assert bridge is not None and vedge is not None
    assert why(graph, "vconnector-vedge", bridge, vedge).through == (
        "cmp1/dev:qvb2b3d0d1d-27", "cmp1/dev:qvo2b3d0d1d-27", "cmp1/ovs/port:qvo2b3d0d1d-27", "cmp1/ovs/bridge:br-int",
    )  # fmt: skip
    otep, pnic = graph.resolve("cmp1/otep:vxlan:10.77.1.21"), graph.resolve("cmp1/dev:eth1")
    assert otep is not None and pnic is not None
    assert why(graph, "otep-host_pnic", otep, pnic).through == (
        "cmp1/dev:br-vtep", "cmp1/ovs/port:br-vtep", "cmp1/ovs/bridge:br-vtep", "cmp1/ovs/port:eth1",
    )  # fmt: skip


def test_the_port_of_a_floating_ip_has_no_nic_and_a_distributed_router_is_a_service() -> None:
    graph = graph_of("ml2-ovs")
    loose = [
        h for h in graph.objects() if h.kind == "port" and not any(True for _ in graph.links(h.ord, ("vnic-port",)))
    ]
    assert [graph.attributes(head)["device_owner"] for head in loose] == ["network:floatingip"]
    router = find("ml2-ovn", "router:4fc27c60")
    assert router.kind == "vservice"
    vedges = [
        graph_of("ml2-ovn").id_of(link.other) for link in graph_of("ml2-ovn").links(router.ord, ("vservice-vedge",))
    ]
    assert vedges == ["ctl/ovs"]


@pytest.mark.parametrize("cloud", RECORDED)
def test_any_order(cloud: str) -> None:
    whole = seen(graph_of(cloud))
    for seed in range(3):
        shuffled = list(records(cloud))
        random.Random(seed).shuffle(shuffled)
        assert seen(build(shuffled, 7)) == whole


@pytest.mark.parametrize("source", ["netlink", "ovs", "libvirt", "nova", "neutron"])
def test_a_lost_source_only_takes_links_away(source: str) -> None:
    whole = _links(graph_of("ml2-ovs"))
    left = [each for each in records("ml2-ovs") if each.facet.partition("@")[0] != source]
    assert len(left) < len(records("ml2-ovs"))
    extra = {link for link in _links(build(left)) - whole if "." not in link[0] and link[0] != "ownership"}
    assert not {link for link in extra if link[0] not in ("network-vservice",)}


def _links(graph: Graph) -> set[tuple[str, str, str]]:
    return {
        (link.type, head.id, graph.id_of(link.other))
        for head in graph.objects()
        for link in graph.links(head.ord)
        if link.outgoing
    }


@pytest.mark.parametrize("cloud", RECORDED)
def test_disturbing_a_mac_or_a_uuid_never_joins_two_hosts(cloud: str) -> None:
    def between(graph: Graph) -> set[tuple[str, str, str]]:
        return {link for link in _links(graph) if link[0].startswith(("vnic", "layer2", "instance-vnic"))}

    whole = between(graph_of(cloud))
    pick = random.Random(1).sample(range(len(records(cloud))), 40)
    for place in pick:
        change = records(cloud)[place]
        type, scope, attributes = CODEC.decode(change.body or b"")
        for name in ("mac", "port_id", "iface_id", "device_id"):
            if name in attributes:
                other = FacetChange(change.id, change.facet, CODEC.encode(type, scope, attributes | {name: "ff:ff"}))
                disturbed, _ = graph_of(cloud).apply([other], 10**6)
                assert between(disturbed) <= whole, f"{name} of {change.id}"


def test_tunnels_of_gre_pair_up_and_carry_the_networks_of_tenants() -> None:
    graph = graph_of("ml2-ovs-gre")
    ends = {f"{host}/otep:gre:10.77.1.{n}" for host, n in (("ctl", 11), ("cmp1", 21), ("cmp2", 22))}
    assert {head.id for head in graph.objects() if head.kind == "otep"} == ends
    assert role_links(graph)["otep-otep"] == 3
    (vm,) = (head for head in graph.objects() if head.kind == "instance" and head.name == "red-1")
    found = find_clique(graph, vm, TYPES["reach"])
    assert ends <= set(found.objects)
    names = {head.name for id in found.objects if (head := graph.resolve(id)) is not None and head.kind == "instance"}
    assert names == {"red-1", "red-2"}


def unlisted(cloud: str, *, database: bool) -> list[FacetChange]:
    """What a cloud says whose API lists no segments: it tells them of networks; its database, if asked, by uuid."""
    out = []
    for change in records(cloud):
        type, source, attributes = CODEC.decode(change.body or b"")
        if type != "segment" or "network_id" not in attributes:
            out.append(change)
            continue
        told = ids.told_segment(attributes["network_id"].partition(":")[2])
        out.append(FacetChange(told, change.facet, CODEC.encode(type, source, attributes)))
        if database:
            out.append(FacetChange(change.id, "neutron_db", CODEC.encode(type, "neutron_db", attributes)))
    return out


def drawn(graph: Graph) -> tuple[set[object], set[object]]:
    """Objects besides segments with their kinds, networks and media, and all role links between them."""
    heads = {head.ord: head for head in graph.objects() if head.kind != "segment"}
    links = {
        (link.type, head.id, heads[link.other].id)
        for ord, head in heads.items()
        for link in graph.links(ord)
        if link.outgoing and link.other in heads
    }
    return {(head.id, head.kind, head.networks, head.media) for head in heads.values()}, links


@pytest.mark.parametrize("database", [False, True])
@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_cloud_that_lists_no_segments_is_the_same_cloud(cloud: str, database: bool) -> None:
    """Neutron lists them only with its service plugin `segments`, which is off unless somebody wants it."""
    graph, usual = build(unlisted(cloud, database=database)), graph_of(cloud)
    assert drawn(graph) == drawn(usual)
    segments = {head.id for head in graph.objects() if head.kind == "segment"}
    if database:
        assert segments == {head.id for head in usual.objects() if head.kind == "segment"}
    else:
        assert segments and all(each.startswith(ids.TOLD_SEGMENT) for each in segments)
