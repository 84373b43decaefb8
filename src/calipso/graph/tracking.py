"""What an evaluation read decides when it is done again: for rules with few sources (`LinkType.tracked`).

Tokens are ordinals (the object's head or links), their complements `~ord` (its attributes), `("key", slot)` for a
bucket of the index, and `("presence", host, medium)`. Kept in one persistent map: `("by", code, ordinal)` → tokens
read, token → evaluations.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Any, TypeVar

import immutables

from calipso.graph.index import Key, Slot, slot

Tracked = immutables.Map[Hashable, Any]
T = TypeVar("T")
NOTHING: frozenset[Hashable] = frozenset()


Evaluation = tuple[int, int]
"""(code, ordinal)."""


def _several(value: Evaluation | tuple[Evaluation, ...]) -> tuple[Evaluation, ...]:
    """The evaluations of a token: most have one, which stands for itself."""
    return (value,) if type(value[0]) is int else value  # type: ignore[return-value]


class Tracking:
    """A session on the dependencies of tracked evaluations."""

    __slots__ = ("_map", "_reads", "touched_keys")

    def __init__(self, base: Tracked) -> None:
        self._map = base.mutate()
        self._reads: set[Hashable] | None = None
        self.touched_keys: set[Hashable] = set()

    def read(self, ord: int) -> None:
        if self._reads is not None:
            self._reads.add(ord)

    def read_attributes(self, ord: int) -> None:
        if self._reads is not None:
            self._reads.add(~ord)

    def read_key(self, key: Key) -> None:
        if self._reads is not None:
            self._reads.add(("key", slot(key)))

    def read_presence(self, host: str, medium: str) -> None:
        if self._reads is not None:
            self._reads.add(("presence", host, medium))

    def touch_key(self, key: Key) -> None:
        self.touch_slot(slot(key))

    def touch_slot(self, where: Slot) -> None:
        """As `touch_key`, where the key's slot is known."""
        token = ("key", where)
        if token in self._map:
            self.touched_keys.add(token)

    def touch_presence(self, host: str, medium: str) -> None:
        self.touched_keys.add(("presence", host, medium))

    def watch(self, code: int, ord: int, evaluate: Callable[[], T]) -> T:
        """Run an evaluation and remember what it read."""
        self._reads = {ord, ~ord}
        try:
            result = evaluate()
            reads = frozenset(self._reads)
        finally:
            self._reads = None
        self._remember(code, ord, reads)
        return result

    def unwatched(self, evaluate: Callable[[], T]) -> T:
        """Run an evaluation on behalf of another object, remembering nothing."""
        reads, self._reads = self._reads, None
        try:
            return evaluate()
        finally:
            self._reads = reads

    def forget(self, code: int, ord: int) -> None:
        self._remember(code, ord, frozenset())

    def stale(self, code: int, touched: Iterable[int], reshaped: Iterable[int]) -> set[int]:
        """Ordinals whose evaluation read attributes of what was touched, heads or links of what was reshaped, keys."""
        out: set[int] = set()
        if not len(self._map):
            return out
        found = self._map.get
        for tokens in (reshaped, (~ord for ord in touched), self.touched_keys):
            for token in tokens:
                readers = found(token)
                if readers is not None:
                    out.update(ord for by, ord in _several(readers) if by == code)
        return out

    def finish(self) -> Tracked:
        return self._map.finish()

    def _remember(self, code: int, ord: int, reads: frozenset[Hashable]) -> None:
        evaluation = (code, ord)
        place = ("by", code, ord)
        known_reads = self._map.get(place)
        before = frozenset(known_reads) if known_reads else NOTHING
        if before == reads:
            return
        for token in before - reads:
            rest = tuple(other for other in _several(self._map[token]) if other != evaluation)
            if rest:
                self._map[token] = rest if len(rest) > 1 else rest[0]
            else:
                del self._map[token]
        for token in reads - before if before else reads:
            known = self._map.get(token)
            self._map[token] = evaluation if known is None else (*_several(known), evaluation)
        if reads:
            self._map[place] = tuple(reads)  # a tenth of a set's size
        elif before:
            del self._map[place]
