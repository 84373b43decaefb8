"""Views as SQLite's virtual tables (sqlite.org/vtab.html): what a statement asks of a column becomes a look-up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import apsw

from calipso.operations.sql.reads import Reads
from calipso.operations.sql.views import AT_LEAST, AT_MOST, EQUAL, GREATER, LESS, Condition, Past, View

SCAN = 1_000_000.0
"""Rows that a reading without any condition is taken to give."""
MOST = max(EQUAL, GREATER, AT_MOST, LESS, AT_LEAST)
"""Operators above it are no bits: IS NULL is 71."""
THROUGH = "through"
"""A column that tells more than its row's own links."""
Watch = Callable[[], None]


class Module:
    """Makes a view known to a connection. `watch` is called for every row and raises when it is enough."""

    def __init__(self, view: View, past: Past, watch: Watch, reads: Reads) -> None:
        self.view = view
        self.past = past
        self.watch = watch
        self.reads = reads

    def Create(self, *_: Any) -> tuple[str, Table]:
        said = [f'"{each.name}" {each.type}' for each in self.view.columns]
        said += [f'"{name}" TEXT HIDDEN' for name in self.view.hidden]
        return f"CREATE TABLE ignored ({', '.join(said)})", Table(self)

    Connect = Create


class Table:
    """A view within a connection."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self.names = [each.name for each in module.view.columns] + list(module.view.hidden)

    def BestIndexObject(self, index: Any) -> bool:
        """Take what helps; every condition but a hidden argument is asked again by SQLite."""
        view, taken, left = self.module.view, [], SCAN
        for n in range(index.nConstraint):
            place = index.get_aConstraint_iColumn(n)
            name, op = self.names[place] if place >= 0 else "", index.get_aConstraint_op(n)
            if name in view.hidden:
                if not index.get_aConstraint_usable(n) or op != apsw.SQLITE_INDEX_CONSTRAINT_EQ:
                    return False
                index.set_aConstraintUsage_omit(n, True)
            elif not (op <= MOST and op & view.narrowed.get(name, (0, 0))[0] and index.get_aConstraint_usable(n)):
                continue
            else:
                left = min(left, view.narrowed[name][1])
            taken.append(f"{name} {op}")
            index.set_aConstraintUsage_argvIndex(n, len(taken))
        if THROUGH in {self.names[place] for place in index.colUsed if place < len(self.names)}:
            self.module.reads.everything = True
        index.idxStr = ",".join(taken)
        index.estimatedCost = left
        index.estimatedRows = int(left)
        return True

    def Open(self) -> Cursor:
        return Cursor(self.module)

    def Disconnect(self) -> None:
        """Nothing is held."""

    Destroy = Disconnect


class Cursor:
    """One reading of a view."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self.readers = [each.read for each in module.view.columns]
        self.hidden: list[str | None] = []
        self.rows: Iterator[Any] = iter(())
        self.row: Any = None
        self.count = 0

    def Filter(self, _: int, said: str | None, values: tuple[Any, ...]) -> None:
        view = self.module.view
        self.hidden = [None] * len(view.hidden)
        conditions = []
        for each, value in zip(said.split(",") if said else (), values, strict=True):
            name, _space, op = each.partition(" ")
            if name in view.hidden:
                self.hidden[view.hidden.index(name)] = None if value is None else str(value)
            else:
                conditions.append(Condition(name, int(op), value))
        self.module.reads.note(view.name, self.hidden, conditions)
        self.rows = view.rows(self.module.past, self.hidden, conditions)
        self.Next()

    def Eof(self) -> bool:
        return self.row is None

    def Next(self) -> None:
        self.module.watch()
        self.row = next(self.rows, None)
        self.count += 1

    def Rowid(self) -> int:
        return self.count

    def Column(self, place: int) -> Any:
        if place < 0:
            return self.count
        return self.readers[place](self.row) if place < len(self.readers) else self.hidden[place - len(self.readers)]

    def Close(self) -> None:
        self.rows = iter(())
