"""The graph core: load, apply with derivation, memory, look-ups, cliques; beside networkx with the same graph.

    python bench/graph.py [OBJECTS]

One JSON line a figure. Objects come from `generate.py` and go through a real session.
"""

from __future__ import annotations

import gc
import json
import random
import sys
import time
from itertools import islice
from statistics import median

import networkx

import generate
from calipso.graph.clique import find_clique
from calipso.graph.codec import Codec, train
from calipso.graph.value import Graph
from calipso.model.cliques import CLIQUE_TYPES
from calipso.model.environment import Environment
from calipso.native.skimming import skimmer

TICK = 100
TICKS = 100


def show(figure: str, value: float, unit: str, **more: float) -> None:
    print(json.dumps({"figure": figure, "value": round(value, 3), "unit": unit, **more}), flush=True)


def resident() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096


def load(objects: int) -> tuple[Graph, float]:
    """A graph of generated records, applied in ticks of 2,000, and the CPU seconds of applying."""
    graph = Graph(Environment(name="bench"), Codec(skimmer))
    some = islice(generate.Estate(1).records(6000), 6000)
    graph.codec.learn(train([graph.codec.encode(each.type, each.scope, each.attributes) for each in some]))
    took = 0.0
    for ts, tick in enumerate(generate.ticks(graph.codec, generate.Estate(1).records(objects), 2000), 1):
        began = time.process_time()
        graph, _ = graph.apply(tick, ts)
        took += time.process_time() - began
    return graph, took


def updates(graph: Graph) -> tuple[float, float]:
    """CPU µs a change and links changed a change, of ticks of 100."""
    said = list(islice(generate.Estate(1).records(20_000), 20_000))
    stream = generate.updates(graph.codec, said)
    costs, links, changes = [], 0, 0
    for ts in range(10**6, 10**6 + TICKS):
        tick = list(islice(stream, TICK))
        began = time.process_time()
        graph, delta = graph.apply(tick, ts)
        costs.append((time.process_time() - began) / len(tick) * 1e6)
        links += len(delta.links)
        changes += len(tick)
    return median(costs), links / changes


def cliques(graph: Graph) -> float:
    """Median ms of a service's clique."""
    chosen = next(each for each in CLIQUE_TYPES if each.name == "vservice")
    ords = list(graph.find("kind", "vservice"))
    costs = []
    for ord in random.Random(1).sample(ords, min(200, len(ords))):
        head = graph.get(ord)
        if head is not None:
            began = time.process_time()
            find_clique(graph, head, chosen)
            costs.append((time.process_time() - began) * 1e3)
    return median(costs) if costs else 0.0


def lookups(graph: Graph) -> float:
    """Median µs of finding an object by name."""
    heads = list(islice(graph.objects(), 5000))
    costs = []
    for head in random.Random(2).sample(heads, min(1000, len(heads))):
        began = time.perf_counter()
        found = graph.find("name", head.name)
        costs.append((time.perf_counter() - began) * 1e6)
        assert head.ord in found
    return median(costs)


def as_networkx(graph: Graph) -> float:
    """Bytes an object of the same objects and links in networkx, attributes as dictionaries."""
    before = resident()
    other: networkx.MultiDiGraph[str] = networkx.MultiDiGraph()
    for head in graph.objects():
        other.add_node(head.id, kind=head.kind, type=head.type, attributes=dict(graph.attributes(head)))
        for link in graph.links(head.ord):
            if link.outgoing:
                other.add_edge(head.id, graph.id_of(link.other), type=link.type)
    graph.decoder.forget()
    gc.collect()
    return (resident() - before) / len(graph)


def main() -> None:
    objects = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    gc.disable()
    before = resident()
    graph, took = load(objects)
    graph.decoder.forget()
    gc.collect()
    mine = (resident() - before) / len(graph)
    gc.freeze()
    show(f"load of {len(graph)} objects with all derivation", took, "s", us_an_object=round(took / len(graph) * 1e6, 1))
    cost, links = updates(graph)
    show(
        "apply with derivation, a change",
        cost,
        "us",
        limit=60.0 if objects <= 200_000 else 120.0,
        links=round(links, 2),
    )
    show("clique of a service", cliques(graph), "ms", limit=5.0)
    show("object by name", lookups(graph), "us", limit=1000.0)
    theirs = as_networkx(graph) if objects <= 200_000 else 0.0
    show("memory an object", mine, "B", limit=1500.0, networkx=round(theirs), ratio=round(theirs / mine, 2))


if __name__ == "__main__":
    main()
