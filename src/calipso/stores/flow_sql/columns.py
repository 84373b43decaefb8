"""The columns of flows, read off the declaration of a flow: `network.a` is the column `network_a`.

A column of a layer that a flow may lack is NULL where the layer is not there.
"""

from __future__ import annotations

import typing
from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec

from calipso.model.flow import Flow


class Column(NamedTuple):
    """path: as in a filter. layer: the field of a flow that it is inside of, "" for its own. text: else a number."""

    path: str
    name: str
    text: bool
    layer: str
    optional: bool


class _Layer(NamedTuple):
    """A field of a flow that is a struct of `width` columns from `start` on."""

    name: str
    made: type[msgspec.Struct] | None
    start: int
    width: int


def _declared() -> Iterator[tuple[_Layer, list[Column]]]:
    start = 0
    for field in msgspec.structs.fields(Flow):
        of = field.name
        options = [each for each in typing.get_args(field.type) if each is not type(None)] or [field.type]
        made, optional = options[0], type(None) in typing.get_args(field.type)
        if isinstance(made, type) and issubclass(made, msgspec.Struct):
            columns = [
                Column(f"{of}.{each.name}", f"{of}_{each.name}", each.type is not int, of, optional)
                for each in msgspec.structs.fields(made)
            ]
            yield _Layer(field.name, made, start, len(columns)), columns
        else:
            columns = [Column(field.name, field.name, field.type is not int, "", False)]
            yield _Layer(field.name, None, start, 1), columns
        start += len(columns)


_DECLARED = list(_declared())
LAYERS: tuple[_Layer, ...] = tuple(layer for layer, _ in _DECLARED)
COLUMNS: tuple[Column, ...] = tuple(column for _, columns in _DECLARED for column in columns)
NAMES = ", ".join(column.name for column in COLUMNS)
BY_PATH: dict[str, Column] = {column.path: column for column in COLUMNS}
ENDS: dict[str, tuple[Column, ...]] = {
    layer: (BY_PATH[f"{layer}.a"], BY_PATH[f"{layer}.b"]) for layer in ("network", "link", "transport")
}
"""Fields that match by either end."""


def spread(flows: Sequence[Flow]) -> Iterator[tuple[Column, Sequence[Any], list[bool] | None]]:
    """Flows as columns: as many values each as there are flows, and which of them are missing, None for none of them.

    A number that is missing is 0, a text None.
    """
    for layer, nothing, read in _READERS:
        values = list(map(attrgetter(layer.name), flows))
        missing = [value is None for value in values] if nothing is not None and None in values else None
        if missing is not None:
            values = [nothing if value is None else value for value in values]
        for column, reader in read:
            yield column, values if reader is None else list(map(reader, values)), missing


def _nothing(layer: _Layer) -> msgspec.Struct | None:
    """What stands for a layer that a flow may lack."""
    columns = COLUMNS[layer.start : layer.start + layer.width]
    if layer.made is None or not columns[0].optional:
        return None
    return layer.made(*(None if column.text else 0 for column in columns))


_READERS = tuple(
    (
        layer,
        _nothing(layer),
        tuple(
            (column, None if layer.made is None else attrgetter(column.path.partition(".")[2]))
            for column in COLUMNS[layer.start : layer.start + layer.width]
        ),
    )
    for layer in LAYERS
)


def gathered(rows: Iterable[Sequence[Any]]) -> list[Flow]:
    """Rows of all columns in their order as flows."""
    return [_flow(row) for row in rows]


def _flow(row: Sequence[Any]) -> Flow:
    fields: dict[str, Any] = {}
    for name, made, start, width in LAYERS:
        if made is None:
            fields[name] = row[start]
        elif row[start] is not None:
            fields[name] = made(*row[start : start + width])
    return Flow(**fields)
