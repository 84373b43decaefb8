"""User-defined topology as one YAML text, in and out: what is exported can be imported elsewhere."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
import yaml

from calipso.errors import ParseError
from calipso.operations.context import Context
from calipso.operations.declared import FabricText
from calipso.operations.fabric import parse_fabric
from calipso.operations.usertopology import (
    COLLECTIONS,
    GetUserTopology,
    check_edge,
    check_node,
    check_query,
    declarations,
    known,
)

LONGEST = 2000
"""Characters of a line of fabric text."""


class ImportUserTopology(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """text: YAML as `export` gives it (nodes, edges, node_rules, edge_rules, fabric), or lines of fabric text.

    replace: what was declared before and is not in the text goes.
    """

    text: str
    replace: bool = False
    environment: str = "local"


class UserTopologyImported(msgspec.Struct, frozen=True):
    """How many of each were taken over."""

    nodes: int
    edges: int
    node_rules: int
    edge_rules: int
    fabric: int


class UserTopologyExported(msgspec.Struct, frozen=True):
    """text: YAML."""

    text: str


async def export_user_topology(context: Context, request: GetUserTopology) -> UserTopologyExported:
    """What users have declared, as YAML."""
    found = msgspec.to_builtins(declarations(context.site(request.environment)))
    shown = {field: items for field, items in found.items() if items}
    if "fabric" in shown:
        shown["fabric"] = [each["text"] for each in shown["fabric"]]
    return UserTopologyExported(yaml.safe_dump(shown, sort_keys=False, allow_unicode=True) if shown else "")


async def import_user_topology(context: Context, request: ImportUserTopology) -> UserTopologyImported:
    """Take declarations over; those of the same id are changed. Raises `ParseError`; then nothing has changed."""
    site = context.site(request.environment)
    said = read(request.text)
    for field in COLLECTIONS:
        items = said.get(field, [])
        if request.replace:
            for id in set(known(site, field)) - {each.id for each in items}:
                site.store.put_document(f"user_{field}", id, None)
        for each in items:
            site.store.put_document(f"user_{field}", each.id, msgspec.to_builtins(each))
    await context.declare(request.environment)
    return UserTopologyImported(**{field: len(said.get(field, ())) for field in COLLECTIONS})


def read(text: str) -> dict[str, list[Any]]:
    """Declarations by field. Raises `ParseError`, `QueryError`."""
    try:
        said = msgspec.json.decode(text) if text.startswith("{") else yaml.safe_load(text)
    except (yaml.YAMLError, msgspec.DecodeError, ValueError, RecursionError) as error:
        said = text if "->" in text else None
        if said is None:
            raise ParseError("user topology", f"no YAML: {error}", excerpt=text[:80]) from error
    if said is None:
        return {}
    if isinstance(said, str):
        return {"fabric": _fabric(text.splitlines())}
    if not isinstance(said, dict) or set(said) - set(COLLECTIONS):
        raise ParseError("user topology", f"there are {', '.join(COLLECTIONS)}", excerpt=text[:80])
    out: dict[str, list[Any]] = {}
    for field, form in COLLECTIONS.items():
        items = said.get(field) or []
        if field == "fabric":
            out[field] = _fabric(items if isinstance(items, list) else str(items).splitlines())
            continue
        try:
            out[field] = [msgspec.convert(each, form) for each in items]
        except msgspec.ValidationError as error:
            raise ParseError("user topology", f"{field}: {error}", excerpt=text[:80]) from error
    _check(out)
    return out


def _fabric(lines: list[Any]) -> list[FabricText]:
    out = []
    for number, line in enumerate(lines, 1):
        said = str(line)
        if len(said) > LONGEST:
            raise ParseError("fabric", f"a line has at most {LONGEST} characters", line=number)
        if parse_fabric(said, number) is not None:
            id = "fabric-" + hashlib.sha256(said.strip().encode("utf-8", "surrogatepass")).hexdigest()[:12]
            out.append(FabricText(id=id, text=said.strip()))
    return out


def _check(said: dict[str, list[Any]]) -> None:
    """Raises `QueryError` for what no node, edge or rule can be."""
    for node in said["nodes"]:
        check_node(node.metadata)
    for edge in (*said["edges"], *said["edge_rules"]):
        check_edge(edge.metadata)
    for rule in said["node_rules"]:
        if rule.action == "create":
            check_node(rule.metadata)
        else:
            check_query(rule.query)
    for rule in said["edge_rules"]:
        check_query(rule.source)
        check_query(rule.target)
