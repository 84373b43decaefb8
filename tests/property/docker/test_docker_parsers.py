"""Whatever an engine answers, parsing gives a document or `ParseError`."""

from __future__ import annotations

import contextlib
import json

from hypothesis import given
from hypothesis import strategies as st

from calipso.errors import ParseError
from calipso.sources.docker.parse import Container, Engine, Event, Network, parse, since
from calipso.sources.docker.places import Places
from calipso.sources.docker.records import Picture

LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
KEYS = st.sampled_from(
    ["Id", "ID", "State", "Pid", "NetworkSettings", "Networks", "Ports", "Options", "Peers", "Driver"]
)
JSON = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5))


@given(st.binary(max_size=60) | JSON.map(lambda said: json.dumps(said).encode()))
def test_parsers_survive(body: bytes) -> None:
    picture = Picture("h", "docker", Places("h"))
    for form in (Container, Network, Engine, Event):
        with contextlib.suppress(ParseError):
            found = parse(body, form, "document")
            if isinstance(found, Container):
                picture.containers = {found.id: found}
            elif isinstance(found, Network):
                picture.networks = {found.id: found}
    picture.records()
    with contextlib.suppress(ParseError):
        Places("h", body)


@given(st.text(max_size=40))
def test_any_time_is_a_time_or_none(text: str) -> None:
    assert since(text) == "" or float(since(text)) is not None
