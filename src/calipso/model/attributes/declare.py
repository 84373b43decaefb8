"""How an attribute is declared: its name, the form of its value, its unit, what it means and who carries it."""

from __future__ import annotations

from typing import Literal

import msgspec

from calipso.model.record import Record
from calipso.model.types import INTERFACE_TYPES, OBJECT_TYPES

Scalar = Literal["text", "integer", "number", "boolean", "anything"]
"""`number` is an integer or a fraction; `anything` is JSON whose form another program defines."""


class ListOf(msgspec.Struct, frozen=True):
    """A list, in a deterministic order."""

    of: Value


class MapOf(msgspec.Struct, frozen=True):
    """A map from texts."""

    of: Value


class Field(msgspec.Struct, frozen=True):
    """One field of an entry; it may be absent."""

    name: str
    value: Value
    unit: str = ""


class Entry(msgspec.Struct, frozen=True):
    """A map with known fields."""

    fields: tuple[Field, ...]


Value = Scalar | ListOf | MapOf | Entry

INTERFACE = "interface"
"""Stands for every type of kernel device or Open vSwitch interface, also one of tomorrow."""
EVERY = "object"
"""Stands for every type there is, also one that users make up."""
_NOT_INTERFACES = {each.name for each in OBJECT_TYPES} - (INTERFACE_TYPES - {"nic", "vf"})


class Attribute(msgspec.Struct, frozen=True):
    """One attribute of a facet, as the objects of some types carry it. Absent always means not known."""

    name: str
    value: Value
    types: tuple[str, ...]
    source: str
    """Where its meaning is defined: kernel constant, manual page, database column; empty: by Calipso."""
    doc: str
    unit: str = ""

    def carried_by(self, type: str) -> bool:
        """Whether objects of a type have it."""
        return type in self.types or EVERY in self.types or (INTERFACE in self.types and type not in _NOT_INTERFACES)


class Facet(msgspec.Struct, frozen=True):
    """One part of an object, as one source fills it."""

    name: str
    doc: str
    attributes: tuple[Attribute, ...]


def of_form(form: Value, name: str) -> list[str]:
    """A name and those of the fields below it, joined by dots."""
    if isinstance(form, ListOf | MapOf):
        return of_form(form.of, name)
    below = form.fields if isinstance(form, Entry) else ()
    return [name, *(found for each in below for found in of_form(each.value, f"{name}.{each.name}"))]


def wrong(value: object, form: Value, place: str) -> list[str]:
    """What of a value is not of its form; each names the place."""
    if isinstance(form, ListOf):
        if not isinstance(value, list):
            return [f"{place}: {value!r} is no list"]
        return [said for item in value for said in wrong(item, form.of, f"{place}[]")]
    if isinstance(form, MapOf | Entry):
        if not isinstance(value, dict):
            return [f"{place}: {value!r} is no map"]
        if isinstance(form, MapOf):
            return [said for key, item in value.items() for said in wrong(item, form.of, f"{place}[{key}]")]
        return _wrong_fields(value, form, place)
    return [] if _is(value, form) else [f"{place}: {value!r} is not {form}"]


def _wrong_fields(value: dict[str, object], form: Entry, place: str) -> list[str]:
    known = {each.name: each.value for each in form.fields}
    out = []
    for key, item in value.items():
        out += wrong(item, known[key], f"{place}.{key}") if key in known else [f"{place}.{key}: not declared"]
    return out


def _is(value: object, form: Scalar) -> bool:
    if form == "anything":
        return True
    if isinstance(value, bool):
        return form == "boolean"
    if form == "number":
        return isinstance(value, int | float)
    return isinstance(value, {"text": str, "integer": int}.get(form, bool))


def not_declared(record: Record, facets: dict[str, dict[str, list[Attribute]]]) -> list[str]:
    """What a record says beside the declaration: names, types of object and forms of values, each in words."""
    declared = facets.get(record.facet)
    if declared is None:
        return [f"{record.facet}: no such facet"]
    out = []
    for name, value in record.attributes.items():
        place = f"{record.facet} {name} of {record.type}"
        found = [each for each in declared.get(name, ()) if each.carried_by(record.type)]
        out += wrong(value, found[0].value, place) if found else [f"{place}: not declared"]
    return out
