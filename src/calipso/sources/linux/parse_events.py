"""Frames of the event stream (`transports/kernel.py` describes them): which namespaces changed, and how."""

from __future__ import annotations

import struct
from typing import Any

import msgspec

from calipso.errors import ParseError
from calipso.sources.linux.parse_links import parse_link_messages
from calipso.sources.linux.wire import MESSAGE, attributes, s32

NAME = "netlink events"
_FRAME = struct.Struct("=Ii")
_OWN, _OVERRUN, _CHANGED = -1, -2, -3
_LINK_GONE, _NSID_NEW, _NSID_GONE = 17, 88, 89
_INTERFACE_EVENTS = frozenset((16, 17, 20, 21, 88, 89))
_TABLE_EVENTS = frozenset((24, 25, 28, 29, 32, 33))


class Move(msgspec.Struct, frozen=True):
    """An interface left one namespace for another: both as numbers, the second as the first numbers it."""

    reference: int
    index: int
    nsid: int
    new_index: int


class Changed(msgspec.Struct):
    """What some frames say; namespaces by the transport's number."""

    interfaces: set[int] = msgspec.field(default_factory=set)
    tables: set[int] = msgspec.field(default_factory=set)
    moves: list[Move] = msgspec.field(default_factory=list)
    namespaces: bool = False
    overrun: bool = False


def parse_events(body: bytes) -> Changed:
    """Raises `ParseError`."""
    out = Changed()
    offset = 0
    while offset < len(body):
        if offset + 8 > len(body):
            raise ParseError(NAME, "a frame is cut off")
        length, number = _FRAME.unpack_from(body, offset)
        offset += 8
        if offset + length > len(body):
            raise ParseError(NAME, f"a frame of {length} bytes where {len(body) - offset} are left")
        if number == _OVERRUN:
            out.overrun = True
        elif number == _CHANGED:
            out.namespaces = True
        else:
            _datagram(body[offset : offset + length], number, out)
        offset += length
    return out


def _datagram(body: bytes, number: int, out: Changed) -> None:
    offset = 0
    while offset + 16 <= len(body):
        length, kind, _, _, _ = MESSAGE(body, offset)
        if length < 16 or offset + length > len(body):
            raise ParseError(NAME, f"a message of {length} bytes where {len(body) - offset} are left")
        if number == _OWN:
            _numbering(body, offset, length, kind, out)
        elif kind in _TABLE_EVENTS:
            out.tables.add(number)
        elif kind in _INTERFACE_EVENTS:
            out.interfaces.add(number)
            if kind == _LINK_GONE:
                _moves(body[offset : offset + length], number, out)
        offset += (length + 3) & ~3


def _numbering(body: bytes, offset: int, length: int, kind: int, out: Changed) -> None:
    """A number was taken back: its namespace ended. One was given: it may be a new namespace in an old one's place."""
    out.namespaces |= kind == _NSID_GONE
    if kind == _NSID_NEW:
        found: dict[str, Any] = {}
        attributes(body, offset + 20, offset + length, {1: ("nsid", s32)}, found, NAME)
        if found.get("nsid", -1) >= 0:
            out.interfaces.add(found["nsid"])
            out.tables.add(found["nsid"])


def _moves(message: bytes, number: int, out: Changed) -> None:
    for _, link in parse_link_messages(message):
        if "new_nsid" in link and "new_ifindex" in link:
            out.moves.append(Move(number, link["index"], link["new_nsid"], link["new_ifindex"]))
