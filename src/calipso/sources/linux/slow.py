"""What takes a command or a look at every process: rule sets and sockets of namespaces."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

from calipso.errors import CalipsoError, ParseError, TransportError
from calipso.model.record import Attributes, Observation, Record, RunBegan, RunEnded, RunError
from calipso.seams import Exec, Netlink
from calipso.sources.linux.ledger import Ledger
from calipso.sources.linux.parse_namespaces import Namespace
from calipso.sources.linux.parse_netfilter import Firewall, parse_firewall, parse_iptables, parse_nftables
from calipso.sources.linux.parse_sockets import Owner, parse_owners, parse_sockets
from calipso.sources.linux.survey import Survey
from calipso.sources.linux.tables import MOST
from calipso.sources.linux.wire import split_dumps

NETFILTER, SOCKETS = " netfilter", " sockets"
_REFUSED = frozenset((1, 13))
"""EPERM, EACCES: there may be rules; any other error means there is no nf_tables."""
_NOT_FOUND = 127
_IPTABLES = frozenset(("filter", "nat", "mangle", "raw", "security"))


Rules = dict[int, tuple[Firewall, Record | None]]
"""What was last read of a namespace (by inode) without complaint, and of which state of its rule sets."""


async def slow_runs(survey: Survey, ledger: Ledger, rules: Rules) -> AsyncIterator[Observation]:
    """Runs of both scopes of each namespace that can be read. What `rules` holds of an unchanged one is said again."""
    owners, complaint = await _owners(survey)
    readable = [each for each in survey.wanted if each.part in survey.read]
    for inode in rules.keys() - {each.inode for each in readable}:
        del rules[inode]
    names = ("firewall", "sockets")
    async for namespace, answer in survey.dumps(readable, names):
        try:
            if isinstance(answer, CalipsoError):
                raise answer
            bodies = split_dumps(answer.body, names)
            firewall = parse_firewall(bodies["firewall"])
        except CalipsoError as error:
            if not await survey.ended(namespace):
                for observation in _failed(survey, ledger, namespace, error):
                    yield observation
            continue
        for observation in _socket_run(survey, ledger, namespace, bodies["sockets"], owners, complaint):
            yield observation
        known = rules.get(namespace.inode)
        errors: list[RunError] = []
        record = known[1] if known and known[0] == firewall else await _netfilter(survey, namespace, firewall, errors)
        if not errors:
            rules[namespace.inode] = (firewall, record)
        else:
            rules.pop(namespace.inode, None)
            if await survey.ended(namespace):
                continue
        scope = survey.scope(namespace.part + NETFILTER)
        for observation in ledger.whole(scope, [record] if record else [], tuple(errors)):
            yield observation


def _failed(survey: Survey, ledger: Ledger, namespace: Namespace, error: CalipsoError) -> Iterator[Observation]:
    for suffix in (NETFILTER, SOCKETS):
        scope = survey.scope(namespace.part + suffix)
        ledger.failed(scope)
        yield RunBegan(scope)
        yield RunEnded(scope, "failed", (RunError(namespace.path or namespace.part, error.message),))


async def _owners(survey: Survey) -> tuple[dict[int, Owner], tuple[RunError, ...]]:
    try:
        reply = await survey.transport.ask(Netlink(("owners",)))
        return parse_owners(split_dumps(reply.body, ("owners",))["owners"]), ()
    except CalipsoError as error:
        return {}, (RunError("processes", error.message),)


def _socket_run(
    survey: Survey,
    ledger: Ledger,
    namespace: Namespace,
    body: bytes,
    owners: dict[int, Owner],
    errors: tuple[RunError, ...],
) -> Iterator[Observation]:
    records = []
    try:
        sockets = parse_sockets(body, owners)
    except ParseError as error:
        sockets, errors = [], (*errors, RunError(namespace.part, error.message))
    if sockets:
        attributes: Attributes = {"sockets": sockets[:MOST]}
        if len(sockets) > MOST:
            attributes["sockets_total"] = len(sockets)
        records.append(Record(namespace.id, "sockets", _type(namespace), attributes))
    yield from ledger.whole(survey.scope(namespace.part + SOCKETS), records, errors)


async def _netfilter(survey: Survey, namespace: Namespace, firewall: Firewall, errors: list[RunError]) -> Record | None:
    """Commands run only where there are rules: most namespaces have none."""
    attributes: Attributes = {}
    if firewall.error in _REFUSED:
        errors.append(RunError(namespace.part, "rule sets may not be read: CAP_NET_ADMIN is needed"))
    missing = []
    for key, argv, parse, wanted in _COMMANDS:
        if not wanted(firewall, attributes.get("nftables")):
            continue
        try:
            found = await _rules(survey, namespace, argv, parse)
        except CalipsoError as error:
            errors.append(RunError(f"{namespace.part} {argv[0]}", error.message))
            continue
        if found is None:
            missing.append(argv[0])
        elif found:
            attributes[key] = found
    if missing:
        attributes["missing_tools"] = missing
    return Record(namespace.id, "netfilter", _type(namespace), attributes) if attributes else None


def _has_nftables(firewall: Firewall, nftables: Any) -> bool:
    return firewall.generation > 1


def _has_iptables(family: str) -> Callable[[Firewall, Any], bool]:
    """Legacy tables, or tables of nf_tables that iptables' own translation has made."""

    def wanted(firewall: Firewall, nftables: Any) -> bool:
        tables = [each["table"] for each in nftables or () if isinstance(each, dict) and "table" in each]
        legacy = firewall.tables if family == "ip" else firewall.tables6
        return bool(legacy) or any(
            isinstance(table, dict) and table.get("family") == family and table.get("name") in _IPTABLES
            for table in tables
        )

    return wanted


_COMMANDS: tuple[tuple[str, tuple[str, ...], Any, Callable[[Firewall, Any], bool]], ...] = (
    ("nftables", ("nft", "-j", "list", "ruleset"), parse_nftables, _has_nftables),
    ("iptables", ("iptables-save",), parse_iptables, _has_iptables("ip")),
    ("ip6tables", ("ip6tables-save",), parse_iptables, _has_iptables("ip6")),
)


async def _rules(survey: Survey, namespace: Namespace, argv: tuple[str, ...], parse: Any) -> Any:
    """Parsed rules, None where the tool is not there. Raises `TransportError`, `ParseError`."""
    reply = await survey.transport.ask(Exec(argv, namespace.path))
    if reply.exit_code == _NOT_FOUND:
        return None
    if reply.exit_code:
        raise TransportError(f"exit code {reply.exit_code}: {reply.stderr[:200].decode('utf-8', 'replace').strip()}")
    return parse(reply.body)


def _type(namespace: Namespace) -> str:
    return "host" if namespace.root else "netns"
