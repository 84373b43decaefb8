"""Sockets of a namespace and the processes that hold them: include/uapi/linux/inet_diag.h, sock_diag.h."""

from __future__ import annotations

import struct
from typing import Any

import msgspec

from calipso.errors import ParseError
from calipso.sources.linux.parse_ethtool import OWNERS, SOCKETS, values
from calipso.sources.linux.wire import AF_INET, AF_INET6, U32, ip_text, messages

NAME = "sockets"
_BY_FAMILY = 20
_PORTS = struct.Struct(">HH").unpack_from
_PROTOCOLS = {1: "tcp", 2: "udp"}
_STATES = {("tcp", 10): "listen", ("tcp", 1): "established", ("udp", 7): "listen", ("udp", 1): "established"}

Owner = tuple[int, str]
"""pid and command."""


def parse_owners(body: bytes) -> dict[int, Owner]:
    """Socket inode → process. Raises `ParseError`."""
    for kind, start, end in messages(body, NAME):
        if kind == OWNERS:
            packed = values(body, start, end, NAME).get(1, b"[]")
            try:
                rows = msgspec.json.decode(packed, type=list[tuple[int, int, str]])
            except msgspec.DecodeError as error:
                raise ParseError(NAME, f"owners: {error}") from None
            return {inode: (pid, command) for inode, pid, command in rows}
    return {}


def parse_sockets(body: bytes, owners: dict[int, Owner]) -> list[dict[str, Any]]:
    """Listening and established TCP and UDP sockets, sorted. Raises `ParseError`."""
    out = []
    for kind, start, end in messages(body, NAME):
        if kind == SOCKETS:
            for number, packed in values(body, start, end, NAME).items():
                for type_, at, to in messages(packed, NAME):
                    entry = _socket(packed, at, to, _PROTOCOLS.get(number, str(number)), owners)
                    if type_ == _BY_FAMILY and entry is not None:
                        out.append(entry)
    return sorted(out, key=lambda each: (each["protocol"], each["state"], each["local_port"], repr(each)))


def _socket(body: bytes, start: int, end: int, protocol: str, owners: dict[int, Owner]) -> dict[str, Any] | None:
    """struct inet_diag_msg; queues, timers and cookies are left out."""
    if end - start < 72:
        return None
    family, number = body[start], body[start + 1]
    state = _STATES.get((protocol, number))
    size = {AF_INET: 4, AF_INET6: 16}.get(family)
    if state is None or size is None:
        return None
    local_port, remote_port = _PORTS(body, start + 4)
    inode = U32(body, start + 68)[0]
    entry: dict[str, Any] = {
        "protocol": protocol,
        "state": state,
        "local_address": ip_text(body[start + 8 : start + 8 + size]),
        "local_port": local_port,
    }
    if state == "established":
        entry |= {"remote_address": ip_text(body[start + 24 : start + 24 + size]), "remote_port": remote_port}
    if inode in owners:
        entry["pid"], entry["process"] = owners[inode]
    return entry
