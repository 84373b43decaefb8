"""What users declare themselves: nodes, edges and metadata."""

from __future__ import annotations

from calipso.model.attributes.declare import EVERY, Attribute, Entry, Facet, Field, ListOf, MapOf

_ANY = (EVERY,)
_METADATA = MapOf("anything")
_EDGE = Entry((Field("id", "text"), Field("target", "text"), Field("link", "text"), Field("metadata", _METADATA)))
_TEXTS = ListOf("text")

USER_FACETS: tuple[Facet, ...] = (
    Facet(
        "user",
        "Metadata that users give to objects, and all that is said of a node of their own.",
        (
            Attribute("user_metadata", _METADATA, _ANY, "", "metadata as it was given; queries find it by its names"),
            Attribute("name", "text", _ANY, "", "of a user's node: its metadata's Name"),
            Attribute("host", "text", _ANY, "", "of a user's node: the host it was declared on"),
            Attribute("owner", "text", _ANY, "", "of a user's node: the parent of an edge of ownership"),
            Attribute("mtu", "integer", _ANY, "", "of a user's node: its metadata's MTU", "bytes"),
            Attribute("mac", "text", _ANY, "", "of a user's node: its metadata's MAC"),
            Attribute("state", "text", _ANY, "", "of a user's node: its metadata's State"),
            Attribute("vlan_id", "integer", _ANY, "", "of a user's node: its metadata's Vlan"),
            Attribute("speed", "integer", _ANY, "", "of a user's node: its metadata's Speed"),
            Attribute("driver", "text", _ANY, "", "of a user's node: its metadata's Driver"),
            Attribute("path", "text", _ANY, "", "of a user's node: its metadata's Path"),
            Attribute("uuid", "text", _ANY, "", "of a user's node: its metadata's UUID"),
            Attribute("manager", "text", _ANY, "", "of a user's node: its metadata's Manager"),
            Attribute("addresses", _TEXTS, _ANY, "", "of a user's node: its metadata's IPV4 and IPV6"),
            Attribute("ips", _TEXTS, _ANY, "", "those without prefix length"),
        ),
    ),
    Facet(
        "user.edges",
        "Edges that users declare, at the object they leave.",
        (
            Attribute("user_edges", ListOf(_EDGE), _ANY, "", "edges: what to, by which link, with what metadata"),
            Attribute("fabric_to", _TEXTS, _ANY, "", "ids of what it is cabled to"),
            Attribute("user_to", _TEXTS, _ANY, "", "ids of what other relations lead to"),
        ),
    ),
)
