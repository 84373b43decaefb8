"""The sharded map is a dictionary, older values stay as they were, and its size stays near that of its entries."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from calipso.graph.index import Builder, Index
from calipso.graph.shards import FULL, Shards

hashes = st.one_of(
    st.integers(0, 2**64 - 1),
    st.integers(0, 300),  # close together: many bits to split by
    st.integers(0, 255).map(lambda n: n << 56),
    st.integers(0, 300).map(lambda n: 2**64 - 1 - n),
)
steps = st.lists(st.tuples(st.booleans(), hashes, st.integers(-1, 2**31 - 1)), max_size=600)


@given(steps, st.integers(1, 200))
def test_it_is_a_dictionary_and_older_values_stay(steps: list[tuple[bool, int, int]], tick: int) -> None:
    shards, model = Shards(), dict[int, int]()
    held = []
    for start in range(0, len(steps), tick):
        held.append((shards, dict(model)))
        edit = shards.edit()
        for put, key, value in steps[start : start + tick]:
            if put and value & 1:
                assert edit.add(key, value) == model.get(key)
                model.setdefault(key, value)
            elif put:
                edit.set(key, value)
                model[key] = value
            else:
                edit.remove(key)
                model.pop(key, None)
            assert edit.get(key) == model.get(key)
        shards = edit.finish()
    for value, was in [*held, (shards, model)]:
        assert dict(value.items()) == was
        assert all(value.get(key) == entry for key, entry in was.items())


def test_many_entries_split_shards_and_leave_none_overfull() -> None:
    pick = random.Random(1)
    model = {pick.getrandbits(64): n for n in range(50_000)}
    edit = Shards().edit()
    for key, value in model.items():
        edit.set(key, value)
    shards = edit.finish()
    assert dict(shards.items()) == model
    sizes = [len(shard.keys) for shard in {id(each): each for _, each in shards.directory.items()}.values()]
    assert sum(sizes) == len(model)
    assert max(sizes) <= FULL


@given(
    st.lists(st.tuples(st.sampled_from(["mac", "kind", "netns"]), st.integers(0, 40), st.integers(0, 99)), max_size=300)
)
def test_an_index_built_at_once_is_the_one_that_grew(places: list[tuple[str, int, int]]) -> None:
    edit = Index().edit()
    for name, value, ord in places:
        edit.add((name, value), ord)
    builder = Builder()
    for name, value, ord in places:
        builder.stand(name, (ord,), (value,))
    assert {where: set(ords) for where, ords in builder.finish().items()} == {
        where: set(ords) for where, ords in edit.finish().items()
    }
