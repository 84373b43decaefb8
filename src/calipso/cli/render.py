"""Answers on a terminal or for a program: table, wide, json, yaml, csv."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text
from rich.tree import Tree as RichTree

if TYPE_CHECKING:
    from calipso.graph.diff import Field
    from calipso.operations.answers import Freshness, ObjectView
    from calipso.operations.topology import Branch

PIPE_WIDTH = 10_000
"""A pipe has no width: nothing is folded or cut."""


class Output(StrEnum):
    table = "table"
    wide = "wide"
    json = "json"
    yaml = "yaml"
    csv = "csv"


STATE_STYLE = {"up": "green", "down": "red", "unknown": "yellow"}
COLUMNS: dict[str, tuple[str, ...]] = {
    "": ("kind", "type", "name", "host", "state", "id"),
    "interface": ("name", "kind", "type", "netns", "host", "state", "mac", "ips", "routes"),
    "host": ("name", "state", "kernel", "addresses", "id"),
    "vnic": ("name", "netns", "host", "state", "mac", "ips", "networks"),
    "instance": ("name", "host", "id"),
    "host_pnic": ("name", "host", "state", "mac", "ips", "media", "speed"),
    "vconnector": ("name", "host", "state", "networks"),
    "network": ("name", "id"),
    "otep": ("name", "host", "overlay_type", "ip"),
    "netns": ("name", "host", "path", "id"),
}
"""Columns of a kind's table; `wide` adds the rest."""
WIDE = ("id", "ifindex", "mtu", "driver", "valid_from")


def console(*, stderr: bool = False) -> Console:
    """A console that never cuts what a pipe reads, nor takes `:b:` of an id for a picture; NO_COLOR is respected."""
    out = sys.stderr if stderr else sys.stdout
    return Console(file=out, width=None if out.isatty() else PIPE_WIDTH, highlight=False, emoji=False)


def plain(value: Any) -> Any:
    """As JSON-like values."""
    return msgspec.to_builtins(value)


def structured(value: Any, output: Output) -> str | None:
    """JSON or YAML text, None for the other outputs."""
    if output is Output.json:
        return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
    if output is Output.yaml:
        import yaml

        return yaml.safe_dump(plain(value), sort_keys=False, allow_unicode=True).rstrip("\n")
    return None


def cell(item: ObjectView, column: str) -> str:
    """A column's text for an object."""
    value = getattr(item, column, None) if column in item.__struct_fields__ else item.attributes.get(column)
    if column == "routes":
        return ", ".join(_route(route) for route in (value or [])[:3]) + (" …" if len(value or []) > 3 else "")
    if column == "netns":
        where = str(value or "")
        return where.partition("netns:")[2] if "netns:" in where else ("" if where == item.host else where)
    if column == "networks" and value is None:
        return "unknown"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


def _route(route: dict[str, Any]) -> str:
    via = f" via {route['gateway']}" if route.get("gateway") else ""
    return f"{route.get('dst', '?')}{via}"


def columns_of(kind: str, output: Output, items: Sequence[ObjectView]) -> tuple[str, ...]:
    if kind not in COLUMNS and len({item.kind for item in items}) == 1:
        kind = items[0].kind
    chosen = COLUMNS.get(kind, COLUMNS[""])
    extra = tuple(column for column in WIDE if column not in chosen) if output is Output.wide else ()
    return chosen + extra


def objects(items: Sequence[ObjectView], kind: str, output: Output) -> None:
    """Print objects."""
    columns = columns_of(kind, output, items)
    if output is Output.csv:
        rows([[cell(item, column) for column in columns] for item in items], columns, output)
        return
    table = Table(*(column.upper() for column in columns), box=None, pad_edge=False, header_style="bold")
    for item in items:
        table.add_row(*(_styled(column, cell(item, column)) for column in columns))
    console().print(table)


def _styled(column: str, text: str) -> Text:
    return Text(text, STATE_STYLE.get(text, "") if column == "state" else "", overflow="fold")


def rows(values: Iterable[Sequence[Any]], columns: Sequence[str], output: Output) -> None:
    """Print any table."""
    if output is Output.csv:
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(values)
        sys.stdout.write(out.getvalue())
        return
    table = Table(*(column.upper() for column in columns), box=None, pad_edge=False, header_style="bold")
    for row in values:
        table.add_row(*(_styled(column, str(value)) for column, value in zip(columns, row, strict=True)))
    console().print(table)


def field(each: Field) -> str:
    """A field's change in a line."""
    return f"{each.name}: {_shortened(each.old)} → {_shortened(each.new)}"


def _shortened(value: Any) -> str:
    text = "–" if value is None else str(value)
    return text if len(text) <= 60 else text[:57] + "…"


def tree(root: Branch) -> None:
    """Print containment."""
    console().print(_grow(root))


def _grow(branch: Branch) -> RichTree:
    label = Text.assemble(
        (branch.name, "bold"), f"  {branch.kind}", (f" ({branch.type})" if branch.type != branch.kind else "", "dim"),
        (f"  {branch.state}" if branch.state else "", STATE_STYLE.get(branch.state, "")),
        (f"  … {branch.hidden} below" if branch.hidden else "", "dim"),
    )  # fmt: skip
    out = RichTree(label, guide_style="dim")
    for child in branch.children:
        out.children.append(_grow(child))
    return out


def freshness(said: Freshness) -> None:
    """Say on stderr what an answer does not know: stale scopes, a store in trouble."""
    out = console(stderr=True)
    if said.stale:
        shown = ", ".join(said.stale[:4]) + (" …" if len(said.stale) > 4 else "")
        out.print(f"as of {said.as_of}; may be out of date: {shown} (`calipso sources` says why)", style="yellow")
    if said.trouble:
        out.print(f"nothing new is being kept: {said.trouble}", style="red")
