"""All that was read in one pass, and what the records have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, TypeVar

from calipso.model.record import Record
from calipso.sources.neutron_db import parse

FACET = "neutron_db"
EMPTY: tuple[Any, ...] = (None, "", [], {})
Form = TypeVar("Form")


class Rows:
    """Rows by table, as `parse.TABLES` names them; none where a release has no such table."""

    def __init__(self, read: Mapping[str, Iterable[Any]]) -> None:
        self._read = read

    def of(self, table: str, form: type[Form]) -> list[Form]:
        return [each for each in self._read.get(table, ()) if isinstance(each, form)]

    @cached_property
    def agents(self) -> list[parse.Agent]:
        return self.of("agents", parse.Agent)

    @cached_property
    def host_macs(self) -> list[parse.HostMac]:
        return self.of("host_macs", parse.HostMac)

    @cached_property
    def segments(self) -> dict[str, parse.Segment]:
        """By id, in the order of ids."""
        return {each.id: each for each in sorted(self.of("segments", parse.Segment), key=lambda one: one.id)}


def said(id: str, type: str, attributes: dict[str, Any]) -> Record:
    """A record of what is known: without what is empty. False and 0 are known."""
    return Record(id, FACET, type, {name: value for name, value in attributes.items() if value not in EMPTY})


def grouped(pairs: Iterable[tuple[str, Form]]) -> dict[str, list[Form]]:
    """Values by key, in their order."""
    out: dict[str, list[Form]] = {}
    for key, value in pairs:
        out.setdefault(key, []).append(value)
    return out
