"""Validators: silent on a whole graph, and precise on one that was broken on purpose."""

from __future__ import annotations

from calipso.graph.codec import Codec
from calipso.graph.validate import MOST, validate
from calipso.graph.value import FacetChange, Graph
from calipso.model.environment import Environment
from tests.support.estate import CODEC, two_hosts


def whole() -> Graph:
    environment = Environment(name="estate", namespaces="instances", service_patterns=("router-", "dhcp-"))
    graph, _ = Graph(environment, CODEC).apply(two_hosts(), 1)
    return graph


def said(
    codec: Codec, id: str, facet: str, type: str, attributes: dict[str, object], scope: str = "test@h1"
) -> FacetChange:
    return FacetChange(id, facet, codec.encode(type, scope, attributes))


def without(graph: Graph, *ids: str) -> Graph:
    """The graph with heads taken out and everything else left: what a defect of the derivation would look like."""
    broken = graph.copy()
    heads = graph.heads.edit()
    for id in ids:
        head = graph.resolve(id)
        assert head is not None
        heads.set(head.ord, None)
    broken.heads = heads.finish()
    return broken


def test_a_whole_graph_has_no_findings() -> None:
    assert validate(whole()) == []


def test_an_end_of_a_link_that_is_not_there() -> None:
    found = validate(without(whole(), "h1/dev:eth0"))
    ends = [each for each in found if each.check == "dangling end" and "link_type" in each.evidence]
    assert ends and all(each.evidence["missing"] == "h1/dev:eth0" for each in ends)
    assert {"h1/dev:eth0"} <= {each.evidence["source"] for each in ends} | {each.evidence["target"] for each in ends}
    unlinked = validate(without(whole(), "h1/dev:eth0"), links=False)
    assert not [each for each in unlinked if each.check == "dangling end"]


def test_a_reference_to_what_nobody_told() -> None:
    graph = whole()
    change = said(
        graph.codec, "h1/dev:lost", "netlink", "device", {"name": "lost", "host": "h1", "netns": "h1/netns:no"}
    )
    graph, _ = graph.apply([change], 2)
    (found,) = [each for each in validate(graph) if each.check == "dangling end"]
    assert (found.id, found.evidence["attribute"], found.evidence["missing"]) == ("h1/dev:lost", "netns", "h1/netns:no")
    assert found.evidence["scopes"] == ["test@h1"]


def test_an_owner_and_a_host_that_are_not_there() -> None:
    graph = whole()
    change = said(graph.codec, "h7/netns:x/dev:eth0", "netlink", "device", {"name": "eth0", "host": "h7"}, "test@h7")
    graph, _ = graph.apply([change], 2)
    roles = {each.evidence["role"]: each.evidence["missing"] for each in validate(graph) if each.check == "orphan"}
    assert roles == {"owner": "h7/netns:x", "host": "h7"}


def test_one_id_that_two_call_by_different_types() -> None:
    graph = whole()
    graph, _ = graph.apply(
        [
            said(graph.codec, "instance:1", "libvirt", "instance", {"name": "a"}),
            said(graph.codec, "instance:1", "libvirt@h2", "container", {"name": "a"}, "test@h2"),
        ],
        2,
    )
    (found,) = [each for each in validate(graph) if each.check == "duplicate id"]
    assert found.id == "instance:1"
    assert found.evidence["types"] == {"test@h1": "instance", "test@h2": "container"}


def test_findings_are_bounded_and_in_order() -> None:
    graph = whole()
    changes = [
        said(graph.codec, f"h7/dev:e{n}", "netlink", "device", {"name": f"e{n}", "host": "h7"}, "test@h7")
        for n in range(MOST + 50)
    ]
    graph, _ = graph.apply(changes, 2)
    found = validate(graph)
    assert len(found) == MOST and found == sorted(found, key=lambda each: (each.check, each.id, each.message))
