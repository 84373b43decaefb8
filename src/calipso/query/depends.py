"""What a query's answer depends on, so that it is asked again only when it may have changed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from calipso.errors import QueryError
from calipso.graph.index import FEW_VALUED
from calipso.graph.keys import PATHS, keys_of
from calipso.graph.protocol import GraphReader
from calipso.graph.value import Delta, Graph
from calipso.query.grammar import parse
from calipso.query.names import HEAD, LIFE, name_of
from calipso.query.syntax import Call, Literal

Key = tuple[str, Any]
OF_ITSELF = frozenset({
    "has", "haskey", "hasnot", "haseither", "values", "valuemap", "keys", "count", "limit", "range", "dedup", "sort",
    "sum", "min", "max", "mean",
})  # fmt: skip
"""Steps that read nothing but the objects they are given."""
ALL: Key = ("", "")
"""Stands for every object: the query names no key that its objects have to have."""


class Depends(msgspec.Struct, frozen=True):
    """keys: only changes of objects that have one, before or after, can matter. links: any change of a link can."""

    keys: frozenset[Key]
    links: bool

    @property
    def on_everything(self) -> bool:
        return ALL in self.keys


EVERYTHING = Depends(frozenset({ALL}), links=True)


def depends(text: str) -> Depends:
    """What the answer of a query depends on; on everything where that cannot be told. Raises `QueryError`."""
    calls = parse(text).calls
    if len(calls) < 2 or calls[0].word != "g" or calls[1].word != "v":
        return EVERYTHING
    if any(call.word not in OF_ITSELF or not _plain(call) for call in calls[2:]):
        return EVERYTHING
    named = {("id", each.value) for each in calls[1].args or () if isinstance(each, Literal)}
    if named:
        return Depends(frozenset(named), links=False)
    best = next((key for call in calls[2:] if call.word == "has" and (key := _key(call)) is not None), ALL)
    return Depends(frozenset({best}), links=False)


def _plain(call: Call) -> bool:
    """Whether it reads nothing of the history: that changes with every change."""
    names = [each.value for each in call.args or () if isinstance(each, Literal)]
    return not any(isinstance(each, str) and each in LIFE for each in names)


def _key(call: Call) -> Key | None:
    """The declared key that a condition demands."""
    args = call.args or ()
    for i in range(0, len(args) - 1, 2):
        name, value = args[i], args[i + 1]
        if not isinstance(name, Literal) or not isinstance(value, Literal) or not isinstance(name.value, str):
            continue
        found = name_of(name.value)
        if found.key and (found.key in PATHS or found.key in FEW_VALUED or found.key in HEAD):
            said = value.value
            lowered = found.form in ("upper", "lower") and isinstance(said, str)
            return found.key, str(said).lower() if lowered else said
    return None


def checked(text: str) -> Depends:
    """What a query depends on, once it is known to be one. Raises `QueryError`."""
    from calipso.query.evaluate import prepared

    plan = prepared(text)
    if plan.workflows:
        raise QueryError("a query that is asked again and again runs no workflows", hint="ask for objects and links")
    if plan.sub.gives in ("flows", "packets"):
        raise QueryError("there is no flow store: flows need captures", hint="ask for objects and links")
    return depends(text)


def keys_touched(old: GraphReader, new: GraphReader, ords: Iterable[int]) -> set[Key]:
    """The declared keys, with ids, that some objects had or have."""
    out: set[Key] = set()
    for ord in ords:
        for reader in (old, new):
            head = reader.get(ord)
            if head is not None:
                out |= keys_of(reader, head)
                out.add(("id", head.id))
    return out


def touched(new: Graph, delta: Delta) -> set[int]:
    """Ordinals of the objects that a tick changed."""
    return {new.bound.get(ord, ord) for ord, _, _ in delta.facets} | {ord for ord, _ in delta.heads}
