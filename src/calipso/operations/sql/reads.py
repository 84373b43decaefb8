"""What a statement has read, as declared keys: it has to be asked again only when that may have changed."""

from __future__ import annotations

from typing import Any

from calipso.operations.sql.views import EQUAL, Condition
from calipso.query.depends import ALL, EVERYTHING, Depends, Key

NARROW = ("id", "mac", "name", "host", "state", "mtu", "type", "kind")
"""Columns of `objects` that are declared keys, the fewest objects first."""
MOST = 10_000
"""Keys beyond which everything counts as read."""


class Reads:
    """Filled in by the views as a statement runs. Joins look things up by what they found, so it is of one answer."""

    def __init__(self) -> None:
        self.keys: set[Key] = set()
        self.links = self.everything = False

    def note(self, view: str, hidden: list[str | None], conditions: list[Condition]) -> None:
        """One reading of a view."""
        if view == "links" and not any(hidden):
            self.links = True
        elif view == "objects" and not any(hidden):
            self._note_objects({each.column: each.value for each in conditions if each.op == EQUAL})
        else:  # history, runs, another moment: they go on as time does
            self.everything = True

    def _note_objects(self, said: dict[str, Any]) -> None:
        column = next((name for name in NARROW if name in said), "")
        value = said.get(column)
        if not column or len(self.keys) >= MOST:
            self.keys.add(ALL)
        elif type(value) in (str, int, float):  # NULL and bytes are met by nothing
            number = column == "mtu" and isinstance(value, str) and value.isdecimal()
            self.keys.add((column, int(str(value)) if number else value))

    @property
    def depends(self) -> Depends:
        """What the answer depends on."""
        return EVERYTHING if self.everything or ALL in self.keys else Depends(frozenset(self.keys), self.links)
