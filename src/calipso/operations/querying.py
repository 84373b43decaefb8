"""The query language over an environment, now, at a moment or over a slice of time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Literal

import msgspec
from msgspec import structs

from calipso.errors import ConfigError, QueryError
from calipso.graph.protocol import GraphReader
from calipso.model.flow import Flow, FlowMetric, FlowPacket
from calipso.model.moments import rfc3339
from calipso.operations import drawing
from calipso.operations.answers import Freshness, LinkView, ObjectView, freshness, state_of
from calipso.operations.capture_documents import Captures
from calipso.operations.context import Context, Site
from calipso.operations.inventory import END_OF_TIME, when
from calipso.operations.questions import QUESTIONS, Turn
from calipso.operations.workflows import Outcomes, outcomes
from calipso.query.evaluate import Answer, Found, Row, Tie, evaluate
from calipso.query.plan import Ordered
from calipso.query.run import FlowsWanted, History, Life, Limits
from calipso.seams import FlowFilter

MOST_SECONDS = 120.0
MOST_RESULTS = 1_000_000


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """query: as in `G.V().Has('Type', 'veth')`. limit: results handed out at most. timeout: seconds it may take.

    drawing: also the answer's objects and links as a drawing in DOT or GraphML.
    """

    query: str
    environment: str = "local"
    at: str = ""
    limit: int = 10_000
    timeout: float = 10.0
    drawing: Literal["", "dot", "graphml"] = ""


class Interval(msgspec.Struct, frozen=True, rename={"start": "from", "end": "to"}):
    """When an answer held; `to` empty: still at the end of the slice."""

    start: str
    end: str = ""


class QueryAnswer(msgspec.Struct, frozen=True):
    """kind: objects, links, values, paths, metrics or graph. items: objects, links, lists of them, or values.

    valid: of a query over a slice of time, the intervals of each item. truncated: there were more than the limit.
    """

    kind: str
    items: list[Any]
    freshness: Freshness
    truncated: bool = False
    valid: list[list[Interval]] | None = None
    drawing: str = ""


KINDS = {"nodes": "objects"}


async def query(context: Context, request: Query) -> QueryAnswer:
    """What the query language answers. Raises `QueryError` with the position of what is wrong."""
    site = context.site(request.environment)
    limits = Limits(
        seconds=min(max(request.timeout, 0.01), MOST_SECONDS), results=min(max(request.limit, 0), MOST_RESULTS)
    )
    ran = await outcomes(context, request.environment, request.query, limits.seconds, request.at)
    world = Reach(site, when(context, request.at), context.moment("now"),
                  Kept(lambda: context.captures(request.environment)), ran)  # fmt: skip
    return await QUESTIONS.work(lambda turn: _answered(site, world, request, limits, turn), seconds=limits.seconds)


def _answered(site: Site, world: Reach, request: Query, limits: Limits, turn: Turn) -> QueryAnswer:
    answer = evaluate(request.query, world, turn.clock, structs.replace(limits, take=turn.take))
    known: dict[int, Any] = {}
    once = answer.sliced is None  # of a slice of time an object can be told as it was at two moments
    items = [plain(site, answer, row.value, known if once else {}) for row in answer.rows]
    hosts = {row.value.head.host for row in answer.rows if isinstance(row.value, Found)}
    valid = [_intervals(row) for row in answer.rows] if answer.sliced is not None else None
    drawn = drawing.drawn(request.drawing, answer) if request.drawing else ""
    return QueryAnswer(
        KINDS.get(answer.kind, answer.kind),
        items,
        freshness(site, answer.reader, hosts),
        answer.truncated,
        valid,
        drawn,
    )


class Kept:
    """The flows of an environment as a query asks for them. Implements `query.run.FlowReader`."""

    def __init__(self, captures: Callable[[], Captures]) -> None:
        self._captures = captures

    def find(self, wanted: FlowsWanted) -> list[Flow]:
        return self._captures().flows.find(_filter(wanted))

    def updates(self, wanted: FlowsWanted) -> list[tuple[str, FlowMetric]]:
        return self._captures().flows.updates(_filter(wanted))

    def packets(self, flows: Sequence[str]) -> list[FlowPacket]:
        return self._captures().packets(flows).packets

    def matching(self, bpf: str, packets: Sequence[FlowPacket]) -> list[FlowPacket]:
        try:
            return self._captures().matching(bpf, packets)
        except ConfigError as error:
            raise QueryError(f"BPF(): {error.message}", hint=error.hint) from error


def _filter(wanted: FlowsWanted) -> FlowFilter:
    return FlowFilter(
        since=wanted.since, until=wanted.until, match=wanted.match, limit=wanted.limit, order=wanted.order
    )


class Reach:
    """What a query can reach from a site. Implements `query.run.World`; `at`: the moment that counts as now."""

    def __init__(
        self, site: Site, at: int | None, now: int, flows: Kept | None = None, ran: Outcomes | None = None
    ) -> None:  # fmt: skip
        self._site = site
        self.flows = flows
        self._ran = ran or {}
        self._at = at
        self.now = now if at is None else at

    @property
    def history(self) -> History | None:
        return self._site.store

    @property
    def patterns(self) -> tuple[str, ...]:
        return tuple(self._site.config.service_patterns)

    def graph(self, at: int | None) -> GraphReader:
        return self._site.graph(self._at if at is None else at)

    def metrics(self, id: str) -> Mapping[str, float]:
        return self._site.metrics.get(id, {}) if self._at is None else {}

    def outcome(self, ordered: Ordered) -> Any:
        if ordered not in self._ran:
            raise QueryError("Workflow(): no workflows are run here", hint="`calipso query` runs them")
        return self._ran[ordered]

    def life(self, ord: int, at: int | None) -> Life | None:
        """Of its present life: since it came after it was last gone."""
        return self.lives((ord,), at).get(ord)

    def lives(self, ords: Collection[int], at: int | None) -> dict[int, Life]:
        """Of each object that there is history of."""
        until = at if at is not None else self._at
        out: dict[int, Life] = {}
        for ord, ts, gone in self._site.store.briefs(ords, END_OF_TIME if until is None else until):
            if gone:
                out.pop(ord, None)
                continue
            known = out.get(ord)
            out[ord] = Life(ts, ts, 1) if known is None else Life(known.created, ts, known.revision + 1)
        return out


def plain(site: Site, answer: Answer, value: Any, known: dict[int, Any]) -> Any:
    """A row's value as JSON-like values. known: what was made of the answer's objects, each held once."""
    if isinstance(value, Found):
        made = known.get(value.head.ord)
        if made is None:
            made = known[value.head.ord] = _plain_object(_object(site, answer, value))
        return made
    if isinstance(value, Tie):
        return msgspec.to_builtins(LinkView(value.type, value.source, value.target))
    if isinstance(value, list):
        return [plain(site, answer, each, known) for each in value]
    return msgspec.to_builtins(value)


def _plain_object(view: ObjectView) -> dict[str, Any]:
    """As JSON-like values, what is said of it not copied: answers are large."""
    said: dict[str, Any] = msgspec.to_builtins(structs.replace(view, attributes={}))
    if view.attributes:
        said["attributes"] = view.attributes
    return said


def _object(site: Site, answer: Answer, found: Found) -> ObjectView:
    head = found.head
    return ObjectView(
        id=head.id, kind=head.kind, type=head.type, name=head.name, host=head.host, environment=site.config.name,
        state=state_of(found.attributes), parent=head.parent,
        networks=None if head.networks is None else list(head.networks),
        media=[medium for medium in head.media if medium], aliases=list(found.aliases), attributes=found.attributes,
        metrics=site.metrics.get(head.id) if answer.at is None else None,
    )  # fmt: skip


def _intervals(row: Row) -> list[Interval]:
    return [Interval(rfc3339(start), "" if end is None else rfc3339(end)) for start, end in row.when]
