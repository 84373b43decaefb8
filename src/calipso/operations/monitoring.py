"""How Calipso itself is: environments, what each source last saw, whether all is well."""

from __future__ import annotations

import msgspec

from calipso.model.environment import Environment
from calipso.model.moments import rfc3339
from calipso.model.record import RunError, ScopeState
from calipso.model.secrecy import masked_struct
from calipso.operations.context import Context, Site
from calipso.operations.inventory import when


class GetSources(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """at: as it was then, by the looks that changed something or went otherwise than the one before."""

    environment: str = "local"
    at: str = ""


class ScopeView(msgspec.Struct, frozen=True, omit_defaults=True):
    """One scope: when it was last looked at, last completely, what it saw, what failed."""

    scope: str
    source: str
    host: str
    part: str
    status: str
    stale: bool
    seen: int
    began: str = ""
    ended: str = ""
    completed: str = ""
    errors: list[RunError] = []


class Sources(msgspec.Struct, frozen=True):
    items: list[ScopeView]


class Nothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A request without parameters."""


class EnvironmentView(msgspec.Struct, frozen=True):
    """An environment, and how much of it is known."""

    name: str
    type: str
    hosts: list[str]
    objects: int
    scopes: int
    stale: int
    trouble: str
    config: Environment


class Environments(msgspec.Struct, frozen=True):
    items: list[EnvironmentView]


async def get_sources(context: Context, request: GetSources) -> Sources:
    """Every scope that is looked at: freshness, what it saw, errors verbatim."""
    site = context.site(request.environment)
    at = when(context, request.at)
    return Sources([_scope_view(state) for state in (site.scopes() if at is None else looks_until(site, at))])


def looks_until(site: Site, at: int) -> list[ScopeState]:
    """The last kept look at each scope that was over at a moment, without scopes that were gone."""
    last = {state.scope: state for state in site.store.runs(0, at)}
    return [state for _, state in sorted(last.items()) if not state.gone]


def _scope_view(state: ScopeState) -> ScopeView:
    scope = state.scope
    began, ended, completed = (rfc3339(ts) if ts else "" for ts in (state.began, state.ended, state.completed))
    return ScopeView(
        scope=scope.key,
        source=scope.source,
        host=scope.reporter,
        part=scope.part,
        status=state.status,
        stale=state.stale,
        seen=state.seen,
        began=began,
        ended=ended,
        completed=completed,
        errors=list(state.errors),
    )


class AgentView(msgspec.Struct, frozen=True):
    """since: of the last coming or going. cpu: share of a core; memory, spooled_bytes: bytes; lost: parts dropped.

    captures, sends: "yes", or why it does not. engines: each with why it cannot be used there, "" when it can.
    flows_lost: states of flows that it had no room for while the server was away.
    """

    environment: str
    host: str
    connected: bool
    since: str
    version: str
    cpu: float
    cpu_limit: float
    memory: int
    spooled: int
    spooled_bytes: int
    lost: int
    captures: str
    sends: str
    engines: dict[str, str]
    flows_lost: int


class Agents(msgspec.Struct, frozen=True):
    items: list[AgentView]


async def get_agents(context: Context, request: Nothing) -> Agents:
    """The agents that were here since the server started: who is, and what each costs."""
    return Agents([
        AgentView(**{**msgspec.structs.asdict(each), "since": rfc3339(each.since), "engines": dict(each.engines)})
        for each in context.agents()
    ])  # fmt: skip


async def get_environments(context: Context, request: Nothing) -> Environments:
    """The environments there are."""
    items = []
    for config in context.environments():
        site = context.site(config.name)
        scopes = site.scopes()
        items.append(
            EnvironmentView(
                config.name,
                config.type,
                sorted(config.hosts),
                len(site.graph()),
                len(scopes),
                sum(state.stale for state in scopes),
                site.trouble,
                masked_struct(config),
            )
        )
    return Environments(items)
