"""What TCP's sequence numbers tell of one side of a connection, and the first octets of a conversation.

RFC 9293: numbers are of 32 bits and go round. The C core does the same (native/streams.h), octet by octet.
"""

from __future__ import annotations

from calipso.flows import record as r
from calipso.flows.decode import Layer

GAPS = 4
"""Gaps of one side that can still be filled; of more, the oldest stays one."""
HEAD, PARTS, HEADS = 2048, 4, 8192
"""First octets that are kept of each side, parts of them that may wait for what is before, conversations at once."""
_FIN, _SYN, _RST = 1, 2, 4
_ALL, _HALF = 0xFFFFFFFF, 1 << 31
_TCP, _UDP, _VRRP = 6, 17, 112


class Stream:
    """One side. `expected`: the number after the last octet seen, -1 for not known yet."""

    __slots__ = ("begun", "expected", "gaps", "octets", "retransmitted", "saw_end", "saw_start", "segments", "skipped",
                 "skipped_octets")  # fmt: skip

    def __init__(self) -> None:
        self.expected = self.begun = -1
        self.gaps: list[tuple[int, int]] = []
        self.segments = self.octets = self.retransmitted = self.skipped = self.skipped_octets = 0
        self.saw_start = self.saw_end = 0

    def take(self, sequence: int, length: int, flags: int) -> None:
        """A segment with so many octets of data."""
        if flags & _SYN:
            sequence = (sequence + 1) & _ALL
            self.saw_start = 1
            if self.begun != sequence:  # not the same one again
                self.begun = self.expected = sequence
                self.gaps.clear()
        if flags & (_FIN | _RST):
            self.saw_end = 1
        if not length:
            return
        if self.expected < 0:
            self.expected = sequence
        new = self._new(sequence, length)
        self.octets += new
        if new:
            self.segments += 1
        else:
            self.retransmitted += 1

    def _new(self, sequence: int, length: int) -> int:
        """How many of its octets were not seen before."""
        end = (sequence + length) & _ALL
        ahead = (sequence - self.expected) & _ALL
        if ahead < _HALF:
            if ahead:
                self.skipped += 1
                self.skipped_octets += ahead
                if len(self.gaps) == GAPS:
                    del self.gaps[0]
                self.gaps.append((self.expected, sequence))
            self.expected = end
            return length
        filled = self._fill(sequence, end)
        beyond = (end - self.expected) & _ALL
        if 0 < beyond < _HALF:
            self.expected = end
            return filled + beyond
        return filled

    def _fill(self, sequence: int, end: int) -> int:
        filled = at = 0
        while at < len(self.gaps):
            first, last = self.gaps[at]
            size = (last - first) & _ALL
            low, high = max(0, _signed(sequence - first)), min(size, _signed(end - first))
            if low >= high:
                at += 1
                continue
            filled += high - low
            left = [(first, (first + low) & _ALL)] if low else []
            right = [((first + high) & _ALL, last)] if high < size else []
            self.skipped += len(left) + len(right) - 1
            if left and right and len(self.gaps) == GAPS:
                right = []
            self.gaps[at : at + 1] = left + right
            at += len(left) + len(right)
        self.skipped_octets -= filled
        return filled


def _signed(number: int) -> int:
    number &= _ALL
    return number - (1 << 32) if number >= _HALF else number


class Head:
    """The first octets of both sides. `parts`: those that wait for what is before."""

    __slots__ = ("began", "data", "filled", "parts")

    def __init__(self, time: int) -> None:
        self.began = time
        self.data = (bytearray(HEAD), bytearray(HEAD))
        self.filled = [0, 0]
        self.parts: tuple[list[tuple[int, int]], list[tuple[int, int]]] = ([], [])

    def put(self, side: int, offset: int, piece: bytes) -> None:
        """`piece` stands at `offset` of what a side says."""
        piece = piece[: max(0, HEAD - offset)]
        filled, parts, end = self.filled[side], self.parts[side], offset + len(piece)
        if end <= filled:
            return
        if offset > filled:
            if len(parts) < PARTS:
                self.data[side][offset:end] = piece
                parts.append((offset, end))
            return
        self.data[side][filled:end] = piece[filled - offset :]
        filled = end
        while (found := next((n for n, part in enumerate(parts) if part[0] <= filled), None)) is not None:
            filled = max(filled, parts.pop(found)[1])
        self.filled[side] = filled


class Tail:
    """What is known of a conversation besides its counters. `head` is None before its first octets and after them."""

    __slots__ = ("bases", "done", "head", "streams")

    def __init__(self) -> None:
        self.streams = (Stream(), Stream())
        self.bases = [-1, -1]
        self.head: Head | None = None
        self.done = False

    def pack(self) -> bytes:
        one, two = self.streams
        heads = [bytes(self.head.data[side][: self.head.filled[side]]) if self.head else b"" for side in (0, 1)]
        return r.TAIL.pack(
            one.segments, two.segments, one.octets, two.octets, one.skipped, two.skipped, one.skipped_octets,
            two.skipped_octets, one.retransmitted, two.retransmitted, one.saw_start, two.saw_start, one.saw_end,
            two.saw_end, len(heads[0]), len(heads[1]),
        ) + r.padded(heads[0] + heads[1])  # fmt: skip


class Tails:
    """What tails a table keeps: `streams` of TCP's numbers, `heads`: first octets of so many conversations."""

    def __init__(self, *, streams: bool, heads: int) -> None:
        self._streams, self.left = streams, heads
        self._reads = bool(heads)

    def take(self, tail: Tail, layer: Layer, protocol: int, time: int) -> None:
        """A frame of the conversation that `tail` is of."""
        if protocol == _TCP and self._streams and layer.tcp_flags:
            tail.streams[layer.side].take(layer.sequence, layer.payload_length, layer.tcp_flags)
        if self._reads and not tail.done:
            self._read(tail, layer, protocol, time)

    def _read(self, tail: Tail, layer: Layer, protocol: int, time: int) -> None:
        side, offset = layer.side, 0
        if protocol == _TCP:
            begun = (layer.sequence + bool(layer.tcp_flags & _SYN)) & _ALL
            if tail.bases[side] < 0 and (layer.payload or layer.tcp_flags & _SYN):
                tail.bases[side] = begun
            offset = (begun - tail.bases[side]) & _ALL
        elif tail.head is not None and tail.head.filled[side]:
            return
        if not layer.payload or offset >= HEAD or protocol not in (_TCP, _UDP, _VRRP):
            return
        if tail.head is None:
            if not self.left:
                return
            self.left -= 1
            tail.head = Head(time)
        tail.head.put(side, offset, layer.payload)

    def release(self, tail: Tail) -> None:
        """Its first octets were read."""
        if tail.head is not None:
            tail.head, tail.done = None, True
            self.left += 1
