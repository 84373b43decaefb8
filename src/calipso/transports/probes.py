"""What netlink has no dump for, in the same shape: messages with netlink headers and attributes.

Message types are ours, above all of rtnetlink's. After the header: u32 interface index (0 where none applies), then
values, each u32 number, u32 length, that many bytes, padded to 4 (netlink's own attributes end at 64 KiB):

    ETHTOOL 0xF001    1: struct ethtool_drvinfo · 2: struct ethtool_cmd · 3: struct ethtool_gfeatures with its blocks
    FEATURES 0xF002   3: struct ethtool_gstrings of ETH_SS_FEATURES, the same for every interface of a kernel
    CONNTRACK 0xF003  1: text of nf_conntrack_count · 2: of nf_conntrack_max
    SOCKETS 0xF004    1: SOCK_DIAG_BY_FAMILY messages of TCP, IPv4 and IPv6 · 2: of UDP
    OWNERS 0xF005     1: JSON [[socket inode, pid, command]]
    FIREWALL 0xF006   1: i32 generation of nf_tables, or a negative error · 2, 3: text of /proc/net/ip_tables_names, …6…

What a namespace does not have is left out. Structures: include/uapi/linux/ethtool.h, netfilter/nfnetlink.h.
"""

from __future__ import annotations

import array
import contextlib
import fcntl
import os
import re
import socket
import struct
from collections.abc import Callable, Iterable

import msgspec

from calipso.native.place import Place
from calipso.transports.dump import dump
from calipso.transports.namespaces import pids

ETHTOOL, FEATURES, CONNTRACK, SOCKETS, OWNERS, FIREWALL = range(0xF001, 0xF007)

_SIOCETHTOOL = 0x8946
_GET_DRIVER, _GET_SETTINGS, _GET_SET_SIZES, _GET_STRINGS, _GET_FEATURES = 0x03, 0x01, 0x37, 0x1B, 0x3A
_FEATURE_STRINGS = 4
_SOCK_DIAG, _BY_FAMILY = 4, 20
_STATES = 1 << 1 | 1 << 7 | 1 << 10
"""TCP_ESTABLISHED, TCP_CLOSE (an unconnected UDP socket), TCP_LISTEN."""
_IN_USE = re.compile(rb"^(?:TCP|UDP)6?: inuse [1-9]", re.MULTILINE)
_NETFILTER, _GET_GENERATION = 12, (10 << 8) | 16


def message(kind: int, index: int, values: Iterable[tuple[int, bytes]]) -> bytes:
    """One message of the shape described above."""
    body = [struct.pack("=I", index)]
    for number, value in values:
        body += [struct.pack("=II", number, len(value)), value, bytes(-len(value) % 4)]
    joined = b"".join(body)
    return struct.pack("=IHHII", 16 + len(joined), kind, 0, 0, 0) + joined


def interface_names(links: bytes) -> list[tuple[int, str]]:
    """(index, name) of every RTM_NEWLINK message of a dump."""
    out = []
    offset = 0
    while offset + 32 <= len(links):
        length, kind = struct.unpack_from("=IH", links, offset)
        at, end = offset + 32, offset + length
        while kind == 16 and at + 4 <= end:
            size, number = struct.unpack_from("=HH", links, at)
            if number == 3:
                index = struct.unpack_from("=i", links, offset + 20)[0]
                out.append((index, links[at + 4 : at + size].rstrip(b"\0").decode("utf-8", "surrogateescape")))
                break
            at += max((size + 3) & ~3, 4)
        offset += max((length + 3) & ~3, 16)
    return out


def ethtool(endpoint: socket.socket, interfaces: list[tuple[int, str]]) -> bytes:
    """Driver, speed and features of interfaces in the namespace of a socket, by ioctl (any socket serves)."""
    sizes: list[int] = []
    messages = []
    for index, name in interfaces:
        values = []
        driver = _ioctl(endpoint, name, struct.pack("=I", _GET_DRIVER) + bytes(192))
        if driver:
            values.append((1, driver))
        settings = _ioctl(endpoint, name, struct.pack("=I", _GET_SETTINGS) + bytes(40))
        if settings:
            values.append((2, settings))
        if not sizes:
            sizes.append(_feature_count(endpoint, name))
            strings = struct.pack("=III", _GET_STRINGS, _FEATURE_STRINGS, sizes[0]) + bytes(32 * sizes[0])
            names = _ioctl(endpoint, name, strings) if sizes[0] else b""
            if names:
                messages.append(message(FEATURES, 0, [(3, names)]))
        blocks = (sizes[0] + 31) // 32
        features = _ioctl(endpoint, name, struct.pack("=II", _GET_FEATURES, blocks) + bytes(16 * blocks))
        if features:
            values.append((3, features))
        messages.append(message(ETHTOOL, index, values))
    return b"".join(messages)


def _feature_count(endpoint: socket.socket, name: str) -> int:
    answer = _ioctl(endpoint, name, struct.pack("=IIQI", _GET_SET_SIZES, 0, 1 << _FEATURE_STRINGS, 0))
    return int(struct.unpack("=IIQI", answer)[3]) if answer else 0


def _ioctl(endpoint: socket.socket, name: str, request: bytes) -> bytes:
    """The answer of an ethtool command, empty when the driver has none or the interface is gone."""
    memory = array.array("B", request)
    argument = struct.pack("16sP24x", os.fsencode(name)[:15], memory.buffer_info()[0])
    try:
        fcntl.ioctl(endpoint.fileno(), _SIOCETHTOOL, argument)
    except OSError:
        return b""
    return memory.tobytes()


def conntrack() -> bytes:
    """Tracked connections and their limit in the thread's namespace (sysctls follow the reader)."""
    base = "/proc/sys/net/netfilter/nf_conntrack_"
    return message(CONNTRACK, 0, _texts((1, base + "count"), (2, base + "max")))


def sockets() -> bytes:
    """Listening and established TCP and UDP sockets of the thread's namespace: struct inet_diag_req_v2.

    Thirty times cheaper than /proc/net/tcp, which walks the table of the whole machine line by line.
    """
    base = "/proc/thread-self/net/"
    counts = _texts((1, base + "sockstat"), (2, base + "sockstat6"))
    if len(counts) == 2 and not any(_IN_USE.search(text) for _, text in counts):
        return message(SOCKETS, 0, [])
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _SOCK_DIAG) as endpoint:
        endpoint.settimeout(10.0)
        values = [
            (
                number,
                b"".join(
                    dump(endpoint, _BY_FAMILY, struct.pack("=BBxxI48x", family, protocol, _STATES))
                    for family in (socket.AF_INET, socket.AF_INET6)
                ),
            )
            for number, protocol in ((1, socket.IPPROTO_TCP), (2, socket.IPPROTO_UDP))
        ]
    return message(SOCKETS, 0, values)


def firewall() -> bytes:
    """What tells cheaply whether a namespace has rules at all, and whether they changed."""
    values = [(1, struct.pack("=i", _generation()))]
    base = "/proc/thread-self/net/"
    return message(FIREWALL, 0, values + _texts((2, base + "ip_tables_names"), (3, base + "ip6_tables_names")))


def _generation() -> int:
    """NFT_MSG_GETGEN: counts the transactions on nf_tables of a namespace, from 1; or a negative error number."""
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _NETFILTER) as endpoint:
            endpoint.settimeout(5.0)
            endpoint.send(struct.pack("=IHHIIBBH", 20, _GET_GENERATION, 1, 1, 0, 0, 0, 0))
            answer = endpoint.recv(1 << 12)
    except OSError as error:
        return -(error.errno or 5)
    if struct.unpack_from("=H", answer, 4)[0] == 2:
        return int(struct.unpack_from("=i", answer, 16)[0])
    return int(struct.unpack_from(">i", answer, 24)[0])


def socket_owners(place: Place) -> bytes:
    """Which process holds which socket, host-wide. The lowest pid counts where several hold one."""
    owners: dict[int, tuple[int, str]] = {}
    for pid in sorted(pids(place), reverse=True):
        base = f"{place.proc}/{pid}"
        with contextlib.suppress(OSError):
            inodes = _socket_inodes(f"{base}/fd")
            if inodes:
                with open(f"{base}/comm", encoding="utf-8", errors="replace") as file:
                    command = file.read().rstrip("\n")
                owners.update((inode, (pid, command)) for inode in inodes)
    rows = [[inode, pid, command] for inode, (pid, command) in sorted(owners.items())]
    return message(OWNERS, 0, [(1, msgspec.json.encode(rows))])


def _socket_inodes(folder: str) -> list[int]:
    out = []
    for name in os.listdir(folder):
        try:
            target = os.readlink(f"{folder}/{name}")
        except OSError:
            continue
        if target.startswith("socket:["):
            out.append(int(target[8:-1]))
    return out


def _texts(*files: tuple[int, str]) -> list[tuple[int, bytes]]:
    out = []
    for number, path in files:
        with contextlib.suppress(OSError), open(path, "rb") as file:
            out.append((number, file.read()))
    return out


INSIDE: dict[str, Callable[[], bytes]] = {"conntrack": conntrack, "sockets": sockets, "firewall": firewall}
"""Probes that read as a thread inside of the namespace."""
