"""One pass over what libvirt tells of a host: domains with NICs and disks, then networks and pools."""

from __future__ import annotations

from collections.abc import AsyncIterator

from calipso.errors import AuthFailed, CommandFailed, ParseError, TransportError, Unreachable
from calipso.model.record import Measured, Observation, Record, RunBegan, RunEnded, RunError, Scope, Seen
from calipso.seams import Exec, Read, SourceConfig, Transport
from calipso.sources.libvirt.parse_domain import Domain
from calipso.sources.libvirt.parse_host import network_record, pool_entry, pools_record
from calipso.sources.libvirt.parse_stats import parse_counters, parse_statuses, parse_uuids
from calipso.sources.libvirt.xml import documents

URI = "qemu:///system"
RUN = "/var/run/libvirt/"
BATCH = 40
"""Domains asked for in one command: each starts a connection."""
NO_COMMAND = 127
_NOT_SUPPORTED = "this function is not supported by the connection driver"


class Virsh:
    """Asks a host's libvirt by its command, over a read-only connection."""

    def __init__(self, transport: Transport, config: SourceConfig) -> None:
        self.transport = transport
        self.uri = str(config.options.get("uri") or URI)

    def argv(self, *words: str) -> tuple[str, ...]:
        return ("virsh", "--quiet", "--readonly", "--connect", self.uri, *words)

    async def __call__(self, *words: str) -> str:
        """What a command prints. Raises `CommandFailed`, `AuthFailed`, `Unreachable`."""
        reply = await self.transport.ask(Exec(self.argv(*words)))
        if not reply.exit_code:
            return reply.body.decode(errors="replace")
        said = [line.removeprefix("error: ") for line in reply.stderr.decode(errors="replace").splitlines() if line]
        reason = said[-1] if said else f"exit code {reply.exit_code}"
        if reply.exit_code == NO_COMMAND:
            raise CommandFailed("virsh: not found", exit_code=NO_COMMAND)
        if "Permission denied" in reason or "authentication" in reason:
            raise AuthFailed(f"libvirt at {self.uri}: {reason}")
        if "Failed to connect" in reason:
            raise Unreachable(f"libvirt at {self.uri}: {reason}")
        raise CommandFailed(f"virsh {words[0].split()[0]}: {reason}", exit_code=reply.exit_code)

    async def documents(self, list_command: str, dump_command: str, root: str) -> list[str]:
        """The XML of everything a list names, in order of UUID. What goes meanwhile is left out."""
        uuids = parse_uuids(await self(list_command, "--all", "--uuid"))
        out: list[str] = []
        for start in range(0, len(uuids), BATCH):
            out += documents(await self._dumped(dump_command, uuids[start : start + BATCH]), root)
        return out

    async def _dumped(self, command: str, uuids: list[str]) -> str:
        reply = await self.transport.ask(Exec(self.argv("; ".join(f"{command} {uuid}" for uuid in uuids))))
        wrong = [line for line in reply.stderr.decode(errors="replace").splitlines() if line.startswith("error:")]
        unexpected = [line for line in wrong if "not found" not in line and "failed to get " not in line]
        if unexpected:
            raise CommandFailed(f"virsh {command}: {unexpected[-1]}", exit_code=reply.exit_code)
        return reply.body.decode(errors="replace")


async def installed(transport: Transport, config: SourceConfig) -> bool:
    """Whether the host runs libvirt: its run directory is there, or a URI is configured, and so is `virsh`.

    Raises `TransportError` when that cannot be told.
    """
    if not config.options.get("uri"):
        try:
            await transport.ask(Read(RUN))
        except Unreachable:
            return False  # a client at most: no daemon ever ran since the host was started
    return (await transport.ask(Exec(("virsh", "--version")))).exit_code != NO_COMMAND


async def collect(transport: Transport, config: SourceConfig) -> AsyncIterator[Observation]:
    """Domains, networks, pools. A host without libvirt's command has nothing to say; a failed part fails alone."""
    scope = Scope("libvirt", config.host)
    try:
        if not await installed(transport, config):
            return
    except TransportError as error:
        yield RunBegan(scope)
        yield RunEnded(scope, "failed", (RunError("virsh", error.message),))
        return
    if config.wants(scope.part):
        async for observation in domains(transport, config):
            yield observation
    async for observation in surroundings(transport, config):
        yield observation


async def domains(transport: Transport, config: SourceConfig) -> AsyncIterator[Observation]:
    """All domains in all states, and counters of their NICs."""
    scope, virsh = Scope("libvirt", config.host), Virsh(transport, config)
    yield RunBegan(scope)
    errors: list[RunError] = []
    records: list[Record] = []
    nics: dict[str, str] = {}
    try:
        texts = await virsh.documents("list", "dumpxml", "domain")
        stats = await virsh("domstats", "--state", "--interface", "--nowait")
        statuses = parse_statuses(stats)
    except (TransportError, ParseError) as error:
        yield RunEnded(scope, "failed", (RunError(virsh.uri, error.message),))
        return
    for text in texts:
        try:
            domain = Domain(text, config.host, statuses)
        except ParseError as error:
            errors.append(RunError("dumpxml", error.message))
            continue
        records += domain.records()
        nics |= domain.taps()
    yield Seen(scope, tuple(sorted(records, key=lambda record: (record.id, record.facet))))
    yield RunEnded(scope, "partial" if errors else "completed", tuple(errors))
    yield Measured(scope, {nics[tap]: said for tap, said in parse_counters(stats).items() if tap in nics})


async def surroundings(transport: Transport, config: SourceConfig) -> AsyncIterator[Observation]:
    """Virtual networks and storage pools. A hypervisor that has none of a kind has nothing to say of it."""
    virsh = Virsh(transport, config)
    for part, read in (("networks", _networks), ("pools", _pools)):
        scope = Scope("libvirt", config.host, part)
        if not config.wants(part):
            continue
        yield RunBegan(scope)
        try:
            yield Seen(scope, tuple(await read(virsh, config.host)))
        except (TransportError, ParseError) as error:
            if _NOT_SUPPORTED not in error.message:
                yield RunEnded(scope, "failed", (RunError(part, error.message),))
                continue
        yield RunEnded(scope, "completed")


async def _networks(virsh: Virsh, host: str) -> list[Record]:
    texts = await virsh.documents("net-list", "net-dumpxml", "network")
    active = frozenset(parse_uuids(await virsh("net-list", "--uuid")))
    records = [network_record(text, host, active) for text in texts]
    return sorted(records, key=lambda record: record.id)


async def _pools(virsh: Virsh, host: str) -> list[Record]:
    texts = await virsh.documents("pool-list", "pool-dumpxml", "pool")
    active = frozenset(parse_uuids(await virsh("pool-list", "--uuid")))
    return pools_record([pool_entry(text, active) for text in texts], host)
