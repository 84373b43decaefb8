"""Driver, speed and features as the transport's probes give them: include/uapi/linux/ethtool.h.

The shape of the messages is described in `transports/probes.py`.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import Any

import msgspec

from calipso.errors import ParseError
from calipso.sources.linux.wire import U32, messages, text

NAME = "ethtool"
ETHTOOL, FEATURES, CONNTRACK, SOCKETS, OWNERS, FIREWALL = range(0xF001, 0xF007)
_DUPLEX = {0: "half", 1: "full"}
_UNKNOWN_SPEED = (0, 0xFFFF, 0xFFFFFFFF)


class Hardware(msgspec.Struct, frozen=True):
    """What ethtool tells of one interface; empty and 0: not known."""

    driver: str = ""
    driver_version: str = ""
    firmware: str = ""
    bus_info: str = ""
    speed: int = 0
    duplex: str = ""
    features: dict[str, bool] = {}


def values(body: bytes, start: int, end: int, parser: str) -> dict[int, bytes]:
    """The numbered values of a probe's message, which begins with its interface index. Raises `ParseError`."""
    out = {}
    offset = start + 4
    while offset + 8 <= end:
        number, length = struct.unpack_from("=II", body, offset)
        if offset + 8 + length > end:
            raise ParseError(parser, f"a value of {length} bytes where {end - offset - 8} are left")
        out[number] = body[offset + 8 : offset + 8 + length]
        offset += 8 + ((length + 3) & ~3)
    return out


def parse_ethtool(body: bytes) -> dict[int, Hardware]:
    """Interface index → what its driver says. Raises `ParseError`."""
    names: tuple[str, ...] = ()
    out = {}
    for kind, start, end in messages(body, NAME):
        if end - start < 4 or kind not in (ETHTOOL, FEATURES):
            continue
        found = values(body, start, end, NAME)
        if kind == FEATURES:
            names = _names(found.get(3, b""))
        else:
            fields: dict[str, Any] = {}
            _driver(found.get(1, b""), fields)
            _settings(found.get(2, b""), fields)
            fields["features"] = _features(found.get(3, b""), names)
            out[U32(body, start)[0]] = Hardware(**fields)
    return out


@lru_cache(maxsize=64)
def _names(strings: bytes) -> tuple[str, ...]:
    """struct ethtool_gstrings: command, set, count, then 32 bytes each."""
    return tuple(text(strings, at, at + 32) for at in range(12, len(strings) - 31, 32))


def _driver(packed: bytes, fields: dict[str, Any]) -> None:
    """struct ethtool_drvinfo: command, then driver, version, firmware and bus of 32 bytes each."""
    for at, name in ((4, "driver"), (36, "driver_version"), (68, "firmware"), (100, "bus_info")):
        value = text(packed, at, at + 32)
        if value and value != "N/A":
            fields[name] = value


def _settings(packed: bytes, fields: dict[str, Any]) -> None:
    """struct ethtool_cmd: speed is split into two halves, Mbit/s."""
    if len(packed) < 30:
        return
    speed = struct.unpack_from("=H", packed, 12)[0] | struct.unpack_from("=H", packed, 28)[0] << 16
    if speed not in _UNKNOWN_SPEED:
        fields["speed"] = speed
    duplex = _DUPLEX.get(packed[14])
    if duplex:
        fields["duplex"] = duplex


@lru_cache(maxsize=4096)
def _features(packed: bytes, names: tuple[str, ...]) -> dict[str, bool]:
    """struct ethtool_gfeatures: blocks of available, requested, active, never changed. Of use is what can be had.

    The result is shared by all interfaces of the same features, thousands of veths among them: not to be changed.
    """
    out = {}
    for position, name in enumerate(names):
        block, bit = divmod(position, 32)
        at = 8 + 16 * block
        if at + 16 > len(packed):
            break
        available, _, active, _ = struct.unpack_from("=4I", packed, at)
        if name and (available | active) >> bit & 1:
            out[name] = bool(active >> bit & 1)
    return out
