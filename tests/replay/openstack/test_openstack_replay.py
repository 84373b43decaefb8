"""What source `openstack` makes of bodies of a real OpenStack: the records worked out by hand, and the same graph."""

from __future__ import annotations

import asyncio
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from calipso.graph.clique import find_clique
from calipso.graph.value import FacetChange, Graph
from calipso.model.attributes import undeclared
from calipso.model.cliques import CLIQUE_TYPES
from calipso.model.record import Observation, Record, RunEnded, Seen
from calipso.runtime.recording import replay
from tests.replay.openstack.test_worked_examples import CLOUDS, CODEC, build, graph_of, records

HERE = Path(__file__).parent
API = "openstack"


@cache
def said(cloud: str) -> tuple[Observation, ...]:
    return tuple(asyncio.run(replay(HERE / f"api/openstack@{cloud}.jsonl")))


def told(cloud: str) -> dict[tuple[str, str], Record]:
    found = [record for each in said(cloud) if isinstance(each, Seen) for record in each.records]
    assert len({(each.id, each.facet) for each in found}) == len(found)
    return {(each.id, each.facet): each for each in found}


def by_hand(cloud: str) -> list[dict[str, Any]]:
    lines = (HERE / f"{cloud}.jsonl").read_text().splitlines()[1:]
    return [each for each in map(json.loads, lines) if each["facet"] in ("nova", "neutron")]


@cache
def graph_with(cloud: str) -> Graph:
    """The cloud, with what the source says instead of the records of Nova and Neutron made by hand."""
    kept = [each for each in records(cloud) if each.facet.partition("@")[0] not in ("nova", "neutron")]
    own = [
        FacetChange(id, f"{facet}@{API}", CODEC.encode(record.type, API, record.attributes))
        for (id, facet), record in told(cloud).items()
    ]
    return build(kept + own)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_records_are_those_worked_out_by_hand(cloud: str) -> None:
    """Whatever they say is said, and more. `project` is a name where Keystone tells it: the id is beside it."""
    found = told(cloud)
    assert len(by_hand(cloud)) > 25
    for each in by_hand(cloud):
        record = found[each["id"], each["facet"]]
        assert record.type == each["type"]
        expected = dict(each["attributes"])
        if "project" in expected:
            expected["project_id"] = expected.pop("project")
        assert {name: record.attributes.get(name) for name in expected} == expected


@pytest.mark.parametrize("cloud", CLOUDS)
def test_what_it_says_is_declared_and_the_same_again(cloud: str) -> None:
    assert [each for record in told(cloud).values() for each in undeclared(record)] == []
    assert said(cloud) == tuple(asyncio.run(replay(HERE / f"api/openstack@{cloud}.jsonl")))


def links(graph: Graph, ids: set[str]) -> set[tuple[str, str, str]]:
    return {
        (link.type, graph.id_of(head.ord), graph.id_of(link.other))
        for head in graph.objects()
        for link in graph.links(head.ord)
        if link.outgoing and {graph.id_of(head.ord), graph.id_of(link.other)} <= ids
    }


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_link_of_the_worked_examples_is_there_and_no_other_between_their_objects(cloud: str) -> None:
    known = {graph_of(cloud).id_of(head.ord) for head in graph_of(cloud).objects()}
    assert known <= {graph_with(cloud).id_of(head.ord) for head in graph_with(cloud).objects()}
    assert links(graph_with(cloud), known) == links(graph_of(cloud), known)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_clique_is_that_of_the_worked_examples(cloud: str) -> None:
    mine, theirs = graph_of(cloud), graph_with(cloud)
    for head in mine.objects():
        for each in CLIQUE_TYPES:
            if head.kind == each.focal_kind:
                again = next(one for one in theirs.objects() if one.id == head.id)
                expected, found = find_clique(mine, head, each), find_clique(theirs, again, each)
                assert (found.objects, found.constraint) == (expected.objects, expected.constraint)


def test_a_part_that_is_not_told_fails_alone() -> None:
    ends = {each.scope.part: each.status for each in said("ml2-ovn") if isinstance(each, RunEnded)}
    assert ends == {
        "identity": "completed", "servers": "completed", "hosts": "failed", "networks": "completed",
        "agents": "completed", "quotas": "completed",
    }  # fmt: skip
