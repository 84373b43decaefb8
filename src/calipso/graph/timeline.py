"""The history of one object, readable: when it came and went, what changed from what to what, links gained and lost."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

import msgspec

from calipso.graph.codec import Codec
from calipso.graph.diff import HEAD_FIELDS, Field, attribute_fields
from calipso.graph.heads import decode_head
from calipso.graph.protocol import GraphReader, Obj


class Row(Protocol):
    """A row of the log (`seams.LoggedChange`)."""

    @property
    def ts(self) -> int: ...
    @property
    def what(self) -> str: ...
    @property
    def ord(self) -> int: ...
    @property
    def facet(self) -> str: ...
    @property
    def body(self) -> bytes | None: ...
    @property
    def link_type(self) -> str: ...
    @property
    def other(self) -> int: ...
    @property
    def op(self) -> int: ...


class Event(msgspec.Struct, frozen=True, omit_defaults=True):
    """What happened to an object at one moment. `op`: appeared, changed, vanished, linked, unlinked.

    `source`: the facet that said it. Of a link: its type, the other end, and whether the object is its source.
    """

    ts: int
    op: str
    source: str = ""
    fields: list[Field] = []
    link: str = ""
    other: str = ""
    outgoing: bool = False


def events(
    rows: Iterable[Row], ord: int, codec: Codec, id_of: Callable[[int], str], start: GraphReader | None = None
) -> list[Event]:
    """The events of an object from its rows, oldest first. `start`: the graph that the rows go on from."""
    out: list[Event] = []
    head: Obj | None = None if start is None else start.get(ord)
    facets: dict[tuple[str, str], dict[str, Any]] = {}
    if start is not None and head is not None:
        facets = {(id, facet.name): facet.attributes for id, facet in start.records(head)}
    for row in rows:
        if row.what == "link":
            other = row.other if row.ord == ord else row.ord
            op = "linked" if row.op > 0 else "unlinked"
            out.append(Event(row.ts, op, link=row.link_type, other=id_of(other), outgoing=row.ord == ord))
        elif row.what == "head":
            now = decode_head(ord, row.body) if row.body is not None else None
            out += _head_event(row.ts, head, now)
            head = now
        else:
            place = (id_of(row.ord), row.facet)
            before = facets.pop(place, {})
            after = codec.decode(row.body)[2] if row.body is not None else {}
            if after:
                facets[place] = after
            fields = attribute_fields(before, after)
            if fields:
                out.append(Event(row.ts, "changed", row.facet, fields))
    return _merged(out)


def _head_event(ts: int, before: Obj | None, now: Obj | None) -> list[Event]:
    if now is None:
        return [Event(ts, "vanished")]
    fields = [
        Field(name, getattr(before, name, None), getattr(now, name))
        for name in HEAD_FIELDS
        if getattr(before, name, None) != getattr(now, name)
    ]
    if before is None:
        return [Event(ts, "appeared", fields=[field for field in fields if field.new not in (None, "", ())])]
    return [Event(ts, "changed", fields=fields)] if fields else []


def _merged(found: list[Event]) -> list[Event]:
    """Within one tick what an object appeared with belongs to its appearance, and what it lost to its end."""
    appeared = {event.ts for event in found if event.op == "appeared"}
    vanished = {event.ts for event in found if event.op == "vanished"}
    order = {"appeared": 0, "changed": 1, "linked": 2, "unlinked": 3, "vanished": 4}
    kept = [event for event in found if not (event.op == "changed" and event.ts in vanished - appeared)]
    return sorted(kept, key=lambda event: (event.ts, order[event.op]))
