"""The query language: look-ups, filters, first use of an attribute, moves, shortest path; beside networkx.

    python bench/query.py [OBJECTS]

One JSON line a figure. Objects come from `generate.py` and go through a real session. networkx holds the same objects
as attributes and answers by comprehension and by its own shortest path.
"""

from __future__ import annotations

import gc
import random
import sys
import time
from collections.abc import Callable, Mapping
from itertools import islice
from statistics import median
from typing import Any

import networkx

from calipso.graph.protocol import GraphReader
from calipso.graph.value import Graph
from calipso.query.evaluate import evaluate, prepared
from calipso.query.grammar import parse
from calipso.query.run import History, Life, Limits
from graph import load, show

LIMITS = Limits(seconds=300.0, results=10_000_000, held=100_000_000)


class World:
    """A graph without history."""

    now = 0
    patterns: tuple[str, ...] = ()
    history: History | None = None

    def __init__(self, graph: Graph) -> None:
        self.value = graph

    def graph(self, at: int | None) -> GraphReader:
        return self.value

    def metrics(self, id: str) -> Mapping[str, float]:
        return {}

    def life(self, ord: int, at: int | None) -> Life | None:
        return None


def timed(work: Callable[[], Any], times: int = 5) -> tuple[float, Any]:
    """Median ms, and what came out."""
    costs, out = [], None
    for _ in range(times):
        began = time.perf_counter()
        out = work()
        costs.append((time.perf_counter() - began) * 1e3)
    return median(costs), out


def ask(world: World, text: str, times: int = 5) -> tuple[float, int]:
    """Median ms of a query, and how many results it has (or the one number it gives)."""
    cost, answer = timed(lambda: evaluate(text, world, time.monotonic, LIMITS), times)
    rows = answer.rows
    single = len(rows) == 1 and type(rows[0].value) is int
    return cost, rows[0].value if single else len(rows)


def parsing() -> None:
    """CPU of parsing and planning, without what is kept."""
    texts = [
        f"G.V().Has('Type', 'ovsbridge', 'Host', 'compute-{n}').Out('RelationType', 'layer2').Out()"
        f".Has('Name', Without('br-int')).ValueMap('Name', 'MAC').Limit({n})"
        for n in range(200)
    ]
    parse(texts[0])
    costs = []
    for text in texts[1:]:
        began = time.perf_counter()
        prepared(text)
        costs.append((time.perf_counter() - began) * 1e3)
    show("parse and plan", median(costs), "ms", limit=1.0)


def looking_up(world: World, other: networkx.MultiDiGraph[int] | None) -> None:
    graph = world.value
    heads = list(islice(graph.objects(), 20_000))
    name = random.Random(3).choice([head for head in heads if head.type == "veth"]).name
    cases = [
        ("declared key, one object", f"G.V().Has('Name', '{name}')", "name", name),
        ("declared keys, few-valued: count", "G.V().Has('Type', 'veth', 'State', 'UP').Count()", "", None),
        ("declared key, not a value: count", "G.V().Has('MTU', NE(1450)).Count()", "", None),
        ("two hops from a bridge", "G.V().Has('Type', 'ovsbridge', 'Host', 'compute-0').Out().Out().Count()", "", None),
    ]
    for title, text, key, value in cases:
        cost, found = ask(world, text, 20)
        more: dict[str, float] = {}
        if other is not None and key:
            theirs, _ = timed(lambda k=key, v=value: [n for n, a in other.nodes(data=True) if a[k] == v])  # type: ignore[misc]
            more = {"networkx": round(theirs, 2), "ratio": round(theirs / cost, 1)}
        show(title, cost, "ms", limit=1.0, found=found, **more)


def handing_on(world: World) -> None:
    """Objects by a declared key, each handed on to the next step."""
    cost, found = ask(world, "G.V().Has('Type', Within('veth', 'tun', 'bridge')).Skip(0).Count()")
    show("declared key, handed on", cost, "ms", limit=1.0 + 0.0003 * found, found=found,
         us_an_object=round(cost * 1e3 / found, 3))  # fmt: skip


def undeclared(world: World) -> None:
    size = len(world.value)
    cost, found = ask(world, "G.V().Has('txqlen', 1000, 'qdisc', 'noqueue').Count()", 1)
    show("two undeclared attributes, first use", cost / 2e3, "s", limit=0.25 if size < 200_000 else 2.0, found=found)
    cost, found = ask(world, "G.V().Has('txqlen', 1000, 'qdisc', 'noqueue').Count()", 20)
    show("undeclared attribute, then", cost, "ms", limit=1.0 + 0.0003 * found, found=found)
    cost, _ = ask(world, "G.V().Has('IPV4', IPV4Range('10.77.0.0/24')).Count()", 1)
    show("addresses in a range, first use", cost / 1e3, "s", limit=0.25 if size < 200_000 else 2.0)
    cost, found = ask(world, "G.V().Has('IPV4', IPV4Range('10.77.0.0/24')).Count()", 20)
    show("addresses in a range, then", cost, "ms", limit=1.0 + 0.0003 * found, found=found)
    said = list(islice(_records(), 20_000))
    tick = list(islice(said, 100))
    old = world.value
    world.value, _ = old.apply(tick, old.ts + 1)
    cost, _ = ask(world, "G.V().Has('txqlen', 1000).Count()", 1)
    show("undeclared attribute, after 100 changes", cost, "ms")


def _records() -> Any:
    import generate
    from calipso.graph.codec import Codec

    return generate.updates(Codec(), list(islice(generate.Estate(1).records(20_000), 20_000)))


def paths(world: World, other: networkx.Graph[int] | None) -> None:
    graph = world.value
    names = [head for head in islice(graph.objects(), 3000) if head.type == "nic"]
    near = f"G.V('{names[0].id}').ShortestPathTo(Metadata('ID', '{names[5].id}'))"
    last = [head for head in graph.objects() if head.type == "nic"][-1]
    far = f"G.V('{names[0].id}').ShortestPathTo(Metadata('ID', '{last.id}'))"
    nowhere = f"G.V('{names[0].id}').ShortestPathTo(Metadata('Name', 'nowhere'))"
    for title, text, limit, ends in (
        ("shortest path on a host", near, 5.0, (names[0].ord, names[5].ord)),
        ("shortest path to the other end", far, 80.0 if len(graph) < 200_000 else 1200.0, (names[0].ord, last.ord)),
        ("shortest path to nothing", nowhere, 5.0, None),
    ):
        cost, found = ask(world, text)
        more: dict[str, float] = {}
        if other is not None and ends is not None and found:
            theirs, _ = timed(lambda e=ends: networkx.bidirectional_shortest_path(other, *e))  # type: ignore[misc]
            more = {"networkx": round(theirs, 2), "ratio": round(theirs / cost, 1)}
        show(title, cost, "ms", limit=limit, found=found, **more)
    cost, found = ask(world, f"G.V('{names[0].id}').Neighbors(0).Count()", 3)
    show("everything reachable", cost, "ms", found=found)


def as_networkx(graph: Graph) -> networkx.MultiDiGraph[int]:
    """The same objects and device-level links."""
    out: networkx.MultiDiGraph[int] = networkx.MultiDiGraph()
    for head in graph.objects():
        out.add_node(head.ord, name=head.name, type=head.type)
        for link in graph.links(head.ord):
            if link.outgoing and ("." in link.type or link.type == "ownership"):
                out.add_edge(head.ord, link.other)
    return out


def main() -> None:
    objects = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    gc.disable()
    graph, _ = load(objects)
    graph.decoder.forget()
    gc.collect()
    gc.freeze()
    world = World(graph)
    other = as_networkx(graph) if objects <= 200_000 else None
    show("objects", len(graph), "objects")
    parsing()
    looking_up(world, other)
    handing_on(world)
    paths(world, networkx.Graph(other) if other is not None else None)
    undeclared(world)


if __name__ == "__main__":
    main()
