"""Attributes skimmed outside of the interpreter: what Python reads, whatever the facets, nothing of what is none."""

from __future__ import annotations

import ctypes
from functools import cache
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calipso.errors import StoreDamaged
from calipso.graph.codec import Batch, Codec, Said, train
from calipso.model.record import Attributes
from calipso.native.build import SKIM_SOURCE, build_skim
from calipso.native.skimming import library, skimmer
from calipso.query.names import name_of, spec_of
from tests.support.sanitizers import run_sanitized

NAMES = st.sampled_from(["a", "aa", "ab", "name", "qdisc", "q" * 40, "é", "zz", ""])
VALUES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-(2**63), 2**64 - 1), st.floats(allow_nan=False), st.binary(max_size=300),
        st.text(max_size=40), st.sampled_from(["x" * 40_000, list(range(70_000))]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=20), st.dictionaries(st.text(max_size=8), inner, max_size=20)),
    max_leaves=12,
)  # fmt: skip
FACETS = st.lists(st.dictionaries(NAMES | st.text(max_size=8), VALUES, max_size=20), min_size=1, max_size=6)
NEEDS = st.sets(NAMES, min_size=1).map(lambda names: tuple(sorted(names)))


@cache
def core() -> ctypes.CDLL:
    path = build_skim()
    found = library(path) if path is not None else None
    if found is None:
        pytest.skip("needs a C compiler: `make test` as root installs gcc")
    return found


@cache
def codec() -> Codec:
    made = Codec(lambda dictionary: skimmer(dictionary, core()))
    said = [{"name": f"tap{n}", "mtu": 1500, "flags": ["UP", "BROADCAST"], "qdisc": "noqueue"} for n in range(3000)]
    made.learn(train([Codec().encode("veth", f"linux@h{n}", each) for n, each in enumerate(said)]))
    return made


def said_of(found: Said | None) -> dict[int, Attributes] | None:
    """What each object says."""
    return None if found is None else {ord: said for said, ords in found for ord in ords}


def dictionary() -> bytes:
    return next(iter(codec().dictionaries.values()))


def batches(facets: list[list[dict[str, object]]]) -> tuple[Batch, list[list[Attributes]]]:
    """Objects of some facets each, the last of each plain; and what they say, decoded."""
    bodies = [[codec().encode("veth", "s", {"name": "tap1" * 30})]]  # one at least is compressed
    for each in facets:
        bodies.append([codec().encode("veth", "s", said) for said in each] + [Codec().encode("veth", "", each[0])])
    ords = [7 + 3 * n for n in range(len(bodies))]
    batch = Batch(ords, list(map(len, bodies)), list(chain.from_iterable(bodies)))
    return batch, [[codec().decode(body)[2] for body in each] for each in bodies]


@given(st.lists(FACETS, min_size=1, max_size=6), NEEDS)
def test_what_is_skimmed_is_what_is_decoded(facets: list[list[dict[str, object]]], needs: tuple[str, ...]) -> None:
    batch, decoded = batches(facets)
    expected = {}
    for ord, said in zip(batch.ords, decoded, strict=True):
        merged = {name: value for each in reversed(said) for name, value in each.items() if name in needs}
        if merged:
            expected[ord] = merged
    skim = skimmer(dictionary(), core())
    assert skim is not None
    found = skim.begin(batch, needs)()
    assert said_of(found) == expected
    assert found is not None and len({repr(sorted(said.items())) for said, _ in found}) <= len(found)
    assert said_of(codec().skim(batch, needs)()) == expected
    assert said_of(Codec().skim(batch._replace(bodies=list(map(codec().plain, batch.bodies))), needs)()) == expected


def test_what_is_said_alike_is_told_once_with_all_that_say_it() -> None:
    facets = [codec().encode("veth", "s", {"name": f"tap{n}" * 9, "qdisc": ("mq", "fq")[n % 2]}) for n in range(99)]
    skim = skimmer(dictionary(), core())
    assert skim is not None
    found = skim.begin(Batch(list(range(99)), [1] * 99, facets), ("qdisc",))()
    assert found is not None
    assert [(said, list(ords)) for said, ords in found] == [
        ({"qdisc": "mq"}, list(range(0, 99, 2))),
        ({"qdisc": "fq"}, list(range(1, 99, 2))),
    ]


ADDRESSES = st.lists(
    st.sampled_from(["10.0.0.1/24", "fe80::1/64", "::ffff:10.0.0.1", "br-int", "1.2.3", "", "a.b.c.d"])
)


@given(
    st.lists(ADDRESSES | st.just(["10.0.0.1", 7]) | st.just("fe80::1"), min_size=1), st.sampled_from(["IPV4", "IPV6"])
)
def test_addresses_of_another_version_are_left_out(said: list[object], alias: str) -> None:
    spec = spec_of(name_of(alias))
    bodies = [codec().encode("veth", "s", {"addresses": each, "name": "tap1" * 30}) for each in said]
    skim = skimmer(dictionary(), core())
    assert skim is not None and spec.needs is not None and spec.version
    batch = Batch(list(range(len(said))), [1] * len(said), bodies)
    whole, cut = (skim.begin(batch, spec.needs, version)() for version in (0, spec.version))
    shown = [{ord: spec.pick(each) for ord, each in (said_of(found) or {}).items()} for found in (whole, cut)]
    kept = [{ord: value for ord, value in each.items() if value is not None} for each in shown]
    assert kept[0] == kept[1] and len(kept[0]) == sum(spec.pick({"addresses": each}) is not None for each in said)
    other = {"IPV4": "fe80::1/64", "IPV6": "10.0.0.1/24"}[alias]
    lists = [each["addresses"] for each, _ in cut or [] if isinstance(each["addresses"], list)]
    assert not any(other in each for each in lists if 7 not in each)


@given(st.data())
def test_what_is_no_facet_is_left_to_python_which_says_so(data: st.DataObject) -> None:
    whole = codec().encode("veth", "s", {"name": "tap1" * 30, "qdisc": ["noqueue"] * 9, "speed": 10})
    changed = bytearray(whole if data.draw(st.booleans()) else codec().plain(whole))
    for at, octet in data.draw(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=4)):
        changed[at % len(changed)] = octet
    body = bytes(changed[: data.draw(st.integers(1, len(changed)))])
    skim = skimmer(dictionary(), core())
    assert skim is not None
    try:
        expected: dict[str, object] | None = codec().decode(body)[2]
    except StoreDamaged:
        expected = None
    found = skim.begin(Batch([3], [1], [body]), ("qdisc",), data.draw(st.sampled_from([0, 4])))()
    assert not found or (len(found) == 1 and list(found[0][0]) == ["qdisc"])  # what is needed may stand before damage
    if expected is not None and sorted(expected) == list(expected):
        whole_said = skim.begin(Batch([3], [1], [body]), ("qdisc",))()
        assert said_of(whole_said) == ({3: {"qdisc": expected["qdisc"]}} if "qdisc" in expected else {})


def test_several_dictionaries_and_too_many_names_are_read_by_python() -> None:
    first = codec().encode("veth", "s", {"name": "tap1" * 30, "qdisc": "mq"})
    mine = Codec(lambda dictionary: skimmer(dictionary, core()))
    mine.dictionaries.update(codec().dictionaries)
    mine.learn(train([Codec().encode("nic", f"ovs@h{n}", {"name": f"qvo{n}", "ofport": n}) for n in range(3000)]))
    second = mine.encode("veth", "s", {"name": "qvo1" * 30, "qdisc": "fq"})
    assert said_of(mine.skim(Batch([1, 2], [1, 1], [first, second]), ("qdisc",))()) == {
        1: {"qdisc": "mq"},
        2: {"qdisc": "fq"},
    }
    many = tuple(sorted({f"n{n}" for n in range(40)} | {"qdisc"}))
    assert said_of(mine.skim(Batch([2], [1], [second]), many)()) == {2: {"qdisc": "fq"}}


def test_batches_side_by_side_and_answers_nobody_asked_for() -> None:
    def batch(n: int) -> Batch:
        return Batch([n], [1], [codec().encode("veth", "s", {"name": "tap1" * 30, "qdisc": f"q{n}"})])

    begun = [(n, codec().skim(batch(n), ("qdisc",))) for n in range(9)]  # more than are read at a time
    assert [said_of(read()) for _, read in begun] == [{n: {"qdisc": f"q{n}"}} for n, _ in begun]
    skim = skimmer(dictionary(), core())
    assert skim is not None
    first, second = skim.begin(batch(1), ("qdisc",)), skim.begin(batch(2), ("qdisc",))
    assert first() is None and said_of(second()) == {2: {"qdisc": "q2"}}
    skim.begin(batch(3), ("qdisc",))
    del skim, first, second  # while it reads


RUN = """
import ctypes, pathlib, random, sys
from array import array
from calipso.graph.codec import Codec
from calipso.native.skimming import AskedBatch, library

core = library(pathlib.Path(sys.argv[1]))
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_size_t], [ctypes.c_void_p]
handle = core.skim_new(b"", 0)
chance = random.Random(5)
kinds = [None, 1.5, 2**40, "t" * 300, b"b" * 40, {"k": [1]}, ["10.0.0.1", "fe80::1"], ["10.0.0.1"] * 20]
for turn in range(20_000):  # each in memory of its own size, which the sanitizer guards
    said = {"a" * n: kinds[chance.randrange(len(kinds))] for n in range(1, 20)}
    body = bytearray(Codec().encode("veth", "s", said))
    for _ in range(chance.randrange(5)):
        body[chance.randrange(len(body))] = chance.randrange(256)
    text = bytes(body[: chance.randrange(1, len(body) + 1)])
    at = libc.malloc(len(text))
    ctypes.memmove(at, text, len(text))
    ords, one, sizes, names = array("I", [7]), array("I", [1]), array("I", [len(text)]), array("I", [3, 7])
    numbers = [each.buffer_info()[0] for each in (ords, one, sizes, names)]
    asked = AskedBatch(ctypes.cast(at, ctypes.c_char_p), b"a" * 10, *numbers, 1, 2, (0, 4, 6)[turn % 3])
    core.skim_begin(handle, ctypes.byref(asked))
    held = ords, one, sizes, names, asked  # until the next has begun
    if turn % 7:
        core.skim_end(handle)
        libc.free(at)
core.skim_free(handle)
print("skimmed")
"""


def test_no_octet_beyond_a_facet_is_read_and_nothing_is_undefined(tmp_path: Path) -> None:
    assert run_sanitized(tmp_path, SKIM_SOURCE, RUN) == "skimmed\n"
