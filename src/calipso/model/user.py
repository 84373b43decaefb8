"""What users add to the graph themselves: nodes, edges between any two objects, metadata on what was found.

It is said by records like all else, of the facets `user` (metadata, and a node of a user's own) and `user.edges` (edges
that leave an object), by one scope. A user's node has the id `user:<name>`.
"""

from __future__ import annotations

import re
from typing import Any

from calipso.model import ids
from calipso.model.record import Attributes, Scope

SCOPE = Scope("user", "user")
FACET, EDGE_FACET = "user", "user.edges"
METADATA, EDGES = "user_metadata", "user_edges"
FABRIC_TO, LINKED_TO = "fabric_to", "user_to"
"""Ids of what edges lead to: of frames, and of any other relation."""
LAYER2, OWNERSHIP, OTHER = "layer2.fabric", "ownership", "mapping.user"

DECLARED = frozenset({LAYER2, OWNERSHIP, OTHER})
"""Types of the links that edges make."""

Edge = dict[str, Any]
"""One of `user_edges`: id, target, link (the type of the link it makes), metadata with its RelationType."""

ADDRESSES = ("IPV4", "IPV6")
PLAIN = {
    "MTU": "mtu", "Vlan": "vlan_id", "Speed": "speed", "Driver": "driver", "Path": "path", "UUID": "uuid",
    "Manager": "manager",
}  # fmt: skip
LOWERED = {"MAC": "mac", "State": "state"}
"""Metadata of a user's node that is one of our attributes: it then counts as if a source had said it."""
_PREFIX = "user:"


def node_id(name: str) -> str:
    """The id of a user's node by the name that users give it; an id stays as it is."""
    return ids.user_node(name.removeprefix(_PREFIX))


def name_of(id: str) -> str:
    """The name that users gave a node of theirs; other ids stay as they are."""
    return ids.unquote(id.removeprefix(_PREFIX)) if is_node(id) else id


def is_node(id: str) -> bool:
    return id.startswith(_PREFIX)


def link_of(relation: str, child: str) -> str:
    """The link that an edge of a relation makes. Only users' nodes are given an owner: what was found has one."""
    if relation == "ownership" and is_node(child):
        return OWNERSHIP
    return LAYER2 if relation == "layer2" else OTHER


def relation_of(metadata: dict[str, Any]) -> str:
    return str(metadata.get("RelationType", ""))


def edge_between(attributes: Attributes, type: str, target: str) -> Edge | None:
    """The declared edge that makes a link, the first when several do."""
    for edge in attributes.get(EDGES, ()):
        if edge["target"] == target and edge["link"] == type:
            found: Edge = edge
            return found
    return None


def said_of(metadata: dict[str, Any]) -> Attributes:
    """Metadata of a user's node as attributes, those that have one; what has another form is left to the metadata."""
    out: Attributes = {}
    for name, attribute in PLAIN.items():
        value = metadata.get(name)
        if isinstance(value, int if attribute in ("mtu", "vlan_id", "speed") else str) and not isinstance(value, bool):
            out[attribute] = value
    for name, attribute in LOWERED.items():
        if isinstance(metadata.get(name), str):
            out[attribute] = metadata[name].lower()
    addresses = [each for name in ADDRESSES for each in _texts(metadata.get(name))]
    if addresses:
        out["addresses"] = addresses
        out["ips"] = [each.partition("/")[0] for each in addresses]
    return out


def _texts(value: Any) -> list[str]:
    members = value if isinstance(value, list) else [value]
    return [each for each in members if isinstance(each, str) and re.fullmatch(r"[0-9a-fA-F:.]+(/[0-9]{1,3})?", each)]
