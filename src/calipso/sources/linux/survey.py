"""One host as far as it has been read: its namespaces, their interfaces, and what follows for all of them together."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

import msgspec

from calipso.errors import CalipsoError, ParseError, TransportError
from calipso.model import ids
from calipso.model.record import (
    Attributes,
    Observation,
    Record,
    RunBegan,
    RunEnded,
    RunError,
    RunStatus,
    Scope,
    Seen,
)
from calipso.seams import Namespaces as ListNamespaces
from calipso.seams import Netlink, Read, Reply, Request, SourceConfig, Transport
from calipso.sources.linux.devices import Device, build_devices
from calipso.sources.linux.overlay import overlay_records
from calipso.sources.linux.parse_addresses import Address, parse_addresses
from calipso.sources.linux.parse_ethtool import Hardware, parse_ethtool
from calipso.sources.linux.parse_host import FACTS, host_facts
from calipso.sources.linux.parse_links import Link, parse_links
from calipso.sources.linux.parse_namespaces import Namespace, Namespaces, parse_namespaces
from calipso.sources.linux.parse_nsids import parse_nsids
from calipso.sources.linux.wire import split_dumps

SOURCE = "linux"
T = TypeVar("T")
ALL = ("links with statistics", "addresses", "nsids", "ethtool")
AGAIN = ("links", "addresses", "nsids")
_AT_ONCE = 128


class Interfaces(msgspec.Struct):
    """The interfaces of a namespace as last read, raw: records are made when all namespaces are known."""

    links: list[Link]
    addresses: dict[int, list[Address]]
    nsids: dict[int, int]
    hardware: dict[int, Hardware]
    errors: tuple[RunError, ...] = ()
    devices: list[Device] = []

    def records(self) -> list[Record]:
        return [record for device in self.devices for record in (device.record, *device.functions)]


class Survey:
    """What is known of a host between looks. Not shared: one a `collect` or `watch`."""

    def __init__(self, transport: Transport, config: SourceConfig) -> None:
        self.transport = transport
        self.config = config
        self.host = config.host
        self.host_id = ids.host(config.host)
        self.listing = Namespaces((), frozenset(), False, False, ())
        self.read: dict[str, Interfaces] = {}
        self.failed: dict[str, RunError] = {}
        self.facts: Attributes = {}

    # ── reading ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def list_namespaces(self) -> None:
        """Raises `TransportError`, `ParseError`."""
        body = await self._listing()
        self.listing = parse_namespaces(body, self.host, self.config.options.get("declared", ()))
        known = {each.part for each in self.listing.all}
        for gone in [part for part in self.read if part not in known]:
            del self.read[gone]
        self.failed = {each.part: RunError(each.path, each.reason) for each in self.listing.all if each.reason} | {
            part: error for part, error in self.failed.items() if part in known
        }

    async def ended(self, namespace: Namespace) -> bool:
        """Whether a namespace that could not be asked is there no more: that is no failure."""
        try:
            now = parse_namespaces(await self._listing(), self.host, self.config.options.get("declared", ()))
        except CalipsoError:
            return False
        return now.proves_gone(namespace.part)

    async def _listing(self) -> bytes:
        return (await self.transport.ask(ListNamespaces())).body

    async def read_facts(self) -> None:
        """What cannot be read is left out."""
        found: Attributes = {}
        answers = await asyncio.gather(*(self._answer(request) for request, _ in FACTS))
        for answer, (_, parse) in zip(answers, FACTS, strict=True):
            if answer is not None:
                found |= parse(answer.body)
        self.facts = host_facts(found)

    async def _answer(self, request: Request) -> Reply | None:
        try:
            reply = await self.transport.ask(request)
        except TransportError:
            return None
        return reply if reply.exit_code == 0 else None

    async def read_interfaces(self, namespaces: Iterable[Namespace]) -> None:
        """Read all of them, with counters; those that cannot be read are in `failed` afterwards."""
        wanted = [each for each in namespaces if not each.reason]
        async for namespace, answer in self.dumps(wanted, ALL):
            self._take(namespace, answer, ALL)
        for namespace in wanted:
            if namespace.root:
                await self._read_functions(namespace)

    async def read_again(self, namespaces: Iterable[Namespace]) -> None:
        """The same, asking the drivers only of interfaces that are new or changed, and without counters."""
        wanted = [each for each in namespaces if not each.reason]
        known = {each.part: self.read.get(each.part) for each in wanted}
        async for namespace, answer in self.dumps(wanted, AGAIN):
            self._take(namespace, answer, AGAIN)
        for namespace in wanted:
            found = self.read.get(namespace.part)
            if found is not None:
                await self._read_hardware(namespace, found, known[namespace.part])
            if namespace.root:
                await self._read_functions(namespace)

    async def _read_functions(self, namespace: Namespace) -> None:
        """Which interface and which PCI address a virtual function has; sysfs shows the host's own namespace."""
        found = self.read.get(namespace.part)
        for link in found.links if found is not None else ():
            for function in link.get("vfs", ()):
                base = f"/sys/class/net/{link['name']}/device/virtfn{function['index']}/"
                names = await self._answer(Read(base + "net/"))
                if names is not None and names.body.strip():
                    function["device"] = names.body.split()[0].decode("utf-8", "backslashreplace")
                uevent = await self._answer(Read(base + "uevent"))
                slot = re.search(rb"^PCI_SLOT_NAME=(\S+)$", uevent.body, re.MULTILINE) if uevent is not None else None
                if slot is not None:
                    function["bus_address"] = slot[1].decode("ascii", "replace")

    async def _read_hardware(self, namespace: Namespace, found: Interfaces, before: Interfaces | None) -> None:
        same = {_driver_key(link) for link in before.links} if before is not None else set()
        changed = []
        for link in found.links:
            if before is not None and _driver_key(link) in same and link["index"] in before.hardware:
                found.hardware[link["index"]] = before.hardware[link["index"]]
            else:
                changed.append(link["name"])
        if not changed:
            return
        name = "ethtool:" + " ".join(changed)
        try:
            reply = await self.transport.ask(Netlink((name,), namespace.path))
            found.hardware |= parse_ethtool(split_dumps(reply.body, (name,))[name])
        except CalipsoError as error:
            found.errors = (*found.errors, RunError(f"{namespace.part} ethtool", error.message))

    async def dumps(
        self, namespaces: Sequence[Namespace], dumps: tuple[str, ...]
    ) -> AsyncIterator[tuple[Namespace, Reply | CalipsoError]]:
        """The same dumps of many namespaces; the next ones are under way while the caller works."""

        async def one(namespace: Namespace) -> Reply | CalipsoError:
            try:
                return await self.transport.ask(Netlink(dumps, namespace.path))
            except TransportError as error:
                return error

        pending: list[tuple[Namespace, asyncio.Task[Reply | CalipsoError]]] = []
        for chunk in _chunks(namespaces, _AT_ONCE):
            started = [(each, asyncio.ensure_future(one(each))) for each in chunk]
            for each, task in pending:
                yield each, await task
            pending = started
        for each, task in pending:
            yield each, await task

    def _take(self, namespace: Namespace, answer: Reply | CalipsoError, names: tuple[str, ...]) -> None:
        part = namespace.part
        self.failed.pop(part, None)
        try:
            if isinstance(answer, CalipsoError):
                raise answer
            bodies = split_dumps(answer.body, names)
            errors: list[RunError] = []
            self.read[part] = Interfaces(
                links=parse_links(bodies[names[0]]),
                addresses=_try(parse_addresses, bodies["addresses"], part, errors),
                nsids=_try(parse_nsids, bodies["nsids"], part, errors),
                hardware=_try(parse_ethtool, bodies.get("ethtool", b""), part, errors),
                errors=tuple(errors),
            )
        except CalipsoError as error:
            self.read.pop(part, None)
            self.failed[part] = RunError(namespace.path or part, error.message)

    # ── what follows ──────────────────────────────────────────────────────────────────────────────────────────────

    def build(self, namespaces: Iterable[Namespace]) -> None:
        """Make the devices of namespaces that were read, now that the others are known by number."""
        references = {each.reference: each.id for each in self.listing.all if each.reference >= 0}
        for namespace in namespaces:
            found = self.read.get(namespace.part)
            if found is not None:
                found.devices = build_devices(
                    self.host,
                    namespace,
                    found.links,
                    found.addresses,
                    found.hardware,
                    _resolver(found.nsids, references),
                )

    def strays(self) -> set[str]:
        """Parts with a cable into a namespace of this kernel that is neither known nor another declared host's."""
        out = set()
        for part, found in self.read.items():
            for device in found.devices:
                nsid = device.unresolved
                if nsid is not None and found.nsids.get(nsid, -1) not in self.listing.foreign:
                    out.add(part)
        return out

    @property
    def complete(self) -> bool:
        """Every namespace of the host was enumerated and read.

        On a machine's first kernel namespaces nothing lies outside, so a cable that leads nowhere proves that one is
        missing; a host that is a container has its uplink there.
        """
        listed = self.listing.complete and not self.failed
        return listed and not (self.listing.initial and self.strays())

    @property
    def wanted(self) -> list[Namespace]:
        """The namespaces of which more is asked than what all of them together tell about cables."""
        parts = self.config.parts
        names = None if parts is None else {part.partition(" ")[0] for part in parts}
        return [each for each in self.listing.all if names is None or each.part in names]

    def scope(self, part: str = "") -> Scope:
        return Scope(SOURCE, self.host, part)

    def host_records(self) -> list[Record]:
        """The host, its namespaces, and its tunnel endpoints and segments."""
        root = self.read.get("root")
        attributes: Attributes = {
            "name": self.host,
            "host": self.host,
            **self.facts,
            "namespaces_complete": self.complete,
        }
        if self.failed:
            attributes["unreadable_namespaces"] = sorted(
                each.id for each in self.listing.all if each.part in self.failed
            )
        addresses = [
            f"{each['ip']}/{each['length']}"
            for _, rows in sorted(root.addresses.items() if root else ())
            for each in rows
            if each["scope"] == "global"
        ]
        if addresses:
            attributes["addresses"] = addresses
        records = [Record(self.host_id, "linux", "host", attributes)]
        records += [self._namespace(each) for each in self.listing.all if not each.root]
        return records

    def _namespace(self, each: Namespace) -> Record:
        attributes: Attributes = {"host": self.host, "name": each.name}
        if each.inode:
            attributes["inode"] = each.inode
        if each.path:
            attributes |= {"path": each.path, "paths": list(each.paths)}
        error = self.failed.get(each.part)
        if error is not None:
            attributes |= {"state": "unknown", "reason": error.message}
        return Record(each.id, "netlink", "netns", attributes)

    def overlay(self) -> list[Record]:
        """Tunnel endpoints and segments, of all namespaces together."""
        return overlay_records(self.host, (device.record for found in self.read.values() for device in found.devices))

    def enumeration_errors(self) -> tuple[RunError, ...]:
        return tuple(RunError("namespaces", message) for message in self.listing.errors)

    def failures(self) -> tuple[RunError, ...]:
        """Why namespaces could not be read: what is gathered from all of them is partial then."""
        return tuple(self.failed[part] for part in sorted(self.failed))

    def why(self, namespace: Namespace) -> RunError:
        return self.failed.get(namespace.part) or RunError(namespace.path or namespace.part, "not read")

    def counters(self, namespace: Namespace) -> dict[str, dict[str, float]]:
        """Device → its counters, as far as the last look brought them."""
        found = self.read.get(namespace.part)
        return {each.id: each.counters for each in found.devices if each.counters} if found is not None else {}


def run(scope: Scope, records: Sequence[Record], errors: tuple[RunError, ...] = ()) -> Iterator[Observation]:
    """One look at a scope that brought these records: complete, or partial where there were errors."""
    status: RunStatus = "partial" if errors else "completed"
    yield RunBegan(scope)
    if records:
        yield Seen(scope, tuple(records))
    yield RunEnded(scope, status, errors)


def _driver_key(link: Link) -> tuple[Any, ...]:
    """While this stays the same, so does what the driver says."""
    return link["index"], link["name"], link["flags"], link.get("operstate"), link.get("address")


def _resolver(nsids: dict[int, int], references: dict[int, str]) -> Callable[[int], str | None]:
    return lambda nsid: references.get(nsids.get(nsid, -1))


def _try(parse: Callable[[bytes], dict[int, T]], body: bytes, part: str, errors: list[RunError]) -> dict[int, T]:
    """What a parser makes of a dump; an error is noted and leaves the interfaces without what the dump tells."""
    try:
        return parse(body)
    except ParseError as error:
        errors.append(RunError(part, error.message))
        return {}


def _chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
