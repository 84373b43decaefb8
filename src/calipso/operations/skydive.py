"""Skydive's question, answered in Skydive's shapes: what POST /api/topology and subscribers are told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from calipso.graph.protocol import GraphReader, Obj
from calipso.model import user
from calipso.model.flow import Flow
from calipso.operations import drawing
from calipso.operations.context import Context, Site
from calipso.operations.metadata import Json, Shapes
from calipso.operations.querying import Kept, Reach
from calipso.operations.questions import QUESTIONS, Turn
from calipso.operations.workflows import outcomes
from calipso.query.evaluate import Answer, Found, Tie, evaluate
from calipso.query.flow_names import named
from calipso.query.grammar import parse
from calipso.query.run import Limits

ONE_VALUE = frozenset({"count", "sum", "min", "max", "mean"})
"""Steps whose answer is a value and not a list."""
MERGED = frozenset({"nexthop", "group", "groupcount"})
"""Steps whose answer is one map."""
LIMITS = Limits(seconds=30.0, results=1_000_000)
_START = re.compile(r"""(\bV\s*\(\s*)(?P<quote>['"])(?P<id>[^'"\\]+)(?P=quote)""", re.IGNORECASE)


class Topology(msgspec.Struct, frozen=True, kw_only=True):
    """gremlin: a query, empty for the whole graph. drawing: as DOT."""

    gremlin: str = "G"
    environment: str = "local"
    drawing: bool = False


async def topology(context: Context, request: Topology) -> Any:
    """The answer of a query: nodes, edges, flows, values, lists of nodes, a graph; or text. Raises `QueryError`."""
    site = context.site(request.environment)
    ran = await outcomes(context, request.environment, request.gremlin, LIMITS.seconds)
    world = Reach(site, None, context.moment("now"), Kept(lambda: context.captures(request.environment)), ran)
    return await QUESTIONS.work(lambda turn: _answered(site, world, request, turn), seconds=LIMITS.seconds)


def _answered(site: Site, world: Reach, request: Topology, turn: Turn) -> Any:
    answer, shapes = _asked(site, world, request.gremlin, turn)
    if request.drawing:
        return drawing.drawn("dot", answer)
    return shaped(answer, shapes, request.gremlin)


def asked(site: Site, now: int, gremlin: str, turn: Turn) -> tuple[Answer, Shapes]:
    """The answer of a query that is asked again and again, and what shows it. Raises `QueryError`."""
    return _asked(site, Reach(site, None, now), gremlin, turn, again=True)


def _asked(site: Site, world: Reach, gremlin: str, turn: Turn, *, again: bool = False) -> tuple[Answer, Shapes]:
    limits = msgspec.structs.replace(LIMITS, take=turn.take)
    answer = evaluate(_with_user_ids(gremlin, site.graph()), world, turn.clock, limits, again=again)
    return answer, Shapes(site, answer.reader, world, answer.at)


def _with_user_ids(gremlin: str, reader: GraphReader) -> str:
    """`V('TOR1')` names a user's node by the name that its user gave it, where nothing else has that id."""

    def named(found: re.Match[str]) -> str:
        id = found["id"]
        own = user.node_id(id)
        if reader.resolve(id) is not None or reader.resolve(own) is None:
            return found[0]
        return f"{found[1]}{found['quote']}{own}{found['quote']}"

    return _START.sub(named, gremlin)


def shaped(answer: Answer, shapes: Shapes, gremlin: str) -> Any:
    """An answer as Skydive's analyzer writes it."""
    if answer.kind == "graph":
        return [elements(answer, shapes)]
    shapes.expect({head.ord for row in answer.rows for head in heads(row.value)})
    items = [shape(row.value, shapes) for row in answer.rows]
    last = parse(gremlin).calls[-1].word
    if last in ONE_VALUE:
        return items[0] if items else 0
    if last in MERGED:
        return {key: value for item in items for key, value in item.items()}
    return items


def elements(answer: Answer, shapes: Shapes) -> Json:
    """The nodes and edges of an answer; where it has only nodes, the edges among them."""
    nodes, ties = drawing.picture(answer)
    shapes.expect([each.head.ord for each in nodes])
    return {
        "Nodes": [shapes.node(each.head) for each in nodes],
        "Edges": [shapes.edge(each.type, each.source, each.target) for each in ties],
    }


def heads(value: Any) -> Iterator[Obj]:
    """The objects of one answer."""
    if isinstance(value, Found):
        yield value.head
    elif isinstance(value, list):
        for each in value:
            yield from heads(each)


def shape(value: Any, shapes: Shapes) -> Any:
    """One answer."""
    if isinstance(value, Found):
        return shapes.node(value.head)
    if isinstance(value, Tie):
        return shapes.edge(value.type, value.source, value.target)
    if isinstance(value, Flow):
        return named(value)
    if isinstance(value, list):
        return [shape(each, shapes) for each in value]
    return msgspec.to_builtins(value)
