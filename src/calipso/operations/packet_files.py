"""Flows of capture files from elsewhere, among those that were captured."""

from __future__ import annotations

import asyncio
import io
from typing import Annotated

import msgspec

from calipso.errors import ParseError, QueryError
from calipso.flows.count import Counter
from calipso.flows.fragments import SETS
from calipso.flows.offline import Reading, flows_of
from calipso.flows.table import Point
from calipso.operations.context import Context

LARGEST = 32 << 20
"""Octets of a file."""
_HEADS = 8192


class ImportPackets(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """pcap: a pcap or pcapng file, in JSON as base64. capture: what its flows are said to be captured by."""

    pcap: Annotated[bytes, msgspec.Meta(min_length=1)]
    environment: str = "local"
    capture: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9._-]{1,40}$")] = "import"


class PacketsImported(msgspec.Struct, frozen=True):
    """damage: where and why reading ended early."""

    packets: int
    flows: int
    damage: str = ""


async def import_packets(context: Context, request: ImportPackets) -> PacketsImported:
    """Keep the flows of a capture file, without an object that they were captured on. Raises `QueryError`."""
    if len(request.pcap) > LARGEST:
        raise QueryError(f"the file has more than {LARGEST} octets", hint="`calipso pcap FILE` reads files of any size")
    found = await asyncio.to_thread(_read, request)
    await asyncio.to_thread(context.captures(request.environment).flows.add, found.flows)
    return PacketsImported(found.packets, len(found.flows), found.damage)


def _read(request: ImportPackets) -> Reading:
    try:
        counter = Counter(fragments=SETS, streams=True, heads=_HEADS)
        return flows_of(io.BytesIO(request.pcap), counter, Point(capture=request.capture))
    except ParseError as error:
        raise QueryError(f"the file: {error.message}", hint="pcap and pcapng are read") from error
