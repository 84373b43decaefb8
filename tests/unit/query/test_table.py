"""Every step and predicate of the tables, on the live graph and, with the same answer, on a store's past."""

from __future__ import annotations

from typing import Any

import pytest

from calipso.errors import QueryError
from calipso.query.plan import Spec
from calipso.query.predicate_table import PREDICATES
from calipso.query.table import SPECS
from tests.support.queries import World, told
from tests.support.query_cases import CASES


@pytest.mark.parametrize(("text", "expected"), CASES, ids=[text for text, _ in CASES])
def test_step_or_predicate(world: World, text: str, expected: list[Any]) -> None:
    found = told(text, world)
    if ".Keys()" in text:
        found = [found]
    assert found == expected


ORIGINAL = """
    G V E Context At Has HasKey HasNot HasEither Out In Both OutE InE BothE OutV InV BothV ShortestPathTo Dedup Limit
    Range Sort Values ValueMap Keys Count Sum SubGraph As Select Descendants Ascendants Neighbors NextHop Sockets
    Metrics Aggregates Flows Hops CaptureNode Node Nodes RawPackets BPF Group MoreThan Workflow
"""
STANDARD = """
    where repeat path project order has hasLabel hasId skip tail fold group groupCount select as
"""
ORIGINAL_PREDICATES = """
    NE NEE LT GT LTE GTE Inside Outside Between Within Without Regex IPV4Range
"""
WORDS = ("Metadata(", "ASC", "DESC", "NOW", "FOREVER", "NULL", "until(", "times(", "emit(", ".by(")


def cases() -> str:
    from tests.unit.query.test_flow_steps import CASES as FLOW_CASES

    return " ".join(text for text, _ in (*CASES, *FLOW_CASES)) + " .G(). "


def test_every_step_and_predicate_has_a_case() -> None:
    texts = cases().lower()
    for spec in SPECS:
        missing = [name for name in spec.names if f"{name.lower()}(" not in texts]
        assert not missing, missing
    for predicate in PREDICATES:
        missing = [name for name in predicate.names if f"{name.lower()}(" not in texts]
        assert not missing, missing


def test_everything_of_the_original_and_of_the_standard_is_there_and_has_a_case() -> None:
    texts = cases()
    steps = {name.lower() for spec in SPECS for name in spec.names}
    assert not {*(ORIGINAL + STANDARD).lower().split()} - steps
    assert not {*ORIGINAL_PREDICATES.lower().split()} - {n.lower() for each in PREDICATES for n in each.names}
    assert not [word for word in WORDS if word not in texts]


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.names[0])
def test_every_example_of_the_reference_is_answered(world: World, spec: Spec) -> None:
    if "Flows()" in spec.example:
        with pytest.raises(QueryError, match="no flow store"):
            told(spec.example, world)
    elif spec.names[0] == "At":
        assert told("G.At(NOW).V().Count()", world) == told("G.V().Count()", world)
    else:
        told(spec.example, world)


@pytest.mark.parametrize("predicate", PREDICATES, ids=lambda predicate: predicate.names[0])
def test_every_example_of_a_predicate_is_answered(world: World, predicate: Any) -> None:
    told(f"G.V().{predicate.example}", world)
