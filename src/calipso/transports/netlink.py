"""Netlink dumps of any namespace of this machine, over sockets of our own.

The body of the reply to `Netlink` is, for each dump in order, a u32 length (native) and that many bytes of messages:
`struct nlmsghdr` (include/uapi/linux/netlink.h) and its payload, padded to 4, without NLMSG_DONE. A dump that the
kernel refuses is one NLMSG_ERROR message with its error number; one that was disturbed five times over carries
NLM_F_DUMP_INTR in its messages. `DUMPS` names those of rtnetlink; `transports/probes.py` adds what has no dump there,
`tracked:ADDRESS` gives the tracked connections with an address (`transports/tracked.py`).

A socket lives as long as one request. Opening it costs 10 µs, a dump 100 to 300; and a socket that stayed open would
keep a deleted namespace alive, with its devices and the far ends of their cables, until we noticed: a watcher must not
do that to what it watches. Everything here runs in one thread, which enters other namespaces and comes back.
"""

from __future__ import annotations

import os
import socket
import struct

from calipso.errors import AuthFailed, TimedOut, TransportError, Unreachable
from calipso.native.entered import entered
from calipso.native.place import Place
from calipso.seams import Netlink
from calipso.transports import probes
from calipso.transports.dump import dump
from calipso.transports.reference import Reference
from calipso.transports.tracked import tracked

_VF, _SKIP_STATISTICS = 1, 8

Dump = tuple[int, bytes]
"""Message type and the body after the header."""

DUMPS: dict[str, Dump] = {
    "links": (18, bytes(16) + struct.pack("=HHI", 8, 29, _VF | _SKIP_STATISTICS)),
    "links with statistics": (18, bytes(16) + struct.pack("=HHI", 8, 29, _VF)),
    "addresses": (22, bytes(8)),
    "routes": (26, bytes(12)),
    "neighbors": (30, bytes(12)),
    "fdb": (30, bytes([7]) + bytes(11)),
    "rules": (34, bytes(12)),
}


class Dumps:
    """Answers `Netlink` requests of one host. Used from one thread only."""

    def __init__(self, place: Place, reference: Reference) -> None:
        self._place = place
        self._reference = reference

    def answer(self, request: Netlink) -> bytes:
        """The dumps of one namespace. Raises `Unreachable`, `AuthFailed`, `TimedOut`, `TransportError`."""
        where = request.netns or "the host's own namespace"
        try:
            descriptor = self._place.open_namespace(request.netns)
            try:
                inode = os.fstat(descriptor).st_ino
                with entered(descriptor):
                    endpoint = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 0)
                with endpoint:
                    endpoint.settimeout(request.timeout)
                    bodies = [self._dump(endpoint, descriptor, inode, name) for name in request.dumps]
            finally:
                os.close(descriptor)
        except PermissionError as error:
            raise AuthFailed(f"{where}: {error.strerror}", hint="Run as root, or with CAP_SYS_ADMIN.") from error
        except TimeoutError as error:
            raise TimedOut(f"{where}: no answer from the kernel within {request.timeout} s") from error
        except OSError as error:
            raise Unreachable(f"{where}: {error.strerror or error}") from error
        return b"".join(part for body in bodies for part in (struct.pack("=I", len(body)), body))

    def _dump(self, endpoint: socket.socket, descriptor: int, inode: int, name: str) -> bytes:
        kind, _, argument = name.partition(":")
        if kind in DUMPS:
            return dump(endpoint, *DUMPS[kind])
        if kind == "nsids":
            return self._reference.nsids_seen_from(endpoint, inode)
        if kind == "ethtool":
            names = probes.interface_names(dump(endpoint, *DUMPS["links"]))
            names = [each for each in names if each[1] in argument.split(" ")] if argument else names
            return probes.ethtool(endpoint, names)
        if kind == "owners":
            return probes.socket_owners(self._place)
        if kind == "tracked":
            with entered(descriptor):
                return tracked(argument, endpoint.gettimeout() or 0.0)
        probe = probes.INSIDE.get(kind)
        if probe is None:
            raise TransportError(f"no such dump: {name}")
        with entered(descriptor):
            return probe()
