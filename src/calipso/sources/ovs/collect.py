"""One pass over every Open vSwitch instance of a host: the database, then OpenFlow and forwarding tables."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import msgspec

from calipso.errors import CommandFailed, ParseError, TransportError, Unreachable
from calipso.model import ids
from calipso.model.record import Measured, Observation, Record, RunBegan, RunEnded, RunError, Scope, ScopeGone, Seen
from calipso.ovsdb import mapping, one
from calipso.ovsdb_commands import snapshot
from calipso.seams import Exec, Ovsdb, Read, SourceConfig, Transport
from calipso.sources.ovs.parse import Tables
from calipso.sources.ovs.parse_fdb import parse_fdb
from calipso.sources.ovs.parse_openflow import Rule, parse_groups, parse_rules, tunnel_tags
from calipso.sources.ovs.records import TUNNELS, Instance, clean, segment_record, tag_meanings

RUN = "/var/run/"
DATABASE = "Open_vSwitch"
COMMAND = ("ovs-vsctl", "--no-wait")
"""It would fill in an empty database and wait for the switch to take note: reading does neither."""
TABLES = (
    "Open_vSwitch", "Bridge", "Port", "Interface", "Mirror", "Manager", "Controller", "sFlow", "NetFlow", "IPFIX",
)  # fmt: skip
PROTOCOLS = "OpenFlow10,OpenFlow13,OpenFlow14,OpenFlow15"


class Switch(msgspec.Struct, frozen=True):
    """Where an instance is. `name` is empty for the default one; `rundir` holds its sockets."""

    endpoint: str
    rundir: str
    name: str = ""
    netns: str = ""

    @property
    def request(self) -> Ovsdb:
        return Ovsdb(self.endpoint, DATABASE, dict.fromkeys(TABLES, ()))

    def scope(self, host: str, part: str = "") -> Scope:
        return Scope("ovs", host, " ".join(word for word in (self.name, part) if word))


async def switches(transport: Transport, options: Mapping[str, Any]) -> list[Switch]:
    """The configured instances, else those whose database socket is in a run directory."""
    if options.get("instances"):
        return [
            Switch(
                str(each.get("endpoint") or f"unix:{each.get('rundir', RUN + 'openvswitch')}/db.sock"),
                str(each.get("rundir") or RUN + "openvswitch"),
                str(each.get("name") or ""),
                str(each.get("netns") or ""),
            )
            for each in options["instances"]
        ]
    found = []
    for name in await _listing(transport, RUN):
        if name.startswith("openvswitch") and "db.sock" in await _listing(transport, f"{RUN}{name}/"):
            short = name.removeprefix("openvswitch").strip("-_.")
            found.append(Switch(f"unix:{RUN}{name}/db.sock", RUN + name, short))
    return found


async def _listing(transport: Transport, path: str) -> list[str]:
    try:
        return (await transport.ask(Read(path))).body.decode(errors="replace").split("\n")
    except Unreachable:
        return []  # no such directory: no Open vSwitch there


async def collect(transport: Transport, config: SourceConfig) -> AsyncIterator[Observation]:
    """The database of every instance, then its tables. A failed part fails alone."""
    for switch in await switches(transport, config.options):
        if not config.wants(*(switch.scope(config.host, part).part for part in ("", "flows", "fdb"))):
            continue
        tables = Tables()
        scope = switch.scope(config.host)
        yield RunBegan(scope)
        try:
            tables.update((await snapshot(transport, switch.request, COMMAND)).body)
            seen = Instance(tables, config.host, switch.name, switch.netns)
            records = seen.records()
        except (TransportError, ParseError) as error:
            if await gone(transport, switch, config.options):
                yield ScopeGone(scope)
            else:
                yield RunEnded(scope, "failed", (RunError(switch.endpoint, error.message),))
            continue
        yield Seen(scope, tuple(records))
        yield RunEnded(scope, "completed")
        yield statistics(seen, scope)
        async for observation in tables_of(transport, config, switch, seen):
            yield observation


async def gone(transport: Transport, switch: Switch, options: Mapping[str, Any]) -> bool:
    """Whether an instance that does not answer is removed, not just down: its run directory is not there any more.

    Where not even what it was in can be read, the host is away, which proves nothing.
    """
    if options.get("instances") or not switch.endpoint.startswith("unix:"):
        return False
    try:
        await transport.ask(Read(RUN))
    except TransportError:
        return False
    try:
        await transport.ask(Read(switch.rundir + "/"))
    except Unreachable:
        return True
    except TransportError:
        return False
    return False


def statistics(instance: Instance, scope: Scope) -> Measured:
    """Counters of the interfaces."""
    out: dict[str, dict[str, float]] = {}
    interfaces = instance.tables.table("Interface")
    for uuid, said in instance.tables.statistics.items():
        counters = {name: float(value) for name, value in said.items() if _number(value)}
        row = interfaces.get(uuid)
        if counters and row is not None:
            out[ids.ovs_interface(instance.id, str(row.get("name")))] = counters
    return Measured(scope, out)


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


async def tables_of(
    transport: Transport, config: SourceConfig, switch: Switch, instance: Instance
) -> AsyncIterator[Observation]:
    """OpenFlow rules and groups, and what is learnt, of all bridges of an instance."""
    bridges = sorted(str(row.get("name")) for row in instance.tables.table("Bridge").values())
    for part, read in (("flows", _flows), ("fdb", _learnt)):
        scope = switch.scope(config.host, part)
        if not config.wants(scope.part):
            continue
        yield RunBegan(scope)
        errors: list[RunError] = []
        records: list[Record] = []
        for bridge in bridges:
            try:
                records += await read(transport, switch, instance, bridge)
            except (TransportError, ParseError) as error:
                errors.append(RunError(f"{part} of {bridge}", error.message))
        if part == "flows":
            records = _united(records)
        yield Seen(scope, tuple(sorted(records, key=lambda record: (record.id, record.facet))))
        yield RunEnded(scope, "partial" if errors else "completed", tuple(errors))


async def _run(transport: Transport, argv: tuple[str, ...]) -> str:
    reply = await transport.ask(Exec(argv, timeout=20.0))
    if reply.exit_code:
        reason = reply.stderr.decode(errors="replace").strip().split("\n")[0]
        raise CommandFailed(f"{argv[0]}: {reason or reply.exit_code}", exit_code=reply.exit_code)
    return reply.body.decode(errors="replace")


async def _flows(transport: Transport, switch: Switch, instance: Instance, bridge: str) -> list[Record]:
    """Rules and groups of a bridge, and what its rules say tags mean."""
    target = f"unix:{switch.rundir}/{bridge}.mgmt"
    ofctl = ("ovs-ofctl", "-O", PROTOCOLS)
    rules = parse_rules(await _run(transport, (*ofctl, "dump-flows", target)))
    groups = parse_groups(await _run(transport, (*ofctl, "dump-groups", target)))
    where, host = ids.ovs_bridge(instance.id, bridge), instance.host
    base = {"host": host, "ovs": instance.id, "bridge": where, "owner": where}
    records = [_rule_record(rule, where, base) for rule in rules]
    for group in groups:
        said = {"name": f"group {group.number}", "number": group.number, "group_type": group.kind}
        record_id = ids.openflow_group(where, group.number)
        records.append(Record(record_id, "ovs.flows", "ofgroup", clean({**base, **said, "buckets": group.buckets})))
    return records + _meanings(instance, rules)


def _rule_record(rule: Rule, bridge: str, base: dict[str, Any]) -> Record:
    said = {
        "name": f"table {rule.table} priority {rule.priority}",
        "table": rule.table,
        "priority": rule.priority,
        "cookie": rule.cookie,
        "match": rule.match,
        "actions": rule.actions,
    }
    return Record(ids.openflow_rule(bridge, rule.digest), "ovs.flows", "ofrule", clean({**base, **said}))


def _meanings(instance: Instance, rules: list[Rule]) -> list[Record]:
    pairs = tunnel_tags(rules)
    kinds = {
        str(row.get("type"))
        for uuid, row in instance.tables.table("Interface").items()
        if uuid in instance.port_of and row.get("type") in TUNNELS
        and str(mapping(row.get("options")).get("key", "flow")) == "flow" and one(row.get("type"))
    }  # fmt: skip
    if len(kinds) != 1 or not pairs:
        return []  # two kinds of tunnels with keys by rule: which one a key is for, the rules do not tell
    (kind,) = kinds
    meaning = {(tag, ids.segment(kind, None, key)) for tag, key in pairs}
    segments = [segment_record(segment, facet="ovs.flows") for segment in sorted({segment for _, segment in meaning})]
    return [*segments, tag_meanings(instance.id, instance.host, meaning, "ovs.segments.flows")]


def _united(records: list[Record]) -> list[Record]:
    """One record for each (id, facet): bridges that say the same of a segment, or each a part of the tags' meanings."""
    out: dict[tuple[str, str], Record] = {}
    for record in records:
        place = (record.id, record.facet)
        known = out.get(place)
        if known is not None and "segments" in record.attributes:
            both = [*known.attributes["segments"], *record.attributes["segments"]]
            unique = {(entry["tag"], entry["segment"]): entry for entry in both}
            joined = {**known.attributes, "segments": [unique[key] for key in sorted(unique)]}
            out[place] = msgspec.structs.replace(known, attributes=joined)
        else:
            out[place] = record
    return list(out.values())


async def _learnt(transport: Transport, switch: Switch, instance: Instance, bridge: str) -> list[Record]:
    """What a bridge has learnt: only entries, never their ages."""
    argv = ("env", f"OVS_RUNDIR={switch.rundir}", "ovs-appctl", "fdb/show", bridge)
    entries = parse_fdb(await _run(transport, argv))
    where = ids.ovs_bridge(instance.id, bridge)
    return [Record(where, "ovs.fdb", "ovsbridge", {"host": instance.host, "fdb": entries})] if entries else []
