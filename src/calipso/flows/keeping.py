"""Whole packets that are kept until somebody takes them: so many of each conversation, so many octets in all.

The C core does the same (native/keeping.h) and hands them on as `HEAD` says, each filled up to a multiple of eight.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from calipso.flows import record as r
from calipso.model.flow import RawPacket

HEAD = struct.Struct(f"=QIIII{r.KEY.size}s")
"""time size wire link pad key; the packet follows."""
ROOM = 32 << 20
"""Octets of all that wait; beyond it packets are not kept, and that is counted."""


class Keeper:
    """`most`: of a conversation."""

    def __init__(self, most: int, room: int = ROOM) -> None:
        self._most, self._room, self._used = most, room, 0
        self._of: dict[bytes, int] = {}
        self._kept: list[RawPacket] = []
        self.unkept = 0

    def take(self, key: bytes, frame: bytes, wire: int, time: int, link: int, vlan: int) -> None:
        """A packet of a conversation; `vlan`: the tag that the kernel took off, which it gets back."""
        count = self._of.get(key, 0)
        if count >= self._most:
            return
        if vlan and len(frame) >= 12:
            frame, wire = frame[:12] + struct.pack("!HH", 0x8100, vlan) + frame[12:], wire + 4
        size = HEAD.size + len(frame) + -len(frame) % 8
        if self._used + size > self._room:
            self.unkept += 1
            return
        self._of[key] = count + 1
        self._used += size
        self._kept.append(RawPacket(time, frame, wire, link, key))

    def taken(self) -> list[RawPacket]:
        """Those since the last time."""
        found, self._kept, self._used = self._kept, [], 0
        return found

    def forget(self, gone: list[bytes]) -> None:
        """Conversations that were let go begin anew."""
        for key in gone:
            self._of.pop(key, None)


def unpack(packed: bytes) -> Iterator[RawPacket]:
    """What the C core hands on. Raises `struct.error` where it is cut off."""
    at = 0
    while at < len(packed):
        time, size, wire, link, _, key = HEAD.unpack_from(packed, at)
        at += HEAD.size
        yield RawPacket(time, packed[at : at + size], wire, link, key)
        at += size + -size % 8
