"""One pass over a host: the fast things first, each with runs of its own, so that none holds up another."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence

from calipso.errors import CalipsoError
from calipso.model.record import Measured, Observation, Record, RunBegan, RunEnded, RunError, Scope
from calipso.seams import Namespaces, Netlink, SourceConfig, Transport
from calipso.sources.linux.commands.slow import slow_runs_by_commands
from calipso.sources.linux.commands.survey import CommandSurvey
from calipso.sources.linux.ledger import Ledger
from calipso.sources.linux.parse_namespaces import Namespace
from calipso.sources.linux.slow import NETFILTER, SOCKETS, slow_runs
from calipso.sources.linux.survey import Survey
from calipso.sources.linux.tables import DUMPS, table_records

ROUTES = " routes"
"""Part of the scope of routes, rules, neighbours and forwarding entries, after the namespace's own."""
SUFFIXES = ("", ROUTES, NETFILTER, SOCKETS)
"""Of the parts of one namespace."""


async def collect(transport: Transport, config: SourceConfig) -> AsyncIterator[Observation]:
    """One pass over all scopes of a host; tables, rules and sockets of the namespaces that are wanted alone."""
    survey = survey_of(transport, config)
    ledger = Ledger(remember=False)
    try:
        await read_all(survey)
    except CalipsoError as error:
        for observation in failed_run(survey.scope(), RunError("namespaces", error.message)):
            yield observation
        return
    async for observation in say_all(survey, ledger):
        yield observation
    slow = slow_runs_by_commands(survey, ledger) if isinstance(survey, CommandSurvey) else slow_runs(survey, ledger, {})
    async for observation in slow:
        yield observation


def by_commands(transport: Transport) -> bool:
    """Whether the host's kernel cannot be asked directly."""
    return not {Namespaces, Netlink} & transport.answers


def survey_of(transport: Transport, config: SourceConfig) -> Survey:
    """The survey for what a transport answers."""
    return CommandSurvey(transport, config) if by_commands(transport) else Survey(transport, config)


async def read_all(survey: Survey) -> None:
    """List and read all namespaces. A cable into one that is not known means that it came meanwhile, one that cannot
    be read perhaps that it went: look once more.

    Raises `TransportError`, `ParseError` when they cannot even be listed.
    """
    await survey.list_namespaces()
    await survey.read_interfaces(survey.listing.all)
    survey.build(survey.listing.all)
    strays = survey.strays()
    strays |= {each.part for each in survey.listing.all if each.part in survey.failed and not each.reason}
    if strays and survey.listing.initial:
        known = {each.part for each in survey.listing.all}
        await survey.list_namespaces()
        again = [each for each in survey.listing.all if each.part in strays or each.part not in known]
        await survey.read_interfaces(again)
        survey.build(survey.listing.all)
    await survey.read_facts()


async def say_all(survey: Survey, ledger: Ledger) -> AsyncIterator[Observation]:
    """Whole runs of every scope but the slow ones, from what has been read; tables are read on the way."""
    for observation in ledger.whole(survey.scope(), survey.host_records(), survey.enumeration_errors()):
        yield observation
    for part in vanished(survey):
        ledger.expect(survey.scope(part))
        for observation in ledger.end(survey.scope(part)):
            yield observation
    for namespace in survey.listing.all:
        for observation in interface_run(survey, ledger, namespace):
            yield observation
    for observation in ledger.whole(survey.scope("tunnels"), survey.overlay(), survey.failures()):
        yield observation
    async for observation in table_runs(survey, ledger, survey.wanted):
        yield observation


def interface_run(survey: Survey, ledger: Ledger, namespace: Namespace) -> Iterator[Observation]:
    """The interfaces of one namespace and their counters; a failed run when it could not be read."""
    scope = survey.scope(namespace.part)
    found = survey.read.get(namespace.part)
    if found is None:
        ledger.failed(scope)
        yield from failed_run(scope, survey.why(namespace))
        return
    yield from ledger.whole(scope, found.records(), found.errors)
    counters = survey.counters(namespace)
    if counters:
        yield Measured(scope, counters)


async def table_runs(survey: Survey, ledger: Ledger, namespaces: Sequence[Namespace]) -> AsyncIterator[Observation]:
    """Routes, rules, neighbours and forwarding entries of each namespace that can be read."""
    async for scope, records, errors, metrics in read_tables(survey, namespaces):
        if records is None:
            ledger.failed(scope)
            for observation in failed_run(scope, *errors):
                yield observation
            continue
        for observation in ledger.whole(scope, records, errors):
            yield observation
        if metrics:
            yield Measured(scope, metrics)


Tables = tuple[Scope, list[Record] | None, tuple[RunError, ...], dict[str, dict[str, float]]]


async def read_tables(survey: Survey, namespaces: Sequence[Namespace]) -> AsyncIterator[Tables]:
    """(scope, records or None, errors, metrics) of each namespace whose interfaces are known and that does not end."""
    if isinstance(survey, CommandSurvey):
        async for namespace, found_records, counts, complaints in survey.tables(namespaces):
            if found_records is None and await survey.ended(namespace):
                continue
            scope = survey.scope(namespace.part + ROUTES)
            yield scope, found_records, tuple(complaints), {namespace.id: counts} if counts else {}
        return
    readable = [each for each in namespaces if each.part in survey.read]
    async for namespace, answer in survey.dumps(readable, DUMPS):
        scope = survey.scope(namespace.part + ROUTES)
        found = survey.read.get(namespace.part)
        try:
            if isinstance(answer, CalipsoError):
                raise answer
            records, metrics, errors = table_records(namespace, found.devices if found else [], answer.body)
        except CalipsoError as error:
            if not await survey.ended(namespace):
                yield scope, None, (RunError(namespace.path or namespace.part, error.message),), {}
            continue
        yield scope, records, tuple(errors), {namespace.id: metrics} if metrics else {}


def failed_run(scope: Scope, *errors: RunError) -> Iterator[Observation]:
    yield RunBegan(scope)
    yield RunEnded(scope, "failed", errors)


def vanished(survey: Survey) -> list[str]:
    """Parts that the caller still holds (option `known`) of namespaces that a complete enumeration did not find."""
    known = (part for part in survey.config.options.get("known", ()) if part.startswith("netns:"))
    return sorted({part for part in known if survey.listing.proves_gone(part.partition(" ")[0])})
