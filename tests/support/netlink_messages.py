"""Builds netlink messages as the kernel sends them, for link kinds that a test machine's kernel may lack."""

from __future__ import annotations

import socket
import struct
from typing import Any


def attribute(number: int, value: Any, *, width: str = "=I") -> bytes:
    """One attribute: bytes as they are, text with its NUL, lists nested, numbers by `width`."""
    if isinstance(value, list):
        body = b"".join(value)
        number |= 0x8000
    elif isinstance(value, str):
        body = value.encode() + b"\0"
    elif isinstance(value, bytes):
        body = value
    else:
        body = struct.pack(width, value)
    return struct.pack("=HH", 4 + len(body), number) + body + bytes(-len(body) % 4)


def u8(number: int, value: int) -> bytes:
    return attribute(number, value, width="=B")


def u16(number: int, value: int) -> bytes:
    return attribute(number, value, width="=H")


def be16(number: int, value: int) -> bytes:
    return attribute(number, value, width=">H")


def be32(number: int, value: int) -> bytes:
    return attribute(number, value, width=">I")


def ip(number: int, text: str) -> bytes:
    family = socket.AF_INET6 if ":" in text else socket.AF_INET
    return attribute(number, socket.inet_pton(family, text))


def mac(number: int, text: str) -> bytes:
    return attribute(number, bytes.fromhex(text.replace(":", "")))


def message(kind: int, body: bytes, *, flags: int = 2) -> bytes:
    return struct.pack("=IHHII", 16 + len(body), kind, flags, 1, 0) + body + bytes(-len(body) % 4)


def link(
    index: int,
    name: str,
    *attributes: bytes,
    kind: str = "",
    data: list[bytes] | None = None,
    slave: tuple[str, list[bytes]] | None = None,
    flags: int = 0x11043,
    hardware: int = 1,
    type_: int = 16,
    family: int = 0,
) -> bytes:
    """RTM_NEWLINK; the flags are UP, BROADCAST, RUNNING, MULTICAST, LOWER_UP unless told."""
    linkinfo = []
    if kind:
        linkinfo.append(attribute(1, kind))
    if data is not None:
        linkinfo.append(attribute(2, data))
    if slave is not None:
        linkinfo += [attribute(4, slave[0]), attribute(5, slave[1])]
    body = struct.pack("=BxHiII", family, hardware, index, flags, 0) + attribute(3, name) + u8(16, 6)
    return message(type_, body + b"".join(attributes) + (attribute(18, linkinfo) if linkinfo else b""))


def neighbor(index: int, *attributes: bytes, family: int = 2, state: int = 2, flags: int = 0) -> bytes:
    return message(28, struct.pack("=BxxxiHBB", family, index, state, flags, 0) + b"".join(attributes))


def route(
    *attributes: bytes,
    family: int = 2,
    length: int = 0,
    table: int = 254,
    kind: int = 1,
    protocol: int = 4,
    flags: int = 0,
) -> bytes:
    header = struct.pack("=BBBBBBBBI", family, length, 0, 0, table, protocol, 0, kind, flags)
    return message(24, header + b"".join(attributes))


def dumps(*bodies: bytes) -> bytes:
    """The body of a `Netlink` reply."""
    return b"".join(struct.pack("=I", len(body)) + body for body in bodies)
