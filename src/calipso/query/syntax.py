"""What the grammar yields: chains of calls, and the literals in them."""

from __future__ import annotations

import msgspec

Scalar = str | int | float | bool | None


class Literal(msgspec.Struct, frozen=True):
    """A string or number; `position` is the offset of its first character."""

    value: Scalar
    position: int


class Call(msgspec.Struct, frozen=True):
    """A name, and its arguments when it was called; `position` is that of the name."""

    name: str
    args: tuple[Literal | Chain, ...] | None
    position: int

    @property
    def word(self) -> str:
        """The name as it is compared: names do not depend on case."""
        return self.name.lower()


class Chain(msgspec.Struct, frozen=True):
    """Calls joined by dots: a query, an anonymous traversal, a predicate or a single word."""

    calls: tuple[Call, ...]

    @property
    def position(self) -> int:
        return self.calls[0].position

    @property
    def only_word(self) -> str:
        """The lower-case word, when the chain is one that is not called (`NOW`, `asc`), else ""."""
        last = self.calls[-1]
        plain = all(call.args is None for call in self.calls)
        return last.word if plain and (len(self.calls) == 1 or self.calls[0].word in PREFIXES) else ""


Argument = Literal | Chain
PREFIXES = frozenset({"p", "textp", "__", "order", "t", "scope", "pop", "column", "direction"})
"""Words in front of a dot that name only where the standard language keeps what follows (`P.gt(1)`)."""
