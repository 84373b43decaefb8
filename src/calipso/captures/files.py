"""Capture files, counted by the C core where it is there: a classic file in pieces of memory, others frame by frame."""

from __future__ import annotations

import ctypes
import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from calipso.captures.core import CoreTable, library
from calipso.errors import ParseError
from calipso.flows import pcap
from calipso.flows.count import Counter
from calipso.flows.fragments import SETS
from calipso.flows.offline import Reading, flows_of, reading
from calipso.flows.table import Point

PIECE = 2 * pcap.LARGEST
"""Octets read at once: the largest packet fits."""
_HERE = "<" if sys.byteorder == "little" else ">"


def flows_of_file(
    path: Path, point: Point, *, l2_key: bool = False, defragment: bool = False, most: int = 500_000,
    progress: Callable[[int], None] = lambda packets: None,
) -> Reading:  # fmt: skip
    """All flows of a pcap or pcapng file. Raises `OSError`, and `ParseError` for what is no such file at all."""
    sets = SETS * defragment
    with path.open("rb") as stream:
        if library() is None:
            return flows_of(stream, Counter(most, l2_key=l2_key, fragments=sets), point, progress=progress)
        table = CoreTable(most, l2_key=l2_key, fragments=sets)
        try:
            head = pcap.classic(stream.read(pcap.HEADER))
            if head is None or head.order != _HERE:
                stream.seek(0)
                return flows_of(stream, table, point, progress=progress)
            return reading(table, point, _count(stream, table, head, progress))
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
