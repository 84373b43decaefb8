"""What `watch` yields, and how it is read from server-sent events (WHATWG HTML §9.2)."""

from __future__ import annotations

from typing import Any

import msgspec

from calipso.errors import ParseError, QueryError
from calipso.graph.diff import Field
from calipso.operations.answers import ObjectView


class Snapshot(msgspec.Struct, frozen=True):
    """Everything as it is; changes after `seq` follow. Comes first, and again after a gap: begin anew with it.

    kind: objects; of a query also links, values, paths (lists of ids) or graph (objects and links): JSON-like then.
    """

    snapshot: list[Any]
    seq: int
    kind: str = "objects"


class ObjectChange(msgspec.Struct, frozen=True):
    """op: added (whole), changed (with `fields`; None is no value), removed. It is added when it enters a filter.

    A field is an attribute, or one of kind, type, name, host, parent, networks, media, aliases; an attribute that is
    called like one of those is told as `attributes.NAME`.
    """

    op: str
    id: str
    kind: str = ""
    type: str = ""
    host: str = ""
    name: str = ""
    parent: str = ""
    networks: list[str] | None = None
    media: list[str] = []
    aliases: list[str] = []
    attributes: dict[str, Any] = {}
    fields: list[Field] = []


class LinkChange(msgspec.Struct, frozen=True):
    """op: added, removed."""

    op: str
    type: str
    source: str
    target: str


class ValueChange(msgspec.Struct, frozen=True):
    """op: added, removed. count: how many of it."""

    op: str
    value: Any
    count: int = 1


class Change(msgspec.Struct, frozen=True):
    """Of an object, a link or a value: the others are None."""

    object: ObjectChange | None = None
    link: LinkChange | None = None
    value: ValueChange | None = None


class Changes(msgspec.Struct, frozen=True):
    """What changed together. seq: its number, ts: when."""

    seq: int
    ts: str
    changes: list[Change]


Watched = Snapshot | Changes


class _Error(msgspec.Struct):
    error: str
    hint: str = ""


class Reader:
    """Puts lines of an event stream together. `seq`: of the last event, None when the next has to be a snapshot."""

    def __init__(self, since: int | None = None) -> None:
        self.seq = since
        self._event = ""
        self._data: list[str] = []

    def begin(self) -> dict[str, str]:
        """Headers of a new connection; what was cut off of the old one is forgotten."""
        self._event, self._data = "", []
        return {} if self.seq is None else {"Last-Event-ID": str(self.seq)}

    def line(self, line: str) -> Watched | None:
        """What a line completes. Raises `ParseError` for what is no event of ours."""
        if line:
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if name == "event":
                self._event = value
            elif name == "data":
                self._data.append(value)
            return None
        event, data, self._event, self._data = self._event, "\n".join(self._data), "", []
        return self._event_of(event, data) if data else None

    def _event_of(self, event: str, data: str) -> Watched | None:
        if event == "lost":
            self.seq = None
            return None
        if event == "error":
            said = msgspec.json.decode(data, type=_Error)
            raise QueryError(said.error, hint=said.hint)
        try:
            found = _decoded(event, data)
        except msgspec.DecodeError as error:
            raise ParseError("events", str(error), excerpt=data) from error
        self.seq = found.seq
        return found


def _decoded(event: str, data: str) -> Watched:
    if event == "snapshot":
        found = msgspec.json.decode(data, type=Snapshot)
        objects = found.kind == "objects"
        return Snapshot(msgspec.convert(found.snapshot, list[ObjectView]), found.seq) if objects else found
    return msgspec.json.decode(data, type=Changes)
