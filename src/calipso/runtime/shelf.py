"""Documents of one collection and environment: all in memory, durable by `flush`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Generic, Protocol, TypeVar

import msgspec
import structlog

from calipso.errors import NotFound, StoreError

DIGITS = 12
"""Of a key, so that keys sort as their numbers do."""

T = TypeVar("T", bound=msgspec.Struct)
log = structlog.get_logger()


class Keeper(Protocol):
    """Where documents are kept: an environment's writer."""

    async def keep(self, collection: str, documents: Mapping[str, Mapping[str, Any] | None]) -> None: ...


class Shelf(Generic[T]):
    """Documents with a field `id` that counts up. What cannot be read is of another version: it is left as it is."""

    def __init__(self, keeper: Keeper, collection: str, type: type[T], said: Mapping[str, Any]) -> None:
        self.collection = collection
        self._keeper = keeper
        self._documents: dict[str, T] = {}
        self._changed: dict[str, T | None] = {}
        self._one = asyncio.Lock()
        self._last = 0
        for key, document in said.items():
            self._last = max(self._last, int(key) if key.isdigit() else 0)
            try:
                found = msgspec.convert(document, type)
            except msgspec.ValidationError as error:
                log.warning("document left alone", collection=collection, key=key, reason=str(error))
            else:
                self._documents[_id(found)] = found

    def new_id(self) -> str:
        self._last += 1
        return str(self._last)

    def all(self) -> list[T]:
        """Oldest first."""
        return list(self._documents.values())

    def __len__(self) -> int:
        return len(self._documents)

    def get(self, id: str) -> T | None:
        return self._documents.get(id)

    def one(self, id: str, what: str) -> T:
        """Raises `NotFound`."""
        found = self._documents.get(id)
        if found is None:
            last = ", ".join(list(self._documents)[-5:]) or "none"
            raise NotFound(f"no {what} {id!r}", hint=f"the newest are: {last}")
        return found

    def put(self, document: T) -> T:
        """Keep a document: at once for who asks, durably by the next `flush`."""
        id = _id(document)
        self._documents[id] = self._changed[id] = document
        return document

    def drop(self, id: str) -> None:
        self._documents.pop(id, None)
        self._changed[id] = None

    @property
    def dirty(self) -> bool:
        return bool(self._changed)

    async def flush(self) -> None:
        """Make durable what was put. Raises `StoreError`; then it is tried again by the next one."""
        async with self._one:
            taken, self._changed = self._changed, {}
            if not taken:
                return
            said = {id.zfill(DIGITS): None if each is None else msgspec.to_builtins(each) for id, each in taken.items()}
            try:
                await self._keeper.keep(self.collection, said)
            except StoreError:
                self._changed = {**taken, **self._changed}
                raise


def _id(document: msgspec.Struct) -> str:
    return str(document.id)  # type: ignore[attr-defined]
