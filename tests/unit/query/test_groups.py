"""Groups are named as JSON has it, and none is lost."""

from __future__ import annotations

from typing import Any

import pytest

from calipso.stores.memory import MemoryStore
from tests.support.estate import ENVIRONMENT, Estate
from tests.support.queries import World, told

CASES: list[tuple[str, Any]] = [
    ("g.V().groupCount().by('rack')", {"7": 2, "b": 1}),
    ("g.V().group().by('rack').by('name')", {"7": ["a", "b"], "b": ["c"]}),
    ("g.V().groupCount().by('racked')", {"false": 1, "true": 2}),
    ("g.V().groupCount().by('place')", {'{"row":1,"side":"left"}': 2, '{"row":2}': 1}),
]


@pytest.mark.parametrize(("text", "expected"), CASES, ids=[text for text, _ in CASES])
def test_groups(text: str, expected: Any) -> None:
    estate = Estate()
    for name, rack, racked, place in (
        ("a", 7, True, {"row": 1, "side": "left"}),
        ("b", "7", True, {"side": "left", "row": 1}),
        ("c", "b", False, {"row": 2}),
    ):
        estate.record(f"h1/dev:{name}", "netlink", "veth", name=name, rack=rack, racked=racked, place=place)
    graph, _ = MemoryStore(ENVIRONMENT).load().apply(estate.changes, 1)
    assert told(text, World(graph)) == [expected]


def test_numbers_that_json_has_no_form_for() -> None:
    estate = Estate()
    estate.record("h1/dev:a", "netlink", "veth", name="a", serial=2**63)
    graph, _ = MemoryStore(ENVIRONMENT).load().apply(estate.changes, 1)
    assert told("g.V().groupCount().by('serial')", World(graph)) == [{str(2**63): 1}]
    for text in ("g.V().group()", "g.V().groupCount()", "g.V().group().by(out().fold())"):
        told(text, World(graph))
