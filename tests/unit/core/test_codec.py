"""Facets as bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calipso.errors import StoreDamaged
from calipso.graph.codec import Codec, train

VALUES = st.recursive(
    st.one_of(st.booleans(), st.integers(-(2**40), 2**40), st.text(max_size=20)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8), inner, max_size=4)),
    max_leaves=12,
)
ATTRIBUTES = st.dictionaries(st.text(min_size=1, max_size=12), VALUES, max_size=8)


def samples(prefix: str = "tap") -> list[bytes]:
    return [
        Codec().encode(
            "veth", f"linux@h{i}", {"name": f"{prefix}{i}", "mtu": 1500, "flags": ["UP", "BROADCAST"], "n": i}
        )
        for i in range(3000)
    ]


def learnt() -> Codec:
    codec = Codec()
    codec.learn(train(samples()))
    return codec


LEARNT = learnt()


@given(ATTRIBUTES, st.sampled_from([Codec(), LEARNT]))
def test_what_is_encoded_is_decoded(attributes: dict[str, object], codec: Codec) -> None:
    assert codec.decode(codec.encode("veth", "linux@h1", attributes)) == ("veth", "linux@h1", attributes)


@given(ATTRIBUTES)
def test_equal_facets_have_equal_bytes_whatever_the_order(attributes: dict[str, object]) -> None:
    backwards = dict(reversed(attributes.items()))
    assert LEARNT.encode("veth", "s", attributes) == LEARNT.encode("veth", "s", backwards)


def test_facets_from_before_the_dictionary_stay_readable_and_comparable() -> None:
    attributes = {"name": "tap1", "flags": ["UP", "BROADCAST"], "mtu": 1500, "text": "x" * 200}
    old, new = Codec().encode("veth", "s", attributes), LEARNT.encode("veth", "s", attributes)
    assert old != new and len(new) < len(old)
    assert LEARNT.decode(old) == LEARNT.decode(new)
    assert LEARNT.plain(old) == LEARNT.plain(new)


@pytest.mark.parametrize("plain", [0, 7])
@pytest.mark.parametrize("relearnt", [False, True])
def test_many_unpacked_at_once_are_what_they_are_one_by_one(relearnt: bool, plain: int) -> None:
    codec = learnt()
    bodies = samples()[:plain] + [codec.pack(body) for body in samples()[:200]]
    if relearnt:
        codec.learn(train(samples("qvo")))
        bodies += [codec.pack(body) for body in samples("qvo")[:200]]
    assert [bytes(each) for each in codec.unpacked_all(bodies)] == [codec.plain(body) for body in bodies]


@pytest.mark.parametrize("codec", [Codec(), LEARNT], ids=["plain", "with a dictionary"])
@given(st.lists(st.one_of(st.sampled_from(samples()[:50]), st.binary(max_size=200)), max_size=12))
def test_many_packed_at_once_are_what_they_are_one_by_one(codec: Codec, bodies: list[bytes]) -> None:
    assert codec.pack_all(bodies) == [codec.pack(body) for body in bodies]


@given(ATTRIBUTES, st.sets(st.text(min_size=1, max_size=12), max_size=4))
def test_some_attributes_are_those_of_all(attributes: dict[str, object], others: set[str]) -> None:
    names = tuple(sorted({*list(attributes)[::2], *others}))
    body = LEARNT.encode("veth", "s", attributes)
    wanted = {name: value for name, value in attributes.items() if name in names}
    assert LEARNT.decode_some(body, names) == ("veth", "s", wanted)
    with pytest.raises(StoreDamaged, match="facet"):
        LEARNT.decode_some(body[:-1] or b"x", names)


@given(st.binary(max_size=60))
def test_bytes_that_are_no_facet_are_named_damage(body: bytes) -> None:
    try:
        LEARNT.decode(body)
    except StoreDamaged as error:
        assert "facet" in error.message


def test_a_facet_of_a_missing_dictionary_says_so() -> None:
    body = LEARNT.encode("veth", "s", {"text": "BROADCAST" * 40})
    with pytest.raises(StoreDamaged, match="dictionary"):
        Codec().decode(body)
