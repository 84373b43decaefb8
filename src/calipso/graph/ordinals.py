"""Ids and their ordinals: given once, in order of first sight, never reused. Append-only, shared by all values."""

from __future__ import annotations

from collections.abc import Iterable


class Ordinals:
    """id ↔ ordinal of every id ever seen."""

    __slots__ = ("_ids", "_ords")

    def __init__(self, known: Iterable[tuple[int, str]] = ()) -> None:
        self._ords: dict[str, int] = {id: ord for ord, id in known}
        self._ids: list[str | None] = [None] * (max(self._ords.values(), default=-1) + 1)
        for id, ord in self._ords.items():
            self._ids[ord] = id

    def put(self, ord: int, id: str) -> None:
        """Note an ordinal given before (from the store)."""
        while len(self._ids) <= ord:
            self._ids.append(None)
        self._ids[ord] = id
        self._ords[id] = ord

    def get(self, id: str) -> int | None:
        return self._ords.get(id)

    def id(self, ord: int) -> str:
        """Raises `IndexError` for an ordinal never given."""
        found = self._ids[ord]
        if found is None:
            raise IndexError(ord)
        return found

    def give(self, id: str) -> tuple[int, bool]:
        """(ordinal, whether it was given now)."""
        known = self._ords.get(id)
        if known is not None:
            return known, False
        ord = len(self._ids)
        self._ids.append(id)
        self._ords[id] = ord
        return ord, True

    def items(self) -> list[tuple[int, str]]:
        """(ordinal, id) of all, as of now."""
        return [(ord, id) for ord, id in enumerate(self._ids) if id is not None]

    def __len__(self) -> int:
        return len(self._ids)
