"""Asks alerts again when what they depend on has changed or their time has come, and has their actions done.

An answer counts as new when it is not empty and not what it was. The state is kept before the action is done, and a
firing until its action has come to an end, so that a restart neither repeats nor forgets one.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import structlog

from calipso.errors import CalipsoError, QueryError
from calipso.graph.value import Delta, Graph
from calipso.operations.alerts import ALERTS, BOUNDS, FIRINGS, KEPT, STATES, Alert, AlertState, Firing, seconds
from calipso.operations.capture_documents import Captures
from calipso.operations.message_documents import Level
from calipso.operations.querying import Kept, Reach, plain
from calipso.operations.questions import QUESTIONS, Turn
from calipso.operations.sql import is_sql
from calipso.operations.sql.engine import Statement
from calipso.operations.sql.views import Past
from calipso.query.depends import ALL, EVERYTHING, Depends, depends, keys_touched, touched
from calipso.query.evaluate import evaluate
from calipso.query.run import Limits
from calipso.runtime.acting import act
from calipso.runtime.at import moment, now
from calipso.runtime.messages import Messages
from calipso.runtime.site import Site

PAUSE = 0.2
"""Seconds in which changes are gathered before alerts are asked."""
SHOWN, KEPT_RESULTS = 100, 10
"""Answers that a firing carries, and that are kept of it when its action is done."""
SHARE, QUICK = 0.2, 0.002
"""Of the time that an alert may be asked for; what takes fewer seconds of a processor is always asked."""
LIMITS = Limits(seconds=10.0, results=100_000)
NOTHING: tuple[Any, ...] = ([], 0, None)
"""Answers that say that there is none: of a statement with one row, in all its columns."""

Listener = Callable[[Firing], None]
log = structlog.get_logger()


class Armed:
    """An alert at work. due: when it is asked next, by a clock that only grows; None for on change."""

    def __init__(self, alert: Alert, state: AlertState) -> None:
        self.alert = alert
        self.state = state
        self.every = seconds(alert.trigger)
        self.on: Depends = EVERYTHING
        self.asked = 0
        """How often it was asked since the start."""
        with contextlib.suppress(QueryError):  # it is told when it is asked
            self.on = EVERYTHING if is_sql(alert.expression) else depends(alert.expression)
        self.due = time.monotonic()
        self.asking = False
        self.rests = 0.0
        """Until when it is not asked again, by the same clock."""


class Alarms:
    """The alerts of one environment. `told`: called for each firing, in the event loop. `captures`: of a name."""

    def __init__(
        self, site: Site, scripts: Path, told: Listener, messages: Messages, captures: Callable[[str], Captures],
    ) -> None:  # fmt: skip
        self.site = site
        self.scripts = scripts
        self.told = told
        self.messages = messages
        self.captures = captures
        self.armed: dict[str, Armed] = {}
        self._due: set[str] = set()
        self._kept: list[str] = []
        """Ids of the firings that are kept, oldest first."""
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._acting: set[asyncio.Task[None]] = set()

    def begin(self) -> None:
        """Watch until `end`."""
        if self._task is None:
            self.site.writer.listen(self.published)
            self.changed()
            self._resume()
            self._task = asyncio.create_task(self._watch(), name=f"alerts of {self.site.config.name}")

    async def end(self) -> None:
        tasks = [*self._acting, *([self._task] if self._task is not None else [])]
        if self._task is not None:
            self.site.writer.leave(self.published)
            self._task = None
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def changed(self) -> None:
        """Alerts were set up, changed or ended: take them over; new ones are asked at once."""
        states = self.site.store.documents(STATES)
        known, self.armed = self.armed, {}
        for id, said in self.site.store.documents(ALERTS).items():
            alert = msgspec.convert(said, Alert)
            there = known.get(id)
            if there is not None and there.alert == alert:
                self.armed[id] = there
                continue
            self.armed[id] = Armed(alert, msgspec.convert(states.get(id, {}), AlertState))
            self._due.add(id)
        self._settle()
        self._wake.set()

    def published(self, old: Graph, new: Graph, delta: Delta) -> None:
        """Called by the writer after each tick: only alerts that it can concern are asked again."""
        waiting = [(id, each.on) for id, each in self.armed.items() if each.every is None and id not in self._due]
        if not waiting:
            return
        keys = keys_touched(old, new, touched(new, delta)) if any(ALL not in on.keys for _, on in waiting) else set()
        for id, on in waiting:
            if ALL in on.keys or on.keys & keys or (on.links and delta.links):
                self._due.add(id)
        if self._due:
            self._wake.set()

    # ── asking ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def _watch(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._pause()):
                    await self._wake.wait()
            if self._wake.is_set():
                await asyncio.sleep(PAUSE)
                self._wake.clear()
            present = time.monotonic()
            self._due |= {id for id, each in self.armed.items() if each.every is not None and each.due <= present}
            for id in sorted(self._due):
                each = self.armed.get(id)
                if each is None:
                    self._due.discard(id)
                elif not each.asking and each.rests <= present:
                    self._due.discard(id)
                    self._ask_apart(each)

    def _pause(self) -> float | None:
        """Seconds until something is to be asked, None for when something changes."""
        idle = [(id, each) for id, each in self.armed.items() if not each.asking]
        times = [max(each.due, each.rests) for _, each in idle if each.every is not None]
        times += [each.rests for id, each in idle if id in self._due]
        return max(0.0, min(times) - time.monotonic()) if times else None

    def _ask_apart(self, each: Armed) -> None:
        """One that takes long keeps no other waiting."""
        each.asking = True
        each.due = time.monotonic() + (each.every or 0.0)
        task = asyncio.create_task(self._ask(each), name=f"alert {each.alert.id}")
        self._acting.add(task)
        task.add_done_callback(self._acting.discard)

    async def _ask(self, each: Armed) -> None:
        problem, results = "", []
        try:
            results = await QUESTIONS.standing(lambda turn: self._timed(each, turn))
        except CalipsoError as error:
            problem = error.message
        finally:
            each.asked += 1
            each.asking = False
            self._wake.set()
        if self.armed.get(each.alert.id) is not each:
            return
        if problem:
            self._keep(each, msgspec.structs.replace(each.state, problem=problem))
            return
        empty = not results or (len(results) == 1 and _is_nothing(results[0], is_sql(each.alert.expression)))
        digest = "" if empty else hashlib.sha256(msgspec.json.encode(results)).hexdigest()
        if digest and digest != each.state.digest:
            self._fire(each, digest, results)
            return
        if empty:
            self.messages.over(self.site.config.name, _place(each.alert.id))
        self._keep(each, msgspec.structs.replace(each.state, digest=digest, problem=""))

    def _timed(self, each: Armed, turn: Turn) -> list[Any]:
        """What costs much is asked less often."""
        began = time.thread_time()
        try:
            return self._results(each, turn)
        finally:
            took = time.thread_time() - began
            each.rests = time.monotonic() + (took / SHARE if took > QUICK else 0.0)

    def _results(self, each: Armed, turn: Turn) -> list[Any]:
        """What an alert's expression answers now. Without counters, which change all the time."""
        if is_sql(each.alert.expression):
            return self._rows(each, turn)
        world = Reach(self.site, None, now(), Kept(lambda: self.captures(self.site.config.name)))
        answer = evaluate(
            each.alert.expression, world, turn.clock, msgspec.structs.replace(LIMITS, take=turn.take), again=True
        )
        known: dict[int, Any] = {}
        return [_without_counters(plain(self.site, answer, row.value, known)) for row in answer.rows]

    def _rows(self, each: Armed, turn: Turn) -> list[Any]:
        """Of a statement: column → value. What it reads follows from what it finds, so it is told anew each time."""
        each.on = EVERYTHING  # until it is known: something may change meanwhile
        statement = Statement(Past(self.site, None, moment, {None: self.site.graph()}), turn.clock, BOUNDS, turn.take)
        found = statement.run(each.alert.expression)
        each.on = statement.reads.depends
        return [_without_counters(dict(zip(found.columns, row, strict=True))) for row in found.rows]

    def _keep(self, each: Armed, state: AlertState) -> None:
        if state != each.state:
            each.state = state
            self.site.store.put_document(STATES, each.alert.id, msgspec.to_builtins(state))

    # ── going off ────────────────────────────────────────────────────────────────────────────────────────────────

    def _fire(self, each: Armed, digest: str, results: list[Any]) -> None:
        at = now()
        alert = each.alert
        firing = Firing(
            id=f"{at:020d}-{uuid.uuid4().hex[:8]}", alert=alert.id, name=alert.name,
            environment=self.site.config.name, at=at, action=alert.action, total=len(results), results=results[:SHOWN],
        )  # fmt: skip
        self._note(firing)
        self._keep(each, msgspec.structs.replace(
            each.state, digest=digest, fired=each.state.fired + 1, last=at, problem="",
        ))  # fmt: skip
        self._say("warn", f"{firing.called}: {firing.total} found", _place(firing.alert))
        log.info("alert", alert=alert.name or alert.id, environment=firing.environment, results=firing.total)
        self.told(firing)
        self._act(firing)

    def _act(self, firing: Firing) -> None:
        task = asyncio.create_task(self._acted(firing), name=f"action of {firing.alert}")
        self._acting.add(task)
        task.add_done_callback(self._acting.discard)

    async def _acted(self, firing: Firing) -> None:
        outcome = await act(firing, self.scripts)
        self._note(msgspec.structs.replace(firing, outcome=outcome, results=firing.results[:KEPT_RESULTS]))
        done = outcome == "done"
        each = self.armed.get(firing.alert)
        if each is None:
            return
        self._keep(each, msgspec.structs.replace(each.state, undone="" if done else outcome))
        if done:
            self.messages.over(firing.environment, _place_of_action(firing.alert))
        else:
            log.warning("an alert's action", alert=firing.name or firing.alert, outcome=outcome)
            self._say("error", f"{firing.called}: its action {outcome}", _place_of_action(firing.alert))

    def _say(self, level: Level, text: str, place: str) -> None:
        self.messages.say(self.site.config.name, level, text, key=place, place=place)

    def _settle(self) -> None:
        """What is said of alerts that are gone, or armed again, is over."""
        name = self.site.config.name
        firing = {_place(id) for id, each in self.armed.items() if each.state.digest}
        failing = {_place_of_action(id) for id, each in self.armed.items() if each.state.undone}
        for place in (*self.messages.standing(name, _place("")), *self.messages.standing(name, _place_of_action(""))):
            if place not in firing | failing:
                self.messages.over(name, place)

    def _resume(self) -> None:
        """Actions that a stop cut off are done now."""
        found = self.site.store.documents(FIRINGS)
        self._kept = list(found)
        for said in found.values():
            firing = msgspec.convert(said, Firing)
            if firing.outcome == "waiting":
                self._act(firing)

    def _note(self, firing: Firing) -> None:
        store = self.site.store
        store.put_document(FIRINGS, firing.id, msgspec.to_builtins(firing))
        if firing.id not in self._kept:
            self._kept.append(firing.id)
        while len(self._kept) > KEPT:
            store.put_document(FIRINGS, self._kept.pop(0), None)


def _place(alert: str) -> str:
    return f"alert {alert}"


def _place_of_action(alert: str) -> str:
    return f"action of alert {alert}"


def _is_nothing(result: Any, row: bool) -> bool:
    return all(value in NOTHING and value is not False for value in (result.values() if row else (result,)))


def _without_counters(item: Any) -> Any:
    if isinstance(item, list):
        return [_without_counters(each) for each in item]
    if isinstance(item, dict) and "metrics" in item and "kind" in item:
        return {name: value for name, value in item.items() if name != "metrics"}
    return item
