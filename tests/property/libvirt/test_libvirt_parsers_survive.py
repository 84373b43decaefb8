"""Every parser gives a result or `ParseError`, whatever it is fed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calipso.errors import ParseError
from calipso.sources.libvirt.parse_domain import Domain
from calipso.sources.libvirt.parse_host import network_record, pool_entry
from calipso.sources.libvirt.parse_stats import parse_counters, parse_statuses, parse_uuids, tells_a_change
from calipso.sources.libvirt.xml import parse_xml
from tests.support.libvirt_texts import DOMAIN, NETWORK, POOL, STATS

PARSERS: list[tuple[Callable[[str], object], str]] = [
    (lambda text: [Domain(text, "h1", {}).records(), Domain(text, "h1", {}).taps()], DOMAIN),
    (lambda text: network_record(text, "h1", frozenset()), NETWORK),
    (lambda text: pool_entry(text, frozenset()), POOL),
    (parse_statuses, STATS),
    (parse_counters, STATS),
    (parse_uuids, "11111111-2222-4333-8444-555555555555\n"),
    (tells_a_change, "2026-11-21 07:00:00.000+0000: event 'lifecycle' for domain 'g': Started Booted"),
]


def tolerant(parse: Callable[[str], object], text: str) -> None:
    try:
        parse(text)
    except ParseError as error:
        assert error.parser


@pytest.mark.parametrize(("parse", "text"), PARSERS)
@given(data=st.data())
def test_cut_and_damaged_texts(parse: Callable[[str], object], text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 40)))
    tolerant(parse, text[:start] + data.draw(st.one_of(st.just(""), st.text(max_size=10))) + text[end:])


@pytest.mark.parametrize(("parse", "text"), PARSERS)
@given(rubbish=st.text(max_size=200))
def test_any_text(parse: Callable[[str], object], text: str, rubbish: str) -> None:
    tolerant(parse, rubbish)


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE d [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><domain>&b;</domain>',
        '<!DOCTYPE d SYSTEM "file:///etc/passwd"><domain/>',
    ],
)
def test_a_document_type_is_refused(text: str) -> None:
    with pytest.raises(ParseError, match="document type"):
        parse_xml(text)
