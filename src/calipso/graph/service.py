"""What a namespace named after a service is: `qrouter-<uuid>` … (MODEL §5 N2)."""

from __future__ import annotations

from typing import Any

from calipso.graph.protocol import Obj
from calipso.model.record import Attributes

SERVICE_TYPES = {
    "qrouter": "router", "snat": "router", "fip": "router", "router": "router", "qdhcp": "dhcp", "dhcp": "dhcp",
    "ovnmeta": "metadata", "qlbaas": "load_balancer",
}  # fmt: skip
"""Prefix without its dash → service_type; other prefixes are their own type."""


def service_named(name: str, patterns: tuple[str, ...]) -> tuple[str, str] | None:
    """(service_type, local_service_id) of a namespace name that begins with one of the prefixes, else None."""
    for prefix in patterns:
        if name.startswith(prefix) and len(name) > len(prefix):
            word = prefix.rstrip("-_")
            return SERVICE_TYPES.get(word, word), name[len(prefix) :]
    return None


def service_of(head: Obj, attributes: Attributes, service_type: str) -> Any:
    """The id a service has in the system that ordered it, when it is of this type (kind rule N2 decided it is one)."""
    if attributes.get("service_type") == service_type and head.type == "netns":
        return attributes.get("local_service_id")
    return None
