"""The query language: look-ups, filters, first use of an attribute, moves, shortest path; beside networkx and SQLite.

    python bench/query.py [OBJECTS]

One JSON line a figure. Objects come from `generate.py` and go through a real session. networkx holds the same objects
as attributes and answers by comprehension and by its own shortest path. SQLite holds them as rows: columns with an
index for declared keys, all attributes as JSON, links as a table; of shortest paths it knows nothing.
"""

from __future__ import annotations

import gc
import random
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import islice, repeat
from statistics import median
from typing import Any

import msgspec
import networkx

import generate
from calipso.graph.codec import Codec
from calipso.graph.columns import Columns
from calipso.graph.protocol import GraphReader, LinkEnd, Obj
from calipso.graph.value import FacetChange, Graph
from calipso.model import ids
from calipso.query.evaluate import evaluate, prepared
from calipso.query.grammar import parse
from calipso.query.plan import Ordered
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

    def outcome(self, ordered: Ordered) -> Any:
        raise NotImplementedError(ordered)

    flows = None

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


def first(world: World, text: str) -> tuple[float, float, int]:
    """Seconds of a query about what was not asked for before, in the median and of processor time; what it counts."""
    took, worked = [], []
    for _ in range(3):
        world.value.columns = Columns()
        began, work = time.perf_counter(), time.process_time()
        answer = evaluate(text, world, time.monotonic, LIMITS)
        took.append(time.perf_counter() - began)
        worked.append(time.process_time() - work)
    return median(took), median(worked), answer.rows[0].value


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


class Rows:
    """The same objects as rows of SQLite, in memory as the graph is."""

    def __init__(self, graph: Graph) -> None:
        self.db = sqlite3.connect(":memory:")
        self.db.execute("CREATE TABLE object (ord INTEGER PRIMARY KEY, name, type, host, state, mtu, json TEXT)")
        self.db.execute("CREATE TABLE link (a INTEGER, b INTEGER)")
        self.db.executemany(
            "INSERT INTO object VALUES (?, ?, ?, ?, ?, ?, ?)", map(self._row, repeat(graph), graph.objects())
        )
        links = ((head.ord, end.other) for head in graph.objects() for end in graph.links(head.ord) if of_devices(end))
        self.db.executemany("INSERT INTO link VALUES (?, ?)", links)
        for column in ("name", "type", "host", "mtu"):
            self.db.execute(f"CREATE INDEX object_{column} ON object ({column})")
        self.db.execute("CREATE INDEX link_a ON link (a, b)")

    @staticmethod
    def _row(graph: Graph, head: Obj) -> tuple[Any, ...]:
        a = graph.attributes(head)
        text = msgspec.json.encode(a).decode()
        return head.ord, head.name, head.type, head.host, a.get("state"), a.get("mtu"), text

    def beside(self, cost: float, query: str, *values: Any, times: int = 5) -> dict[str, float]:
        """What the same question costs here in ms, and how many times as much that is."""
        theirs, _ = timed(lambda: self.db.execute(query, values).fetchall(), times)
        return {"sqlite": round(theirs, 3), "sqlite_ratio": round(theirs / cost, 2)}


def looking_up(world: World, other: networkx.MultiDiGraph[int], rows: Rows) -> None:
    graph = world.value
    heads = list(islice(graph.objects(), 20_000))
    name = random.Random(3).choice([head for head in heads if head.type == "veth"]).name
    cases = [
        ("declared key, one object", f"G.V().Has('Name', '{name}')", f"SELECT json FROM object WHERE name = '{name}'"),
        ("declared keys, few-valued: count", "G.V().Has('Type', 'veth', 'State', 'UP').Count()",
         "SELECT count(*) FROM object WHERE type = 'veth' AND state = 'up'"),
        ("declared key, not a value: count", "G.V().Has('MTU', NE(1450)).Count()",
         "SELECT count(*) FROM object WHERE mtu != 1450"),
        ("two hops from a bridge", "G.V().Has('Type', 'ovsbridge', 'Host', 'compute-0').Out().Out().Count()",
         "SELECT count(*) FROM object JOIN link AS one ON one.a = ord JOIN link AS two ON two.a = one.b"
         " WHERE host = 'compute-0' AND type = 'ovsbridge'"),
    ]  # fmt: skip
    for title, text, sql in cases:
        cost, found = ask(world, text, 20)
        more = rows.beside(cost, sql)
        if "name =" in sql:
            theirs, _ = timed(lambda: [n for n, a in other.nodes(data=True) if a["name"] == name])
            more |= {"networkx": round(theirs, 2), "ratio": round(theirs / cost, 1)}
        show(title, cost, "ms", limit=1.0, found=found, **more)


def handing_on(world: World, rows: Rows) -> None:
    """Objects by a declared key, each handed on to the next step."""
    cost, found = ask(world, "G.V().Has('Type', Within('veth', 'tun', 'bridge')).Skip(0).Count()")
    show("declared key, handed on", cost, "ms", limit=1.0 + 0.0003 * found, found=found,
         us_an_object=round(cost * 1e3 / found, 3),
         **rows.beside(cost, "SELECT ord FROM object WHERE type IN ('veth', 'tun', 'bridge')"))  # fmt: skip


def undeclared(world: World, rows: Rows) -> None:
    size = len(world.value)
    cost, cpu, found = first(world, "G.V().Has('qdisc', 'noqueue').Count()")
    limit = 0.25 if size < 200_000 else 2.0
    asked = "SELECT count(*) FROM object WHERE json_extract(json, '$.qdisc') = 'noqueue'"
    theirs = rows.beside(cost * 1000, asked, times=1)
    show("undeclared attribute, first use", cost, "s", limit=limit, found=found, cpu=round(cpu, 3), **theirs)
    cost, found = ask(world, "G.V().Has('qdisc', 'noqueue').Count()", 20)
    theirs = rows.beside(cost, asked, times=1)
    show("undeclared attribute, then", cost, "ms", limit=1.0 + 0.0003 * found, found=found, **theirs)
    cost, cpu, _ = first(world, "G.V().Has('IPV4', IPV4Range('10.77.0.0/24')).Count()")
    show("addresses in a range, first use", cost, "s", limit=limit, cpu=round(cpu, 3))
    cost, found = ask(world, "G.V().Has('IPV4', IPV4Range('10.77.0.0/24')).Count()", 20)
    show("addresses in a range, then", cost, "ms", limit=1.0 + 0.0003 * found, found=found)
    ask(world, "G.V().Has('qdisc', 'noqueue').Count()", 1)
    said = list(islice(_records(), 20_000))
    tick = list(islice(said, 100))
    old = world.value
    world.value, _ = old.apply(tick, old.ts + 1)
    cost, _ = ask(world, "G.V().Has('qdisc', 'noqueue').Count()", 1)
    show("undeclared attribute, after 100 changes", cost, "ms")


def _records() -> Iterator[FacetChange]:
    return generate.updates(Codec(), list(islice(generate.Estate(1).records(20_000), 20_000)))


def connected(graph: Graph) -> Graph:
    """The estate with the other ends of its tunnels, so that every host can be reached from every other."""
    hosts = len(graph.find("type", "host"))
    changes = []
    for number in range(1, hosts):
        host, back = f"compute-{number}", number - 1
        ovs, name = ids.ovs(host), f"vxlan-back-{back}"
        bridge = ids.ovs_bridge(ovs, "br-tun")
        said = {
            "host": host, "ovs": ovs, "netns": host, "port": ids.ovs_port(ovs, name), "bridge": bridge, "owner": bridge,
            "name": name, "local_ip": f"10.77.{number >> 8}.{number & 255}", "key": "flow",
            "remote_ip": f"10.77.{back >> 8}.{back & 255}",
        }  # fmt: skip
        encoded = graph.codec.encode("vxlan", f"ovs@{host}", said)
        changes.append(FacetChange(ids.ovs_interface(ovs, name), "ovs", encoded))
    return graph.apply(changes, graph.ts + 1)[0]


def paths(world: World, other: networkx.Graph[int]) -> None:
    graph = world.value
    nics = [head for head in graph.objects() if head.type == "nic"]
    large = len(graph) > 200_000
    first, host = nics[0], next(head for head in nics if head.ord != nics[0].ord and "/vnic" in head.id)
    for title, limit, goal in (
        ("shortest path within a host", 5.0, host),
        ("shortest path to the farthest host", 1200.0 if large else 80.0, nics[-1]),
    ):
        cost, found = ask(world, f"G.V('{first.id}').ShortestPathTo(Metadata('ID', '{goal.id}'))")
        ends = (first.ord, goal.ord)
        theirs, way = timed(lambda e=ends: networkx.bidirectional_shortest_path(other, *e))  # type: ignore[misc]
        show(title, cost, "ms", limit=limit, found=found, networkx=round(theirs, 3), ratio=round(theirs / cost, 2),
             objects=len(way))  # fmt: skip
    cost, found = ask(world, f"G.V('{first.id}').ShortestPathTo(Metadata('Name', 'nowhere'))")
    show("shortest path to nothing", cost, "ms", limit=5.0, found=found)
    cost, found = ask(world, f"G.V('{first.id}').Neighbors(0).Count()", 3)
    show("everything reachable", cost, "ms", found=found)


def of_devices(link: LinkEnd) -> bool:
    return link.outgoing and ("." in link.type or link.type == "ownership")


def as_networkx(graph: Graph) -> networkx.MultiDiGraph[int]:
    """The same objects, and their links of device level."""
    out: networkx.MultiDiGraph[int] = networkx.MultiDiGraph()
    for head in graph.objects():
        out.add_node(head.ord, name=head.name, type=head.type)
        for link in graph.links(head.ord):
            if of_devices(link):
                out.add_edge(head.ord, link.other)
    return out


def main() -> None:
    objects = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    gc.disable()
    graph = connected(load(objects)[0])
    graph.decoder.forget()
    gc.collect()
    gc.freeze()
    world = World(graph)
    other, rows = as_networkx(graph), Rows(graph)
    show("objects", len(graph), "objects")
    parsing()
    looking_up(world, other, rows)
    handing_on(world, rows)
    paths(world, networkx.Graph(other))
    undeclared(world, rows)


if __name__ == "__main__":
    main()
