"""The query language against a naive evaluator, over disturbed estates; and any text at all."""

from __future__ import annotations

import random
from functools import cache
from typing import Any

import hypothesis.strategies as st
from hypothesis import given, settings

from calipso.errors import QueryError
from calipso.graph.value import Graph
from tests.support import naive_gremlin
from tests.support.estate import disturbed, scratch, two_hosts
from tests.support.naive_gremlin import Picture, picture
from tests.support.queries import World, told

GRAPHS = 12
TEXT_VALUES = {
    "Type": ["veth", "ovsport", "netns", "patch"],
    "Name": ["eth0", "vha", "br-int", "vm-a"],
    "Host": ["h1", "h2"],
    "kind": ["vnic", "device", "host"],
    "MAC": ["aa:01:0a", "ac:01:13"],
    "State": ["UP", "DOWN"],
    "peer_name": ["patch-int"],
    "remote_ip": ["192.0.2.1"],
    "RelationType": ["layer2", "ownership", "role"],
}
NUMBERS = {"MTU": [1400, 1500], "IfIndex": [2, 10, 14], "tag": [10, 20], "peer_ifindex": [2, 10]}


@cache
def world(seed: int) -> tuple[Graph, Picture]:
    """An estate with some of its records changed, two as they are."""
    chance = random.Random(seed)
    changes = [disturbed(each, chance) if chance.random() < seed / 20 else each for each in two_hosts()]
    graph, _ = scratch().apply(changes, 1000)
    return graph, picture(graph)


def _text(value: Any) -> str:
    return repr(value)


@st.composite
def conditions(draw: Any) -> str:
    """A name and what it has to be."""
    if draw(st.booleans()):
        name = draw(st.sampled_from(sorted(TEXT_VALUES)))
        values = TEXT_VALUES[name]
        one = draw(st.sampled_from(values))
        forms = (
            _text(one),
            f"NE({one!r})",
            f"NEE({one!r})",
            f"Within({', '.join(map(repr, values))})",
            f"Without({one!r})",
            f"Regex({one[:2] + '.*'!r})",
            f"GT({one!r})",
        )
        return f"{name!r}, {draw(st.sampled_from(forms))}"
    if draw(st.integers(0, 4)) == 0:
        return "'IPV4', IPV4Range('192.0.2.0/30')"
    name = draw(st.sampled_from(sorted(NUMBERS)))
    one, other = sorted((draw(st.sampled_from(NUMBERS[name])), draw(st.sampled_from([-1, 11, 1450, 9000]))))
    forms = (
        str(one),
        f"NE({one})",
        f"NEE({one})",
        f"LT({other})",
        f"LTE({other})",
        f"GT({one})",
        f"GTE({one})",
        f"Inside({one}, {other})",
        f"Outside({one}, {other})",
        f"Between({one}, {other})",
        f"Within({one}, {other})",
        f"Without({one})",
    )
    return f"{name!r}, {draw(st.sampled_from(forms))}"


@st.composite
def node_steps(draw: Any, depth: int = 2) -> str:
    """Steps from objects to objects."""
    label = draw(st.sampled_from(["", "'layer2'", "'ownership'", "'layer2', 'ownership'", "'instance-vnic'"]))
    forms = [
        f".Has({draw(conditions())})",
        f".Has({draw(conditions())}, {draw(conditions())})",
        f".HasEither({draw(conditions())}, {draw(conditions())})",
        ".HasKey('MAC')",
        ".HasNot('tag')",
        f".Out({label})",
        f".In({label})",
        f".Both({label})",
        f".OutE({label}).OutV()",
        f".InE({label}).InV()",
        f".BothE({label}).BothV()",
        ".Dedup()",
        f".Descendants({draw(st.integers(0, 3))})",
        ".Ascendants(0)",
        ".Neighbors()",
        ".Neighbors(2)",
    ]
    if depth:
        inner = draw(node_steps(0))[1:]
        forms += [f".where({inner})", f".not({inner})", f".repeat({inner}).times({draw(st.integers(0, 2))}).Dedup()"]
        forms += [".SubGraph().V()"]
    return draw(st.sampled_from(forms))


@st.composite
def queries(draw: Any) -> str:
    start = draw(
        st.sampled_from(
            ["V()", f"V().Has({draw(conditions())})", f"V().Has({draw(conditions())}, {draw(conditions())})"]
        )
    )
    middle = "".join(draw(st.lists(node_steps(), max_size=3)))
    end = draw(
        st.sampled_from(
            [
                "",
                ".Count()",
                ".Values('Name')",
                ".Values('IPV4')",
                ".Sum('MTU')",
                ".Dedup().Count()",
                ".OutE().Count()",
                ".SubGraph().E()",
                ".OutE().Has('RelationType', 'layer2')",
                f".ShortestPathTo(Metadata({draw(conditions())}))",
            ]
        )
    )
    return f"G.{start}{middle}{end}"


def comparable(found: list[Any]) -> list[str]:
    return sorted(map(repr, found))


@settings(max_examples=400, deadline=None)
@given(st.integers(0, GRAPHS - 1), queries())
def test_answers_are_those_of_the_naive_evaluator(seed: int, text: str) -> None:
    graph, seen = world(seed)
    mine = told(text, World(graph), held=300_000)
    if ".ShortestPathTo(" in text:
        mine = [len(way) for way in mine]
    assert comparable(mine) == comparable(naive_gremlin.evaluate(text, seen)), text


@settings(max_examples=150, deadline=None)
@given(st.integers(0, GRAPHS - 1), st.lists(conditions(), min_size=1, max_size=3), st.integers(0, 5))
def test_indexes_follow_changes(seed: int, said: list[str], changes: int) -> None:
    """A column made of one value of the graph answers for the next and for the one before."""
    graph, seen = world(seed)
    text = "G.V()" + "".join(f".Has({each})" for each in said)
    before = comparable(told(text, World(graph)))
    chance = random.Random(changes)
    picked = chance.sample(two_hosts(), changes + 1)
    later, _ = graph.apply([disturbed(each, chance) for each in picked], 2000 + changes)
    assert comparable(told(text, World(later))) == comparable(naive_gremlin.evaluate(text, picture(later)))
    assert comparable(told(text, World(graph))) == before == comparable(naive_gremlin.evaluate(text, seen))


WORDS = [
    "G",
    ".",
    "V",
    "(",
    ")",
    "Has",
    "'Name'",
    ",",
    "'eth0'",
    "Out",
    "NE",
    "1500",
    "-1",
    "__",
    "by",
    "repeat",
    "times",
    "Limit",
    "Regex",
    "'('",
    "At",
    "'-1m'",
    "select",
    "As",
    "'a'",
    "until",
    "emit",
    "path",
    "Flows",
    "null",
    "Within",
    "order",
    "desc",
    "project",
    "group",
    "count",
    "E",
    "'",
    '"',
    "\\",
    "SubGraph",
    "FOREVER",
    "9" * 30,
    "1e309",
    "é",
    "\x00",
    "Metadata",
    "ShortestPathTo",
    "Values",
    "Sum",
    "Context",
    "NextHop",
    "Range",
    "Tail",
    "Sort",
    "Dedup",
    "Keys",
]


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.text(max_size=60), st.lists(st.sampled_from(WORDS), max_size=24).map("".join)))
def test_any_text_gives_an_answer_or_a_query_error(text: str) -> None:
    graph, _ = world(0)
    try:
        told(text, World(graph), seconds=2.0, results=1000, held=20_000)
    except QueryError as error:
        assert error.message and -1 <= error.position <= len(text)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, GRAPHS - 1), queries(), st.integers(0, 200), st.sampled_from(WORDS))
def test_a_damaged_query_gives_an_answer_or_a_query_error(seed: int, text: str, place: int, word: str) -> None:
    graph, _ = world(seed)
    at = place % (len(text) + 1)
    try:
        told(text[:at] + word + text[at + 1 :], World(graph), seconds=2.0, results=1000, held=20_000)
    except QueryError as error:
        assert error.message
