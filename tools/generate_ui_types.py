"""Writes what the web UI takes from the code: types of the operations, words of the query languages.

`--check` says whether the written files hold.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import msgspec

from calipso.operations.registry import OPERATIONS
from calipso.operations.sql.views import VIEWS
from calipso.query.names import ALIASES
from calipso.query.predicate_table import PREDICATES
from calipso.query.table import SPECS

FOLDER = Path(__file__).parents[1] / "ui/src/api"
HEAD = "// Written by tools/generate_ui_types.py from the table of operations: do not edit.\n"
SIMPLE = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}


def main() -> int:
    """Write the files, or with `--check` compare them; 1 when one differs."""
    wrong = 0
    for name, said in (("types.ts", text()), ("languages.ts", languages())):
        file = FOLDER / name
        if "--check" not in sys.argv[1:]:
            file.write_text(said)
        elif not file.is_file() or file.read_text() != said:
            print(f"ui/src/api/{name} is not what tools/generate_ui_types.py writes: run `make reference`")
            wrong = 1
    return wrong


def languages() -> str:
    """Steps, predicates and keys of the query language with what they are for; views of SQL with their columns."""
    lists: dict[str, list[Any]] = {
        "STEPS": [(each.names[0], each.doc) for each in SPECS],
        "PREDICATES": [(each.names[0], each.doc) for each in PREDICATES],
        "KEYS": sorted(ALIASES),
    }
    views = {each.name: [column.name for column in each.columns] for each in VIEWS}
    shapes = {"STEPS": "[string, string][]", "PREDICATES": "[string, string][]", "KEYS": "string[]"}
    said = "".join(f"\nexport const {name}: readonly {shapes[name]} = {_rows(rows)};\n" for name, rows in lists.items())
    columns = "".join(f"  {name}: {_plain(names)},\n" for name, names in views.items())
    head = HEAD.replace("the table of operations", "the query languages")
    return f"{head}{said}\nexport const VIEWS: Readonly<Record<string, readonly string[]>> = {{\n{columns}}};\n"


def _rows(rows: list[Any]) -> str:
    return "[\n" + "".join(f"  {_plain(row)},\n" for row in rows) + "]"


def _plain(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def text() -> str:
    """All shapes of requests and answers, then the operations with their ways."""
    shapes = [each.request for each in OPERATIONS] + [each.response for each in OPERATIONS]
    _, components = msgspec.json.schema_components(shapes, ref_template="{name}")
    requests = {each.request.__name__ for each in OPERATIONS}
    parts = [_declaration(name, components[name], name in requests) for name in sorted(components)]
    rows = "".join(
        f'  {each.name}: {{ method: "{each.method}"; path: "{each.path}"; '
        f"request: {each.request.__name__}; response: {each.response.__name__} }};\n"
        for each in OPERATIONS
    )
    ways = "".join(f'  {each.name}: ["{each.method}", "{each.path}"],\n' for each in OPERATIONS)
    return (
        HEAD + "\n" + "\n".join(parts) + f"\nexport interface Operations {{\n{rows}}}\n"
        f'\nexport const WAYS: {{ [K in keyof Operations]: ["GET" | "POST", string] }} = {{\n{ways}}};\n'
    )


def _declaration(name: str, schema: dict[str, Any], request: bool) -> str:
    if schema.get("type") != "object" or "properties" not in schema:
        return f"export type {name} = {_type(schema)};\n"
    return f"export interface {name} {_object(schema, request)}\n"


def _object(schema: dict[str, Any], optional: bool) -> str:
    """Answers leave out what has its default only where their shape says so, so `required` decides; of requests too."""
    required = set(schema.get("required", ()))
    fields = "".join(
        f"  {_key(name)}{'' if name in required else '?'}: {_type(kind)};\n"
        for name, kind in schema["properties"].items()
    )
    return "{\n" + fields + "}"


def _key(name: str) -> str:
    return name if name.isidentifier() else f'"{name}"'


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"])
    if "anyOf" in schema:
        return " | ".join(_type(each) for each in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(msgspec.json.encode(each).decode() for each in schema["enum"])
    if "const" in schema:
        return msgspec.json.encode(schema["const"]).decode()
    kind = schema.get("type")
    if kind == "array":
        return _array(schema)
    if kind == "object":
        inner = schema.get("additionalProperties")
        return f"Record<string, {_type(inner) if isinstance(inner, dict) else 'unknown'}>"
    return SIMPLE.get(str(kind), "unknown")


def _array(schema: dict[str, Any]) -> str:
    if "prefixItems" in schema:
        return "[" + ", ".join(_type(each) for each in schema["prefixItems"]) + "]"
    items = schema.get("items")
    inner = _type(items) if isinstance(items, dict) else "unknown"
    return f"({inner})[]" if " | " in inner else f"{inner}[]"


if __name__ == "__main__":
    sys.exit(main())
