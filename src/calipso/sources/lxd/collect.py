"""One pass: all instances with their state, all networks."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec

from calipso.errors import CommandFailed, ParseError, TransportError, Unreachable
from calipso.model import ids
from calipso.model.record import Observation, Record, RunBegan, RunEnded, RunError, Scope, Seen
from calipso.seams import Http, Namespaces, Read, SourceConfig, Transport
from calipso.sources.lxd.parse import parse_instances, parse_networks
from calipso.sources.lxd.records import records_of

FOLDERS = ("/var/lib/lxd/", "/var/snap/lxd/common/lxd/", "/var/lib/incus/")
SOCKET = "unix.socket"


class _Namespace(msgspec.Struct, frozen=True):
    inode: int
    paths: tuple[str, ...] = ()
    processes: tuple[tuple[int, int], ...] = ()


class _Body(msgspec.Struct, frozen=True):
    namespaces: tuple[_Namespace, ...] = ()


async def collect(transport: Transport, config: SourceConfig) -> AsyncIterator[Observation]:
    """Nothing is said of a host without a daemon."""
    endpoint = await _endpoint(transport, config)
    if not endpoint:
        return
    scope = Scope("lxd", config.host)
    yield RunBegan(scope)
    try:
        records = await _records(transport, config.host, endpoint)
    except (TransportError, ParseError) as error:
        yield RunEnded(scope, "failed", (RunError(endpoint, error.message),))
        return
    yield Seen(scope, tuple(records))
    yield RunEnded(scope, "completed")


async def watch(transport: Transport, config: SourceConfig) -> AsyncIterator[Observation]:
    """The daemon tells events by WebSocket only: it is asked again at the manifest's interval instead."""
    async for observation in collect(transport, config):
        yield observation


async def _endpoint(transport: Transport, config: SourceConfig) -> str:
    if config.options.get("endpoint"):
        return str(config.options["endpoint"])
    if Http not in transport.answers:
        return ""
    for folder in FOLDERS:
        try:
            listing = (await transport.ask(Read(folder))).body.decode(errors="replace").split("\n")
        except Unreachable:
            continue  # no such folder: no such daemon
        if SOCKET in listing:
            return f"unix://{folder}{SOCKET}"
    return ""


async def _records(transport: Transport, host: str, endpoint: str) -> list[Record]:
    instances = parse_instances(await _answer(transport, endpoint, "/1.0/instances?recursion=2&all-projects=true"))
    networks = parse_networks(await _answer(transport, endpoint, "/1.0/networks?recursion=1"))
    return records_of(host, instances, networks, await _namespaces(transport, host))


async def _answer(transport: Transport, endpoint: str, path: str) -> bytes:
    reply = await transport.ask(Http(endpoint, path))
    if reply.exit_code != 200:
        said = reply.body[:200].decode(errors="replace").strip()
        raise CommandFailed(f"{endpoint}{path}: {reply.exit_code} {said}", exit_code=reply.exit_code)
    return reply.body


async def _namespaces(transport: Transport, host: str) -> dict[int, str]:
    """Pid → id of its namespace, for those that are not the host's own."""
    if Namespaces not in transport.answers:
        return {}
    body = (await transport.ask(Namespaces())).body
    try:
        listed = msgspec.json.decode(body, type=_Body)
    except msgspec.DecodeError as error:
        raise ParseError("namespaces", str(error), excerpt=body[:120].decode(errors="replace")) from None
    out: dict[int, str] = {}
    taken: set[str] = set()
    for each in listed.namespaces:
        name = ids.namespace_name(each.paths, taken)
        id = ids.netns(host, name) if name else ids.netns_by_inode(host, each.inode)
        out.update((pid, id) for pid, _ in each.processes)
    return out
