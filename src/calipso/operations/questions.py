"""Where questions are worked out: in threads of their own, so that no question keeps the server from its other work.

A question begins at once while few others do, so that what is quick is answered quickly whatever else is asked. What
takes longer shares with others that do: a question's clock holds it up until it is its turn. All of them together have
so much memory for what they collect, and nobody can ask so much that others cannot ask at all.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

from calipso.errors import Busy, Conflict
from calipso.operations.context import asking

YOUNG, OLD = 4, 2
"""Questions that run at once: of those that just began, and of those that have taken longer."""
QUICK = 0.3
"""Seconds after which a question has taken longer; and how long it then runs while others wait."""
MOST, EACH = 48, 32
"""Questions under way: of all, and of one caller."""
BYTES = 256 << 20
"""What all questions under way may hold together, as they weigh it."""
PART = 256 << 10
"""Bytes that a question tells at a time."""
SUBSCRIBED = 64
"""Different things that one caller may be kept told of at the same time."""
LONG = 86_400.0
STANDING = "subscriptions"
"""Who asks what subscribers want to know."""
AGAIN = "ask again in a moment, or for less"
T = TypeVar("T")


class Turn:
    """One question under way."""

    def __init__(self, questions: Questions, who: str, seconds: float, *, patient: bool = False) -> None:
        self._questions = questions
        self.who = who
        self.patient = patient
        """Whether it waits for others as long as it takes, and its clock does not count that."""
        self.until = time.monotonic() + (LONG if patient else seconds)
        """When it gives up waiting for others."""
        self.waited = 0.0
        self.since = 0.0
        """When it began to run, or to run again."""
        self.old = self.running = self.dropped = False
        self.taken = self._untold = 0

    def clock(self) -> float:
        """Seconds that only ever grow. Waits while it is others' turn. Raises `Busy` where nobody waits for it."""
        now = time.monotonic()
        if self.dropped:
            raise Busy("nobody waits for the answer any more", hint=AGAIN)
        if self.running and now - self.since > QUICK and (not self.old or self._questions.others_wait):
            self._questions.step_back(self)
            if self.patient:
                self.waited += time.monotonic() - now
            now = time.monotonic()
        return now - self.waited

    def take(self, size: int) -> None:
        """Note bytes held until the end. Raises `Busy` when all questions together hold too much."""
        self._untold += size
        if self._untold >= PART:
            untold, self._untold = self._untold, 0
            self._questions.weigh(self, untold)


class Questions:
    """All questions of a process: processor time and memory are the process's."""

    def __init__(self, *, most: int = MOST, each: int = EACH, size: int = BYTES) -> None:
        self._most, self._each, self._size = most, each, size
        self._pool = ThreadPoolExecutor(most, thread_name_prefix="question")
        self._changed = threading.Condition()
        self._under_way: list[Turn] = []
        self._new: list[Turn] = []
        self._slow: deque[Turn] = deque()
        self._young = self._old = self._taken = 0

    @property
    def others_wait(self) -> bool:
        """Whether slow questions wait for their turn."""
        return bool(self._slow)

    @property
    def under_way(self) -> int:
        """How many there are."""
        return len(self._under_way)

    async def work(self, job: Callable[[Turn], T], *, seconds: float) -> T:
        """What a job returns that runs in a thread and looks at its turn's clock. Raises `Busy`."""
        return await self._worked(self._came(Turn(self, asking.get(), seconds)), job)

    async def standing(self, job: Callable[[Turn], T]) -> T:
        """As `work`, for what the server asks itself, again and again: it waits until there is room."""
        while True:
            try:
                turn = self._came(Turn(self, STANDING, 0.0, patient=True))
            except Busy:
                await asyncio.sleep(QUICK)
            else:
                return await self._worked(turn, job)

    async def _worked(self, turn: Turn, job: Callable[[Turn], T]) -> T:
        running = self._pool.submit(copy_context().run, self._run, turn, job)
        running.add_done_callback(lambda _: self._left(turn))
        try:
            return await asyncio.wrap_future(running)
        finally:
            with self._changed:  # who waits for a turn has to hear of it
                turn.dropped = True
                self._changed.notify_all()

    def _came(self, turn: Turn) -> Turn:
        with self._changed:
            own = sum(each.who == turn.who for each in self._under_way)
            if len(self._under_way) >= self._most or own >= self._each:
                raise Busy(f"{own} questions of yours, {len(self._under_way)} in all are being answered", hint=AGAIN)
            self._under_way.append(turn)
        return turn

    def _run(self, turn: Turn, job: Callable[[Turn], T]) -> T:
        with self._changed:
            self._new.append(turn)
            while self._young >= YOUNG or self._first() is not turn:
                if turn.dropped or not self._changed.wait(turn.until - time.monotonic()):
                    self._new.remove(turn)
                    self._changed.notify_all()
                    raise Busy("the server did not come to the question in time", hint=AGAIN)
            self._new.remove(turn)
            self._young += 1
            turn.running = True
            turn.since = time.monotonic()
            self._changed.notify_all()
        return job(turn)

    def _first(self) -> Turn:
        """Of those that have not begun: of the caller who has the fewest questions under way."""
        return min(self._new, key=lambda each: sum(other.who == each.who for other in self._under_way))

    def step_back(self, turn: Turn) -> None:
        """Wait for the next turn, or for the end of the question's time."""
        with self._changed:
            self._stop(turn)
            turn.old = True
            self._slow.append(turn)
            while self._old >= OLD or self._slow[0] is not turn:
                if turn.dropped or not self._changed.wait(turn.until - time.monotonic()):
                    self._slow.remove(turn)
                    self._changed.notify_all()
                    return
            self._slow.popleft()
            self._old += 1
            turn.running = True
            turn.since = time.monotonic()
            self._changed.notify_all()

    def _stop(self, turn: Turn) -> None:
        if turn.running:
            turn.running = False
            if turn.old:
                self._old -= 1
            else:
                self._young -= 1
            self._changed.notify_all()

    def _left(self, turn: Turn) -> None:
        with self._changed:
            self._stop(turn)
            self._under_way.remove(turn)
            self._taken -= turn.taken

    def weigh(self, turn: Turn, size: int) -> None:
        """Note bytes that a question holds. Raises `Busy`."""
        with self._changed:
            self._taken += size
            turn.taken += size
            if self._taken > self._size:
                raise Busy(f"the answers under way are larger than {self._size >> 20} MB together", hint=AGAIN)


class Subscriptions:
    """What each caller is kept told of. Different things cost the server, not how many clients ask for the same."""

    def __init__(self, each: int = SUBSCRIBED) -> None:
        self._each = each
        self._of: dict[str, Counter[Hashable]] = {}

    def begin(self, who: str, what: Hashable) -> None:
        """One client more of a caller. Raises `Conflict` when it would be too many different things."""
        known = self._of.setdefault(who, Counter())
        if what not in known and len(known) >= self._each:
            raise Conflict(
                f"{who or 'this caller'} is subscribed to {len(known)} different things, as many as one token may be",
                hint="close some of them, or ask for one of the same: clients that ask for the same count once",
            )
        known[what] += 1

    def end(self, who: str, what: Hashable) -> None:
        """One client less."""
        known = self._of[who]
        known[what] -= 1
        if not known[what]:
            del known[what]
        if not known:
            del self._of[who]


QUESTIONS = Questions()
SUBSCRIPTIONS = Subscriptions()
