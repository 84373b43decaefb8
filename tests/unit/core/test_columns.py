"""Attributes indexed when first asked for: what they hold, that they follow changes, that they let go of old graphs."""

from __future__ import annotations

import gc
from operator import itemgetter

import pytest

from bench import generate
from calipso.graph import columns
from calipso.graph.codec import train
from calipso.graph.columns import built
from calipso.graph.protocol import Spec
from calipso.graph.skimming import skimmed
from calipso.graph.value import FacetChange, Graph
from calipso.model import ids
from calipso.model.environment import Environment

SPEED = Spec("speed", ("speed",), lambda a: a.get("speed"), lambda reader, head: None)


def said(graph: Graph, number: int, speed: int | None) -> FacetChange:
    attributes = {"host": "h1", "netns": "h1", "name": f"eth{number}", "ifindex": number}
    if speed is not None:
        attributes["speed"] = speed
    return FacetChange(
        ids.device("h1", f"eth{number}"), "netlink", graph.codec.encode("device", "linux@h1", attributes)
    )


def names(graph: Graph, speed: object) -> set[str]:
    column = graph.column(SPEED)
    return {head.name for ord in column.find(speed) if (head := graph.get(ord)) is not None}


def test_values_of_every_kind() -> None:
    column = built([(1, [0]), (True, [1]), ([1, "a"], (2,)), (1.0, [3]), ({"a": 1}, [4]), ([], [5])])
    assert sorted(column.find(1)) == [0, 2, 3] and list(column.find(True)) == [1] and list(column.find(False)) == []
    assert sorted(column.present) == [0, 1, 2, 3, 4, 5]
    assert {value for value, _ in column.items()} == {1, "a"}
    numbers = column.between("number", lambda value: value if type(value) in (int, float) else None, 0, None)
    assert sorted(ord for _, ords in numbers for ord in ords) == [0, 2, 3]


def test_a_column_follows_changes_both_ways() -> None:
    graph = Graph(Environment())
    first, _ = graph.apply([said(graph, n, 10 * (n % 3)) for n in range(9)], 1)
    assert names(first, 10) == {"eth1", "eth4", "eth7"}
    second, _ = first.apply([said(graph, 1, 20), said(graph, 2, None), said(graph, 9, 10)], 2)
    third, _ = second.apply([FacetChange(ids.device("h1", "eth4"), "netlink", None)], 3)
    assert names(second, 10) == {"eth4", "eth7", "eth9"} and names(second, 20) == {"eth1", "eth5", "eth8"}
    assert names(third, 10) == {"eth7", "eth9"}
    assert names(first, 10) == {"eth1", "eth4", "eth7"}, "an older value is answered for as it was"
    assert names(third, 10) == {"eth7", "eth9"}


@pytest.mark.parametrize("name", ["mtu", "owner", "addresses", "mac", "netns", "nothing"])
def test_what_is_skimmed_is_what_the_objects_say(name: str) -> None:
    graph = Graph(Environment())
    said = list(generate.Estate(7).records(3000))
    for start in range(0, len(said), 1500):  # the first are kept as they are, the others packed
        tick = [
            FacetChange(each.id, each.facet, graph.codec.encode(each.type, "test", each.attributes))
            for each in said[start : start + 1500]
        ]
        graph, _ = graph.apply(tick, start + 1)
        if not start:
            graph.codec.learn(train([graph.codec.plain(change.body) for change in tick if change.body]))
    assert any(head.members for head in graph.objects())
    each = ((head.ord, graph.attributes(head).get(name)) for head in graph.objects())
    found = [(ord, said) for some in skimmed(graph, (name,)) for said, ords in some for ord in ords]
    assert sorted(found, key=itemgetter(0)) == [(ord, {name: value}) for ord, value in each if value is not None]


def test_a_column_nobody_asks_for_lets_go_of_its_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "IDLE", 5)
    graph = Graph(Environment())
    graph, _ = graph.apply([said(graph, n, 10) for n in range(4)], 1)
    assert names(graph, 10) == {"eth0", "eth1", "eth2", "eth3"}
    for ts in range(2, 12):
        graph, _ = graph.apply([said(graph, 0, 100 * ts), said(graph, 100 + ts, 100 * ts)], ts)
    kept = [held for held in gc.get_objects() if isinstance(held, Graph) and held.codec is graph.codec]
    assert len(kept) <= 2
    assert names(graph, 10) == {"eth1", "eth2", "eth3"}
