"""Queries over a slice of time: every answer with the intervals in which it was one."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from calipso.errors import QueryError
from calipso.graph.value import FacetChange, Graph
from calipso.model import ids
from calipso.stores.memory import MemoryStore
from calipso.stores.sqlite import SqliteStore
from tests.support.estate import CODEC, ENVIRONMENT, disturbed, two_hosts
from tests.support.queries import World, answered, plain, told

SECOND = 1_000_000
BEGIN = 1_700_000_000 * SECOND
VHA = ids.device("h1", "vha")


def device(state: str, **more: Any) -> FacetChange:
    said = {"host": "h1", "netns": "h1", "name": "vha", "ifindex": 10, "state": state, **more}
    return FacetChange(VHA, "netlink", CODEC.encode("veth", "linux@h1", said))


HISTORY: list[list[FacetChange]] = [
    [*two_hosts(), device("up")],
    [device("down")],
    [device("up", mtu=1400)],
    [FacetChange(ids.netns("h1", "vm-a"), "netlink", None)],
    [device("down", mtu=1400)],
]
"""One tick a second."""


class Past:
    """A store with a history, and every value of its graph."""

    def __init__(self, store: Any, ticks: list[list[FacetChange]]) -> None:
        self.store = store
        self.held: list[Graph] = []
        graph = store.load()
        for n, changes in enumerate(ticks):
            graph, delta = graph.apply(changes, BEGIN + n * SECOND)
            store.append(delta)
            self.held.append(graph)
        self.world = World(graph, store, now=BEGIN + (len(ticks) - 1) * SECOND + SECOND // 2)


@pytest.fixture(scope="module", params=["sqlite", "memory"])
def past(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Past]:
    path: Path = tmp_path_factory.mktemp("slices") / "a.db"
    store: Any = SqliteStore(path, ENVIRONMENT) if request.param == "sqlite" else MemoryStore(ENVIRONMENT)
    yield Past(store, HISTORY)
    store.close()


def spans(past: Past, text: str) -> dict[str, list[tuple[int, int | None]]]:
    """Answer → its intervals, in seconds after the beginning."""
    return {
        str(plain(row.value)): [
            ((start - BEGIN) // SECOND, None if end is None else (end - BEGIN) // SECOND) for start, end in row.when
        ]
        for row in answered(text, past.world).rows
    }


def test_a_point_in_time(past: Past) -> None:
    text = "G.At({}).V().Has('Name', 'vha', 'Host', 'h1', 'Type', 'veth').Values('State')"
    found = [told(text.format(said), past.world) for said in ("'-4s'", "'-3s'", "'-2.5s'", "NOW", "'-10ms'")]
    assert found == [["UP"], ["DOWN"], ["UP"], ["DOWN"], ["DOWN"]]
    at = BEGIN + SECOND
    for said in (f"{at // SECOND}", f"{at // 1000}", "'2023-11-14T22:13:21Z'", "'Tue, 14 Nov 2023 22:13:21 GMT'"):
        assert told(text.format(said), past.world) == ["DOWN"], said


def test_what_was_down_is_found_with_when(past: Past) -> None:
    text = "G.At(NOW, {}).V().Has('State', 'DOWN', 'Type', 'veth')"
    assert spans(past, text.format("FOREVER")) == {VHA: [(1, 2), (4, None)]}
    assert spans(past, text.format("'3s'")) == {VHA: [(1, 2), (4, None)]}
    assert spans(past, text.format("1")) == {VHA: [(4, None)]}


def test_what_came_went_or_was_linked(past: Past) -> None:
    gone = spans(past, "G.Context(NOW, FOREVER).V().Has('Name', 'vm-a', 'Host', 'h1')")
    assert gone == {"h1/netns:vm-a": [(0, 3)]}
    linked = spans(past, "G.Context(NOW, FOREVER).V('h1').OutE('ownership').Has('target', 'h1/netns:vm-a')")
    assert linked == {str(("ownership", "h1", "h1/netns:vm-a")): [(0, 3)]}
    counted = spans(past, "G.Context(NOW, '4500ms').V().Has('MTU', 1400).Count()")
    assert counted == {"0": [(0, 2)], "1": [(2, None)]}
    reached = spans(past, "G.Context(NOW, FOREVER).V('h1').Descendants().Has('Type', 'netns').Values('Name')")
    assert reached == {"vm-a": [(0, 3)], "vm-b": [(0, None)], "router-r": [(0, None)]}


def test_each_moment_of_a_slice_is_what_was_held_then(past: Past) -> None:
    """Whatever is asked: the answers that hold at a moment are those of the value held at that moment."""
    texts = ["V()", "E()", "V().Has('State', 'UP').Both('layer2')", "V().Has('State', 'DOWN')",
             "V().Has('MTU', NE(1500))", "V().HasEither('Name', 'vha', 'MTU', 1400)",
             "V().Has('Type', 'veth').Values('MTU')",
             "V().groupCount().by('type')", "V().Has('mac', Regex('a.*')).ValueMap('Name', 'MAC')"]  # fmt: skip
    for text in texts:
        rows = answered(f"G.At(NOW, FOREVER).{text}", past.world).rows
        for n, graph in enumerate(past.held):
            at = BEGIN + n * SECOND
            then = {str(plain(row.value)) for row in rows if _holds(row.when, at)}
            assert then == {str(each) for each in told(f"G.{text}", World(graph))}, (text, n)


def _holds(when: tuple[tuple[int, int | None], ...], at: int) -> bool:
    return any(start <= at and (end is None or at < end) for start, end in when)


@pytest.mark.parametrize("seed", range(4))
def test_random_histories(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    ticks = [two_hosts()]
    for _ in range(8):
        picked = chance.sample(two_hosts(), 3)
        ticks.append([disturbed(picked[0], chance), FacetChange(picked[1].id, picked[1].facet, None), picked[2]])
    store = SqliteStore(tmp_path / "a.db", ENVIRONMENT)
    try:
        past = Past(store, ticks)
        test_each_moment_of_a_slice_is_what_was_held_then(past)
    finally:
        store.close()


def test_life_of_objects(past: Past) -> None:
    created = told(f"G.V('{VHA}').Values('CreatedAt')", past.world)
    assert created == [BEGIN // 1000]
    updated = told(f"G.V('{VHA}').Values('@UpdatedAt')", past.world)
    assert updated == [BEGIN // 1000 + 4000]
    assert told(f"G.V('{VHA}').Has('CreatedAt', LT({BEGIN}))", past.world) == [VHA]


def test_moments_before_anything_was_known(past: Past) -> None:
    for said in ("'1960-01-01'", "'0001-01-01T00:00:00Z'", "'-900000h'", "0"):
        assert told(f"G.At({said}).V().Count()", past.world) == [0], said
    for said in ("-5", "-1.5", "-99999999999999"):
        with pytest.raises(QueryError, match="is no moment"):
            told(f"G.At({said}).V().Count()", past.world)


def test_the_future_is_refused_but_for_a_clock_that_is_ahead(past: Past) -> None:
    assert told("G.At('+30s').V().Count()", past.world) == told("G.V().Count()", past.world)
    with pytest.raises(QueryError, match="in the future"):
        told("G.At('+1h').V().Count()", past.world)


def test_slices_that_cannot_be(past: Past) -> None:
    for text, message in (
        ("G.V().As('a').G.At('-1m', 60).V()", "right after G"),
        ("G.At('2001-01-01T00:00:00Z').V()", ""),
    ):
        try:
            told(text, past.world)
        except QueryError as error:
            assert message in error.message
    with pytest.raises(QueryError, match="no history"):
        told("G.At('-1m', 60).V()", World(past.world.value))


def test_a_slice_that_takes_too_long_is_stopped(past: Past) -> None:
    with pytest.raises(QueryError, match="took longer"):
        answered(
            "G.At(NOW, FOREVER).V().Both().Both().Both().Both().Both().Both().Both().Count()", past.world, seconds=0.2
        )


def test_what_is_kept_of_a_slice_is_limited_as_one_answer_is(past: Past) -> None:
    slice_ = "G.At('-1s', FOREVER).V().Has('Name', 'vha').valueMap()"
    assert len(answered(slice_, past.world).rows) > 4, "one answer a state"
    with pytest.raises(QueryError, match="larger than 0 MB"):
        told(slice_, past.world, size=1_100)
    assert told("G.V().Has('Name', 'vha').valueMap()", past.world, size=1_100), "as of one moment there is room"
    with pytest.raises(QueryError, match="keep more than 4 elements"):
        told(slice_, past.world, held=4)
    few = answered(slice_, past.world, results=1)
    assert len(few.rows) == 1 and few.truncated
    with pytest.raises(QueryError, match="looked at more than"):
        told("G.At('-1s', FOREVER).V().Values('Name')", past.world, work=100)
