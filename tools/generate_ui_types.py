"""Writes the TypeScript types of the operations for the web UI; `--check` says whether the written file holds."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import msgspec

from calipso.operations.registry import OPERATIONS

FILE = Path(__file__).parents[1] / "ui/src/api/types.ts"
HEAD = "// Written by tools/generate_ui_types.py from the table of operations: do not edit.\n"
SIMPLE = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}


def main() -> int:
    """Write the file, or with `--check` compare it; 1 when it differs."""
    said = text()
    if "--check" not in sys.argv[1:]:
        FILE.write_text(said)
    elif not FILE.is_file() or FILE.read_text() != said:
        print("ui/src/api/types.ts is not what tools/generate_ui_types.py writes: run `make reference`")
        return 1
    return 0


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
