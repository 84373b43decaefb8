"""The verb `query`: the query language on the command line."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated, Any

import msgspec
import typer

from calipso.cli import render
from calipso.cli.calling import NEGATIVE, call
from calipso.cli.options import At, Environment
from calipso.cli.render import Output, console
from calipso.operations.answers import LinkView, ObjectView
from calipso.operations.querying import QueryAnswer
from calipso.runtime.home import LOCAL, Home


class Form(StrEnum):
    table = "table"
    wide = "wide"
    json = "json"
    yaml = "yaml"
    csv = "csv"
    dot = "dot"
    graphml = "graphml"


DRAWINGS = (Form.dot, Form.graphml)


def register(app: typer.Typer) -> None:
    app.command("query")(query)


def query(
    text: Annotated[str, typer.Argument(metavar="QUERY", help="As in \"G.V().Has('Type', 'veth')\".")],
    env: Environment = LOCAL,
    output: Annotated[Form, typer.Option("--output", "-o", help="How to print the answer.")] = Form.table,
    at: At = "",
    limit: Annotated[int, typer.Option(help="Results at most.")] = 10_000,
    timeout: Annotated[float, typer.Option(help="Seconds it may take.")] = 10.0,
) -> None:
    """Ask anything in the query language: Skydive's Gremlin dialect, and the standard's steps.

    Examples: `calipso query "G.V().Has('Type', 'veth', 'State', 'UP')"` ·
    `calipso query "G.V().Has('MTU', NE(1500)).Values('IPV4')" -o json` ·
    `calipso query "G.At('-5m').V('h1').Descendants(2)" --env plain -o dot`
    """
    drawing = output.value if output in DRAWINGS else ""
    asked = {"query": text, "environment": env, "at": at, "limit": limit, "timeout": timeout, "drawing": drawing}
    found: QueryAnswer = call(Home.default(), "query", **asked)
    if output in DRAWINGS:
        print(found.drawing, end="")
    else:
        _print(found, Output(output.value))
    render.freshness(found.freshness)
    if found.truncated:
        console(stderr=True).print(f"there is more: only the first {limit} are shown (--limit)", style="yellow")
    if not found.items:
        raise typer.Exit(NEGATIVE)


def _print(found: QueryAnswer, output: Output) -> None:
    shown: Any = found.items
    if found.valid is not None:
        shown = [{"value": item, "valid": valid} for item, valid in zip(found.items, found.valid, strict=True)]
    text = render.structured(shown, output)
    if text is not None:
        print(text)
    elif found.kind == "objects" and found.valid is None:
        render.objects([msgspec.convert(item, ObjectView) for item in found.items], "", output)
    else:
        columns, rows = _rows(found)
        render.rows(rows, columns, output)


def _rows(found: QueryAnswer) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Any answer as a table; of a slice with when each held."""
    columns, rows = _cells(found)
    if found.valid is None:
        return columns, rows
    held = [
        ", ".join(f"{span.start} … {span.end}".rstrip() for span in valid) if valid else "" for valid in found.valid
    ]
    return (*columns, "valid"), [(*row, span) for row, span in zip(rows, held, strict=True)]


def _cells(found: QueryAnswer) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    if found.kind == "objects":
        return ("kind", "type", "name", "host", "id"), [
            tuple(str(item.get(key, "")) for key in ("kind", "type", "name", "host", "id")) for item in found.items
        ]
    if found.kind == "links":
        links = [msgspec.convert(item, LinkView) for item in found.items]
        return ("link", "source", "target"), [(link.type, link.source, link.target) for link in links]
    if found.kind == "paths":
        return ("path",), [(" → ".join(map(_short, item)),) for item in found.items]
    maps = [item for item in found.items if isinstance(item, dict)]
    if maps and len(maps) == len(found.items) and found.kind != "graph":
        names = tuple(dict.fromkeys(name for item in maps for name in item))
        if len(names) <= 12:
            return names, [tuple(_short(item[name]) if name in item else "" for name in names) for item in maps]
    return (found.kind.rstrip("s"),), [(_short(item),) for item in found.items]


def _short(value: Any) -> str:
    """One cell: objects by id, links by their ends, anything else as JSON unless it is text."""
    if isinstance(value, dict) and "id" in value and "kind" in value:
        return str(value["id"])
    if isinstance(value, dict) and {"type", "source", "target"} <= value.keys():
        return f"{value['source']} –{value['type']}→ {value['target']}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
