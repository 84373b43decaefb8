"""What was said last, so that a watch says only what is new."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from calipso.model.record import Gone, Observation, Record, RunError, RunStatus, Scope, ScopeGone, Seen
from calipso.sources.linux.survey import run

_encode = msgspec.json.Encoder(order="deterministic").encode
Place = tuple[str, str]
"""(id, facet)."""


class Ledger:
    """Digests of the records last said of each scope; digests hold within one process.

    `remember` false: for a single pass, which will never ask what is new.
    """

    def __init__(self, *, remember: bool = True) -> None:
        self._remember = remember
        self._said: dict[str, dict[Place, int]] = {}
        self._status: dict[str, RunStatus] = {}

    def places(self, scope: Scope) -> list[Place]:
        """What the scope is believed to hold."""
        return list(self._said.get(scope.part, ()))

    def whole(
        self, scope: Scope, records: Sequence[Record], errors: tuple[RunError, ...] = ()
    ) -> Iterator[Observation]:
        """A run that says everything again."""
        digests = _digests(records) if self._remember else {}
        if errors:
            # A partial look proves nothing gone: what it did not see is still believed, here as everywhere.
            digests = {**self._said.get(scope.part, {}), **digests}
        self._said[scope.part] = digests
        self._status[scope.part] = "partial" if errors else "completed"
        return run(scope, records, errors)

    def changes(self, scope: Scope, records: Sequence[Record]) -> Iterator[Observation]:
        """What is new and what is gone after a complete look. After one that was not: a whole run."""
        if self._status.get(scope.part) != "completed":
            yield from self.whole(scope, records)
            return
        before, now = self._said[scope.part], _digests(records)
        gone = tuple(place for place in before if place not in now)
        seen = tuple(
            record for record in records if before.get((record.id, record.facet)) != now[record.id, record.facet]
        )
        self._said[scope.part] = now
        if gone:
            yield Gone(scope, gone)
        if seen:
            yield Seen(scope, seen)

    def drop(self, scope: Scope, places: set[Place]) -> Iterator[Observation]:
        """Facets that are gone because what they belong to is."""
        said = self._said.get(scope.part, {})
        gone = tuple(place for place in said if place in places)
        for place in gone:
            del said[place]
        if gone:
            yield Gone(scope, gone)

    def expect(self, scope: Scope) -> None:
        """Somebody else holds the scope."""
        self._status.setdefault(scope.part, "completed")

    def failed(self, scope: Scope) -> None:
        """A look failed: the next one must be a whole run."""
        self._status[scope.part] = "failed"
        self._said.setdefault(scope.part, {})

    def end(self, scope: Scope) -> Iterator[Observation]:
        """The scope's thing is gone."""
        if self._status.pop(scope.part, None) is not None:
            self._said.pop(scope.part, None)
            yield ScopeGone(scope)


def _digests(records: Sequence[Record]) -> dict[Place, int]:
    return {(each.id, each.facet): hash(_encode((each.type, each.attributes))) for each in records}
