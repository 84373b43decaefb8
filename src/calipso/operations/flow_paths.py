"""One conversation as an ordered chain of hops, over all points where it was captured."""

from __future__ import annotations

import asyncio
from typing import Annotated

import msgspec

from calipso.errors import NotFound
from calipso.flows.places import Places
from calipso.flows.stitch import stitch
from calipso.flows.translation import Conversation, Translation, conversation
from calipso.model.environment import Environment
from calipso.model.flow import Flow
from calipso.model.flowpath import FlowPath
from calipso.operations.context import Context
from calipso.operations.inventory import between
from calipso.seams import FlowFilter, FlowStore

MOST = 10_000
"""Flows of one conversation that are looked at."""
ROUNDS = 4
"""Translations one after another that are followed."""


class GetFlowPath(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """id: a flow's tracking_id, l3_tracking_id or uuid. since, until: moments; its flows that were going on then.

    nat: ask the kernels on the way which addresses they translate now, and follow the conversation through that.
    """

    id: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    environment: str = "local"
    since: str = ""
    until: str = ""
    nat: bool = True


async def get_flow_path(context: Context, request: GetFlowPath) -> FlowPath:
    """The way of one conversation, hop by hop: counters, loss and delay between hops, what was not captured.

    Raises `NotFound` where no flow has the id, `QueryError` for a wrong moment.
    """
    since, until = between(context, request.since, request.until)
    store = context.captures(request.environment).flows
    wanted = FlowFilter(since=since, until=until, limit=MOST, order="start")
    flows = {flow.uuid: flow for flow in await asyncio.to_thread(_named, store, wanted, request.id)}
    site = context.site(request.environment)
    places = Places(site.graph())
    translations: list[Translation] = []
    notes: list[str] = []
    if request.nat:
        translations, notes = await _translated(context, request.environment, flows, wanted, places)
    tunnels = await asyncio.to_thread(_outside, store, flows)
    clocks = _clocks(site.config)
    chain = await asyncio.to_thread(
        stitch, flows.values(), tunnels, places, translations=translations, clocks=clocks
    )  # fmt: skip
    if len(flows) >= MOST:
        notes.append(f"only {MOST} flows were looked at: --since and --until narrow them down")
    return msgspec.structs.replace(chain, notes=[*chain.notes, *notes])


def _named(store: FlowStore, wanted: FlowFilter, id: str) -> list[Flow]:
    """All flows of the conversation of an id. Raises `NotFound`."""
    for field in ("tracking_id", "l3_tracking_id", "uuid"):
        found = store.find(msgspec.structs.replace(wanted, match={field: (id,)}))
        tracked = tuple(sorted({flow.l3_tracking_id for flow in found}))
        if tracked:
            return store.find(msgspec.structs.replace(wanted, match={"l3_tracking_id": tracked}))
    raise NotFound(f"no flow {id!r}", hint="`calipso flows` lists them with their tracking ids")


def _outside(store: FlowStore, flows: dict[str, Flow]) -> dict[str, Flow]:
    parents = tuple(sorted({flow.parent for flow in flows.values() if flow.parent}))
    found = store.find(FlowFilter(match={"uuid": parents}, limit=MOST)) if parents else []
    return {flow.uuid: flow for flow in found}


async def _translated(
    context: Context, environment: str, flows: dict[str, Flow], wanted: FlowFilter, places: Places
) -> tuple[list[Translation], list[str]]:
    """What relates flows to those before and after NAT; these are added to `flows`."""
    store = context.captures(environment).flows
    told: dict[Translation, None] = {}
    notes: dict[str, None] = {}
    asked: set[tuple[str, str]] = set()
    for _ in range(ROUNDS):
        known = {said.either_way: said for flow in flows.values() if (said := conversation(flow)) is not None}
        for address in sorted({said.a for said in known.values()}):
            namespaces = [each for each in _namespaces(flows, places) if (address, each) not in asked]
            asked |= {(address, each) for each in namespaces}
            if namespaces:
                found, failed = await context.translations(environment, namespaces, address)
                told |= dict.fromkeys(
                    each for each in found if {each.before.either_way, each.after.either_way} & set(known)
                )
                notes |= dict.fromkeys(failed)
        others = {said.either_way: said for each in told for said in (each.before, each.after)}
        new = [said for key, said in sorted(others.items()) if key not in known]
        added = [flow for said in new for flow in await asyncio.to_thread(_of, store, wanted, said)]
        if not added:
            break
        flows |= {flow.uuid: flow for flow in added}
    return list(told), list(notes)


def _of(store: FlowStore, wanted: FlowFilter, said: Conversation) -> list[Flow]:
    found = store.find(msgspec.structs.replace(wanted, match={"network": (said.a,)}))
    return [flow for flow in found if (own := conversation(flow)) is not None and own.either_way == said.either_way]


def _namespaces(flows: dict[str, Flow], places: Places) -> list[str]:
    """Ids of the namespaces that frames go through: of the points of capture, and of who has the MACs."""
    found: set[str] = set()
    macs: set[str] = set()
    for flow in flows.values():
        found.add(places.netns(places.graph.resolve(flow.node)))
        if flow.link is not None:
            macs |= {flow.link.a, flow.link.b}
    found |= {places.netns(places.owner("mac", mac)) for mac in macs}
    return sorted(found - {""})


def _clocks(config: Environment) -> dict[str, str]:
    """Hosts that are namespaces of this machine go by its clock."""
    return {
        name: "this machine"
        for name, host in config.hosts.items()
        if (host.pid or host.pid_file) and host.ssh is None and not host.agent
    }
