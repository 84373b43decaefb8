"""Sockets of a namespace and the processes that hold them: /proc/net/tcp, tcp6, udp, udp6 (proc_net_tcp(5))."""

from __future__ import annotations

import struct
from typing import Any

import msgspec

from calipso.errors import ParseError
from calipso.sources.linux.parse_ethtool import OWNERS, SOCKETS, values
from calipso.sources.linux.wire import ip_text, messages

NAME = "sockets"
_KINDS = {1: "tcp", 2: "tcp", 3: "udp", 4: "udp"}
_STATES = {("tcp", "0A"): "listen", ("tcp", "01"): "established", ("udp", "07"): "listen", ("udp", "01"): "established"}

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
    """Listening and established TCP and UDP sockets, sorted. Raises `ParseError` on a line that is none."""
    out = []
    for kind, start, end in messages(body, NAME):
        if kind == SOCKETS:
            for number, text in values(body, start, end, NAME).items():
                out += _lines(_KINDS.get(number, ""), text, owners)
    return sorted(out, key=lambda each: (each["protocol"], each["state"], each["local_port"], repr(each)))


def _lines(protocol: str, text: bytes, owners: dict[int, Owner]) -> list[dict[str, Any]]:
    out = []
    for number, line in enumerate(text.decode("ascii", "replace").splitlines()[1:], start=2):
        fields = line.split()
        try:
            state = _STATES.get((protocol, fields[3]))
            if state is None:
                continue
            local, remote = _endpoint(fields[1]), _endpoint(fields[2])
            inode = int(fields[9])
        except (IndexError, ValueError) as error:
            raise ParseError(NAME, str(error), line=number, excerpt=line) from None
        entry: dict[str, Any] = {
            "protocol": protocol,
            "state": state,
            "local_address": local[0],
            "local_port": local[1],
        }
        if state == "established":
            entry |= {"remote_address": remote[0], "remote_port": remote[1]}
        if inode in owners:
            entry["pid"], entry["process"] = owners[inode]
        out.append(entry)
    return out


def _endpoint(text: str) -> tuple[str, int]:
    """`0100007F:0016`: the address as 32-bit words of the host's byte order, the port as a number."""
    address, _, port = text.partition(":")
    if len(address) not in (8, 32):
        raise ValueError(f"not an address: {address[:40]}")
    words = [int(address[at : at + 8], 16) for at in range(0, len(address), 8)]
    return ip_text(struct.pack(f"={len(words)}I", *words)) or "", int(port, 16)
