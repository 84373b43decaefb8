"""A persistent array: pages of 128 copied on write, the root copied on the first write of a session (CORE §3)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")

BITS = 7
SIZE = 1 << BITS
MASK = SIZE - 1


class Pages(Generic[T]):
    """Immutable array of T or None, addressed by ordinal."""

    __slots__ = ("count", "pages")

    def __init__(self, pages: list[list[T | None]] | None = None, count: int = 0) -> None:
        self.pages: list[list[T | None]] = pages if pages is not None else []
        self.count = count

    def get(self, i: int) -> T | None:
        page = i >> BITS
        return self.pages[page][i & MASK] if 0 <= page < len(self.pages) else None

    def __len__(self) -> int:
        """Number of places that hold something."""
        return self.count

    def items(self) -> Iterator[tuple[int, T]]:
        for number, page in enumerate(self.pages):
            base = number << BITS
            for offset, value in enumerate(page):
                if value is not None:
                    yield base + offset, value

    def edit(self) -> PagesEdit[T]:
        return PagesEdit(self)

    def changed_pages(self, older: Pages[T]) -> Iterator[int]:
        """Numbers of the pages that are not the same list as in `older`: all differences lie in them."""
        mine, theirs = self.pages, older.pages
        if mine is theirs:
            return
        for number in range(max(len(mine), len(theirs))):
            a = mine[number] if number < len(mine) else None
            b = theirs[number] if number < len(theirs) else None
            if a is not b:
                yield number


class PagesEdit(Generic[T]):
    """A session of writes on `Pages`; reads see the writes. `finish` gives the new value."""

    __slots__ = ("base", "count", "own", "pages")

    def __init__(self, base: Pages[T]) -> None:
        self.base = base
        self.pages = base.pages
        self.count = base.count
        self.own: set[int] = set()

    def get(self, i: int) -> T | None:
        page = i >> BITS
        return self.pages[page][i & MASK] if 0 <= page < len(self.pages) else None

    def set(self, i: int, value: T | None) -> None:
        number = i >> BITS
        if number not in self.own:
            if not self.own:
                self.pages = self.pages.copy()
            while number >= len(self.pages):
                self.pages.append([None] * SIZE)
            self.pages[number] = self.pages[number].copy()
            self.own.add(number)
        page = self.pages[number]
        offset = i & MASK
        self.count += (value is not None) - (page[offset] is not None)
        page[offset] = value

    def places(self) -> list[int]:
        """Where something is."""
        return [
            (number << BITS) + offset
            for number, page in enumerate(self.pages)
            for offset, value in enumerate(page)
            if value is not None
        ]

    def finish(self) -> Pages[T]:
        if not self.own:
            return self.base
        done = Pages(self.pages, self.count)
        self.own = set()
        self.base = done
        return done
