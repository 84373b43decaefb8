"""What `ovn-nbctl -f json` and `ovn-sbctl -f json` list, as rows in the form of a monitor's snapshot."""

from __future__ import annotations

import json
from typing import Any

from calipso.errors import ParseError

NAME = "ovn lists"


def parse_lists(body: bytes, tables: tuple[str, ...]) -> dict[str, Any]:
    """Table → row UUID → `{"new": row}` (RFC 7047 §4.1.5), of one line of JSON a table. Raises `ParseError`."""
    lines = [line for line in body.decode("utf-8", "replace").splitlines() if line.strip()]
    if len(lines) != len(tables):
        raise ParseError(NAME, f"{len(lines)} tables where {len(tables)} were asked for", excerpt="".join(lines[:1]))
    out: dict[str, Any] = {}
    for number, (table, line) in enumerate(zip(tables, lines, strict=True), 1):
        try:
            said = json.loads(line)
            rows = [dict(zip(said["headings"], row, strict=True)) for row in said["data"]]
            out[table] = {str(row.pop("_uuid")[1]): {"new": row} for row in rows}
        except (ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
            raise ParseError(NAME, f"{table}: {error}", line=number, excerpt=line) from None
    return out
