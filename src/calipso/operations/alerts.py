"""Alerts: an expression that is asked again and again, and what is done when it has a new answer."""

from __future__ import annotations

import re
import time
import uuid
from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec

from calipso.errors import Conflict, NotFound, QueryError
from calipso.model.moments import rfc3339
from calipso.operations.context import Context, Site
from calipso.operations.inventory import between
from calipso.operations.sql import is_sql
from calipso.operations.sql.engine import Bounds, Statement
from calipso.operations.sql.views import Past
from calipso.query.evaluate import prepared

ALERTS, STATES, FIRINGS = "alerts", "alert_states", "firings"
"""Collections of documents."""
KEPT = 200
"""Firings kept of an environment."""
LEAST_SECONDS = 1.0
BOUNDS = Bounds(seconds=10.0, rows=100_000)
"""Of a statement."""

_EVERY = re.compile(r"(?:every|duration):\+?([0-9]{1,9}(?:\.[0-9]{1,3})?)(ms|s|m|h)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_SCRIPT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """See `PutAlert`. created: µs since the epoch."""

    id: str
    expression: str
    name: str = ""
    description: str = ""
    trigger: str = "change"
    action: str = ""
    created: int = 0


class AlertState(msgspec.Struct, frozen=True, kw_only=True):
    """How an alert stands. digest: of the last answer, "" when it was empty: the alert is armed. Times in µs, 0 never.

    fired: how often. problem: why it could not be asked. undone: what became of the last action that ended, "" when it
    was done.
    """

    digest: str = ""
    fired: int = 0
    last: int = 0
    problem: str = ""
    undone: str = ""


class Firing(msgspec.Struct, frozen=True, kw_only=True):
    """An alert that went off. at: µs. total: answers in all; results: the first of them. outcome: of its action."""

    id: str
    alert: str
    name: str
    environment: str
    at: int
    action: str
    total: int
    results: list[Any]
    outcome: str = "waiting"

    @property
    def called(self) -> str:
        return f"alert {self.name or self.alert}"


class GetAlerts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """id: only this one; empty for all."""

    id: str = ""
    environment: str = "local"


class AlertView(msgspec.Struct, frozen=True):
    """An alert and how it stands. last: when it went off, empty for never."""

    id: str
    name: str
    description: str
    expression: str
    trigger: str
    action: str
    created: str
    armed: bool
    fired: int
    last: str
    problem: str


class Alerts(msgspec.Struct, frozen=True):
    items: list[AlertView]


class PutAlert(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """expression: a query, or a SELECT. trigger: `change`, or `every:30s`. id: of one to change, else made up.

    action: empty for a message alone, an http(s) address that is posted to, or `script:NAME`, a program in the folder
    `scripts` of CALIPSO_HOME. It goes off when the answer is not empty and not what it was; an empty answer arms it
    again.
    """

    expression: str
    name: str = ""
    description: str = ""
    trigger: str = "change"
    action: str = ""
    id: str = ""
    create: bool = False
    environment: str = "local"


class RemoveAlert(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: str
    environment: str = "local"


class AlertRemoved(msgspec.Struct, frozen=True):
    id: str


class GetFirings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """alert: only of this one. since, until: that went off within. limit: the newest so many."""

    alert: str = ""
    since: str = ""
    until: str = ""
    limit: Annotated[int, msgspec.Meta(ge=1, le=KEPT)] = 50
    environment: str = "local"


class FiringView(msgspec.Struct, frozen=True):
    """An alert that went off. outcome: of its action, or `waiting`."""

    id: str
    alert: str
    name: str
    at: str
    action: str
    total: int
    outcome: str
    results: list[Any]


class Firings(msgspec.Struct, frozen=True):
    """The newest first."""

    items: list[FiringView]


async def get_alerts(context: Context, request: GetAlerts) -> Alerts:
    """Alerts and how they stand. Raises `NotFound` for one that is not there."""
    store = context.site(request.environment).store
    states = store.documents(STATES)
    found = [msgspec.convert(each, Alert) for each in store.documents(ALERTS).values()]
    if request.id:
        found = [each for each in found if each.id == request.id]
        if not found:
            raise NotFound(f"no alert {request.id!r}")
    return Alerts([view(each, msgspec.convert(states.get(each.id, {}), AlertState)) for each in found])


async def put_alert(context: Context, request: PutAlert) -> AlertView:
    """Set an alert up, or change it: then it is armed again. Raises `QueryError` for what cannot be asked or done."""
    site = context.site(request.environment)
    id = request.id or str(uuid.uuid4())
    there = id in site.store.documents(ALERTS)
    if there and request.create:
        raise Conflict(f"there is an alert {id!r} already")
    check_expression(context, site, request.expression, every=seconds(request.trigger) is not None)
    check_action(request.action)
    alert = Alert(
        id=id, expression=request.expression, name=request.name, description=request.description,
        trigger=request.trigger, action=request.action, created=context.moment("now"),
    )  # fmt: skip
    site.store.put_document(ALERTS, id, msgspec.to_builtins(alert))
    site.store.put_document(STATES, id, None)
    context.alerts_changed(request.environment)
    return view(alert, AlertState())


async def remove_alert(context: Context, request: RemoveAlert) -> AlertRemoved:
    """End an alert. Raises `NotFound`."""
    site = context.site(request.environment)
    if request.id not in site.store.documents(ALERTS):
        raise NotFound(f"no alert {request.id!r}")
    for collection in (ALERTS, STATES):
        site.store.put_document(collection, request.id, None)
    context.alerts_changed(request.environment)
    return AlertRemoved(request.id)


async def get_firings(context: Context, request: GetFirings) -> Firings:
    """When alerts went off, and what came of their actions. The newest first."""
    store = context.site(request.environment).store
    since, until = between(context, request.since, request.until)
    found = [msgspec.convert(each, Firing) for each in store.documents(FIRINGS).values()]
    wanted = [each for each in reversed(found) if request.alert in ("", each.alert) and since <= each.at <= until]
    return Firings([_shown(each) for each in wanted[: request.limit]])


def _shown(each: Firing) -> FiringView:
    at = rfc3339(each.at)
    return FiringView(each.id, each.alert, each.name, at, each.action, each.total, each.outcome, each.results)


def view(alert: Alert, state: AlertState) -> AlertView:
    return AlertView(
        alert.id, alert.name, alert.description, alert.expression, alert.trigger, alert.action, rfc3339(alert.created),
        not state.digest, state.fired, rfc3339(state.last) if state.last else "", state.problem or state.undone,
    )  # fmt: skip


def check_expression(context: Context, site: Site, text: str, *, every: bool) -> None:
    """Raises `QueryError` for what cannot be asked, or not of changes of the graph."""
    if is_sql(text):
        Statement(Past(site, None, context.moment, {}), time.monotonic, BOUNDS).columns(text)
        return
    plan = prepared(text)
    if plan.workflows:
        raise QueryError("an alert runs no workflows", hint="ask for objects, links, flows or values")
    if plan.flows and not every:
        raise QueryError("flows go on all the time: they are asked by the clock", hint="say every:30s as the trigger")


def seconds(trigger: str) -> float | None:
    """How often a trigger asks, None for on change. Skydive's `graph` and `duration:+5s` mean the same."""
    if trigger in ("change", "graph"):
        return None
    found = _EVERY.fullmatch(trigger)
    if found is None:
        raise QueryError(f"no trigger {trigger!r}", hint="say change, or every:30s")
    length = float(found[1]) * _SECONDS[found[2]]
    if not LEAST_SECONDS <= length <= 86_400 * 31:
        raise QueryError(f"{trigger!r}: at least every second and once a month", hint="say every:30s")
    return length


def check_action(action: str) -> None:
    """Raises `QueryError`."""
    if action in ("", "message") or script_of(action):
        return
    if not _is_address(action):
        raise QueryError(f"no action {action[:100]!r}", hint="say https://…, script:NAME, or nothing for a message")


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        text.encode()
        return bool(
            parts.scheme in ("http", "https")
            and parts.hostname
            and parts.port != 0
            and not re.search(r"[\s\x00-\x1f]", text)
        )
    except ValueError:  # of the port, of brackets
        return False


def script_of(action: str) -> str:
    """The name of the script of an action, "" for another action. Of a path (`file://…`) only its last part counts."""
    for prefix in ("script:", "file://"):
        if action.startswith(prefix):
            name = action.removeprefix(prefix).rpartition("/")[2]
            if _SCRIPT.fullmatch(name) is None:
                raise QueryError(f"no script {name[:100]!r}", hint="say script:NAME, a file in CALIPSO_HOME/scripts")
            return name
    return ""
