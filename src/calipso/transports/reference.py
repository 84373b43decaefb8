"""One empty namespace of our own, in which every namespace of the host has a number.

The kernel numbers namespaces only as seen from another one, and tells a LISTEN_ALL_NSID socket only of those that have
a number where the socket is. Numbering them in a namespace of our own leaves those of the host untouched. It answers
the dump `nsids` (RTM_GETNSID with NETNSA_TARGET_NSID, Linux 4.20): for a namespace, each number it uses (NETNSA_NSID)
and ours for the same namespace (NETNSA_CURRENT_NSID): include/uapi/linux/net_namespace.h.

Without the privilege to make a namespace, our numbers are counted here and only the own namespace can be asked.
"""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import struct

from calipso.native.entered import entered
from calipso.native.place import Place
from calipso.native.syscalls import set_network_namespace, unshare_network_namespace
from calipso.transports.dump import dump

_NEW, _DELETE, _GET = 88, 89, 90
_NSID, _FD, _TARGET, _CURRENT = 1, 3, 4, 5
_SOL_NETLINK, _ADD_MEMBERSHIP, _LISTEN_ALL_NSID, _STRICT = 270, 1, 8, 12
_REQUEST, _ACK, _ERROR = 1, 4, 2
_RECEIVE_BUFFER_FORCE = 33
_SOCKET_NAMESPACE = 0x894C  # SIOCGSKNS: a descriptor of the namespace a socket is in
GROUPS = (1, 3, 5, 7, 8, 9, 11, 19, 28)
"""RTNLGRP_ LINK, NEIGH, IPV4_IFADDR, IPV4_ROUTE, IPV4_RULE, IPV6_IFADDR, IPV6_ROUTE, IPV6_RULE, NSID."""


class Reference:
    """Numbers of namespaces. Used from one thread only."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._query: socket.socket | None = None
        self._numbers: dict[int, int] = {}
        self._paths: dict[int, str] = {}
        self._sequence = 0
        self._dead: set[int | None] = set()
        self.listened = False
        """Somebody hears of numbers taken back, and says so: what is numbered once need not be asked for again."""
        self.private = False
        """A namespace of our own was made. Else numbers are counted here, and events come from the own one only."""

    def number(self, found: dict[int, str]) -> dict[int, int]:
        """inode → number, for namespaces given as inode → path; those that cannot be opened have none."""
        query = self._opened()
        known, self._numbers = self._numbers if self.listened else {}, {}
        dead, self._dead = self._dead, set()
        numbers = {
            inode: each for inode, each in known.items() if inode in found and each not in dead and None not in dead
        }
        for inode, path in found.items():
            if inode in numbers:
                continue
            try:
                descriptor = self._place.open_namespace(path)
            except OSError:
                continue
            try:
                same = os.fstat(descriptor).st_ino == inode
                number = self._number(query, inode, descriptor) if same else -1
            except OSError:
                continue
            finally:
                os.close(descriptor)
            if number >= 0:
                numbers[inode] = number
        self._numbers, self._paths = numbers, found
        return numbers

    def _number(self, query: socket.socket, inode: int, descriptor: int) -> int:
        if not self.private:
            return inode & 0x7FFFFFFF
        known = self._ask(query, descriptor)
        if known < 0:
            self._exchange(query, _NEW, _REQUEST | _ACK, _attribute(_NSID, -1) + _attribute(_FD, descriptor))
            known = self._ask(query, descriptor)
        return known

    def _ask(self, query: socket.socket, descriptor: int) -> int:
        """The number of a namespace as the socket's one has it, -1 for none."""
        answer = self._exchange(query, _GET, _REQUEST, _attribute(_FD, descriptor))
        offset = 20
        while offset + 8 <= len(answer):
            length, kind = struct.unpack_from("=HH", answer, offset)
            if kind == _NSID:
                return int(struct.unpack_from("=i", answer, offset + 4)[0])
            offset += max((length + 3) & ~3, 4)
        return -1

    def _exchange(self, endpoint: socket.socket, kind: int, flags: int, attributes: bytes) -> bytes:
        self._sequence += 1
        header = struct.pack("=IHHII", 20 + len(attributes), kind, flags, self._sequence, 0)
        endpoint.send(header + bytes(4) + attributes)
        answer = endpoint.recv(1 << 12)
        _, type_, _, _, _, error = struct.unpack_from("=IHHIIi", answer)
        if type_ == _ERROR and error and error != -errno.EEXIST:
            raise OSError(-error, os.strerror(-error))
        return answer

    def nsids_seen_from(self, endpoint: socket.socket, inode: int) -> bytes:
        """RTM_NEWNSID messages for each namespace that the one of `endpoint` has a number for."""
        query = self._opened()
        number = self._numbers.get(inode)
        if number is None:
            return b""
        if self.private:
            return dump(query, _GET, bytes(4) + _attribute(_TARGET, number))
        messages = []
        for other, path in self._paths.items():
            descriptor = self._place.open_namespace(path)
            try:
                seen = self._ask(endpoint, descriptor)
            finally:
                os.close(descriptor)
            if seen >= 0:
                body = bytes(4) + _attribute(_NSID, seen) + _attribute(_CURRENT, self._numbers.get(other, -1))
                messages.append(struct.pack("=IHHII", 16 + len(body), _NEW, 0, 0, 0) + body)
        return b"".join(messages)

    def listener(self, receive_buffer: int) -> socket.socket:
        """A non-blocking socket that hears of changes in every numbered namespace. Raises `OSError`."""
        query = self._opened()
        if self.private:
            home = fcntl.ioctl(query.fileno(), _SOCKET_NAMESPACE)
            try:
                with entered(home):
                    endpoint = _route_socket()
            finally:
                os.close(home)
            endpoint.setsockopt(_SOL_NETLINK, _LISTEN_ALL_NSID, 1)
        else:
            endpoint = _route_socket()
        endpoint.setblocking(False)
        try:
            endpoint.setsockopt(socket.SOL_SOCKET, _RECEIVE_BUFFER_FORCE, receive_buffer)
        except PermissionError:
            endpoint.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        for group in GROUPS:
            endpoint.setsockopt(_SOL_NETLINK, _ADD_MEMBERSHIP, group)
        return endpoint

    def taken_back(self, number: int | None) -> None:
        """The namespace of this number has ended; None: any may have. May be called from any thread."""
        self._dead.add(number)

    def own_number(self) -> int:
        """The number of the namespace this process is in, -1 when it has none."""
        return self._numbers.get(os.stat("/proc/self/ns/net").st_ino, -1)

    def close(self) -> None:
        if self._query is not None:
            self._query.close()
            self._query = None

    def _opened(self) -> socket.socket:
        if self._query is None:
            own = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
            try:
                self._query = self._make(own)
            finally:
                os.close(own)
        return self._query

    def _make(self, own: int) -> socket.socket:
        try:
            unshare_network_namespace()
        except PermissionError:
            return _route_socket()
        try:
            query = _route_socket()
        finally:
            set_network_namespace(own)
        query.setsockopt(_SOL_NETLINK, _STRICT, 1)
        self.private = True
        return query


def _route_socket() -> socket.socket:
    endpoint = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 0)
    endpoint.bind((0, 0))
    endpoint.settimeout(10.0)
    return endpoint


def _attribute(kind: int, value: int) -> bytes:
    return struct.pack("=HHi", 8, kind, value)
