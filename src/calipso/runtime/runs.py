"""Which looks an agent's deliveries are in the middle of, so that a server that forgot them can go on."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from calipso.model.record import Observation, RunBegan, RunEnded, RunResumed, Scope, ScopeGone, Seen


class _Look(msgspec.Struct):
    began: int
    ended: int = 0
    seen: list[tuple[int, tuple[str, str]]] = msgspec.field(default_factory=list)


class Runs:
    """Looks that began at or before what the server has, and had not ended there. Numbers are those of the spool."""

    def __init__(self) -> None:
        self._looks: dict[Scope, list[_Look]] = {}
        self.whole: set[Scope] = set()
        """Scopes whose last look completed and that are still there."""

    def note(self, seq: int, observations: Iterable[Observation]) -> None:
        """Remember what a numbered part says of looks."""
        for each in observations:
            if isinstance(each, RunBegan):
                self._looks.setdefault(each.scope, []).append(_Look(seq))
            elif isinstance(each, Seen):
                looks = self._looks.get(each.scope)
                if looks and not looks[-1].ended:
                    looks[-1].seen += [(seq, (record.id, record.facet)) for record in each.records]
            elif isinstance(each, RunEnded):
                for look in self._looks.get(each.scope, ()):
                    look.ended = look.ended or seq
                (self.whole.add if each.status == "completed" else self.whole.discard)(each.scope)
            elif isinstance(each, ScopeGone):
                self.whole.discard(each.scope)

    def delivered(self, seq: int) -> None:
        """Forget looks that ended at or before what the server has made durable."""
        for scope, looks in list(self._looks.items()):
            left = [look for look in looks if not look.ended or look.ended > seq]
            if left:
                self._looks[scope] = left
            else:
                del self._looks[scope]

    def resume(self, seq: int) -> list[RunResumed]:
        """What a server needs that has everything up to a number and knows of no looks."""
        found = []
        for scope, looks in sorted(self._looks.items()):
            for look in looks:
                if look.began <= seq and not 0 < look.ended <= seq:
                    found.append(RunResumed(scope, tuple(place for at, place in look.seen if at <= seq)))
        return found

    def clear(self) -> None:
        self._looks.clear()
        self.whole.clear()
