"""The packets of a flow that its capture kept, as a file."""

from __future__ import annotations

import asyncio
from typing import Annotated

import msgspec

from calipso.errors import NotFound
from calipso.flows.pcap import Packet, written
from calipso.operations.context import Context
from calipso.seams import RawPacket


class GetPackets(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """id: uuid of a flow: what one point saw of it."""

    id: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    environment: str = "local"


class PacketFile(msgspec.Struct, frozen=True):
    """pcap: a classic file with times in ns, in JSON as base64. packets: how many are in it."""

    packets: int
    pcap: bytes


async def get_packets(context: Context, request: GetPackets) -> PacketFile:
    """The packets of a flow that are kept: the first ones, as many as its capture was told to keep (`raw_packets`).

    They are in memory of the server: neither a restart nor too many others leave them. Raises `NotFound` for none.
    """
    found = context.captures(request.environment).packets(request.id)
    if not found:
        raise NotFound(f"no packets of a flow {request.id!r} are kept",
                       hint="a capture keeps them when it is told to: raw_packets")  # fmt: skip
    return await asyncio.to_thread(_file, found)


def _file(found: list[RawPacket]) -> PacketFile:
    link = found[0].link
    packets = [Packet(each.time, each.frame, each.wire, each.link) for each in found if each.link == link]
    return PacketFile(len(packets), written(packets, link))
