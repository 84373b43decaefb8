"""Datagrams as exporters send them: sFlow v5, NetFlow v5, v9 and IPFIX."""

from __future__ import annotations

import struct
from collections.abc import Sequence

Fields = Sequence[tuple[int, bytes] | tuple[int, bytes, int]]
"""Number, value, enterprise."""


def word(*values: int) -> bytes:
    return b"".join(value.to_bytes(4, "big") for value in values)


def raw_header(frame: bytes, wire: int, link: int = 1) -> bytes:
    body = word(link, wire + 4, 4, len(frame)) + frame + b"\0" * (-len(frame) % 4)
    return word(1, len(body)) + body


def packet_sample(
    sequence: int, frame: bytes, *, rate: int = 1, wire: int = 0, drops: int = 0, source: int = 3
) -> bytes:
    body = word(sequence, source, rate, sequence * rate, drops, source, 0, 1) + raw_header(frame, wire or len(frame))
    return word(1, len(body)) + body


def counter_sample(sequence: int, index: int, in_octets: int, out_octets: int) -> bytes:
    said = struct.pack(
        ">IIQIIQIIIIIIQIIIIII", index, 6, 10**9, 1, 3, in_octets, 1, 2, 3, 4, 5, 6, out_octets, 7, 8, 9, 10, 11, 0
    )
    body = word(sequence, index, 1, 1, len(said)) + said
    return word(2, len(body)) + body


def sflow(sequence: int, *samples: bytes, agent: bytes = b"\x0a\x00\x00\x01") -> bytes:
    return word(5, 1) + agent + word(0, sequence, 1000, len(samples)) + b"".join(samples)


def netflow_5(sequence: int, *flows: bytes, seconds: int = 1000, uptime: int = 60_000, sampling: int = 0) -> bytes:
    return struct.pack(">HHIIIIBBH", 5, len(flows), uptime, seconds, 0, sequence, 0, 0, sampling) + b"".join(flows)


def flow_5(
    source: bytes, destination: bytes, ports: tuple[int, int], packets: int, octets: int, *, protocol: int = 17,
    times: tuple[int, int] = (50_000, 55_000), flags: int = 0,
) -> bytes:  # fmt: skip
    return struct.pack(
        ">4s4s4sHHIIIIHHBBBBHHBBH", source, destination, b"\0" * 4, 1, 2, packets, octets, *times, *ports, 0, flags,
        protocol, 0, 0, 0, 0, 0, 0,
    )  # fmt: skip


def _specifiers(fields: Fields, version: int) -> bytes:
    out = b""
    for id, value, *enterprise in fields:
        length = len(value) if value[:1] != b"\xff" else 0xFFFF
        if enterprise and version == 10:
            out += struct.pack(">HHI", id | 0x8000, length, enterprise[0])
        else:
            out += struct.pack(">HH", id, length)
    return out


def variable(value: bytes) -> bytes:
    """Marked as such for these builders."""
    return b"\xff" + len(value).to_bytes(2, "big") + value


def _set(id: int, body: bytes) -> bytes:
    return struct.pack(">HH", id, len(body) + 4) + body


def template(id: int, fields: Fields, version: int) -> bytes:
    said = struct.pack(">HH", id, len(fields)) + _specifiers(fields, version)
    return _set(2 if version == 10 else 0, said)


def options(id: int, scope: Fields, fields: Fields, version: int) -> bytes:
    if version == 9:
        head = struct.pack(">HHH", id, len(scope) * 4, len(fields) * 4)
        return _set(1, head + _specifiers([*scope, *fields], 9))
    head = struct.pack(">HHH", id, len(scope) + len(fields), len(scope))
    return _set(3, head + _specifiers([*scope, *fields], 10))


def data(id: int, *records: Fields) -> bytes:
    return _set(id, b"".join(field[1] for fields in records for field in fields))


def datagram(version: int, sequence: int, *sets: bytes, domain: int = 7, seconds: int = 1000) -> bytes:
    body = b"".join(sets)
    if version == 9:
        return struct.pack(">HHIIII", 9, len(sets), 60_000, seconds, sequence, domain) + body
    return struct.pack(">HHIII", 10, 16 + len(body), seconds, sequence, domain) + body
