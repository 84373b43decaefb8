"""One pass over the processes of a host's namespaces."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec

from calipso.errors import ParseError, TransportError, Unreachable
from calipso.model import ids
from calipso.model.record import Observation, Record, RunBegan, RunEnded, RunError, Scope, Seen
from calipso.seams import Namespaces, Read, SourceConfig, Transport
from calipso.sources.containers.parse import Membership, parse_cgroup


class _Namespace(msgspec.Struct, frozen=True):
    inode: int
    paths: tuple[str, ...] = ()
    processes: tuple[tuple[int, int], ...] = ()


class _Body(msgspec.Struct, frozen=True):
    namespaces: tuple[_Namespace, ...] = ()


Found = dict[str, tuple[Membership, str, int]]
"""Container's id → what its group tells, its namespace, its first process."""


async def collect(transport: Transport, config: SourceConfig) -> AsyncIterator[Observation]:
    """Containers with a network namespace of their own; those of the host's own are told apart by engines only."""
    if Namespaces not in transport.answers:
        return
    scope = Scope("containers", config.host)
    yield RunBegan(scope)
    try:
        found = await _found(transport, config)
    except (TransportError, ParseError) as error:
        yield RunEnded(scope, "failed", (RunError("namespaces", error.message),))
        return
    yield Seen(scope, tuple(_record(config.host, *found[id]) for id in sorted(found)))
    yield RunEnded(scope, "completed")


async def watch(transport: Transport, config: SourceConfig) -> AsyncIterator[Observation]:
    """Nothing tells of processes without privilege or cost: it is asked again at the manifest's interval instead."""
    async for observation in collect(transport, config):
        yield observation


async def _found(transport: Transport, config: SourceConfig) -> Found:
    body = (await transport.ask(Namespaces())).body
    try:
        listed = msgspec.json.decode(body, type=_Body)
    except msgspec.DecodeError as error:
        raise ParseError("namespaces", str(error), excerpt=body[:120].decode(errors="replace")) from None
    declared = set(config.options.get("declared") or ())
    taken: set[str] = set()
    out: Found = {}
    for each in listed.namespaces:
        if any(pid in declared for pid, _ in each.processes):
            continue
        name = ids.namespace_name(each.paths, taken)
        netns = ids.netns(config.host, name) if name else ids.netns_by_inode(config.host, each.inode)
        for pid, _ in each.processes:
            member = await _membership(transport, pid)
            if member is not None:
                out.setdefault(member.id, (member, netns, pid))
    return out


async def _membership(transport: Transport, pid: int) -> Membership | None:
    try:
        return parse_cgroup((await transport.ask(Read(f"/proc/{pid}/cgroup"))).body.decode(errors="replace"))
    except Unreachable:
        return None  # it ended meanwhile


def _record(host: str, member: Membership, netns: str, pid: int) -> Record:
    attributes = {
        "host": host,
        "owner": ids.host(host),
        "name": member.id[:12],
        "container_id": member.id,
        "netns": netns,
        "pid": pid,
        "state": "up",
    }
    if member.engine:
        attributes["engine"] = member.engine
    if member.pod:
        attributes["pod"] = f"pod:{member.pod}"
    return Record(f"container:{member.id}", "cri", "container", attributes)
