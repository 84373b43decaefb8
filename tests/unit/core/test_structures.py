"""The persistent structures: older values stay as they were, whatever is done after."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from calipso.graph.adjacency import HUB, Adjacency, Hub, ends, others
from calipso.graph.index import SMALL, Index
from calipso.graph.pages import SIZE, Pages

PLACES = st.integers(0, 5 * SIZE)


@given(st.lists(st.lists(st.tuples(PLACES, st.one_of(st.none(), st.integers())), max_size=20), max_size=8))
def test_pages_behave_like_a_dict_and_older_values_stay(sessions: list[list[tuple[int, int | None]]]) -> None:
    pages: Pages[int] = Pages()
    model: dict[int, int] = {}
    held = []
    for session in sessions:
        held.append((pages, dict(model)))
        edit = pages.edit()
        for place, value in session:
            edit.set(place, value)
            if value is None:
                model.pop(place, None)
            else:
                model[place] = value
        pages = edit.finish()
    held.append((pages, model))
    for value, was in held:
        assert dict(value.items()) == was
        assert len(value) == len(was)


@given(st.lists(st.tuples(st.booleans(), st.sampled_from(["a", "b"]), st.integers(0, 60)), max_size=120))
def test_index_buckets_grow_and_shrink_without_changing_older_values(steps: list[tuple[bool, str, int]]) -> None:
    index = Index()
    model: dict[str, set[int]] = {"a": set(), "b": set()}
    held = []
    for start in range(0, len(steps), 10):
        held.append((index, {key: set(found) for key, found in model.items()}))
        edit = index.edit()
        for add, value, ord in steps[start : start + 10]:
            if add:
                edit.add(("mac", value), ord)
                model[value].add(ord)
            else:
                edit.remove(("mac", value), ord)
                model[value].discard(ord)
        index = edit.finish()
    for value, was in held:
        assert {key: set(value.get(("mac", key))) for key in was} == was


def test_a_bucket_above_the_small_size_is_still_a_set_of_ordinals() -> None:
    edit = Index().edit()
    for ord in range(SMALL * 3):
        edit.add(("kind", "vnic"), ord)
    index = edit.finish()
    assert set(index.get(("kind", "vnic"))) == set(range(SMALL * 3))
    assert dict(index.values("kind")).keys() == {"vnic"}


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 2), st.integers(1, HUB)), max_size=400))
def test_links_of_a_hub_and_of_a_leaf_are_the_same_set(steps: list[tuple[bool, int, int]]) -> None:
    adjacency = Adjacency(Pages())
    model: set[tuple[int, int]] = set()
    for add, code, other in steps:
        if add and (code, other) not in model:
            adjacency.add(code, 0, other)
            model.add((code, other))
        elif not add and (code, other) in model:
            adjacency.remove(code, 0, other)
            model.discard((code, other))
    pages = adjacency.finish()
    assert {(code // 2, other) for code, other in ends(pages.get(0))} == model
    for code, other in model:
        assert 0 in others(pages.get(other), 2 * code + 1)


def test_a_hub_is_copied_before_it_is_changed() -> None:
    adjacency = Adjacency(Pages())
    for other in range(1, HUB):
        adjacency.add(0, 0, other)
    before = adjacency.finish()
    assert isinstance(before.get(0), Hub)
    later = Adjacency(before)
    later.remove(0, 0, 1)
    assert 1 in others(before.get(0), 0)
    assert 1 not in others(later.finish().get(0), 0)
