"""Derived anew is derived: the same records give the same graph, and other options the graph of those options."""

from __future__ import annotations

import msgspec

from calipso.graph.rederive import derivation, rederived
from calipso.graph.value import Graph
from calipso.model.environment import Environment
from tests.support.estate import CODEC, two_hosts


def graph_of(environment: Environment) -> Graph:
    graph = Graph(environment, CODEC)
    for ts, change in enumerate(two_hosts(), 1):
        graph, _ = graph.apply([change], ts)
    return graph


def shown(graph: Graph) -> tuple[set[str], set[tuple[str, str, str]]]:
    heads = {
        msgspec.json.encode((h.id, h.kind, h.type, h.name, h.host, h.networks, h.media)).decode()
        for h in graph.objects()
    }
    links = {
        (end.type, head.id, graph.id_of(end.other))
        for head in graph.objects()
        for end in graph.links(head.ord)
        if end.outgoing
    }
    return heads, links


INSTANCES = Environment(name="e", namespaces="instances", service_patterns=("router-", "dhcp-"))


def test_nothing_changes_when_nothing_did() -> None:
    graph = graph_of(INSTANCES)
    same, delta = rederived(graph, graph.ts + 1)
    assert same is graph and not delta


def test_other_options_give_their_graph_and_the_delta_leads_to_it() -> None:
    plain = graph_of(Environment(name="e"))
    expected = graph_of(INSTANCES)
    assert shown(plain) != shown(expected)
    moved = plain.copy()
    moved.environment = INSTANCES
    new, delta = rederived(moved, plain.ts + 1)
    assert shown(new) == shown(expected)
    _, links = shown(plain)
    for ord, head in delta.heads:
        assert head != plain.heads.get(ord)
    for name, a, b, op in delta.links:
        link = (name, plain.id_of(a), plain.id_of(b))
        assert (link in links) == (op < 0)
        links ^= {link}
    assert links == shown(expected)[1]
    assert new.rev == plain.rev + len(delta.heads) + len(delta.links)


def test_what_derivation_depends_on() -> None:
    assert derivation(INSTANCES) == derivation(msgspec.structs.replace(INSTANCES, name="other", history_days=1.0))
    assert derivation(INSTANCES) != derivation(Environment(name="e"))
    assert derivation(INSTANCES) != derivation(msgspec.structs.replace(INSTANCES, pnics=("eth*",)))
