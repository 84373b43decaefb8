"""How rows of OVN name what Neutron named first, and how its columns tell addresses (ovn-nb(5), ovn-sb(5)).

Neutron's names are `neutron-<uuid>` for switches and routers, the port's UUID for logical switch ports, `lrp-<uuid>`
for the router's end and `provnet-<segment uuid>` for localnet ports. Rows of others go by their UUID, ports by name.
"""

from __future__ import annotations

import re
from typing import Any

from calipso.model import ids

NEUTRON = "neutron-"
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_MAC = re.compile(r"[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}")
OVERLAYS = ("geneve", "stt", "vxlan")
"""Encapsulations, the one that OVN prefers first (ovn-architecture(7))."""


def is_uuid(name: str) -> bool:
    return _UUID.fullmatch(name) is not None


def key_of(name: str, uuid: str) -> str:
    """What a switch or router goes by: Neutron's UUID in its name, else its row's."""
    said = name.removeprefix(NEUTRON)
    return said.lower() if name.startswith(NEUTRON) and is_uuid(said) else uuid


def port(name: str) -> str:
    """Id of a logical switch port."""
    return ids.logical_port(name)


def mac_of(addresses: list[Any]) -> str | None:
    """The first MAC of a column of addresses, each `MAC [IP…]`, `dynamic`, `unknown` or `router`."""
    for each in sorted(map(str, addresses)):
        first = each.split(" ")[0]
        if _MAC.fullmatch(first):
            return ids.canonical_mac(first)
    return None


def ips_of(addresses: list[Any]) -> list[str]:
    """The addresses of such a column, without prefixes."""
    found = (word for each in addresses for word in str(each).split(" ")[1:] if word)
    return sorted({ids.canonical_ip(word.partition("/")[0]) for word in found if word not in ("dynamic", "unknown")})


def medium(kind: str, physical: str | None) -> str | None:
    """`physnet/NAME` or `overlay/TYPE`."""
    if kind in ("flat", "vlan"):
        return f"physnet/{physical}" if physical else None
    return f"overlay/{kind}" if kind in OVERLAYS else None


def clean(attributes: dict[str, Any]) -> dict[str, Any]:
    """Without what is not known."""
    return {name: value for name, value in attributes.items() if value is not None and value not in ("", [], {})}
