"""Export and import: every record as a line of JSON. Derived things follow from records, so nothing else is needed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from calipso.errors import ParseError
from calipso.graph.protocol import GraphReader
from calipso.model.moments import rfc3339
from calipso.model.record import Record, RunBegan, RunEnded, Scope, Seen
from calipso.operations.context import Context
from calipso.operations.inventory import when

FORMAT, VERSION = "calipso-records", 1


class Export(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    environment: str = "local"
    at: str = ""


class Import(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """lines: as `export` gives them, the header first."""

    lines: list[str]
    environment: str = "local"


class Imported(msgspec.Struct, frozen=True):
    records: int
    objects: int


class Header(msgspec.Struct, frozen=True):
    """The first line of an export."""

    format: str
    version: int
    environment: str
    at: str
    records: int


class Line(msgspec.Struct, frozen=True):
    """One record of an export."""

    id: str
    facet: str
    type: str
    source: str
    reporter: str
    part: str
    attributes: dict[str, Any]


class Exported(msgspec.Struct, frozen=True):
    lines: list[str]


async def export(context: Context, request: Export) -> Exported:
    """All records of an environment, in order of id and facet, behind a header."""
    site = context.site(request.environment)
    graph = site.graph(when(context, request.at))
    lines = sorted(_lines(graph), key=lambda line: (line.id, line.facet, line.source, line.reporter, line.part))
    header = Header(FORMAT, VERSION, request.environment, rfc3339(graph.ts), len(lines))
    return Exported([msgspec.json.encode(each).decode() for each in (header, *lines)])


def _lines(graph: GraphReader) -> Iterator[Line]:
    for head in graph.objects():
        for id, facet in graph.records(head):
            source, _, rest = facet.scope.partition("@")
            reporter, _, part = rest.partition(":")
            yield Line(id, facet.name.partition("@")[0], facet.type, source, reporter, part, facet.attributes)


async def import_records(context: Context, request: Import) -> Imported:
    """Take records over, scope by scope; what an imported scope held before and the export does not is gone.

    Raises `ParseError` naming the line; then nothing has been taken over.
    """
    site = context.site(request.environment)
    scopes = parse_export(request.lines)
    observations: list[Any] = []
    for scope, records in scopes.items():
        observations += [RunBegan(scope), Seen(scope, tuple(records)), RunEnded(scope, "completed")]
    await site.put(observations)
    return Imported(sum(map(len, scopes.values())), len(site.graph()))


def parse_export(lines: Iterable[str]) -> dict[Scope, list[Record]]:
    """Records by scope. Raises `ParseError` for anything that is not an export of this version."""
    scopes: dict[Scope, list[Record]] = {}
    read = iter(lines)
    first = next(read, "")
    try:
        header = msgspec.json.decode(first, type=Header)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeError) as error:
        raise ParseError("export", f"no header: {error}", line=1, excerpt=first) from error
    if header.format != FORMAT or header.version != VERSION:
        raise ParseError("export", f"this reads {FORMAT} version {VERSION}", line=1, excerpt=first)
    count = 0
    for number, text in enumerate(read, 2):
        try:
            line = msgspec.json.decode(text, type=Line)
        except (msgspec.DecodeError, msgspec.ValidationError, UnicodeError) as error:
            raise ParseError("export", str(error), line=number, excerpt=text) from error
        scope = Scope(line.source, line.reporter, line.part)
        scopes.setdefault(scope, []).append(Record(line.id, line.facet, line.type, line.attributes))
        count += 1
    if count != header.records:
        raise ParseError("export", f"the header promises {header.records} records, {count} are there: cut off?", line=1)
    return scopes
