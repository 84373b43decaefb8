"""OVSDB tables as dictionaries (RFC 7047 §5.1 values, §4.1.5 table updates): what all databases of that form share."""

from __future__ import annotations

import json
from typing import Any

from calipso.errors import ParseError

Row = dict[str, Any]
Rows = dict[str, Row]
"""Row UUID → row."""
PLAIN = frozenset({str, int, float, bool})
"""Types of values that stand for themselves."""


class Tables:
    """Tables as last seen. `update` takes a snapshot or a change.

    A row is a new dictionary when, and only when, it changed.
    """

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
                kept = self.kept(table, uuid, row)
                if kept is None:
                    changed |= known.pop(uuid, None) is not None
                    continue
                before = known.get(uuid)
                after = {**before, **kept} if before is not None else kept
                if after != before:
                    known[uuid] = after
                    changed = True
        return changed

    def kept(self, table: str, uuid: str, row: Row | None) -> Row | None:
        """What of a row, or of its changed columns, is a change of it; None: it is gone. For databases to narrow."""
        return row


def _changes(body: bytes) -> dict[str, dict[str, Row | None]]:
    try:
        updates = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ParseError("ovsdb tables", str(error), excerpt=body[:100].decode(errors="replace")) from error
    if not isinstance(updates, dict):
        raise ParseError("ovsdb tables", "not an object of tables", excerpt=str(updates))
    out: dict[str, dict[str, Row | None]] = {}
    for table, rows in updates.items():
        if not isinstance(rows, dict):
            raise ParseError("ovsdb tables", f"table {table} is not an object of rows", excerpt=str(rows))
        for uuid, change in rows.items():
            if not isinstance(change, dict) or not isinstance(change.get("new", {}), dict):
                raise ParseError("ovsdb tables", f"row {uuid} of {table} is no update", excerpt=str(change))
            new = change.get("new")
            row = (
                None
                if new is None
                else {name: said if type(said) in PLAIN else value_of(said) for name, said in new.items()}
            )
            out.setdefault(table, {})[uuid] = row
    return out


def value_of(said: Any) -> Any:
    """A value: scalars as they are, `set` as a list, `map` as a dict, `uuid` as its text.

    Raises `ParseError` for a form that RFC 7047 does not have.
    """
    if not isinstance(said, list) or said[:1] in (["uuid"], ["named-uuid"]):
        return _atom(said)
    if len(said) != 2 or said[0] not in ("set", "map") or not isinstance(said[1], list):
        raise ParseError("ovsdb value", "no such form", excerpt=str(said))
    form, inner = said
    if form == "set":
        return [_atom(item) for item in inner]
    if any(not isinstance(pair, list) or len(pair) != 2 for pair in inner):
        raise ParseError("ovsdb value", "a map is a list of pairs", excerpt=str(said))
    return {str(_atom(key)): _atom(value) for key, value in inner}


def _atom(said: Any) -> Any:
    if isinstance(said, list):
        if len(said) == 2 and said[0] in ("uuid", "named-uuid") and isinstance(said[1], str):
            return said[1]
        raise ParseError("ovsdb value", "no atom", excerpt=str(said))
    if said is None or isinstance(said, dict):
        raise ParseError("ovsdb value", "no atom", excerpt=str(said))
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
