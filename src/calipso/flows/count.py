"""Counts frames by conversation in Python: what reads capture files and runs where neither eBPF nor C core do.

It is also the definition that both are held to: same frames, same records.
"""

from __future__ import annotations

from calipso.flows import record as r
from calipso.flows.decode import ETHERNET, Layer, decode
from calipso.flows.fragments import EVER, Counted, Fragments
from calipso.flows.keeping import ROOM, Keeper
from calipso.flows.stream import Tail, Tails
from calipso.model.flow import RawPacket

_FIN, _SYN, _RST, _ACK = 1, 2, 4, 16
_HALF = 1 << 31
_PROTOCOL = 36
"""Where it stands in a packed key."""


class Conversation:
    """The counters of one; sides as in its key."""

    __slots__ = ("bytes", "fin", "finish", "first", "flags", "fragment_errors", "fragments", "last", "macs", "next",
                 "out_of_order", "packets", "request", "rst", "rtt", "swapped", "syn", "syn_ttl", "tail")  # fmt: skip

    def __init__(self, layer: Layer, time: int) -> None:
        self.packets, self.bytes, self.first, self.last = [0, 0], [0, 0], time, time
        self.swapped = layer.side
        ends = (layer.mac_source, layer.mac_destination)
        self.macs = (ends[1], ends[0]) if layer.side else ends
        self.flags, self.syn, self.fin, self.rst = [0, 0], [0, 0], [0, 0], [0, 0]
        self.out_of_order, self.next, self.syn_ttl = [0, 0], [-1, -1], [0, 0]
        self.rtt = self.fragments = self.fragment_errors = self.request = self.finish = 0
        self.tail: Tail | None = None

    def pack(self, key: bytes) -> bytes:
        return key + r.VALUE.pack(
            *self.packets, *self.bytes, self.first, self.last, *self.macs, *self.flags, self.swapped, self.finish,
            *self.syn, *self.fin, *self.rst, self.rtt, *self.out_of_order, self.fragments, self.fragment_errors,
            *self.syn_ttl, self.tail is not None, self.request, *(max(0, each) for each in self.next),
        ) + (self.tail.pack() if self.tail is not None else b"")  # fmt: skip


class Counter:
    """All conversations of one point. `most`: how many are kept; what does not fit is counted as `lost`.

    `fragments`: sets of a table of datagrams, by which fragments are counted to the conversation of their first one;
    0: those after the first are a conversation without ports. `streams`: TCP's sequence numbers are followed; `heads`:
    the first octets of so many conversations are kept at once. `packets`: as many are kept of each conversation.
    """

    def __init__(
        self, most: int = 500_000, *, l2_key: bool = False, fragments: int = 0, streams: bool = False, heads: int = 0,
        packets: int = 0, room: int = ROOM,
    ) -> None:  # fmt: skip
        self._most, self._l2_key = most, l2_key
        self.keeper = Keeper(packets, room) if packets else None
        self.seen = b""
        """Key of the last frame's innermost conversation, empty for none."""
        self._tails = Tails(streams=streams, heads=heads) if streams or heads else None
        self._fragments = Fragments(fragments) if fragments else None
        self._found: dict[bytes, Conversation] = {}
        self.received = self.octets = self.lost = self.unknown = 0

    def __len__(self) -> int:
        return len(self._found)

    def frame(
        self, frame: bytes, wire: int, time: int, *, link: int = ETHERNET, ifindex: int = 0, vlan: int = 0
    ) -> list[Layer]:
        """Count one frame, `time` in ns since the epoch; the conversations it is part of."""
        self.received += 1
        self.octets += wire
        self.seen = b""
        layers = decode(frame, wire, link=link, ifindex=ifindex, vlan=vlan, l2_key=self._l2_key)
        if not layers:
            self.unknown += 1
        for layer in layers:
            if self._fragments is None or layer.piece is None:
                self._add(Counted(layer, time, time))
                self.seen = layer.key
                continue
            placed, self.seen = self._fragments.place(layer, layer.piece, time)
            for counted in placed:
                self._add(counted)
        if self.keeper is not None and self.seen in self._found:
            self.keeper.take(self.seen, frame, wire, time, link, vlan)
        return layers

    def settle(self, before: int = EVER) -> None:
        """Give up datagrams that are incomplete and began before (ns)."""
        for counted in self._fragments.settle(before) if self._fragments is not None else ():
            self._add(counted)

    def _add(self, counted: Counted) -> None:
        layer, since, until, fault = counted
        found = self._found.get(layer.key)
        if fault:
            if found is not None:
                found.fragment_errors += 1
            return
        if found is None:
            if len(self._found) >= self._most:
                self.lost += layer.packets
                return
            found = self._found[layer.key] = Conversation(layer, since)
            found.tail = Tail() if self._tails is not None else None
        _count(found, layer, since, until)
        if self._tails is not None and found.tail is not None:
            self._tails.take(found.tail, layer, layer.key[_PROTOCOL], until)

    def release(self, before: int = EVER) -> None:
        """The first octets of conversations that began before (ns) were read: room for others."""
        for found in self._found.values():
            if self._tails and found.tail and found.tail.head and found.tail.head.began < before:
                self._tails.release(found.tail)

    def counts(self) -> tuple[int, int, int, int]:
        """(frames received, their octets, lost for want of room, without a link header)."""
        return self.received, self.octets, self.lost, self.unknown

    def records(self) -> bytes:
        """All of them, one after another."""
        return b"".join(found.pack(key) for key, found in self._found.items())

    @property
    def unkept(self) -> int:
        """Packets that there was no room to keep."""
        return self.keeper.unkept if self.keeper is not None else 0

    def packets(self) -> list[RawPacket]:
        """Those kept since the last time."""
        return self.keeper.taken() if self.keeper is not None else []

    def forget(self, before: int) -> int:
        """Drop conversations without a frame since `before` (ns); how many."""
        idle = [key for key, found in self._found.items() if found.last < before]
        if self.keeper is not None:
            self.keeper.forget(idle)
        for key in idle:
            tail = self._found.pop(key).tail
            if self._tails is not None and tail is not None:
                self._tails.release(tail)
        return len(idle)


def _count(found: Conversation, layer: Layer, since: int, time: int) -> None:
    side = layer.side
    found.packets[side] += layer.packets
    found.bytes[side] += layer.length
    found.last = max(found.last, time)
    found.first = min(found.first, since)
    found.fragments += layer.fragment
    found.fragment_errors += layer.fragment_error
    if layer.tcp_flags:
        _tcp(found, layer, time)
    elif layer.asks:
        found.request = time
    elif layer.answers and found.request and not found.rtt:
        found.rtt = max(0, time - found.request)


def _tcp(found: Conversation, layer: Layer, time: int) -> None:
    side, flags = layer.side, layer.tcp_flags
    other = 1 - side
    found.flags[side] |= flags
    if flags & _SYN and not found.syn[side]:
        found.syn[side], found.syn_ttl[side] = time, layer.ttl
        if flags & _ACK and found.syn[other] and not found.rtt:
            found.rtt = max(0, time - found.syn[other])
    if flags & _FIN and not found.fin[side]:
        found.fin[side] = time
    if flags & _RST and not found.rst[side]:
        found.rst[side] = time
        if found.syn[other] and not found.syn[side] and not found.rtt:
            found.rtt = max(0, time - found.syn[other])
    if found.rst[0] or found.rst[1]:
        found.finish = r.RESET
    elif found.fin[0] and found.fin[1]:
        found.finish = r.FINISHED
    length = layer.payload_length + bool(flags & _SYN) + bool(flags & _FIN)
    expected = found.next[side]
    if length:
        if expected >= 0 and 0 < (expected - layer.sequence) & 0xFFFFFFFF < _HALF:
            found.out_of_order[side] += 1
        else:
            found.next[side] = (layer.sequence + length) & 0xFFFFFFFF
