"""Static fabric text: switches and cables that nothing can be asked about, one line a cable (Skydive's form).

`TOR1[Name=tor1] -> [color=red] PORT1[MTU=1500]`: nodes with metadata, and between them an edge with metadata. `->` owns
and cables, `-->` only cables. On the right `h1/eth0` is the device eth0 in the root namespace of h1, and
`*[Type=host]/eth0` that of every object with the metadata. A node without Type is a `device`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from calipso.errors import ParseError
from calipso.graph.protocol import GraphReader
from calipso.model import ids
from calipso.operations.declared import Declarations, FabricText, Metadata, UserEdge, UserNode
from calipso.query.names import name_of, read

_LINE = re.compile(
    r"\s*(?P<left>[^\[\]\s>-][^\[\]\s>]*?)\s*(?:\[(?P<about>[^\]]*)\])?\s*(?P<arrow>-->|->)\s*(?:\[(?P<edge>[^\]]*)\])?"
    r"\s*(?P<right>[^\[\]\s>]+?)\s*(?:\[(?P<other>[^\]]*)\]\s*(?P<device>/\S+)?)?\s*"
)
PROBE = "fabric"


class Cable(msgspec.Struct, frozen=True):
    """A line as it was read. device: of hosts that the metadata of `right` names, "" where it is a node of its own."""

    left: str
    about: Metadata
    owns: bool
    edge: Metadata
    right: str
    other: Metadata
    device: str = ""


def parse_fabric(text: str, line: int = 0) -> Cable | None:
    """A line, None for an empty one or a remark (`#`). Raises `ParseError`."""
    said = text.partition("#")[0].strip()
    if not said:
        return None
    found = _LINE.fullmatch(said)
    if found is None:
        raise ParseError("fabric", "as in TOR1[Name=tor1] -> [color=red] h1/eth0", line=line, excerpt=text)
    device = (found["device"] or "").removeprefix("/")
    right = found["right"]
    if "/" in right:
        right, _, device = right.partition("/")
    if (right == "*") != bool(device and found["other"] is not None) and right == "*":
        raise ParseError("fabric", "* is followed by [metadata]/device", line=line, excerpt=text)
    return Cable(
        found["left"], _pairs(found["about"], line, text), found["arrow"] == "->", _pairs(found["edge"], line, text),
        right, _pairs(found["other"], line, text), device,
    )  # fmt: skip


def _pairs(text: str | None, line: int, whole: str) -> Metadata:
    out: Metadata = {}
    for part in filter(None, (each.strip() for each in (text or "").split(","))):
        name, equals, value = part.partition("=")
        if not equals or not name.strip():
            raise ParseError("fabric", f"{part!r} is not NAME=VALUE", line=line, excerpt=whole)
        said = value.strip().strip("\"'")
        out[name.strip()] = int(said) if said.isascii() and said.isdigit() and len(said) < 18 else said
    return out


def expanded(declared: Declarations, reader: GraphReader) -> Declarations:
    """The declarations with the fabric's nodes and edges among them, as hosts are now."""
    nodes: dict[str, Metadata] = {}
    edges: list[UserEdge] = []
    for each in declared.fabric:
        cable = parse_fabric(each.text)
        if cable is not None:
            _add(nodes, cable.left, cable.about)
            for number, end in enumerate(_ends(nodes, cable, reader)):
                edges += _edges(each, cable, end, number)
    made = tuple(UserNode(id=name, metadata=metadata) for name, metadata in nodes.items())
    taken = {each.id for each in declared.nodes}
    return msgspec.structs.replace(
        declared,
        nodes=(*declared.nodes, *(each for each in made if each.id not in taken)),
        edges=(*declared.edges, *edges),
    )


def _add(nodes: dict[str, Metadata], name: str, about: Metadata) -> None:
    nodes.setdefault(name, {"Name": name, "Type": "device", "Probe": PROBE}).update(about)


def _ends(nodes: dict[str, Metadata], cable: Cable, reader: GraphReader) -> Iterable[str]:
    """Ids of what a cable leads to."""
    if not cable.device:
        _add(nodes, cable.right, cable.other)
        yield cable.right
    elif cable.right != "*":
        yield ids.device(ids.host(cable.right), cable.device)
    else:
        for ord in reader.find("name", cable.device):
            head = reader.get(ord)
            owner = reader.resolve(head.parent) if head is not None else None
            if head is not None and owner is not None and _fits(reader, owner, cable.other):
                yield head.id


def _fits(reader: GraphReader, head: Any, about: Metadata) -> bool:
    return all(read(reader, head, name_of(name)) == value for name, value in about.items())


def _edges(each: FabricText, cable: Cable, end: str, number: int) -> list[UserEdge]:
    suffix = f"|{number}" if number else ""
    layer2 = {"RelationType": "layer2", "Type": PROBE, **cable.edge}
    out = [UserEdge(id=f"{each.id}|layer2{suffix}", parent=cable.left, child=end, metadata=layer2)]
    if cable.owns and not cable.device:
        owned = {"RelationType": "ownership"}
        out.append(UserEdge(id=f"{each.id}|ownership", parent=cable.left, child=end, metadata=owned))
    return out
