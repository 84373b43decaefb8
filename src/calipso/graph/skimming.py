"""Some attributes of every object, read off the encoded facets in one pass: a tenth of decoding it all (CORE §5)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import compress
from operator import not_
from typing import TYPE_CHECKING, Any, Protocol

from calipso.graph.codec import AT_A_TIME, Batch, Codec, Said
from calipso.graph.merge import rank
from calipso.graph.protocol import GraphReader

if TYPE_CHECKING:
    from calipso.graph.value import Facts

BATCH = 4096
"""Facets unpacked in one call: some MB of plain form."""


class Skimmed(GraphReader, Protocol):
    """What is read: a value of the graph, or a view of the past."""

    @property
    def codec(self) -> Codec: ...
    @property
    def hosts(self) -> Mapping[str, str]: ...
    def everything(self) -> Iterator[tuple[Sequence[int], Sequence[Facts]]]:
        """Objects, some at a time, and beside each its encoded facets, those of all its members."""
        ...


def skimmed(reader: Skimmed, needs: tuple[str, ...], version: int = 0) -> Iterator[Said]:
    """What some objects' facets say of `needs`, by precedence, and those objects; none that say nothing.

    Each object is in one of them, in any order. version: as `Codec.skim` has it. Batches are read while
    the next is gathered.
    """
    names = tuple(sorted(needs))
    reading: deque[Callable[[], Said]] = deque()
    for batch in _batches(reader):
        reading.append(reader.codec.skim(batch, names, version))
        if len(reading) == AT_A_TIME:
            yield reading.popleft()()
    while reading:
        yield reading.popleft()()


def _batches(reader: Skimmed) -> Iterator[Batch]:
    batch = Batch([], [], [])
    for ords, facts in reader.everything():
        single = [len(flat) == 2 for flat in facts]  # most objects: one facet
        bodies = [flat[1] for flat in compress(facts, single)]
        batch.ords.extend(compress(ords, single))
        batch.facets_of.extend([1] * len(bodies))
        batch.bodies.extend(bodies)  # type: ignore[arg-type]
        for ord, flat in compress(zip(ords, facts, strict=True), map(not_, single)):
            mine = _by_precedence(flat)
            batch.ords.append(ord)
            batch.facets_of.append(len(mine))
            batch.bodies.extend(mine)
        if len(batch.bodies) >= BATCH:
            yield batch
            batch = Batch([], [], [])
    yield batch


def _by_precedence(flat: tuple[Any, ...]) -> list[bytes]:
    return [flat[place] for place in _places(flat[::2])]


@lru_cache(maxsize=4096)
def _places(names: tuple[str, ...]) -> tuple[int, ...]:
    """Where in a flat tuple the facets of these names have their bytes, the one believed first to the last."""
    return tuple(2 * n + 1 for n in sorted(range(len(names)), key=lambda n: rank(names[n])))
