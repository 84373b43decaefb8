"""Places of an index put in order outside of the interpreter: as Python orders them."""

from __future__ import annotations

import ctypes
from array import array
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calipso.graph.index import Order, in_order
from calipso.native.build import PLACES_SOURCE, build_places
from calipso.native.ordering import library, order
from tests.support.sanitizers import run_sanitized

HASHES = st.one_of(st.integers(0, 2**64 - 1), st.sampled_from([0, 1, 2**63, 2**64 - 1, 7 << 54, 7 << 55]))
PLACES = st.lists(st.tuples(HASHES, st.integers(0, 2**31 - 1) | st.integers(0, 3)), max_size=300)


@cache
def core() -> ctypes.CDLL:
    path = build_places()
    found = library(path) if path is not None else None
    if found is None:
        pytest.skip("needs a C compiler: `make test` as root installs gcc")
    return found


def ordered_by(how: Order, places: list[tuple[int, int]]) -> tuple[list[int], ...]:
    hashes, ords = array("Q", [hashed for hashed, _ in places]), array("i", [ord for _, ord in places])
    return tuple(list(each) for each in how(hashes, ords))


@given(PLACES)
def test_places_are_in_the_order_that_python_finds(places: list[tuple[int, int]]) -> None:
    quick = order(core())
    assert quick is not None
    found = ordered_by(quick, places)
    assert found == ordered_by(in_order, places)
    hashes, ords, where, several = found
    there = {hashed: {ord for at, ord in places if at == hashed} for hashed, _ in places}
    assert hashes == sorted(there)
    assert dict(zip(hashes, ords, strict=True)) == {
        hashed: next(iter(these)) if len(these) == 1 else -1 for hashed, these in there.items()
    }
    assert list(zip(where, several, strict=True)) == sorted(
        (hashed, ord) for hashed, these in there.items() if len(these) > 1 for ord in these
    )


def test_a_library_that_cannot_be_loaded_leaves_it_to_python(tmp_path: Path) -> None:
    (tmp_path / "none.so").write_text("no library")
    assert library(tmp_path / "none.so") is None and library(tmp_path / "missing.so") is None


RUN = """
import pathlib, random, sys
from array import array
from calipso.graph.index import in_order
from calipso.native.ordering import library, order

ordered = order(library(pathlib.Path(sys.argv[1])))
chance = random.Random(5)
for turn in range(300):
    count = chance.randrange(400)
    hashes = array("Q", [chance.choice([chance.getrandbits(64), chance.randrange(9)]) for _ in range(count)])
    ords = array("i", [chance.randrange(2**31 if turn % 2 else 5) for _ in range(count)])
    assert ordered(hashes, ords) == in_order(hashes, ords)
print("ordered")
"""


def test_nothing_beyond_the_places_is_touched_and_nothing_is_undefined(tmp_path: Path) -> None:
    assert run_sanitized(tmp_path, PLACES_SOURCE, RUN) == "ordered\n"
