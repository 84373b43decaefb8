"""OVSDB tables as dictionaries (RFC 7047 §5.1 values, §4.1.5 table updates)."""

from __future__ import annotations

import json
from typing import Any

from calipso.errors import ParseError

Row = dict[str, Any]
Rows = dict[str, Row]
"""Row UUID → row."""

NOISE = {
    "Logical_Switch_Port": frozenset({"up"}),
    "Chassis": frozenset({"nb_cfg"}),
}
"""Columns that are left aside: counters, and what the other database says better."""


class Tables:
    """Tables as last seen. `update` takes a snapshot or a change."""

    def __init__(self) -> None:
        self.rows: dict[str, Rows] = {}

    def table(self, name: str) -> Rows:
        return self.rows.get(name, {})

    def update(self, body: bytes) -> bool:
        """Take a table updates object in; whether any row changed. Raises `ParseError`; then nothing has changed."""
        changed = False
        for table, rows in _changes(body).items():
            known = self.rows.setdefault(table, {})
            for uuid, row in rows.items():
                if row is None:
                    changed |= known.pop(uuid, None) is not None
                    continue
                before = known.get(uuid)
                after = {**before, **row} if before is not None else row
                if after != before:
                    known[uuid] = after
                    changed = True
        return changed


def _changes(body: bytes) -> dict[str, dict[str, Row | None]]:
    try:
        updates = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ParseError("ovn tables", str(error), excerpt=body[:100].decode(errors="replace")) from error
    if not isinstance(updates, dict):
        raise ParseError("ovn tables", "not an object of tables", excerpt=str(updates))
    out: dict[str, dict[str, Row | None]] = {}
    for table, rows in updates.items():
        if not isinstance(rows, dict):
            raise ParseError("ovn tables", f"table {table} is not an object of rows", excerpt=str(rows))
        for uuid, change in rows.items():
            if not isinstance(change, dict) or not isinstance(change.get("new", {}), dict):
                raise ParseError("ovn tables", f"row {uuid} of {table} is no update", excerpt=str(change))
            out.setdefault(table, {})[uuid] = _row(table, change.get("new"))
    return out


def _row(table: str, new: Row | None) -> Row | None:
    if new is None:
        return None
    noise = NOISE.get(table, frozenset())
    return {name: value_of(said) for name, said in new.items() if name not in noise}


def value_of(said: Any) -> Any:
    """A value: scalars as they are, `set` as a list, `map` as a dict, `uuid` as its text.

    Raises `ParseError` for a form that RFC 7047 does not have.
    """
    if not isinstance(said, list) or said[:1] == ["uuid"]:
        return _atom(said)
    if len(said) != 2 or said[0] not in ("set", "map") or not isinstance(said[1], list):
        raise ParseError("ovn value", "no such form", excerpt=str(said))
    form, inner = said
    if form == "set":
        return [_atom(item) for item in inner]
    if any(not isinstance(pair, list) or len(pair) != 2 for pair in inner):
        raise ParseError("ovn value", "a map is a list of pairs", excerpt=str(said))
    return {str(_atom(key)): _atom(value) for key, value in inner}


def _atom(said: Any) -> Any:
    if isinstance(said, list):
        if len(said) == 2 and said[0] == "uuid" and isinstance(said[1], str):
            return said[1]
        raise ParseError("ovn value", "no atom", excerpt=str(said))
    if said is None or isinstance(said, dict):
        raise ParseError("ovn value", "no atom", excerpt=str(said))
    return said


def one(value: Any) -> Any:
    """An optional value: OVSDB says the empty set for none. None when there is none."""
    if isinstance(value, list):
        return value[0] if len(value) == 1 else None
    return value


def many(value: Any) -> list[Any]:
    """A set, which OVSDB shortens to the value when it has one member."""
    if isinstance(value, list):
        return value
    return [] if value is None or isinstance(value, dict) else [value]


def mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def number(row: Row, column: str) -> int | None:
    """A column as an integer."""
    value = one(row.get(column))
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def text(row: Row, column: str) -> str:
    """A column as text, "" when there is none."""
    value = one(row.get(column))
    return value if isinstance(value, str) else ""


def notes(row: Row) -> dict[str, str]:
    """`external_ids` without the empty ones and Neutron's count of revisions."""
    said = mapping(row.get("external_ids"))
    return {name: str(value) for name, value in said.items() if value != "" and name != "neutron:revision_number"}
