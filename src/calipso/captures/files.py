"""Capture files, counted by the C core where it is there: a classic file in pieces of memory, others frame by frame."""

from __future__ import annotations

import ctypes
import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, Literal

import msgspec

from calipso.captures.core import CoreTable, library
from calipso.errors import ParseError
from calipso.flows import pcap
from calipso.flows.count import Counter
from calipso.flows.fragments import SETS
from calipso.flows.offline import Reading, flows_of, reading
from calipso.flows.table import Point, Policy

PIECE = 2 * pcap.LARGEST
"""Octets read at once: the largest packet fits."""
HEADS_OF_FILE = 65_536
"""Conversations of a file whose first octets are read."""
_HERE = "<" if sys.byteorder == "little" else ">"


class FileOptions(msgspec.Struct, frozen=True, kw_only=True):
    """As of a capture (`seams.CaptureOptions`). layers: those that flows tell in full."""

    l2_key: bool = False
    defragment: bool = False
    tcp_metric: bool = False
    payload: bool = False
    layers: tuple[Literal["DNS", "DHCPv4", "VRRP"], ...] = ()

    @property
    def policy(self) -> Policy:
        return Policy(update=float(1 << 40), layers=self.layers)


def flows_of_file(
    path: Path, point: Point, asked: FileOptions = FileOptions(), *,  # noqa: B008  (frozen)
    most: int = 500_000,
    progress: Callable[[int], None] = lambda packets: None,
) -> Reading:  # fmt: skip
    """All flows of a pcap or pcapng file. Raises `OSError`, and `ParseError` for what is no such file at all."""
    more: dict[str, Any] = {
        "l2_key": asked.l2_key, "fragments": SETS * asked.defragment, "streams": asked.tcp_metric,
        "heads": HEADS_OF_FILE * asked.payload,
    }  # fmt: skip
    with path.open("rb") as stream:
        if library() is None:
            return flows_of(stream, Counter(most, **more), point, asked.policy, progress=progress)
        table = CoreTable(most, **more)
        try:
            head = pcap.classic(stream.read(pcap.HEADER))
            if head is None or head.order != _HERE:
                stream.seek(0)
                return flows_of(stream, table, point, asked.policy, progress=progress)
            return reading(table, point, _count(stream, table, head, progress), asked.policy)
        finally:
            table.close()


def _count(stream: BinaryIO, table: CoreTable, head: pcap.Classic, progress: Callable[[int], None]) -> str:
    """Count what follows the header; where and why it ended early, or "". Raises `ParseError` without any packet."""
    piece = bytearray(PIECE)
    view, address = memoryview(piece), ctypes.addressof(ctypes.c_char.from_buffer(piece))
    at, filled = pcap.HEADER, 0
    while more := stream.readinto(view[filled:]):  # type: ignore[attr-defined]
        filled += more
        whole = table.pcap(address, filled, head.unit, head.link, pcap.LARGEST)
        at, filled = at + whole, filled - whole
        view[:filled] = view[whole : whole + filled]
        progress(table.counts()[0])
    try:
        for _ in pcap.packets_of(io.BytesIO(view[:filled]), at, head):
            pass
    except ParseError as error:
        if not table.counts()[0]:
            raise
        return error.message
    return ""
