"""The tables of OVN's databases (ovn-nb(5), ovn-sb(5)) as last seen, and their columns."""

from __future__ import annotations

from calipso.ovsdb import Row, mapping, one
from calipso.ovsdb import Tables as _Tables

NOISE = {
    "Logical_Switch_Port": frozenset({"up"}),
    "Chassis": frozenset({"nb_cfg"}),
}
"""Columns that are left aside: counters, and what the other database says better."""


class Tables(_Tables):
    """Without `NOISE`."""

    def kept(self, table: str, uuid: str, row: Row | None) -> Row | None:
        noise = NOISE.get(table)
        if row is None or noise is None:
            return row
        return {name: said for name, said in row.items() if name not in noise}


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
