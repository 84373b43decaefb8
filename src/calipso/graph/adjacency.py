"""The links of an object: a flat tuple (code, other, …), above 128 links a hub of bitmaps (CORE §3).

code = 2 · link type + direction (0: this object is the source, 1: it is the target).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from operator import itemgetter

from pyroaring import BitMap

from calipso.graph.pages import Pages

HUB = 256
"""Length of the flat tuple (two places a link) above which an object becomes a hub."""

SORTS = 10_000
"""Orders of codes that are remembered for a search."""


class Hub(dict[int, BitMap]):
    """code → others. Copied before it is changed, so that older values keep theirs."""


Ends = tuple[int, ...] | Hub


def ends(value: Ends | None, code: int | None = None) -> Iterator[tuple[int, int]]:
    """(code, other) of all links, or of those with one code."""
    if value is None:
        return
    if type(value) is tuple:
        for i in range(0, len(value), 2):
            if code is None or value[i] == code:
                yield value[i], value[i + 1]
    else:
        for own, others in value.items():  # type: ignore[union-attr]
            if code is None or own == code:
                for other in others:
                    yield own, other


def others(value: Ends | None, code: int) -> list[int]:
    """The other ends of the links with a code."""
    if value is None:
        return []
    if type(value) is tuple:
        return [value[i + 1] for i in range(0, len(value), 2) if value[i] == code]
    return list(value.get(code, ()))  # type: ignore[union-attr]


class Picks(dict[tuple[int, ...], Callable[[tuple[int, ...]], Sequence[int]] | None]):
    """Codes of an object's links → what gives, of its flat tuple, the other ends of those with a wanted code; None for
    an object that has a link with a code that each has to be asked about.

    Objects of one sort have the same codes in the same order, so that they are compared once, not for each object.
    """

    def __init__(self, wanted: frozenset[int], asked: frozenset[int]) -> None:
        super().__init__()
        self.wanted, self.asked = wanted, asked

    def __missing__(self, codes: tuple[int, ...]) -> Callable[[tuple[int, ...]], Sequence[int]] | None:
        if len(self) >= SORTS:
            self.clear()
        places = [2 * n + 1 for n, code in enumerate(codes) if code in self.wanted]
        self[codes] = found = _pick(places, len(codes)) if self.asked.isdisjoint(codes) else None
        return found


def _pick(places: list[int], links: int) -> Callable[[tuple[int, ...]], Sequence[int]]:
    if len(places) == links:
        return itemgetter(slice(1, None, 2))
    if len(places) > 1:
        return itemgetter(*places)
    return itemgetter(slice(places[0], places[0] + 1)) if places else itemgetter(slice(0, 0))


@lru_cache(maxsize=64)
def picks(wanted: frozenset[int], asked: frozenset[int]) -> Picks:
    """What picks the links with one of the codes wanted, of objects without links to ask about."""
    return Picks(wanted, asked)


def around(flat_ends: Callable[[int], Sequence[int]], ords: Iterable[int], codes: Collection[int]) -> list[int]:
    """The other ends of all links of some objects that have one of these codes."""
    return parted(flat_ends, ords, codes, frozenset())[0]


def parted(
    flat_ends: Callable[[int], Sequence[int]], ords: Iterable[int], codes: Collection[int], asked: frozenset[int]
) -> tuple[list[int], list[int]]:
    """`GraphReader.parted` by what gives the flat link ends of an object."""
    out: list[int] = []
    left: list[int] = []
    for ord in ords:
        flat = flat_ends(ord)
        if asked and not asked.isdisjoint(flat[::2]):
            left.append(ord)
        else:
            out += [other for code, other in zip(flat[::2], flat[1::2], strict=True) if code in codes]
    return out, left


class Adjacency:
    """A session of writes on the pages of link ends."""

    __slots__ = ("own", "pages")

    def __init__(self, base: Pages[Ends]) -> None:
        self.pages = base.edit()
        self.own: set[int] = set()

    def get(self, ord: int) -> Ends | None:
        return self.pages.get(ord)

    def others(self, ord: int, code: int) -> list[int]:
        return others(self.pages.get(ord), code)

    def add(self, link_type: int, source: int, target: int) -> None:
        self._add(source, 2 * link_type, target)
        self._add(target, 2 * link_type + 1, source)

    def remove(self, link_type: int, source: int, target: int) -> None:
        self._remove(source, 2 * link_type, target)
        self._remove(target, 2 * link_type + 1, source)

    def _add(self, ord: int, code: int, other: int) -> None:
        value = self.pages.get(ord) or ()
        if type(value) is tuple:
            grown = (*value, code, other)
            if len(grown) > HUB:
                self.own.add(ord)
                self.pages.set(ord, _as_hub(grown))
            else:
                self.pages.set(ord, grown)
            return
        hub = self._owned(ord, value)  # type: ignore[arg-type]
        if code not in hub:
            hub[code] = BitMap()
        hub[code].add(other)

    def _remove(self, ord: int, code: int, other: int) -> None:
        value = self.pages.get(ord)
        if value is None:
            return
        if type(value) is tuple:
            for i in range(0, len(value), 2):
                if value[i] == code and value[i + 1] == other:
                    self.pages.set(ord, (value[:i] + value[i + 2 :]) or None)
                    return
            return
        hub = self._owned(ord, value)  # type: ignore[arg-type]
        bits = hub.get(code)
        if bits is not None:
            bits.discard(other)
            if not bits:
                del hub[code]
            if not hub:
                self.pages.set(ord, None)

    def _owned(self, ord: int, hub: Hub) -> Hub:
        if ord not in self.own:
            hub = Hub((code, bits.copy()) for code, bits in hub.items())
            self.pages.set(ord, hub)
            self.own.add(ord)
        return hub

    def finish(self) -> Pages[Ends]:
        self.own = set()
        return self.pages.finish()


def _as_hub(flat: tuple[int, ...]) -> Hub:
    hub = Hub()
    for i in range(0, len(flat), 2):
        hub.setdefault(flat[i], BitMap()).add(flat[i + 1])
    return hub
