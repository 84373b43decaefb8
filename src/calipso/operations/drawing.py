"""An answer's objects and links as a drawing: DOT (Graphviz) and GraphML."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from calipso.graph.protocol import GraphReader
from calipso.query.elements import Link
from calipso.query.evaluate import Answer, Found, Tie, found, tie

NAMESPACE = "http://graphml.graphdrawing.org/xmlns"
COLOURS = {
    "host": "#dbe4f0", "instance": "#d6efd8", "container": "#d6efd8", "pod": "#d6efd8", "vservice": "#f5e6c8",
    "vnic": "#e6f4ea", "vconnector": "#fde9d9", "vedge": "#fbd9d3", "ovs_bridge": "#fbd9d3", "otep": "#e7dcf3",
    "host_pnic": "#d4e7f7", "network": "#f0e0ec",
}  # fmt: skip


def drawn(form: str, answer: Answer) -> str:
    """`dot` or `graphml`. Values have no place in a drawing and are left out."""
    nodes, ties = picture(answer)
    return (dot if form == "dot" else graphml)(nodes, ties)


def picture(answer: Answer) -> tuple[list[Found], list[Tie]]:
    """The objects of an answer, and its links; where it names only objects, the links among them."""
    nodes: dict[str, Found] = {}
    ties: dict[str, Tie] = {}
    for value in _flat(row.value for row in answer.rows):
        if isinstance(value, Found):
            nodes[value.head.id] = value
        elif isinstance(value, Tie):
            ties[value.id] = value
    reader = answer.reader
    for each in list(ties.values()):
        for id in (each.source, each.target):
            head = reader.resolve(id)
            if head is not None and id not in nodes and (end := found(reader, head.ord)) is not None:
                nodes[id] = end
    if not ties and answer.kind in ("nodes", "paths"):
        ties = _among(reader, nodes)
    return [nodes[id] for id in sorted(nodes)], [ties[id] for id in sorted(ties)]


def _flat(values: Iterable[Any]) -> Iterable[Any]:
    for value in values:
        if isinstance(value, list):
            yield from _flat(value)
        else:
            yield value


def _among(reader: GraphReader, nodes: dict[str, Found]) -> dict[str, Tie]:
    out = {}
    for each in nodes.values():
        for end in reader.links(each.head.ord):
            if end.outgoing and reader.id_of(end.other) in nodes:
                made = tie(reader, Link(end.type, each.head.ord, end.other))
                out[made.id] = made
    return out


def dot(nodes: list[Found], ties: list[Tie]) -> str:
    """The DOT language of Graphviz; names and ids are quoted."""
    lines = ["digraph calipso {", "  rankdir=LR;", '  node [shape=box, style="rounded,filled", fillcolor="#f2f2f2"];']
    for each in nodes:
        head = each.head
        colour = f', fillcolor="{COLOURS[head.kind]}"' if head.kind in COLOURS else ""
        lines.append(f"  {_quoted(head.id)} [label={_quoted(f'{head.name}{chr(10)}{head.kind}')}{colour}];")
    for each_tie in ties:
        style = ", style=dashed" if each_tie.type == "ownership" else ""
        lines.append(
            f"  {_quoted(each_tie.source)} -> {_quoted(each_tie.target)} [label={_quoted(each_tie.type)}{style}];"
        )
    return "\n".join([*lines, "}"]) + "\n"


def _quoted(text: str) -> str:
    inner = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{inner}"'


NODE_KEYS = ("kind", "type", "name", "host", "state")


def graphml(nodes: list[Found], ties: list[Tie]) -> str:
    """GraphML 1.0, as read by yEd, Gephi and networkx."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f"<graphml xmlns={quoteattr(NAMESPACE)}>"]
    lines += [f'  <key id="{key}" for="node" attr.name="{key}" attr.type="string"/>' for key in NODE_KEYS]
    lines.append('  <key id="link" for="edge" attr.name="link" attr.type="string"/>')
    lines.append('  <graph id="calipso" edgedefault="directed">')
    for each in nodes:
        head, state = each.head, each.attributes.get("state", "")
        said = {"kind": head.kind, "type": head.type, "name": head.name, "host": head.host, "state": str(state)}
        data = "".join(f'<data key="{key}">{escape(_xml(said[key]))}</data>' for key in NODE_KEYS if said[key])
        lines.append(f"    <node id={quoteattr(_xml(head.id))}>{data}</node>")
    for each_tie in ties:
        ends = f"source={quoteattr(_xml(each_tie.source))} target={quoteattr(_xml(each_tie.target))}"
        lines.append(f'    <edge {ends}><data key="link">{escape(each_tie.type)}</data></edge>')
    return "\n".join([*lines, "  </graph>", "</graphml>"]) + "\n"


def _xml(text: str) -> str:
    """Without the control characters that XML cannot hold."""
    return "".join(each if each >= " " or each in "\t\n\r" else "�" for each in text)
