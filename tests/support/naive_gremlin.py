"""A second, slow and plain evaluator of a part of the query language: what the real one is compared with.

It knows no index, no plan and no laziness: every step is a list made of the list before it, over objects and links read
out of a graph once. Only the grammar is shared.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Any

from calipso.graph.protocol import GraphReader
from calipso.query.grammar import parse
from calipso.query.syntax import Argument, Call, Chain, Literal

Node, Edge = str, tuple[str, str, str]
FIELDS = {
    "Name": "name",
    "Type": "type",
    "Host": "host",
    "ID": "id",
    "MAC": "mac",
    "MTU": "mtu",
    "IfIndex": "ifindex",
    "State": "state",
    "kind": "kind",
    "type": "type",
    "name": "name",
    "host": "host",
    "id": "id",
}


@dataclass
class Picture:
    """Objects with all their values, and links as (type, source, target)."""

    nodes: dict[Node, dict[str, Any]]
    edges: list[Edge]


def picture(graph: GraphReader) -> Picture:
    nodes, edges = {}, []
    for head in graph.objects():
        values = dict(graph.attributes(head))
        values.update(
            {
                key: value
                for key in ("id", "kind", "type", "name", "host", "parent")
                if (value := getattr(head, key)) != ""
            }
        )
        nodes[head.id] = values
        edges += [(link.type, head.id, graph.id_of(link.other)) for link in graph.links(head.ord) if link.outgoing]
    return Picture(nodes, edges)


def value(item: Any, name: str, world: Picture) -> Any:
    if isinstance(item, tuple):
        relation, dot, rest = item[0].partition(".")
        device = bool(dot) or relation == "ownership"
        return {
            "RelationType": relation if device else "role",
            "type": item[0],
            "source": item[1],
            "target": item[2],
            "Type": (rest or None) if device else item[0],
        }.get(name)
    found = world.nodes[item].get(FIELDS.get(name, name))
    if name == "State" and isinstance(found, str):
        return found.upper()
    if name == "IPV4":
        said = world.nodes[item]
        for each in (said.get("addresses"), said.get("ips"), said.get("ip")):
            kept = [one for one in (each if isinstance(each, list) else [each]) if _ip(one)]
            if kept:
                return kept
        return None
    return found


def _ip(text: Any) -> Any:
    try:
        found = ipaddress.ip_address(str(text).partition("/")[0])
    except ValueError:
        return None
    return found if found.version == 4 else None


def holds(argument: Argument, found: Any) -> bool:
    """Whether a value is what a literal or predicate says."""
    if isinstance(argument, Literal):
        return _any(found, lambda each: each == argument.value)
    call = argument.calls[0]
    name, args = call.word, [each.value for each in call.args or () if isinstance(each, Literal)]
    positive = {
        "lt": lambda each: _like(each, args[0]) and each < args[0],
        "lte": lambda each: _like(each, args[0]) and each <= args[0],
        "gt": lambda each: _like(each, args[0]) and each > args[0],
        "gte": lambda each: _like(each, args[0]) and each >= args[0],
        "inside": lambda each: _like(each, args[0]) and args[0] < each < args[1],
        "outside": lambda each: _like(each, args[0]) and (each < args[0] or each > args[1]),
        "between": lambda each: _like(each, args[0]) and args[0] <= each < args[1],
        "within": lambda each: each in args,
        "regex": lambda each: isinstance(each, str) and re.fullmatch(args[0], each) is not None,
        "ipv4range": lambda each: _ip(each) is not None and _ip(each) in ipaddress.ip_network(args[0], strict=False),
    }
    if name in positive:
        return _any(found, positive[name])
    if found is None:
        return name == "nee"
    return not _any(found, lambda each: each in args)  # ne, nee, without


def _like(one: Any, other: Any) -> bool:
    return isinstance(one, str) == isinstance(other, str) and isinstance(one, str | int)


def _any(found: Any, test: Any) -> bool:
    if isinstance(found, list | tuple):
        return any(_any(each, test) for each in found)
    return found is not None and test(found)


def evaluate(text: str, world: Picture) -> list[Any]:
    """What a query gives: ids, links as tuples, values."""
    chain = parse(text)
    return steps(chain.calls[1:], [None], world)


def steps(calls: tuple[Call, ...], items: list[Any], world: Picture) -> list[Any]:
    place = 0
    while place < len(calls):
        call, after = calls[place], calls[place + 1] if place + 1 < len(calls) else None
        if call.word == "subgraph":
            inside = {item for item in items if isinstance(item, str)}
            world = Picture(
                {node: world.nodes[node] for node in inside},
                [edge for edge in world.edges if edge[1] in inside and edge[2] in inside],
            )
            items = [None]
        elif call.word == "repeat" and after is not None and after.word == "times":
            for _ in range((after.args or ())[0].value):  # type: ignore[union-attr,call-overload]
                items = steps(_chain(call).calls, items, world)
            place += 1
        else:
            items = step(call, items, world)
        place += 1
    return items


def _chain(call: Call) -> Chain:
    chain = (call.args or ())[0]
    assert isinstance(chain, Chain)
    return chain


def _texts(call: Call) -> list[Any]:
    return [each.value for each in call.args or () if isinstance(each, Literal)]


def step(call: Call, items: list[Any], world: Picture) -> list[Any]:
    args, texts = call.args or (), _texts(call)
    match call.word:
        case "v":
            return sorted(world.nodes)
        case "e":
            return list(world.edges)
        case "has":
            pairs = [(args[i].value, args[i + 1]) for i in range(0, len(args) - 1, 2)]  # type: ignore[union-attr]
            return [item for item in items if all(holds(test, value(item, str(key), world)) for key, test in pairs)]
        case "haskey":
            return [item for item in items if value(item, texts[0], world) is not None]
        case "hasnot":
            return [item for item in items if value(item, texts[0], world) is None]
        case "haseither":
            either = [(args[i].value, args[i + 1]) for i in range(0, len(args), 2)]  # type: ignore[union-attr]
            return [item for item in items if any(holds(test, value(item, str(key), world)) for key, test in either)]
        case "out" | "in" | "both":
            return [end for item in items for end in _ends(item, call.word, texts, world)]
        case "oute" | "ine" | "bothe":
            return [edge for item in items for edge in _edges(item, call.word[:-1], texts, world)]
        case "outv":
            return [edge[2] for edge in items]
        case "inv":
            return [edge[1] for edge in items]
        case "bothv":
            return [end for edge in items for end in edge[1:]]
        case "dedup":
            return list(dict.fromkeys(items))
        case "values":
            found = [value(item, texts[0], world) for item in items]
            return [list(each) if isinstance(each, tuple) else each for each in found if each not in (None, [], ())]
        case "count":
            return [len(items)]
        case "sum":
            return [sum(each for item in items if type(each := value(item, texts[0], world)) is int)]
        case "where":
            return [item for item in items if steps(_chain(call).calls, [item], world)]
        case "not":
            return [item for item in items if not steps(_chain(call).calls, [item], world)]
        case "descendants" | "ascendants" | "neighbors":
            return _within(call.word, items, texts[0] if texts else 1, world)
        case "shortestpathto":
            return [way for item in items if (way := _distance(item, _chain(call).calls[0], world)) is not None]
    raise AssertionError(call.word)


def _along(edge: Edge, labels: list[str]) -> bool:
    relation, dot, _ = edge[0].partition(".")
    if labels:
        return edge[0] in labels or relation in labels
    return bool(dot) or relation == "ownership"


def _edges(item: Node, way: str, labels: list[str], world: Picture) -> list[Edge]:
    kept = [edge for edge in world.edges if _along(edge, labels)]
    return [edge for edge in kept if way != "in" and edge[1] == item] + [
        edge for edge in kept if way != "out" and edge[2] == item
    ]


def _ends(item: Node, way: str, labels: list[str], world: Picture) -> list[Node]:
    return [edge[2] if edge[1] == item else edge[1] for edge in _edges(item, way, labels, world)]


def _within(word: str, items: list[Node], depth: int, world: Picture) -> list[Node]:
    way, labels = {
        "descendants": ("out", ["ownership"]),
        "ascendants": ("in", ["ownership"]),
        "neighbors": ("both", []),
    }[word]
    out = dict.fromkeys(items)
    front, level = list(out), 0
    while front and (depth == 0 or level < depth):
        level += 1
        reached = dict.fromkeys(end for each in front for end in _ends(each, way, labels, world))
        front = [each for each in reached if each not in out]
        out.update(dict.fromkeys(front))
    return list(out)


def _distance(item: Node, metadata: Call, world: Picture) -> int | None:
    """Objects on the shortest path to the nearest that fits; None when there is none."""
    wanted = set(step(Call("Has", metadata.args, 0), sorted(world.nodes), world))
    seen, front, length = {item}, [item], 1
    while front:
        if wanted & set(front):
            return length
        front = list(dict.fromkeys(end for each in front for end in _ends(each, "both", [], world) if end not in seen))
        seen.update(front)
        length += 1
    return None
