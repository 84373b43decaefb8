"""Tables of databases whose columns change from release to release: what is wanted, and what there is of it.

A source declares the rows it wants as structs. `information_schema` tells which of their tables and columns there are,
and the text that is asked names only those; a field whose column is lacking keeps its default. Names in a text are of
this module's callers or have been checked to be names: nothing else gets into one but by parameter.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any, TypeVar

import msgspec

from calipso.errors import ParseError

_NAME = re.compile(r"[A-Za-z0-9_$-]+")
Layout = Mapping[str, Collection[str]]
"""Table → its columns."""
Row = TypeVar("Row")


class Table(msgspec.Struct, frozen=True):
    """A table and what is wanted of it. `was`: names it had before. `former`: column → the name it had before.

    `where`: columns that must be 0 or NULL, as those that mark a row as deleted.
    """

    name: str
    form: type
    was: tuple[str, ...] = ()
    former: Mapping[str, str] = {}
    where: tuple[str, ...] = ()

    def among(self, layout: Layout) -> str:
        """Its name in this database, "" when it is not there."""
        return next((each for each in (self.name, *self.was) if each in layout), "")


def holders(*tables: str) -> tuple[str, tuple[str, ...]]:
    """Text and parameters that ask which databases hold any of these tables: (database, table)."""
    return f"SELECT table_schema, table_name FROM information_schema.tables WHERE {_among(tables)}", tables  # noqa: S608


def columns(database: str, tables: Iterable[Table]) -> tuple[str, tuple[str, ...]]:
    """Text and parameters that ask for the layout of a database, as far as tables are wanted."""
    names = tuple(name for each in tables for name in (each.name, *each.was))
    where = f"table_schema = %s AND {_among(names)}"
    return f"SELECT table_name, column_name FROM information_schema.columns WHERE {where}", (database, *names)  # noqa: S608


def layout(body: bytes) -> dict[str, set[str]]:
    """The answer to `columns`, or to `holders`. Raises `ParseError`."""
    found: dict[str, set[str]] = {}
    for row in _answer(body).rows:
        found.setdefault(str(row[0]), set()).add(str(row[1]))
    return found


def select(database: str, table: Table, there: Layout) -> str:
    """The text that asks for what is wanted and there. Raises `ParseError` for a name that is none."""
    name = table.among(there)
    wanted = []
    for field in msgspec.structs.fields(table.form):
        column = field.encode_name
        former = table.former.get(column, "")
        if column in there[name]:
            wanted.append(quoted(column))
        elif former in there[name]:
            wanted.append(f"{quoted(former)} AS {quoted(column)}")
    conditions = [f"COALESCE({quoted(each)}, 0) = 0" for each in table.where if each in there[name]]
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"SELECT {', '.join(wanted) or '1'} FROM {quoted(database)}.{quoted(name)}{where}"  # noqa: S608


def rows(body: bytes, form: type[Row], parser: str) -> list[Row]:
    """The rows of an answer; NULL counts as not said. Raises `ParseError`."""
    answer = _answer(body)
    said = [
        {name: value for name, value in zip(answer.columns, row, strict=True) if value is not None}
        for row in answer.rows
    ]
    try:
        return msgspec.convert(said, list[form], strict=False)  # type: ignore[valid-type]
    except msgspec.ValidationError as error:
        raise ParseError(parser, str(error)) from None


class _Answer(msgspec.Struct):
    columns: list[str]
    rows: list[list[Any]]


def _answer(body: bytes) -> _Answer:
    try:
        found = msgspec.json.decode(body, type=_Answer)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ParseError("sql", str(error), excerpt=body[:120].decode(errors="replace")) from None
    if any(len(row) != len(found.columns) for row in found.rows) or (found.rows and not found.columns):
        raise ParseError("sql", "a row is not as long as its heading")
    return found


def quoted(name: str) -> str:
    """A name as it stands in a text. Raises `ParseError` when it is none."""
    if not _NAME.fullmatch(name):
        raise ParseError("sql", "no name of a database, table or column", excerpt=name)
    return f"`{name}`"


def _among(names: Collection[str]) -> str:
    return f"table_name IN ({', '.join(['%s'] * len(names))})"
