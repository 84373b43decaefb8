"""repeat() with times(), until() and emit()."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any, NamedTuple

from calipso.query.elements import ANYTHING, Kind
from calipso.query.plan import Asked, Spec, Step, Sub
from calipso.query.run import Run

MOST_TIMES = 1000


class Repeat(NamedTuple):
    """Level by level, so that what is near comes out first.

    until and emit: traversals that lead somewhere when it is time; None is never. `…_first`: asked before a round too.
    """

    body: Sub
    times: int | None
    until: Sub | None
    until_first: bool
    emit: Sub | None
    emits: bool
    emit_first: bool

    def open(self, stream: Iterator[Any], run: Run) -> Iterator[Any]:
        front = run.collected(stream)
        rounds = 0
        while front:
            if self.times is not None and rounds >= self.times:
                yield from front
                return
            front = yield from self._out(front, run, rounds == 0)
            rounds += 1
            front = run.collected(self.body.open(iter(front), run))

    def _out(self, front: list[Any], run: Run, first: bool) -> Generator[Any, None, list[Any]]:
        """Hands out what is done or emitted; returns what goes on."""
        on = []
        for each in front:
            run.tick()
            if self.until is not None and (not first or self.until_first) and self._leads(self.until, each, run):
                yield each
                continue
            if self.emits and (not first or self.emit_first) and (
                self.emit is None or self._leads(self.emit, each, run)
            ):  # fmt: skip
                yield each
            on.append(each)
        return on

    @staticmethod
    def _leads(sub: Sub, each: Any, run: Run) -> bool:
        return next(sub.open(iter((each,)), run), run) is not run


def _repeat(asked: Asked) -> tuple[Step, Kind]:
    asked.count(1, 1)
    body = asked.sub(asked.args[0])
    if body.gives != asked.kind:
        raise asked.wrong("what is repeated has to lead to the same kind of thing", asked.args[0])
    times, until, emit = asked.modulator("times"), asked.modulator("until"), asked.modulator("emit")
    if times is not None and len(times.args or ()) != 1:
        raise asked.wrong("times() takes a number")
    if until is not None and len(until.args or ()) != 1:
        raise asked.wrong("until() takes a traversal")
    rounds = asked.whole((times.args or ())[0]) if times is not None else None
    if rounds is not None and rounds > MOST_TIMES:
        raise asked.wrong(f"times() takes at most {MOST_TIMES}")
    return Repeat(
        body, rounds,
        asked.sub((until.args or ())[0]) if until is not None else None, until in asked.before,
        asked.sub((emit.args or ())[0]) if emit is not None and emit.args else None, emit is not None,
        emit in asked.before,
    ), asked.kind  # fmt: skip


SPECS: tuple[Spec, ...] = (
    Spec(("repeat",), ANYTHING, "", _repeat,
         "The same traversal again and again: times() so often, until() it is there, emit() what is passed.",
         "g.V('h1/netns:vm-a').repeat(both()).times(3)", original=False,
         modulators=frozenset({"times", "until", "emit"})),
)  # fmt: skip
