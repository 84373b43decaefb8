"""The reference of the query language: its prose, and tables of steps, predicates and names from the program."""

from __future__ import annotations

from collections.abc import Sequence

from calipso.query import flow_names
from calipso.query.elements import TITLES
from calipso.query.names import ALIASES, LIFE, PREFIXES, SECTIONS, Alias
from calipso.query.plan import Spec
from calipso.query.predicate_table import PREDICATES
from calipso.query.run import Limits
from calipso.query.table import FAMILIES

HEAD = """# Query language

`calipso query "G.V().Has('Type', 'veth')"`, `GET /api/v1/query?query=…`. The language is Skydive's dialect of
Gremlin: queries that are published for Skydive run as they are. The standard's spelling of the same steps works too,
and so do steps of the standard that Skydive lacks.

## In short

- A query begins with `G`; steps are joined by dots. Names of steps, predicates and words do not depend on case; names
  of attributes do.
- Texts stand in `'…'` or `"…"` and end with the quote they began with. `\\\\`, `\\'`, `\\"`, `\\n`, `\\r`, `\\t` and
  `\\uXXXX` are escapes; any other backslash stays, as regular expressions need it. Numbers may be negative or
  fractions; the standard's suffixes (`1L`) are passed over.
- Words: `NOW`, `FOREVER`, `ASC`, `DESC`, `NULL`, `true`, `false`. `P.`, `TextP.`, `__.` and `Order.` may stand where
  the standard has them.
- A value that is a list meets a condition when any member does; `NE`, `NEE`, `Without` and other negations ask it of
  all members.
- Objects come in the order in which they were first seen, so the same query gives the same order now and as of then.
- What is wrong is told with its place and, where it can be, with what was meant. A query is stopped after {seconds:g}
  s (`--timeout`), when it has to keep more than {held:,} elements at once, or when it has handed out what `--limit`
  allows.

## Links, and which way

Links lead from a parent to a child: what owns to what is owned, bridge to port, port to interface. Steps that follow
links (`Out`, `In`, `Both`, …, `Neighbors`, `ShortestPathTo`) keep to **links of device level** (ownership, layer 2,
layer 3, mapping), as Skydive's graph has only these. Links of roles (`instance-vnic` …) are followed when they are
named: `out('instance-vnic')`, `out('role')`, `Out('RelationType', 'role')`. `E()` and `SubGraph()` show all links.

In this dialect `OutV` is where a link leads to and `InV` where it comes from: **the other way round than in the
standard**, also when written `outV` and `inV`.

In `Out('RelationType', 'layer2', 'Type', 'veth')` the names `RelationType`, `relation` and `link` speak of the link,
all others of the object reached. A link has `id`, `type` (`layer2.veth`), `relation`, `source`, `target`, `host`, and
Skydive's `RelationType`, `Type`, `Parent`, `Child`.

## Time

`G.At('-5m')`, or `G.Context('-5m')`, is the graph as of a moment: a duration of Go before now, RFC 3339, RFC 1123, s
or ms since the epoch, `NOW`. With a second argument, `G.At('-5m', 60)`, the query is about a slice: the time of that
length before the moment (s, a duration, or `FOREVER`). It is asked again after every change in the slice, and every
answer comes with the intervals in which it was one. Equal values of a slice are one answer.

## Indexes

Conditions at the beginning are folded into the start, and the smallest index answers first: declared keys at once; an
attribute that has none is indexed when it is first asked for, for as long as it is asked for, and follows changes.
Regular expressions are RE2's and match the whole text.

"""


def page() -> str:
    """The whole page."""
    limits = Limits()
    parts = [HEAD.format(seconds=limits.seconds, held=limits.held), "## Steps\n"]
    parts += [f"### {title}\n\n" + steps(specs) for title, specs in FAMILIES]
    parts += ["## Predicates\n", predicates(), "## Names\n", names(), "## Names of flows\n", flow_table()]
    return "\n".join(parts)


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def steps(specs: tuple[Spec, ...]) -> str:
    rows = []
    for spec in specs:
        on = ", ".join(TITLES[kind] for kind in TITLES if kind in spec.on)
        with_ = f" With {', '.join(f'`{each}()`' for each in sorted(spec.modulators))}." if spec.modulators else ""
        differs = spec.differs or ("" if spec.original else "not in Skydive")
        name = " = ".join(f"`{each}`" for each in spec.names)
        rows.append((name, on, spec.doc + with_, f"`{spec.example}`", differs))
    return table(("step", "of", "what it gives", "example", "other than in Skydive"), rows)


def flow_table() -> str:
    """Skydive's names of a flow's fields and ours."""
    text = (
        "Flows are asked by the dotted names of their fields as `calipso flows --output json` shows them, or by\n"
        "Skydive's. `Network`, `Link` and `Transport` are both ends: a condition holds when it holds of either.\n"
        "Moments are ms since the epoch under Skydive's names, µs under ours. `At` with a duration is the time that\n"
        "flows are asked about; without one it is the ten minutes before the moment.\n\n"
    )
    return text + table(("name", "here"), [(f"`{name}`", f"`{path}`") for name, path in flow_names.ALIASES.items()])


def predicates() -> str:
    rows = [
        (" = ".join(f"`{each}`" for each in spec.names), spec.doc, f"`{spec.example}`",
         spec.differs or ("" if spec.original else "not in Skydive"))
        for spec in PREDICATES
    ]  # fmt: skip
    text = table(("predicate", "a value", "example", "other than in Skydive"), rows)
    return text + "\n`not(P)`, `P.negate()`, `P.and(P)` and `P.or(P)` combine them.\n"


def names() -> str:
    rows = [(f"`{each.name}`", ", else ".join(map(_path, each.paths)), _form(each)) for each in ALIASES.values()]
    prefixes = [(f"`{name}.…`", f"`{path}.…`" if path else "any attribute", "") for name, path in PREFIXES.items()]
    sections = [
        (f"`{name}.…`", f"the facets of `{source}`, names in snake case", "") for name, source in SECTIONS.items()
    ]
    life = [(f"`{name}`", f"the history: {'changes' if what == 'revision' else 'ms since the epoch'}", "")
            for name, what in LIFE.items()]  # fmt: skip
    text = (
        "Our attributes are named as [they are](model/attributes.md), with dots for what is inside maps and lists:"
        " `mtu`, `features.rx-gro`, `routes.dst`. `id`, `kind`, `type`, `name`, `host`, `parent`, `networks` and"
        " `media` are the object's own; `facets.ovs.mtu` is what one source says."
        " Skydive's metadata keys mean:\n\n"
    )
    return text + table(("name", "here", "note"), rows + prefixes + sections + life)


def _path(path: str) -> str:
    source, colon, rest = path.partition(":")
    return f"`{rest}` of `{source}`" if colon else f"`{path}`"


def _form(alias: Alias) -> str:
    forms = {"upper": "in capitals", "ipv4": "IPv4 only", "ipv6": "IPv6 only", "uuid": "without its class"}
    return "; ".join(each for each in (forms.get(alias.form, ""), alias.doc) if each)
