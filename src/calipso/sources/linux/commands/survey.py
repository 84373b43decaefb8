"""A host read by commands: the same survey, from other answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence

from calipso.errors import CalipsoError, CommandFailed
from calipso.model.record import Attributes, Record, RunError
from calipso.seams import Exec, Read, Reply
from calipso.sources.linux.commands.batch import Argv, batch, reason
from calipso.sources.linux.commands.form import rows
from calipso.sources.linux.commands.listing import COMMANDS, parse_listing, parse_numbers
from calipso.sources.linux.commands.parse_hardware import parse_hardware
from calipso.sources.linux.commands.parse_links import names_of, parse_addresses, parse_links
from calipso.sources.linux.commands.parse_tables import parse_fdb, parse_neighbors, parse_routes, parse_rules
from calipso.sources.linux.parse_host import FACTS, host_facts
from calipso.sources.linux.parse_namespaces import Namespace
from calipso.sources.linux.survey import Interfaces, Survey
from calipso.sources.linux.tables import records_of

_LINKS: tuple[Argv, ...] = (("ip", "-d", "-s", "-j", "link", "show"), ("ip", "-j", "addr", "show"))
_TABLES: tuple[Argv, ...] = (
    ("ip", "-d", "-j", "-4", "route", "show", "table", "all"),
    ("ip", "-d", "-j", "-6", "route", "show", "table", "all"),
    ("ip", "-d", "-j", "-4", "rule", "show"),
    ("ip", "-d", "-j", "-6", "rule", "show"),
    ("ip", "-d", "-j", "neigh", "show", "nud", "all"),
    ("bridge", "-j", "-d", "fdb", "show"),
    ("cat", "/proc/sys/net/netfilter/nf_conntrack_count"),
    ("cat", "/proc/sys/net/netfilter/nf_conntrack_max"),
)
_NUMBERS: tuple[Argv, ...] = (
    ("lsns", "-J", "-t", "net", "-o", "NS,NETNSID,NSFS,PID"),
    ("ip", "-j", "netns", "list-id"),
)
_AT_ONCE = 16
"""Namespaces that share a request."""


class CommandSurvey(Survey):
    """What is known of a host that answers `Exec` alone."""

    _told: Sequence[Reply] = ()

    async def _listing(self) -> bytes:
        """Facts come with the list, which spares a round trip."""
        replies = await batch(self.transport, [("", [*COMMANDS, *_facts()])])
        self._told = replies[len(COMMANDS) :]
        return parse_listing(replies[: len(COMMANDS)])

    async def read_facts(self) -> None:
        """What could not be read is left out."""
        found: Attributes = {}
        for reply, (request, parse) in zip(self._told, FACTS, strict=False):
            if reply.exit_code == 0:
                # A shell drops the last line end; some formats are told by their last line.
                found |= parse(reply.body + b"\n" if isinstance(request, Read) else reply.body)
        self.facts = host_facts(found)

    async def read_interfaces(self, namespaces: Iterable[Namespace]) -> None:
        """Links and addresses of all, then, knowing their names, drivers and numbers of other namespaces."""
        wanted = [each for each in namespaces if not each.reason]
        async for namespace, replies in self.ask_inside(wanted, {each.part: _LINKS for each in wanted}):
            self._take_links(namespace, replies)
        readable = [each for each in wanted if each.part in self.read]
        asked = {each.part: self._second(self.read[each.part]) for each in readable}
        async for namespace, replies in self.ask_inside(readable, asked):
            self._take_more(namespace, self.read[namespace.part], replies)
        for namespace in readable:
            if namespace.root and any("vfs" in link for link in self.read[namespace.part].links):
                await self._read_functions(namespace)

    async def read_again(self, namespaces: Iterable[Namespace]) -> None:
        await self.read_interfaces(namespaces)

    async def ask_inside(
        self, namespaces: Sequence[Namespace], commands: dict[str, tuple[Argv, ...]]
    ) -> AsyncIterator[tuple[Namespace, list[Reply] | CalipsoError]]:
        """The replies to the commands of each namespace, by part; several namespaces share a request."""

        async def some(chunk: Sequence[Namespace]) -> list[Reply] | CalipsoError:
            try:
                return await batch(self.transport, [(each.path, commands[each.part]) for each in chunk])
            except CalipsoError as error:
                return error

        chunks = [namespaces[at : at + _AT_ONCE] for at in range(0, len(namespaces), _AT_ONCE)]
        tasks = [asyncio.ensure_future(some(chunk)) for chunk in chunks]
        try:
            for chunk, task in zip(chunks, tasks, strict=True):
                answer = await task
                at = 0
                for each in chunk:
                    count = len(commands[each.part])
                    yield each, answer if isinstance(answer, CalipsoError) else answer[at : at + count]
                    at += count
        finally:
            for task in tasks:
                task.cancel()

    def _take_links(self, namespace: Namespace, replies: list[Reply] | CalipsoError) -> None:
        part = namespace.part
        self.failed.pop(part, None)
        try:
            if isinstance(replies, CalipsoError):
                raise replies
            links, addresses = (_body(reply, argv) for reply, argv in zip(replies, _LINKS, strict=True))
            self.read[part] = Interfaces(
                links=parse_links(rows(links, "ip link")),
                addresses=parse_addresses(rows(addresses, "ip addr")),
                nsids={},
                hardware={},
            )
        except CalipsoError as error:
            self.read.pop(part, None)
            self.failed[part] = RunError(namespace.path or part, error.message)

    def _second(self, found: Interfaces) -> tuple[Argv, ...]:
        """Numbers of other namespaces only where a link leads into one: lsns looks at every process."""
        names = [str(link["name"]) for link in found.links]
        numbers = _NUMBERS if any(link.get("link_nsid", -1) >= 0 for link in found.links) else ()
        return (*numbers, *(("ethtool", *option, name) for name in names for option in (("-i",), (), ("-k",))))

    def _take_more(self, namespace: Namespace, found: Interfaces, replies: list[Reply] | CalipsoError) -> None:
        if isinstance(replies, CalipsoError):
            found.errors = (*found.errors, RunError(f"{namespace.part} ethtool", replies.message))
            return
        if len(replies) > 3 * len(found.links):
            lsns, names, *replies = replies
            self._take_numbers(namespace, found, lsns, names)
        for at, link in enumerate(found.links):
            hardware = parse_hardware(*replies[3 * at : 3 * at + 3])
            if hardware is not None:
                found.hardware[link["index"]] = hardware

    def _take_numbers(self, namespace: Namespace, found: Interfaces, lsns: Reply, names: Reply) -> None:
        by_inode = {each.inode: each.reference for each in self.listing.all if each.inode}
        by_name = {
            path.removeprefix("/run/netns/"): each.reference
            for each in self.listing.all
            for path in each.paths
            if path.startswith("/run/netns/")
        }
        try:
            found.nsids = parse_numbers(lsns, names, by_inode, by_name)
        except CalipsoError as error:
            found.errors = (*found.errors, RunError(f"{namespace.part} namespaces", error.message))

    async def tables(
        self, namespaces: Sequence[Namespace]
    ) -> AsyncIterator[tuple[Namespace, list[Record] | None, dict[str, float], list[RunError]]]:
        """Records of tables, counts and errors of each namespace whose interfaces are known; None: nothing was read."""
        readable = [each for each in namespaces if each.part in self.read]
        async for namespace, replies in self.ask_inside(readable, {each.part: _TABLES for each in readable}):
            if isinstance(replies, CalipsoError):
                yield namespace, None, {}, [RunError(namespace.path or namespace.part, replies.message)]
                continue
            yield namespace, *self._table_records(namespace, replies)

    def _table_records(
        self, namespace: Namespace, replies: list[Reply]
    ) -> tuple[list[Record], dict[str, float], list[RunError]]:
        found = self.read[namespace.part]
        names = names_of([{"ifname": link["name"], "ifindex": link["index"]} for link in found.links])
        errors: list[RunError] = []
        bodies = []
        for reply, argv in zip(replies, _TABLES, strict=True):
            if reply.exit_code and argv[0] != "cat" and not _unsupported(reply):
                errors.append(RunError(f"{namespace.part} {argv[0]}", reason(reply, argv[0]).message))
            bodies.append(reply.body if reply.exit_code == 0 else b"")
        try:
            records = records_of(
                namespace,
                found.devices,
                parse_routes(bodies[0], bodies[1], names),
                parse_neighbors(bodies[4], names),
                parse_fdb(bodies[5], names),
                parse_rules(bodies[2], bodies[3]),
            )
        except CalipsoError as error:
            return [], {}, [*errors, RunError(f"{namespace.part} tables", error.message)]
        counts = zip(("conntrack_count", "conntrack_max"), bodies[6:8], strict=True)
        return records, {name: float(body) for name, body in counts if body.strip().isdigit()}, errors


def _facts() -> list[Argv]:
    """What asks for the facts, as commands."""
    return [
        ("cat", "--", request.path) if isinstance(request, Read) else request.argv
        for request, _ in FACTS
        if isinstance(request, Read | Exec)
    ]


def _body(reply: Reply, argv: Argv) -> bytes:
    """Raises `CommandFailed` naming what is missing."""
    if reply.exit_code == 127:
        raise CommandFailed(f"{argv[0]}: not found", exit_code=127, hint="Install iproute2 and util-linux on the host.")
    if reply.exit_code:
        raise reason(reply, argv[0])
    return reply.body


def _unsupported(reply: Reply) -> bool:
    """A table that this kernel does not have is empty."""
    said = reply.stderr.lower()
    return b"not supported" in said
