"""What a query's answer depends on: known only where it is sure, everything otherwise."""

from __future__ import annotations

import pytest

from calipso.errors import QueryError
from calipso.query.depends import ALL, EVERYTHING, Depends, checked, depends


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("G.V().Has('Type', 'veth')", ("type", "veth")),
        ("G.V().Has('MTU', 1400).Values('Name')", ("mtu", 1400)),
        ("G.V().Has('State', 'DOWN').Count()", ("state", "down")),
        ("G.V().Has('MAC', 'AA:BB:CC:00:00:01')", ("mac", "aa:bb:cc:00:00:01")),
        ("G.V().Has('Rack', 'r7', 'Name', 'eth0').Limit(2)", ("name", "eth0")),
        ("G.V('h1/dev:eth0').Values('MTU')", ("id", "h1/dev:eth0")),
    ],
)
def test_a_key_that_the_answer_needs(text: str, key: tuple[str, object]) -> None:
    assert depends(text) == Depends(frozenset({key}), links=False)


@pytest.mark.parametrize("text", ["G.V().Has('MTU', GT(1400))", "G.V()", "G.V().HasKey('Rack')"])
def test_any_object_can_matter_but_no_link(text: str) -> None:
    assert depends(text) == Depends(frozenset({ALL}), links=False)


@pytest.mark.parametrize(
    "text", ["G.E()", "G.V().Has('Type', 'veth').Out()", "G", "G.V().Has('Type', 'veth').Values('UpdatedAt')"]
)
def test_anything_can_matter(text: str) -> None:
    assert depends(text) == EVERYTHING


def test_what_is_no_query_is_refused_before_it_is_kept() -> None:
    for text in ("G.V().Outt()", "G.Flows()", "hello"):
        with pytest.raises(QueryError):
            checked(text)
