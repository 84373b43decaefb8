"""Rule sets and sockets of namespaces, by nft, iptables-save and ss."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from calipso.errors import CalipsoError
from calipso.model.record import Attributes, Observation, Record, RunBegan, RunEnded, RunError
from calipso.seams import Reply
from calipso.sources.linux.commands.batch import Argv, reason
from calipso.sources.linux.commands.parse_sockets import parse_sockets
from calipso.sources.linux.commands.survey import CommandSurvey
from calipso.sources.linux.ledger import Ledger
from calipso.sources.linux.parse_namespaces import Namespace
from calipso.sources.linux.parse_netfilter import parse_iptables, parse_nftables
from calipso.sources.linux.tables import MOST

NETFILTER, SOCKETS = " netfilter", " sockets"
_NOT_FOUND = 127
_COMMANDS: tuple[Argv, ...] = (
    ("ss", "-HtunapO"),
    ("nft", "-j", "list", "ruleset"),
    # iptables-save without tables would have the kernel make them.
    ("sh", "-c", "[ ! -s /proc/net/ip_tables_names ] || exec iptables-save"),
    ("sh", "-c", "[ ! -s /proc/net/ip6_tables_names ] || exec ip6tables-save"),
)


async def slow_runs_by_commands(survey: CommandSurvey, ledger: Ledger) -> AsyncIterator[Observation]:
    """Runs of both scopes of each namespace that can be read."""
    readable = [each for each in survey.wanted if each.part in survey.read]
    async for namespace, replies in survey.ask_inside(readable, {each.part: _COMMANDS for each in readable}):
        if isinstance(replies, CalipsoError):
            if await survey.ended(namespace):
                continue
            for suffix in (NETFILTER, SOCKETS):
                scope = survey.scope(namespace.part + suffix)
                yield RunBegan(scope)
                yield RunEnded(scope, "failed", (RunError(namespace.path or namespace.part, replies.message),))
            continue
        for suffix, (attributes, errors) in (
            (SOCKETS, _sockets(namespace, replies[0])),
            (NETFILTER, _rules(namespace, replies[1:])),
        ):
            kind = "host" if namespace.root else "netns"
            records = [Record(namespace.id, suffix.strip(), kind, attributes)] if attributes else []
            for observation in ledger.whole(survey.scope(namespace.part + suffix), records, tuple(errors)):
                yield observation


def _sockets(namespace: Namespace, reply: Reply) -> tuple[Attributes, list[RunError]]:
    if reply.exit_code:
        return {}, [RunError(f"{namespace.part} ss", reason(reply, "ss").message)]
    found = parse_sockets(reply.body)
    attributes: Attributes = {"sockets": found[:MOST]} if found else {}
    if len(found) > MOST:
        attributes["sockets_total"] = len(found)
    return attributes, []


def _rules(namespace: Namespace, replies: list[Reply]) -> tuple[Attributes, list[RunError]]:
    attributes: Attributes = {}
    errors: list[RunError] = []
    parsers: tuple[tuple[str, str, Any], ...] = (
        ("nftables", "nft", parse_nftables),
        ("iptables", "iptables-save", parse_iptables),
        ("ip6tables", "ip6tables-save", parse_iptables),
    )
    for reply, (name, command, parse) in zip(replies, parsers, strict=True):
        if reply.exit_code == _NOT_FOUND:
            if name != "nftables":  # a host without nft has no rules of its own making there
                attributes.setdefault("missing_tools", []).append(command)
        elif reply.exit_code:
            errors.append(RunError(f"{namespace.part} {command}", reason(reply, command).message))
        else:
            try:
                found = parse(reply.body)
            except CalipsoError as error:
                errors.append(RunError(f"{namespace.part} {command}", error.message))
                continue
            if found:
                attributes[name] = found
    return attributes, errors
