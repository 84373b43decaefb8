"""Fragments of IP are counted to the conversation of their datagram's first one, which alone has the ports.

A table of fixed size remembers datagrams for `LIMIT` (the 30 s that Linux waits too). What comes before the first one
is held back until that comes. A datagram that stays incomplete is an error of its conversation; what was held back for
it is counted then, to the conversation of its addresses without ports. The C core does the same (native/fragments.h).
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from calipso.flows import record as r
from calipso.flows.decode import Layer, Piece

LIMIT = 30_000_000_000
SETS, WAYS = 1024, 4
"""Datagrams remembered: each has its place in one set; of a full one the oldest goes."""
EVER = (1 << 64) - 1


class Counted(NamedTuple):
    """To be counted: the frames of `layer`, between two times; or a fault, an error of a conversation that is there."""

    layer: Layer
    since: int
    until: int
    fault: bool = False


class _Datagram:
    """`layer`: whose conversation it is, None while the first fragment has not come; `held`: what waits for it."""

    __slots__ = ("began", "got", "held", "layer", "name", "since", "total", "until")

    def __init__(self, name: bytes, time: int) -> None:
        self.name, self.began = name, time
        self.got = self.total = self.since = self.until = 0
        self.layer: Layer | None = None
        self.held: Layer | None = None

    def hold(self, layer: Layer, time: int) -> None:
        before = self.held
        if before is None:
            self.held, self.since, self.until = layer, time, time
            return
        self.since, self.until = min(self.since, time), max(self.until, time)
        self.held = before._replace(
            packets=before.packets + 1, length=before.length + layer.length, fragment=before.fragment + 1,
            fragment_error=before.fragment_error + layer.fragment_error,
        )  # fmt: skip

    def ended(self) -> list[Counted]:
        """What is left to count when it never became whole."""
        if self.layer is not None:
            return [Counted(self.layer, self.began, self.began, fault=True)]
        if self.held is None:
            return []
        return [Counted(self.held._replace(fragment_error=self.held.fragment_error + 1), self.since, self.until)]


class Fragments:
    """The datagrams that are on their way. `sets`: a power of two."""

    def __init__(self, sets: int = SETS) -> None:
        self._sets: list[_Datagram | None] = [None] * (sets * WAYS)
        self._mask = sets - 1

    def place(self, layer: Layer, piece: Piece, time: int) -> tuple[list[Counted], bytes]:
        """What is to be counted now that a fragment has come, and the key of its conversation, empty for not known."""
        at, out = self._at(piece.datagram, time)
        found = self._sets[at]
        if found is None:
            found = self._sets[at] = _Datagram(piece.datagram, time)
        found.got += piece.size
        if not piece.more:
            found.total = piece.at + piece.size
        if not piece.at:
            out.append(Counted(layer, time, time))
            if found.layer is None:
                found.layer = layer
            if found.held is not None:
                held = found.held._replace(key=layer.key, side=layer.side)
                out.append(Counted(held, found.since, found.until))
                found.held = None
        elif found.layer is not None:
            out.append(Counted(layer._replace(key=found.layer.key, side=found.layer.side), time, time))
        else:
            found.hold(layer, time)
        if found.layer is not None and found.total and found.got >= found.total:
            self._sets[at] = None
        return out, found.layer.key if found.layer is not None else b""

    def settle(self, before: int = EVER) -> list[Counted]:
        """Give up what began before (ns): what is to be counted for it."""
        out: list[Counted] = []
        for at, found in enumerate(self._sets):
            if found is not None and found.began < before:
                out += found.ended()
                self._sets[at] = None
        return out

    def _at(self, name: bytes, time: int) -> tuple[int, list[Counted]]:
        """The place of a datagram, free if it is not known, and what is to be counted for the one that had it."""
        (ident,) = struct.unpack_from("=Q", name, r.KEY.size)
        first = (r.folded(r.parent_of(name[: r.KEY.size]), ident) & self._mask) * WAYS
        ways = range(first, first + WAYS)
        chosen = next((at for at in ways if (each := self._sets[at]) is not None and each.name == name), -1)
        if chosen < 0:
            chosen = next((at for at in ways if self._sets[at] is None), -1)
        elif (known := self._sets[chosen]) is not None and time <= known.began + LIMIT:
            return chosen, []
        if chosen < 0:
            chosen = min((each.began, at) for at in ways if (each := self._sets[at]) is not None)[1]
        gone, self._sets[chosen] = self._sets[chosen], None
        return chosen, [] if gone is None else gone.ended()
