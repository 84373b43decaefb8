"""What a search by text looks at: an object's names, ids and addresses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from calipso.graph.protocol import GraphReader, Obj

SEARCHED = (
    "hostname", "fqdn", "alias", "altnames", "mac", "permanent_mac", "ovs_mac", "attached_mac", "ip", "ips",
    "addresses", "local_ip", "remote_ip", "iface_id", "port_id", "vm_uuid", "uuid", "system_id", "machine_id",
)  # fmt: skip
SHORTEST = 3
"""Shorter texts have no trigram and are looked for one by one."""


def words(graph: GraphReader, head: Obj) -> str:
    """All that an object can be found by, in lower case, one a line."""
    attributes = graph.attributes(head)
    found = [head.name, head.id]
    for name in SEARCHED:
        found += _texts(attributes.get(name))
    return "\n".join(dict.fromkeys(text.lower() for text in found if text))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
