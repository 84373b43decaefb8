"""Connections that a namespace's kernel tracks and that speak with one address: a dump of ctnetlink, read in passing.

`struct nfgenmsg` and attributes as in include/uapi/linux/netfilter/nfnetlink_conntrack.h. A table can hold millions of
entries: what does not hold the address is dropped as it arrives, and what is kept is bounded.
"""

from __future__ import annotations

import ipaddress
import socket
import struct

from calipso.errors import TransportError
from calipso.transports.dump import refusal

MOST = 4096
"""Connections kept."""
_NETFILTER = 12
_GET = 1 << 8 | 1
_DUMP = 0x301
_ERROR, _DONE = 2, 3
_ROOM = 1 << 20


def tracked(address: str, timeout: float) -> bytes:
    """IPCTNL_MSG_CT_NEW messages of the thread's namespace, or one NLMSG_ERROR when the kernel refuses.

    Raises `TransportError` for what is no address, `OSError`, `TimeoutError`.
    """
    try:
        wanted = ipaddress.ip_address(address)
    except ValueError as error:
        raise TransportError(f"connections are asked for by an address, not by {address!r}") from error
    family = socket.AF_INET if wanted.version == 4 else socket.AF_INET6
    try:
        endpoint = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _NETFILTER)
    except OSError as error:
        return refusal(-(error.errno or 5))
    with endpoint:
        endpoint.settimeout(timeout)
        endpoint.send(struct.pack("=IHHIIBBH", 20, _GET, _DUMP, 1, 0, family, 0, 0))
        return _read(endpoint, wanted.packed)


def _read(endpoint: socket.socket, wanted: bytes) -> bytes:
    kept: list[bytes] = []
    while True:
        received = endpoint.recv(_ROOM)
        offset = 0
        while offset + 16 <= len(received):
            length, kind = struct.unpack_from("=IH", received, offset)
            if length < 16:
                raise OSError(0, "the kernel sent a message that does not fit its datagram")
            if kind in (_DONE, _ERROR):
                result = struct.unpack_from("=i", received, offset + 16)[0] if length >= 20 else 0
                return refusal(result) if kind == _ERROR or result < 0 else b"".join(kept)
            if len(kept) < MOST and received.find(wanted, offset + 20, offset + length) >= 0:
                kept.append(received[offset : offset + ((length + 3) & ~3)])
            offset += (length + 3) & ~3
