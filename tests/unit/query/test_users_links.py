"""Steps go along links that users declared by what the users say of them, now and at a recorded moment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from calipso.model import user
from calipso.query.standing import standing
from calipso.stores.sqlite import SqliteStore
from tests.support.estate import ENVIRONMENT, Estate, two_hosts
from tests.support.queries import World, told

RACK = user.node_id("rack")


def edge(target: str, relation: str, **metadata: str) -> dict[str, Any]:
    said = {"RelationType": relation, **metadata}
    return {"id": f"{relation} {target}", "target": target, "link": user.link_of(relation, target), "metadata": said}


def declared() -> Estate:
    """A rack that contains h1 and powers h2, and is cabled to both of them by two kinds of cables."""
    estate = Estate()
    estate.changes = two_hosts()
    edges = [edge("h1", "contains"), edge("h2", "powers", Feed="A"),
             edge("h1/dev:eth0", "layer2", Type="copper"), edge("h2/dev:eth0", "layer2", Colour="red")]  # fmt: skip
    estate.record(RACK, user.FACET, "rack", name="rack", user_metadata={"Name": "rack"})
    estate.record(
        RACK, user.EDGE_FACET, "rack", user_edges=edges,
        fabric_to=["h1/dev:eth0", "h2/dev:eth0"], user_to=["h1", "h2"],
    )  # fmt: skip
    return estate


@pytest.fixture(scope="module", params=["live", "past"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    store = SqliteStore(tmp_path_factory.mktemp("store") / "a.db", ENVIRONMENT)
    graph, delta = store.load().apply(declared().changes, 1_000_000)
    store.append(delta)
    yield World(graph if request.param == "live" else store.graph(1_000_000))
    store.close()


CASES: list[tuple[str, list[Any]]] = [
    (f"G.V('{RACK}').Out('RelationType', 'contains')", ["h1"]),
    (f"G.V('{RACK}').Both('RelationType', 'powers')", ["h2"]),
    ("G.V('h1').In('RelationType', 'contains').Values('Name')", ["rack"]),
    (f"G.V('{RACK}').OutE('RelationType', 'powers').Values('Feed')", ["A"]),
    (f"G.V('{RACK}').OutE('Feed', 'A').OutV()", ["h2"]),
    (f"G.V('{RACK}').OutE('RelationType', 'powers', 'Feed', 'B')", []),
    (f"G.V('{RACK}').OutE('RelationType', 'layer2').Count()", [2]),
    (f"G.V('{RACK}').OutE('RelationType', 'layer2', 'Type', 'copper').OutV()", ["h1/dev:eth0"]),
    (f"G.V('{RACK}').Out('RelationType', 'mapping')", []),
    (f"G.V('{RACK}').Out('RelationType', Within('contains', 'powers'))", ["h1", "h2"]),
    (f"G.V('{RACK}').Out('mapping.user')", ["h1", "h2"]),
    (f"G.V('{RACK}').Descendants('RelationType', 'contains', 1)", [RACK, "h1"]),
    (f"G.V('{RACK}').Descendants('RelationType', 'contains', 'Feed', 'A', 1)", [RACK, "h1", "h2"]),
    ("G.V('h1').Neighbors('RelationType', Within('contains', 'powers'), 2)", ["h1", RACK, "h2"]),
    ("G.V('h1').ShortestPathTo(Metadata('ID', 'h2'), Metadata('RelationType', 'powers'))", []),
    (
        "G.V('h1').ShortestPathTo(Metadata('ID', 'h2'), Metadata('RelationType', Within('contains', 'powers')))",
        [["h1", RACK, "h2"]],
    ),
    (f"G.V('{RACK}').ShortestPathTo(Metadata('ID', 'h2'), Metadata('Feed', 'A'))", [[RACK, "h2"]]),
    (f"G.V('{RACK}').ShortestPathTo(Metadata('ID', 'h2'), Metadata('Feed', 'B'))", []),
    (
        f"G.V('{RACK}').ShortestPathTo(Metadata('ID', 'h2/dev:eth0'), Metadata('Colour', 'red'))",
        [[RACK, "h2/dev:eth0"]],
    ),
    (f"G.V('{RACK}').ShortestPathTo(Metadata('ID', 'h1/dev:eth0'), Metadata('Colour', 'red'))", []),
]


@pytest.mark.parametrize(("text", "expected"), CASES, ids=[text for text, _ in CASES])
def test_links_of_users(world: World, text: str, expected: list[Any]) -> None:
    assert told(text, world) == expected


def test_what_is_told_of_follows_what_users_say_of_links() -> None:
    """A relation can change while the link stays."""
    for text in (f"G.V('{RACK}').Out('RelationType', 'contains')", "G.E().Has('Feed', 'A')"):
        assert standing(text).footprint.touched({user.EDGES}, ()), text
    assert not standing("G.V('h1').Out('layer2')").footprint.touched({user.EDGES}, ())
