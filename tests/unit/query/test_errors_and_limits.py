"""What is wrong is told with its place and what was meant; what costs too much is stopped."""

from __future__ import annotations

import time

import pytest

from calipso.errors import QueryError
from calipso.graph.value import FacetChange, Graph
from calipso.model import ids
from calipso.query.evaluate import evaluate, prepared
from calipso.query.run import Limits
from tests.support.estate import CODEC, scratch, two_hosts
from tests.support.queries import World, answered, told


@pytest.fixture(scope="module")
def world() -> World:
    graph, _ = scratch().apply(two_hosts(), 1000)
    return World(graph)


WRONG = [
    ("", 0, "empty"),
    ("   ", 0, "empty"),
    ("V()", 0, "begins with G"),
    ("G.V().Outt()", 6, "unknown step 'Outt', did you mean 'Out'?"),
    ("G.V().Has('Name', 'x)", 18, "not closed"),
    ("G.V().Has('Name', Regexp('x'))", 18, "did you mean 'Regex'?"),
    ("G.V().Has('Name', Regex('('))", 18, "no regular expression"),
    ("G.V().Has('IPV4', IPV4Range('10.0.0.0/99'))", 18, "no address range"),
    ("G.V().Has('IPV4', IPV4Range('fd00::/8'))", 18, "not of version 4"),
    ("G.V().Has('Name', eth0)", 18, "texts stand in quotes"),
    ("G.V().Has('a', 'b', 'c', 'd', 'e')", 30, "pairs"),
    ("G.V().Has()", 6, "takes 1 or more"),
    ("G.V().Has('MTU', GT('a', 1))", 17, "takes 1"),
    ("G.V().Has('MTU', Between(1, 'a'))", 17, "not both"),
    ("G.V().Limit(-1)", 12, "whole number"),
    ("G.V().Limit('a')", 12, "whole number"),
    ("G.V().Count().Out()", 14, "asked of"),
    ("G.V(", 4, "ends too early"),
    ("G.V())", 5, "does not belong here"),
    ("G..V()", 2, "does not belong here"),
    ("G.V();", 5, "does not belong here"),
    ("G.V('nowhere')", 4, "no object has the id"),
    ("G.E('nowhere')", 4, "no link has the id"),
    ("G.V().Out('layer9')", 10, "no link type"),
    ("G.V().by('name')", 6, "does not belong here"),
    ("G.V().until(out())", 6, "does not belong here"),
    ("G.V().Select('a')", 13, "nothing was stored as 'a'"),
    ("G.V().where(SubGraph().V())", 12, "cannot stand inside"),
    ("G.V().where('a')", 12, "a traversal is needed"),
    ("G.V().repeat(values('name'))", 13, "same kind"),
    ("G.At('yesterday').V()", 5, "no moment"),
    ("G.At('-1m', 'x').V()", 12, "no duration"),
    ("G.V().NextHop('x')", 14, "address"),
    ("G.V().project('a').by('b', 'c')", 27, "one name or traversal"),
    ("G.V().ShortestPathTo(Out('a', 'b'))", 21, "Metadata"),
    ("G.Flows().Has('Network', '10.0.0.1')", -1, "no flow store"),
    ("G.V().Has('a', " + "9" * 50 + ")", 15, "digits"),
    ("G.V().Has('a', 1e999)", 15, "too large"),
    ("G.V().Has('a', '\\ud800')", 15, "surrogate"),
    ("G.V().Has('a', '\ud800')", 16, "surrogate"),
    ("G.V()" + ".Out()" * 200, 900, "more than 150 steps"),
    ("G.V()" + ".where(out()" * 40 + ")" * 40, -2, "brackets"),
    ("G.V().Has('a', '" + "x" * 30_000 + "')", 20_000, "characters"),
]


@pytest.mark.parametrize(("text", "position", "message"), WRONG, ids=[text[:40] or "empty" for text, _, _ in WRONG])
def test_what_is_wrong_is_told_with_its_place(world: World, text: str, position: int, message: str) -> None:
    with pytest.raises(QueryError) as error:
        told(text, world)
    assert message in error.value.message + error.value.hint
    if position >= -1:
        assert error.value.position == position


def test_hints_name_what_could_be_asked(world: World) -> None:
    with pytest.raises(QueryError) as error:
        told("G.V().Count().Out()", world)
    assert "of values can be asked" in error.value.hint and "Sum" in error.value.hint


class Clock:
    """A clock that goes on by itself."""

    def __init__(self, step: float) -> None:
        self.now, self.step = 0.0, step

    def __call__(self) -> float:
        self.now += self.step
        return self.now


HOSTILE = [
    "G.V()" + ".Both()" * 60 + ".Count()",
    "g.V().repeat(both()).until(has('name', 'nothing'))",
    "g.V().repeat(both()).times(1000).count()",
    "g.V().repeat(both()).emit().path()",
    "g.V().where(repeat(both()).until(has('name', 'nothing')))",
    "G.V()" + ".As('a')" * 30 + ".Both().Both().Both().Both().Both().Both().As('b').Select('a', 'b')",
    "g.V().both().both().both().both().both().both().order().by('name')",
    "g.V().both().both().both().both().both().both().fold()",
    "g.V().group().by(both().both().both().both().both().fold()).by(both().both().both().both().both().both().fold())",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_queries_are_stopped(world: World, text: str) -> None:
    began = time.monotonic()
    with pytest.raises(QueryError, match=r"took longer|more than"):
        told(text, world, seconds=0.5, held=200_000)
    assert time.monotonic() - began < 10


def test_the_clock_is_an_argument(world: World) -> None:
    with pytest.raises(QueryError, match="took longer than 5 s"):
        evaluate("G.V().Both().Both().Both().Count()", world, Clock(3.0), Limits(seconds=5))


def test_results_are_limited_and_say_so(world: World) -> None:
    few = answered("G.V()", world, results=5)
    assert len(few.rows) == 5 and few.truncated
    assert not answered("G.V().Limit(5)", world, results=5).truncated


@pytest.mark.parametrize(
    "text",
    ["G.V()", "g.V().both().both().path()", "G.V().ValueMap('Name', 'ID')", "g.V().values('id').fold()", "G",
     "g.V().project('a').by(valueMap('id').fold())"],
)  # fmt: skip
def test_an_answer_is_not_larger_than_it_may_be(world: World, text: str) -> None:
    assert answered(text, world).rows
    with pytest.raises(QueryError, match="larger than 0 MB"):
        told(text, world, size=300)


def test_an_object_of_many_rows_is_held_once(world: World) -> None:
    rows = answered("g.V('h1', 'h1/netns:vm-a').both().both().path()", world).rows
    held = {id(each) for row in rows for each in row.value}
    assert len(held) == len({each.head.id for row in rows for each in row.value}) < sum(len(row.value) for row in rows)


def test_patterns_take_linear_time(world: World) -> None:
    name = "a" * 4000
    record = CODEC.encode("netns", "test", {"host": "h1", "name": name})
    graph, _ = scratch().apply([FacetChange(ids.netns("h1", "x"), "netlink", record)], 1)
    began = time.monotonic()
    assert told("G.V().Has('Name', Regex('(a+)+b'))", World(graph)) == []
    assert time.monotonic() - began < 5


def test_limit_stops_what_comes_before_it(world: World) -> None:
    """Laziness: with ten results wanted, an endless repeat is not run to its end."""
    assert len(told("g.V('h1').repeat(both()).emit().limit(10)", world, seconds=5.0)) == 10


def test_conditions_are_folded_into_the_start() -> None:
    assert (
        len(prepared("G.V().Has('Type', 'veth').Has('Host', 'h1').HasKey('MAC').where(has('mtu', 1500))").sub.steps)
        == 1
    )
    assert len(prepared("G.V().Has('Type', 'veth').Count()").sub.steps) == 1
    assert len(prepared("G.V('h1').Out().Has('Type', 'veth').Has('Name', 'x')").sub.steps) == 2


def test_the_smallest_index_answers(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a name and a type only the objects of that name are looked at."""
    graph = world.value
    decoded: list[str] = []
    plain = type(graph).attributes

    def attributes(self: Graph, head: object) -> object:
        decoded.append(head.id)  # type: ignore[attr-defined]
        return plain(self, head)  # type: ignore[arg-type]

    monkeypatch.setattr(type(graph), "attributes", attributes)
    found = told("G.V().Has('alias', 'x').Has('Type', 'netns').Has('Name', 'vm-a').HasNot('mtu')", world)
    assert found == [] and len(set(decoded)) <= 4
