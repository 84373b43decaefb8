"""One pass over a host: the fast things first, each with runs of its own, so that none holds up another."""

from __future__ import annotations

from collections.abc import AsyncIterator

from calipso.errors import CalipsoError
from calipso.model.record import Observation, RunBegan, RunEnded, RunError, ScopeGone
from calipso.seams import SourceConfig, Transport
from calipso.sources.linux.survey import Survey


async def collect(transport: Transport, config: SourceConfig) -> AsyncIterator[Observation]:
    """One pass over all scopes of a host."""
    survey = Survey(transport, config)
    async for observation in full_pass(survey):
        yield observation


async def full_pass(survey: Survey) -> AsyncIterator[Observation]:
    """Everything, whatever is known already. Without a list of namespaces there is only its failed run."""
    try:
        await read_all(survey)
    except CalipsoError as error:
        yield RunBegan(survey.scope())
        yield RunEnded(survey.scope(), "failed", (RunError("namespaces", error.message),))
        return
    for observation in survey.host_run():
        yield observation
    for part in sorted(vanished(survey)):
        yield ScopeGone(survey.scope(part))
    for namespace in survey.listing.all:
        for observation in survey.interface_run(namespace):
            yield observation
    for observation in survey.overlay_run():
        yield observation


async def read_all(survey: Survey) -> None:
    """List and read all namespaces. A cable into one that is not known means it came meanwhile: look once more."""
    await survey.list_namespaces()
    await survey.read_interfaces(survey.listing.all)
    survey.build(survey.listing.all)
    strays = survey.strays()
    if strays and survey.listing.initial:
        known = {each.part for each in survey.listing.all}
        await survey.list_namespaces()
        again = [each for each in survey.listing.all if each.part in strays or each.part not in known]
        await survey.read_interfaces(again)
        survey.build(survey.listing.all)
    await survey.read_facts()


def vanished(survey: Survey) -> set[str]:
    """Parts that the caller still holds (option `known`) of namespaces a complete enumeration did not find."""
    if not survey.listing.complete:
        return set()
    known = survey.config.options.get("known", ())
    present = {each.part for each in survey.listing.all}
    return {part for part in known if part.startswith("netns:") and part.partition(" ")[0] not in present}
