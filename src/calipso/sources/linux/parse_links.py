"""RTM_NEWLINK and RTM_DELLINK messages: include/uapi/linux/if_link.h, if.h, if_arp.h."""

from __future__ import annotations

import struct
from typing import Any

from calipso.sources.linux.link_kinds import KINDS, SLAVE_KINDS
from calipso.sources.linux.wire import (
    U32,
    Table,
    attributes,
    boolean,
    choice,
    each,
    hardware,
    hexadecimal,
    messages,
    s32,
    text,
    u8,
    u32,
)

NAME = "netlink links"
NEW, DELETE = 16, 17
Link = dict[str, Any]
"""One interface as the kernel says it; keys as in `LINK` and `FIXED`, `counters` apart."""

_INTERFACE = struct.Struct("=BxHiI").unpack_from

FLAGS = {
    1 << 0: "UP",
    1 << 1: "BROADCAST",
    1 << 2: "DEBUG",
    1 << 3: "LOOPBACK",
    1 << 4: "POINTOPOINT",
    1 << 5: "NOTRAILERS",
    1 << 6: "RUNNING",
    1 << 7: "NOARP",
    1 << 8: "PROMISC",
    1 << 9: "ALLMULTI",
    1 << 10: "MASTER",
    1 << 11: "SLAVE",
    1 << 12: "MULTICAST",
    1 << 13: "PORTSEL",
    1 << 14: "AUTOMEDIA",
    1 << 15: "DYNAMIC",
    1 << 16: "LOWER_UP",
    1 << 17: "DORMANT",
    1 << 18: "ECHO",
}
ENCAPSULATIONS = {
    1: "ether",
    24: "ieee1394",
    32: "infiniband",
    280: "can",
    512: "ppp",
    519: "rawip",
    768: "ipip",
    769: "tunnel6",
    772: "loopback",
    776: "sit",
    778: "gre",
    801: "ieee802.11",
    803: "ieee802.11/radiotap",
    804: "ieee802.15.4",
    823: "gre6",
    824: "netlink",
    0xFFFE: "none",
    0xFFFF: "void",
}
_OPERSTATES = {
    0: "unknown",
    1: "notpresent",
    2: "down",
    3: "lowerlayerdown",
    4: "testing",
    5: "dormant",
    6: "up",
}
_COUNTERS = (
    "rx_packets",
    "tx_packets",
    "rx_bytes",
    "tx_bytes",
    "rx_errors",
    "tx_errors",
    "rx_dropped",
    "tx_dropped",
    "multicast",
    "collisions",
    "rx_length_errors",
    "rx_over_errors",
    "rx_crc_errors",
    "rx_frame_errors",
    "rx_fifo_errors",
    "rx_missed_errors",
    "tx_aborted_errors",
    "tx_carrier_errors",
    "tx_fifo_errors",
    "tx_heartbeat_errors",
    "tx_window_errors",
    "rx_compressed",
    "tx_compressed",
    "rx_nohandler",
)
_COUNTER_FORMATS = {count: struct.Struct(f"={count}Q").unpack_from for count in range(len(_COUNTERS) + 1)}


def _counters(body: bytes, start: int, end: int) -> dict[str, float]:
    """struct rtnl_link_stats64; older kernels send a shorter one."""
    count = min((end - start) // 8, len(_COUNTERS))
    return dict(zip(_COUNTERS, _COUNTER_FORMATS[count](body, start), strict=False))


def _raw(body: bytes, start: int, end: int) -> tuple[int, int]:
    """Where the attribute is, for what can only be decoded when others are known."""
    return start, end


def _alternative_names(body: bytes, start: int, end: int) -> list[str] | None:
    names = [text(body, at, to) for kind, at, to in each(body, start, end, NAME) if kind == 53]
    return sorted(names) or None


def _xdp(body: bytes, start: int, end: int) -> dict[str, Any] | None:
    out: dict[str, Any] = {}
    modes = {1: "driver", 2: "generic", 3: "offload", 4: "multi"}
    table: Table = {2: ("mode", choice(modes)), 4: ("program", u32)}
    attributes(body, start, end, table, out, NAME)
    return out if out.get("mode", "0") != "0" else None


def _vf_pair(body: bytes, start: int, end: int) -> int | None:
    """The second u32 of a struct ifla_vf_…: the first is the VF's number."""
    value: int | None = u32(body, start + 4, end)
    return value


def _vf_flag(body: bytes, start: int, end: int) -> bool | None:
    """Drivers that do not know say all ones."""
    value = _vf_pair(body, start, end)
    return None if value is None or value == 0xFFFFFFFF else value != 0


def _vf_state(body: bytes, start: int, end: int) -> str | None:
    value = _vf_pair(body, start, end)
    return None if value is None else {0: "auto", 1: "enable", 2: "disable"}.get(value, str(value))


_VF: Table = {
    1: ("mac", lambda body, start, end: body[start + 4 : start + 10].hex(":") if end - start >= 10 else None),
    2: ("vlan", lambda body, start, end: (u32(body, start + 4, end) or 0, u32(body, start + 8, end) or 0)),
    3: ("tx_rate", _vf_pair),
    4: ("spoof_check", _vf_flag),
    5: ("link_state", _vf_state),
    6: ("rates", lambda body, start, end: (u32(body, start + 4, end) or 0, u32(body, start + 8, end) or 0)),
    9: ("trust", _vf_flag),
}


def _virtual_functions(body: bytes, start: int, end: int) -> list[dict[str, Any]] | None:
    """IFLA_VFINFO_LIST: one IFLA_VF_INFO each, whose structs repeat the VF's number."""
    out = []
    for _, at, to in each(body, start, end, NAME):
        found: dict[str, Any] = {}
        attributes(body, at, to, _VF, found, NAME)
        numbers = [
            U32(body, begin)[0] for kind, begin, stop in each(body, at, to, NAME) if kind == 1 and stop - begin >= 4
        ]
        if not numbers:
            continue
        vlan, qos = found.pop("vlan", (0, 0))
        low, high = found.pop("rates", (0, found.pop("tx_rate", 0)))
        found.pop("tx_rate", None)
        found |= {"index": numbers[0], "vlan": vlan, "qos": qos, "min_tx_rate": low, "max_tx_rate": high}
        out.append(found)
    return sorted(out, key=lambda each: int(each["index"])) or None


_LINKINFO: Table = {1: ("kind", text), 2: ("_data", _raw), 4: ("slave_kind", text), 5: ("_slave_data", _raw)}
LINK: Table = {
    1: ("address", hardware),
    3: ("name", text),
    4: ("mtu", u32),
    5: ("link", u32),
    6: ("qdisc", text),
    10: ("master", u32),
    13: ("txqlen", u32),
    16: ("operstate", choice(_OPERSTATES)),
    17: ("linkmode", u8),
    18: ("_linkinfo", _raw),
    20: ("alias", text),
    22: ("vfs", _virtual_functions),
    23: ("counters", _counters),
    27: ("group", u32),
    30: ("promiscuity", u32),
    31: ("num_tx_queues", u32),
    32: ("num_rx_queues", u32),
    33: ("carrier", boolean),
    34: ("phys_port_id", hexadecimal),
    36: ("phys_switch_id", hexadecimal),
    37: ("link_nsid", s32),
    38: ("phys_port_name", text),
    39: ("proto_down", boolean),
    40: ("gso_max_segs", u32),
    41: ("gso_max_size", u32),
    43: ("xdp", _xdp),
    45: ("new_nsid", s32),
    49: ("new_ifindex", s32),
    50: ("min_mtu", u32),
    51: ("max_mtu", u32),
    52: ("altnames", _alternative_names),
    54: ("permanent_address", hardware),
    56: ("parent_device", text),
    57: ("parent_bus", text),
    58: ("gro_max_size", u32),
}


def parse_links(body: bytes) -> list[Link]:
    """Interfaces of a dump, in its order. Raises `ParseError`."""
    return [link for kind, link in parse_link_messages(body) if kind == NEW]


def parse_link_messages(body: bytes) -> list[tuple[int, Link]]:
    """(RTM_NEWLINK or RTM_DELLINK, interface). Bridge-family messages are of ports, not of interfaces: left out."""
    out = []
    for kind, start, end in messages(body, NAME):
        if kind not in (NEW, DELETE) or end - start < 16:
            continue
        family, hardware_type, index, flags = _INTERFACE(body, start)
        if family != 0:
            continue
        link: Link = {"index": index, "flags": flags, "hardware": hardware_type}
        attributes(body, start + 16, end, LINK, link, NAME)
        place = link.pop("_linkinfo", None)
        if place is not None:
            _linkinfo(body, place[0], place[1], link)
        if link.get("name"):
            out.append((kind, link))
    return out


def _linkinfo(body: bytes, start: int, end: int, link: Link) -> None:
    attributes(body, start, end, _LINKINFO, link, NAME)
    for place, kind, known, key in (
        (link.pop("_data", None), link.get("kind"), KINDS, "data"),
        (link.pop("_slave_data", None), link.get("slave_kind"), SLAVE_KINDS, "slave_data"),
    ):
        entry = known.get(kind) if kind else None
        if place is not None and entry is not None:
            prefix, table = entry
            found: dict[str, Any] = {}
            attributes(body, place[0], place[1], table, found, NAME)
            link[key] = {prefix + name: value for name, value in found.items()} if prefix else found
