"""What sources say: records, and the scopes and runs that give absence its proof (MODEL §1, DESIGN §2.3)."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

type_ = type
Attributes = dict[str, Any]
"""Attribute name → JSON-like value. Keys are lower_snake_case; absent means not known, never None."""


class Scope(msgspec.Struct, frozen=True, order=True):
    """What one run looks at, so that what it did not see is known to be gone.

    `source` is the source's name, `reporter` the host (or API) that speaks, `part` narrows it: a namespace, an OVS
    instance, a kind of fact (`netns:blue`, `routes`), empty for all of it.
    """

    source: str
    reporter: str
    part: str = ""

    @property
    def key(self) -> str:
        """`source@reporter` or `source@reporter:part`: unique within an environment."""
        return f"{self.source}@{self.reporter}" + (f":{self.part}" if self.part else "")


class Record(msgspec.Struct, frozen=True):
    """What one source on one reporter says about one id.

    `facet` names the part of the object it fills (`netlink`, `netlink.fdb`, `ovs`, `ovs.flows` …): the unit of change,
    of the log and of comparison. Counters, timers and ages never go in here; see `Measured`.
    """

    id: str
    facet: str
    type: str
    attributes: Attributes


class RunError(msgspec.Struct, frozen=True):
    """One thing that went wrong in a run: where (request, namespace, parser) and the message, secrets masked."""

    where: str
    message: str


RunStatus = Literal["running", "completed", "partial", "failed", "aborted"]


class RunBegan(msgspec.Struct, frozen=True, tag=True):
    """A source starts to look at a scope."""

    scope: Scope


class Seen(msgspec.Struct, frozen=True, tag=True):
    """These records hold now. Within a run, what is seen counts as present when the run completes."""

    scope: Scope
    records: tuple[Record, ...]


class Gone(msgspec.Struct, frozen=True, tag=True):
    """These facets are gone, by an event that proves it. Each is (id, facet); facet "" means all of the scope's."""

    scope: Scope
    facets: tuple[tuple[str, str], ...]


class Measured(msgspec.Struct, frozen=True, tag=True):
    """Latest counters of objects, kept beside the graph: id → {metric: number}."""

    scope: Scope
    metrics: dict[str, dict[str, float]]


class RunEnded(msgspec.Struct, frozen=True, tag=True):
    """A look at a scope ended. Only `completed` removes what was not seen; anything else marks the scope stale."""

    scope: Scope
    status: RunStatus
    errors: tuple[RunError, ...] = ()


class ScopeGone(msgspec.Struct, frozen=True, tag=True):
    """The thing a scope looks at is proven gone (a namespace was removed): every record of the scope goes with it."""

    scope: Scope


class RunResumed(msgspec.Struct, frozen=True, tag=True):
    """A look at a scope goes on after a break: what it saw so far, as (id, facet). Ignored where it is still known."""

    scope: Scope
    seen: tuple[tuple[str, str], ...]


class Barrier(msgspec.Struct, frozen=True, tag=True):
    """The source goes on when all that it said before is durable: then it may let go of where it had it from."""

    scope: Scope


Observation = RunBegan | Seen | Gone | Measured | RunEnded | ScopeGone | RunResumed | Barrier


class ScopeState(msgspec.Struct, frozen=True):
    """What is known about a scope: times in microseconds since the epoch, 0 for never."""

    scope: Scope
    status: RunStatus = "running"
    began: int = 0
    ended: int = 0
    completed: int = 0
    seen: int = 0
    errors: tuple[RunError, ...] = ()
    gone: bool = False
    """The thing it looked at is proven gone: the scope is history."""
    changed: int = 0
    """Records that the last look found otherwise than they were known, or no longer."""

    @property
    def stale(self) -> bool:
        """True when the last look did not complete: what it says may be out of date."""
        return self.status in ("partial", "failed", "aborted")
