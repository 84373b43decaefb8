"""Every parser gives a result or `ParseError`, whatever it is fed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calipso.errors import ParseError
from calipso.sources.ovs.parse import Tables
from calipso.sources.ovs.parse_fdb import parse_fdb
from calipso.sources.ovs.parse_openflow import parse_groups, parse_rules, tunnel_tags
from calipso.sources.ovs.records import Instance
from calipso.transports.ovsdb import Messages

TRANSCRIPT = Path(__file__).parents[2] / "replay/ovs/ovs@cmp1.jsonl"
LINES = [json.loads(line) for line in TRANSCRIPT.read_text().splitlines()[1:]]
TEXTS = {line["request"]["argv"][-2]: line["text"] for line in LINES if "argv" in line["request"] and line["text"]}
DATABASE = next(line["text"] for line in LINES if line["request"]["type"] == "Ovsdb")

JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-2, 5000), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)),
    max_leaves=10,
)


def tolerant(parse: Callable[[], object]) -> None:
    try:
        parse()
    except ParseError as error:
        assert error.parser


def mutated(data: st.DataObject, text: str) -> str:
    """The text cut, or with a piece of it replaced."""
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 40)))
    return text[:start] + data.draw(st.one_of(st.just(""), st.text(max_size=10))) + text[end:]


@given(st.data())
@pytest.mark.parametrize("parse", [parse_rules, parse_groups, parse_fdb])
def test_texts(parse: Callable[[str], object], data: st.DataObject) -> None:
    source = TEXTS["dump-flows" if parse is not parse_fdb else "fdb/show"]
    tolerant(lambda: parse(mutated(data, source[:2000])))


@given(st.text(max_size=200))
def test_rules_of_any_text_never_break_what_reads_them(text: str) -> None:
    tolerant(lambda: tunnel_tags(parse_rules(text)))


@settings(max_examples=60)
@given(st.data())
def test_a_cut_or_damaged_database(data: st.DataObject) -> None:
    def read() -> None:
        tables = Tables()
        tables.update(mutated(data, DATABASE).encode(errors="replace"))
        Instance(tables, "h1").records()

    tolerant(read)


@given(st.dictionaries(st.sampled_from(["Bridge", "Port", "Interface", "Open_vSwitch"]), JSON, max_size=4))
def test_any_json_as_a_database(said: dict[str, object]) -> None:
    def read() -> None:
        tables = Tables()
        tables.update(json.dumps(said).encode())
        Instance(tables, "h1").records()

    tolerant(read)


@settings(max_examples=60)
@given(st.data())
def test_odd_values_in_rows_that_belong_together(data: st.DataObject) -> None:
    """Every column of a small, connected database replaced by something else."""
    rows = {
        "Bridge": {"b": {"new": {"name": "br", "ports": ["uuid", "p"]}}},
        "Port": {"p": {"new": {"name": "p", "interfaces": ["uuid", "i"], "tag": 1, "other_config": ["map", []]}}},
        "Interface": {"i": {"new": {"name": "i", "type": "vxlan", "options": ["map", [["key", "7"]]], "ofport": 1}}},
    }
    table = data.draw(st.sampled_from(sorted(rows)))
    row = next(iter(rows[table].values()))["new"]
    row[data.draw(st.sampled_from(sorted(row)))] = data.draw(JSON)

    def read() -> None:
        tables = Tables()
        tables.update(json.dumps(rows).encode())
        Instance(tables, "h1").records()

    tolerant(read)


@given(st.lists(JSON, min_size=1, max_size=4), st.integers(1, 50))
def test_messages_survive_any_split(values: list[object], size: int) -> None:
    sent = [{"id": n, "result": value} for n, value in enumerate(values)]
    stream = b"".join(json.dumps(each, ensure_ascii=False).encode() for each in sent)
    messages, got = Messages(), []
    for start in range(0, len(stream), size):
        got += messages.feed(stream[start : start + size])
    assert got == sent


@given(st.binary(min_size=1, max_size=40))
def test_rubbish_is_named(rubbish: bytes) -> None:
    tolerant(lambda: Messages().feed(rubbish + b"}"))
