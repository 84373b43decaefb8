"""Any order, any sequence: the graph is a function of the records that hold (MODEL §11, CORE §4)."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calipso.graph.keys import PATHS, keys_of, path_values
from calipso.graph.merge import Decoder
from calipso.graph.passive import PASSIVE
from calipso.graph.restore import restore
from calipso.graph.session import Session
from calipso.graph.value import FacetChange, Graph
from tests.support.estate import CODEC, ENVIRONMENT, disturbed, scratch, seen, two_hosts
from tests.support.named_estate import two_hosts_named
from tests.support.nested_loops import Definition, Records
from tests.support.routed_estate import two_routed_hosts

ESTATE = two_hosts()
ESTATES = {"switched": ESTATE, "routed": two_routed_hosts(), "named": two_hosts_named()}
SLOW = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def indexed(graph: Graph) -> set[tuple[str, object]]:
    """(id, key) of every object that the index finds under each of its keys."""
    return {(head.id, key) for head in graph.objects() for key in keys_of(graph, head) if head.ord in graph.find(*key)}


def build(changes: list[FacetChange], step: int = 10**9) -> Graph:
    graph = scratch()
    for start in range(0, len(changes), step):
        graph, _ = graph.apply(changes[start : start + step], start)
    return graph


def holding(changes: list[FacetChange]) -> list[FacetChange]:
    """The last word on every facet, where it is not gone."""
    last = {(change.id, change.facet): change for change in changes}
    return [change for change in last.values() if change.body is not None]


@pytest.mark.parametrize("estate", ESTATES)
@SLOW
@given(st.randoms(use_true_random=False), st.sampled_from([1, 3, 17]))
def test_any_order_of_the_same_records_gives_the_same_graph(estate: str, random: random.Random, step: int) -> None:
    shuffled = list(ESTATES[estate])
    random.shuffle(shuffled)
    whole, piecewise = build(ESTATES[estate]), build(shuffled, step)
    assert seen(piecewise) == seen(whole)
    assert indexed(piecewise) == indexed(whole)
    assert {place: dict(counts) for place, counts in piecewise.presence.items()} == {
        place: dict(counts) for place, counts in whole.presence.items()
    }


def history(random: random.Random, ticks: int, estate: list[FacetChange]) -> list[list[FacetChange]]:
    """Ticks of changes: first all records, then some of them gone, changed or back."""
    out = [list(estate)]
    for _ in range(ticks):
        tick = []
        for change in random.choices(estate, k=random.choice([1, 2, 5, 20])):
            what = random.random()
            if what < 0.3:
                tick.append(FacetChange(change.id, change.facet, None))
            else:
                tick.append(disturbed(change, random) if what < 0.5 else change)
        out.append(tick)
    return out


@pytest.mark.parametrize("estate", ESTATES)
@SLOW
@given(st.randoms(use_true_random=False))
def test_incremental_equals_from_scratch_and_older_values_stay(estate: str, random: random.Random) -> None:
    graph, said, held = scratch(), [], []
    for ts, tick in enumerate(history(random, 12, ESTATES[estate])):
        before = graph
        graph, delta = graph.apply(tick, ts)
        said += tick
        fresh = build(holding(said))
        assert seen(graph) == seen(fresh)
        assert indexed(graph) == indexed(fresh)
        assert links_of(before) ^ links_of(graph) == {(a, b, name) for name, a, b, _ in delta.links}
        held.append((graph, seen(graph)))
    for value, was in held:
        assert seen(value) == was


def links_of(graph: Graph) -> set[tuple[int, int, str]]:
    return {
        (head.ord, link.other, link.type) for head in graph.objects() for link in graph.links(head.ord) if link.outgoing
    }


@pytest.mark.parametrize("estate", ESTATES)
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.randoms(use_true_random=False))
def test_from_scratch_equals_the_definition_by_nested_loops(estate: str, random: random.Random) -> None:
    said = [change for tick in history(random, 4, ESTATES[estate]) for change in tick]
    records: Records = {}
    for change in holding(said):
        records.setdefault(change.id, {})[change.facet] = change.body or b""
    decoder = Decoder(CODEC, tuple(ENVIRONMENT.service_patterns))
    defined = Definition(ENVIRONMENT, decoder, records).seen()
    assert {id: what[:-1] for id, what in seen(build(holding(said))).items()} == defined


@pytest.mark.parametrize("attribute", sorted(PASSIVE - {"state", "mtu"}))
def test_passive_attributes_are_read_by_no_key_no_kind_and_no_link(attribute: str) -> None:
    """What `PASSIVE` says of an attribute: with it on every object the graph is the same but for the attribute."""
    changed = []
    for change in ESTATE:
        type, scope, attributes = CODEC.decode(change.body or b"")
        changed.append(FacetChange(change.id, change.facet, CODEC.encode(type, scope, attributes | {attribute: "x"})))
    with_it, without = build(changed), build(ESTATE)
    assert {id: what[:-1] for id, what in seen(with_it).items()} == {
        id: what[:-1] for id, what in seen(without).items()
    }
    assert indexed(with_it) == indexed(without)


@SLOW
@given(st.randoms(use_true_random=False))
def test_removed_and_put_back_gives_the_same_graph(random: random.Random) -> None:
    whole = build(ESTATE)
    some = random.sample(ESTATE, 12)
    less, _ = whole.apply([FacetChange(change.id, change.facet, None) for change in some], 1)
    again, _ = less.apply(some, 2)
    assert seen(again) == seen(whole)


@pytest.mark.parametrize("estate", ESTATES)
@SLOW
@given(st.randoms(use_true_random=False))
def test_a_restored_graph_goes_on_like_the_one_it_was_made_from(estate: str, random: random.Random) -> None:
    first, *rest = history(random, 6, ESTATES[estate])
    live = build(first)
    restored = Graph(ENVIRONMENT, CODEC, live.ordinals)
    restored.heads, restored.facts, restored.ends = live.heads, live.facts, live.ends
    restore(restored)
    for ts, tick in enumerate(rest):
        live, _ = live.apply(tick, ts)
        restored, _ = restored.apply(tick, ts)
        assert seen(restored) == seen(live)
        assert indexed(restored) == indexed(live)


@pytest.mark.parametrize("estate", ESTATES)
@SLOW
@given(st.randoms(use_true_random=False))
def test_what_a_restart_asks_for_a_path_tells_its_values(estate: str, random: random.Random) -> None:
    """Of many objects only the attributes are read that a path is made of: the values are those of all attributes."""
    graph = build([change for tick in history(random, 2, ESTATES[estate]) for change in tick])
    asked = Session(graph, 0)
    asked.passing = True
    for head in graph.objects():
        for path in PATHS.values():
            whole = path_values(path, head, graph.attributes(head))
            assert path_values(path, head, asked.attributes_for(head, path)) == whole, (head.id, path)


@pytest.mark.parametrize("attribute", ["mac", "name", "ifindex", "local_ip", "key"])
def test_disturbing_what_joins_never_creates_a_link_between_hosts(attribute: str) -> None:
    whole = between_hosts(build(ESTATE))
    assert whole
    for change in ESTATE:
        type, scope, attributes = CODEC.decode(change.body or b"")
        if attribute not in attributes:
            continue
        other = 999 if attribute == "ifindex" else "ff:ff"
        changed = FacetChange(change.id, change.facet, CODEC.encode(type, scope, {**attributes, attribute: other}))
        graph, _ = build(ESTATE).apply([changed], 1)
        assert between_hosts(graph) <= whole


def between_hosts(graph: Graph) -> set[tuple[str, str, str]]:
    found = set()
    for a, b, name in links_of(graph):
        source, target = graph.get(a), graph.get(b)
        assert source is not None and target is not None, f"{name} dangles"
        if source.host != target.host and source.host and target.host:
            found.add((source.id, target.id, name))
    return found
