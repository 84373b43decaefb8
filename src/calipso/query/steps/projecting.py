"""What by() gives, and steps that turn elements into values: Values, ValueMap, Keys, id, label, project."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from calipso.query import flow_names, names
from calipso.query.elements import ELEMENTS, FLOWS, LINKS, METRICS, NODES, VALUES, Kind
from calipso.query.names import Name, name_of
from calipso.query.plan import Asked, Spec, Step, Sub
from calipso.query.run import Run
from calipso.query.syntax import Argument, Call, Chain

WITH_VALUES = ELEMENTS | {VALUES}


class Projection(NamedTuple):
    """An element to a value: by a name, by a traversal, or as it is."""

    name: Name | None
    sub: Sub | None

    def of(self, run: Run, item: Any, kind: Kind) -> Any:
        if self.sub is not None:
            stream = self.sub.open(iter((run.begun(item, kind),)), run)
            found = next(stream, None)
            return None if found is None else shown(run, run.item(found), self.sub.gives)
        return shown(run, item, kind) if self.name is None else run.value(item, kind, self.name)


def shown(run: Run, item: Any, kind: Kind) -> Any:
    """An element as a value: objects and links by their ids."""
    if kind == NODES:
        return run.reader.id_of(item)
    if kind == FLOWS:
        return msgspec.to_builtins(item)
    return names.link_id(run.reader, item) if kind == LINKS else item


def by(asked: Asked, call: Call, kind: Kind, args: tuple[Argument, ...] | None = None) -> Projection:
    """What a by() says."""
    given = (call.args or ()) if args is None else args
    if not given:
        return Projection(None, None)
    if len(given) > 1:
        raise asked.wrong("by() takes one name or traversal", given[1])
    argument = given[0]
    if isinstance(argument, Chain) and not argument.only_word:
        return Projection(None, asked.sub(argument, kind))
    return Projection(name_of(asked.text(argument)), None)


class Values(NamedTuple):
    """The values of names; what has none, or an empty list, is passed over."""

    names: tuple[Name, ...]
    kind: Kind

    def open(self, stream: Iterator[Any], run: Run) -> Iterator[Any]:
        for each in stream:
            run.tick()
            item = run.item(each)
            for name in self.names:
                value = run.value(item, self.kind, name)
                if value is not None and value != [] and value != () and value != {}:
                    yield run.moved(each, list(value) if isinstance(value, tuple) else value, VALUES)


class ValueMap(NamedTuple):
    """Maps of names to values; of all attributes when no names are given."""

    names: tuple[Name, ...]
    kind: Kind

    def open(self, stream: Iterator[Any], run: Run) -> Iterator[Any]:
        reader = run.reader
        for each in stream:
            run.tick()
            item = run.item(each)
            wanted = self.names or tuple(name_of(name) for name in own_names(reader, item, self.kind, deep=False))
            found = {name.text: value for name in wanted if (value := run.value(item, self.kind, name)) is not None}
            if found:
                yield run.moved(each, found, VALUES)


class Keys(NamedTuple):
    """All names that the elements have, each once."""

    kind: Kind

    def open(self, stream: Iterator[Any], run: Run) -> Iterator[Any]:
        reader = run.reader
        seen: set[str] = set()
        for each in stream:
            run.tick()
            seen.update(own_names(reader, run.item(each), self.kind, deep=True))
        return iter([run.begun(name, VALUES) for name in sorted(seen)])


def own_names(reader: Any, item: Any, kind: Kind, *, deep: bool) -> list[str]:
    """The names an element has; with `deep` also those inside maps, with dots."""
    if kind == NODES:
        head = reader.get(item)
        if head is None:
            return []
        fields = [field for field in ("id", "kind", "type", "name", "host", "parent") if getattr(head, field)]
        attributes = reader.attributes(head)
        return [*fields, *(_dotted(attributes) if deep else [each for each in attributes if each not in fields])]
    if kind == LINKS:
        return [name for name in names.LINK_NAMES[:6] if names.of_link(reader, item, name) is not None]
    if kind == FLOWS:
        return flow_names.own_names(item, deep=deep)
    return (_dotted(item) if deep else list(item)) if isinstance(item, dict) else []


def _dotted(value: dict[str, Any], prefix: str = "") -> list[str]:
    out = []
    for key, inner in value.items():
        out.append(prefix + str(key))
        if isinstance(inner, dict) and prefix.count(".") < 8:
            out += _dotted(inner, f"{prefix}{key}.")
    return out


class Identity(NamedTuple):
    """id(), label(): a field of an element as a value."""

    name: Name
    kind: Kind

    def open(self, stream: Iterator[Any], run: Run) -> Iterator[Any]:
        return (run.moved(each, run.value(run.item(each), self.kind, self.name), VALUES) for each in stream)


class Project(NamedTuple):
    """Maps of what each by() gives, under its key."""

    keys: tuple[str, ...]
    projections: tuple[Projection, ...]
    kind: Kind

    def open(self, stream: Iterator[Any], run: Run) -> Iterator[Any]:
        for each in stream:
            run.tick()
            item = run.item(each)
            made = {
                key: self.projections[n % len(self.projections)].of(run, item, self.kind)
                for n, key in enumerate(self.keys)
            }
            yield run.moved(each, {key: value for key, value in made.items() if value is not None}, VALUES)


# ── arguments ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _names(asked: Asked) -> tuple[Name, ...]:
    return tuple(name_of(text) for text in asked.texts())


def _values(asked: Asked) -> tuple[Step, Kind]:
    asked.count(1)
    return Values(_names(asked), asked.kind), VALUES


def _value_map(asked: Asked) -> tuple[Step, Kind]:
    return ValueMap(_names(asked), asked.kind), VALUES


def _keys(asked: Asked) -> tuple[Step, Kind]:
    asked.count(0, 0)
    return Keys(asked.kind), VALUES


def _identity(asked: Asked) -> tuple[Step, Kind]:
    asked.count(0, 0)
    return Identity(name_of({"id": "id", "label": "type"}[asked.call.word]), asked.kind), VALUES


def _project(asked: Asked) -> tuple[Step, Kind]:
    asked.count(1)
    projections = tuple(by(asked, call, asked.kind) for call in asked.after)
    return Project(asked.texts(), projections or (Projection(None, None),), asked.kind), VALUES


VALUED = WITH_VALUES | {FLOWS, METRICS}
SPECS: tuple[Spec, ...] = (
    Spec(("Values",), VALUED, VALUES, _values, "The values of a name; empty lists are passed over.",
         "G.V().Has('Type', 'veth').Values('MAC')", differs="takes several names"),
    Spec(("ValueMap",), VALUED, VALUES, _value_map, "Names with their values; all names when none is given.",
         "G.V().Has('Type', 'veth').ValueMap('Name', 'MAC')"),
    Spec(("Keys",), VALUED, VALUES, _keys, "All names there are, each once; those inside maps with dots.",
         "G.V().Has('Type', 'veth').Keys()"),
    Spec(("id",), ELEMENTS, VALUES, _identity, "The id.", "g.V().has('type', 'host').id()", original=False),
    Spec(("label",), ELEMENTS, VALUES, _identity, "The type.", "g.V('h1').out().label()", original=False),
    Spec(("project",), WITH_VALUES, VALUES, _project, "Maps of what by() gives, one for each key.",
         "g.V().has('type', 'netns').project('name', 'devices').by('name').by(out('ownership').count())",
         original=False, modulators=frozenset({"by"})),
)  # fmt: skip
