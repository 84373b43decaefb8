"""`ethtool -i`, `ethtool` and `ethtool -k`: a driver; features by the kernel's names (net/ethtool/common.c)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from calipso.seams import Reply
from calipso.sources.linux.parse_ethtool import Hardware

_GROUPS = frozenset(("tx-checksumming", "scatter-gather", "tcp-segmentation-offload"))
"""Lines of `ethtool -k` that stand for the indented ones below them."""
_NAMES = {
    "rx-checksumming": "rx-checksum",
    "generic-segmentation-offload": "tx-generic-segmentation",
    "generic-receive-offload": "rx-gro",
    "large-receive-offload": "rx-lro",
    "rx-vlan-offload": "rx-vlan-hw-parse",
    "tx-vlan-offload": "tx-vlan-hw-insert",
    "ntuple-filters": "rx-ntuple-filter",
    "receive-hashing": "rx-hashing",
    "udp-fragmentation-offload": "tx-udp-fragmentation",
}
_FIELDS = {"driver": "driver", "version": "driver_version", "firmware-version": "firmware", "bus-info": "bus_info"}
_SPEED = re.compile(rb"^\s*Speed: (\d+)Mb/s", re.MULTILINE)
_FEATURE = re.compile(r"\s*([\w-]+): (on|off)( \[.*\])?")
_DUPLEX = re.compile(rb"^\s*Duplex: (Half|Full)", re.MULTILINE)


def parse_hardware(driver: Reply, settings: Reply, features: Reply) -> Hardware | None:
    """None where the driver says nothing at all."""
    fields: dict[str, Any] = {}
    for line in driver.body.decode("utf-8", "replace").splitlines() if driver.exit_code == 0 else ():
        name, _, value = line.partition(":")
        if name in _FIELDS and value.strip() not in ("", "N/A"):
            fields[_FIELDS[name]] = value.strip()
    speed, duplex = _SPEED.search(settings.body), _DUPLEX.search(settings.body)
    if speed:
        fields["speed"] = int(speed[1])
    if duplex:
        fields["duplex"] = duplex[1].decode().lower()
    fields["features"] = dict(_features(features.body.partition(b"\n")[2])) if features.exit_code == 0 else {}
    return Hardware(**fields) if any(fields.values()) else None


@lru_cache(64)
def _features(body: bytes) -> dict[str, bool]:
    """Features that are on or could be, of what is below the heading: taps, here and elsewhere, say the same."""
    out = {}
    for line in body.decode("utf-8", "replace").splitlines():
        match = _FEATURE.fullmatch(line)
        if match is None or match[1] in _GROUPS:
            continue
        if match[2] == "on" or "[fixed]" not in (match[3] or ""):
            out[_NAMES.get(match[1], match[1])] = match[2] == "on"
    return out
