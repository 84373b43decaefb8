"""Numbers of facet names and link types in this file, so that rows never hold codes of one version of the program."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from calipso.stores.sqlite.database import Database

Table = Literal["facet_name", "link_type"]


class Names:
    """Name ↔ number, numbers from 1."""

    def __init__(self, database: Database, table: Table) -> None:
        self._database = database
        self._table = table
        self.numbers: dict[str, int] = {}
        self.names: dict[int, str] = {}
        with database.reading() as reader:
            for n, name in reader.execute(f"SELECT n, name FROM {table}"):  # noqa: S608 - one of two literals
                self.numbers[name] = n
                self.names[n] = name

    def number(self, wanted: Iterable[str]) -> dict[str, int]:
        """The numbers of all names; unknown ones are given one, durably. Raises `StoreError`."""
        missing = sorted(set(wanted) - self.numbers.keys())
        if missing:
            first = len(self.numbers) + 1
            rows = [(first + i, name) for i, name in enumerate(missing)]
            with self._database.writing() as writer:
                writer.executemany(f"INSERT INTO {self._table} VALUES (?, ?)", rows)  # noqa: S608
            for n, name in rows:
                self.names[n] = name
                self.numbers[name] = n
        return self.numbers
