"""What the graph makes of guests that Calico routes to: no bridge, no tunnel, and yet both ends of a network."""

from __future__ import annotations

import pytest

from calipso.graph.clique import find_clique
from calipso.graph.explain import why
from calipso.graph.value import FacetChange, Graph
from calipso.model.cliques import CLIQUE_TYPES
from calipso.model.environment import Environment
from tests.support.estate import CODEC
from tests.support.routed_estate import NETWORK, two_routed_hosts

NIC = "instance:vm-{0}/vnic:fa:16:3e:00:00:0{0}"


def graph_of(changes: list[FacetChange]) -> Graph:
    return Graph(Environment(name="test"), CODEC).apply(changes, 1)[0]


@pytest.fixture(scope="module")
def graph() -> Graph:
    return graph_of(two_routed_hosts())


def roles(graph: Graph) -> set[tuple[str, str, str]]:
    return {
        (head.id, link.type, graph.id_of(link.other))
        for head in graph.objects()
        for link in graph.links(head.ord)
        if link.outgoing and link.type in ("vnic-vedge", "vedge-host_pnic", "host_pnic-network", "vedge-network_agent",
                                           "layer3.calico", "vnic-vnic", "vnic-host_pnic", "vnic-vconnector")
    }  # fmt: skip


def test_links_are_exactly_these(graph: Graph) -> None:
    assert roles(graph) == {
        link
        for n in (1, 2)
        for link in (
            (f"h{n}/dev:tap{n}", "layer3.calico", f"h{n}/calico"),
            (NIC.format(n), "vnic-vedge", f"h{n}/calico"),
            (f"h{n}/calico", "vedge-host_pnic", f"h{n}/dev:eth1"),
            (f"h{n}/calico", "vedge-network_agent", f"agent:felix-h{n}"),
            (f"h{n}/dev:eth1", "host_pnic-network", NETWORK),
        )
    }


def test_why_a_nic_ends_at_calico(graph: Graph) -> None:
    nic, calico = graph.resolve(NIC.format(1)), graph.resolve("h1/calico")
    assert nic is not None and calico is not None
    assert why(graph, "vnic-vedge", nic, calico).through == ("h1/dev:tap1",)


def test_an_instance_reaches_the_other_end_of_its_network(graph: Graph) -> None:
    by_name = {each.name: each for each in CLIQUE_TYPES}
    focal = graph.resolve("instance:vm-1")
    assert focal is not None
    own = set(find_clique(graph, focal, by_name["instance"]).objects)
    assert own == {"instance:vm-1", NIC.format(1), "h1/calico", "h1/dev:eth1", NETWORK}
    reach = set(find_clique(graph, focal, by_name["reach"]).objects)
    assert reach >= own | {"h2/dev:eth1", "h2/calico", NIC.format(2), "instance:vm-2"}


def test_a_network_whose_ports_are_not_routed_is_on_no_nic() -> None:
    said = []
    for change in two_routed_hosts():
        type, scope, attributes = CODEC.decode(change.body or b"")
        if change.id.startswith("port:"):
            attributes = {name: value for name, value in attributes.items() if name != "medium"}
        said.append(FacetChange(change.id, change.facet, CODEC.encode(type, scope, attributes)))
    assert not {link for link in roles(graph_of(said)) if link[1] == "host_pnic-network"}


def test_a_tap_that_calico_routes_no_more_ends_nowhere() -> None:
    gone = [change for change in two_routed_hosts() if (change.id, change.facet) != ("h1/dev:tap1", "calico")]
    assert (NIC.format(1), "vnic-vedge", "h1/calico") not in roles(graph_of(gone))
