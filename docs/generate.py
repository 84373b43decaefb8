"""Writes the reference from the model and the program: `--check` says whether the written files still hold."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, get_args, get_origin
from urllib.parse import urlencode

import environments_reference
import msgspec
import query_reference
import typer

from calipso.cli.main import app
from calipso.graph.keys import COMPUTED, PATHS, key_name
from calipso.model.attributes import FACETS, METRICS
from calipso.model.attributes.declare import EVERY, INTERFACE, Entry, ListOf, MapOf, Value
from calipso.model.cliques import CLIQUE_TYPES
from calipso.model.constants import FIRST_GENERATION, SECOND_GENERATION
from calipso.model.environment import AmqpAccess, Environment, Host, OpenStackAccess
from calipso.model.hover import COMMON, HOVER
from calipso.model.hover import FIRST_GENERATION as HOVER_FIRST
from calipso.model.hover import SECOND_GENERATION as HOVER_SECOND
from calipso.model.kinds import KINDS
from calipso.model.links import LINK_TYPES
from calipso.model.reaching import CloudHosts, Ssh
from calipso.model.rules import Join, LinkType, Rule, Select, Via, Walk
from calipso.model.rules import Path as KeyPath
from calipso.model.types import OBJECT_TYPES
from calipso.operations.registry import OPERATIONS, Operation
from calipso.web.openapi import examples

REFERENCE = Path(__file__).parent / "reference"
NOTE = "<!-- Written by docs/generate.py: do not edit. -->\n\n"


def main() -> int:
    """Write the files, or with `--check` compare them; 1 when one differs."""
    check = "--check" in sys.argv[1:]
    stale = []
    for name, text in pages().items():
        file = REFERENCE / name
        if check:
            if not file.is_file() or file.read_text() != text:
                stale.append(name)
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
    for name in stale:
        print(f"docs/reference/{name} is not what docs/generate.py writes: run `make reference`")
    return 1 if stale else 0


def pages() -> dict[str, str]:
    """File name → text."""
    return {
        "model/kinds.md": NOTE + kinds(),
        "model/types.md": NOTE + types(),
        "model/links.md": NOTE + links(),
        "model/cliques.md": NOTE + cliques(),
        "model/attributes.md": NOTE + attributes() + metrics() + keys(),
        "model/constants.md": NOTE + constants(),
        "model/hover.md": NOTE + hover(),
        "environments.md": NOTE + environments_reference.page(table),
        "environment.md": NOTE + environment(),
        "cli.md": NOTE + cli(),
        "gremlin.md": NOTE + query_reference.page(),
        "rest.md": NOTE + rest(),
    }


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return (
        "\n".join(lines + ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]) + "\n"
    )


def kinds() -> str:
    rows = [
        (f"`{each.name}`", each.doc, str(each.layer) if each.layer >= 0 else "–", ", ".join(HOVER.get(each.name, ())))
        for each in KINDS
    ]
    return "# Kinds\n\nThe roles objects play.\n\n" + table(("kind", "what it is", "layer", "shown first"), rows)


def types() -> str:
    rows = [(f"`{each.name}`", each.kind or "by rule", each.family, each.doc) for each in OBJECT_TYPES]
    return "# Types\n\nWhat systems call things, and the kind that follows.\n\n" + table(
        ("type", "kind", "family", "what it is"), rows
    )


def links() -> str:
    shown = [each for each in LINK_TYPES if not each.hidden]
    rows = [(f"`{each.name}`", each.doc, "<br>".join(map(rule, each.rules)), each.carry or "–") for each in shown]
    return "# Link types\n\nHow each is joined, and which networks it carries.\n\n" + table(
        ("link type", "what it means", "rule", "carries"), rows
    )


def rule(each: Rule | str) -> str:
    """A rule in words."""
    if isinstance(each, str):
        return f"`{each}`"
    if isinstance(each, Join):
        return f"{select(each.source)} `{key(each.key)}` = {select(each.target)} `{key(each.target_key)}`"
    if isinstance(each, Walk):
        through = ", ".join(sorted(each.through))
        return f"walk {select(each.source)} → nearest {select(each.stop)} through {through}"
    return f"{rule(each.first)}, then {rule(each.second)}"


def select(each: Select) -> str:
    return "/".join(sorted(each.kinds | each.types)) or "any" if len(each.types) < 6 else "tunnel"


def key(path: KeyPath) -> str:
    return path if isinstance(path, str) else "(" + ", ".join(path) + ")"


def cliques() -> str:
    rows = [
        (f"`{each.name}`", each.focal_kind, each.origin, each.description, ", ".join(each.link_types))
        for each in CLIQUE_TYPES
    ]
    return "# Clique types\n\nWhich link types are walked from a focal object, in order.\n\n" + table(
        ("name", "focal", "origin", "what it shows", "link types"), rows
    )


def attributes() -> str:
    """A table a facet."""
    out = [
        "# Attributes\n\nWhat facets carry, by facet. An attribute that is absent is not known. Counters, timers and "
        f"ages are never among them. `{INTERFACE}` stands for every type of interface, `{EVERY}` for "
        "every type. "
        "Fields of entries may be absent.\n"
    ]
    for facet in FACETS:
        rows = [
            (f"`{each.name}`", value(each.value), each.unit or "–", each.doc, each.source or "–", ", ".join(each.types))
            for each in facet.attributes
        ]
        head = ("attribute", "value", "unit", "what it is", "defined by", "carried by")
        out.append(f"## {facet.name}\n\n{facet.doc}\n\n" + table(head, rows))
    return "\n".join(out)


def value(form: Value) -> str:
    """The form of a value in words."""
    if isinstance(form, ListOf):
        return f"list of {value(form.of)}"
    if isinstance(form, MapOf):
        return f"map of text to {value(form.of)}"
    if isinstance(form, Entry):
        fields = (
            f"`{each.name}` {value(each.value)}" + (f" in {each.unit}" if each.unit else "") for each in form.fields
        )
        return "entry (" + ", ".join(fields) + ")"
    return form


def metrics() -> str:
    rows = [(f"`{each.name}`", each.unit, each.doc, each.source, ", ".join(each.types)) for each in METRICS]
    return (
        "\n## Metrics\n\nThe latest values of counters, kept beside the graph. Open vSwitch hands on whatever else a "
        "datapath counts, under the name it gives.\n\n"
        + table(("metric", "unit", "what it counts", "defined by", "carried by"), rows)
    )


def keys() -> str:
    """What objects are found by, and the link types that need it."""
    users = {name: [each.name for each in LINK_TYPES if name in _keys_of(each)] for name in PATHS}
    rows = [
        (f"`{name}`", ", ".join(part for part in path if part in COMPUTED) or "–", ", ".join(users[name]) or "–")
        for name, path in PATHS.items()
    ]
    return (
        "\n## Keys\n\nThe attributes that are indexed, several joined by `+` compared together. Those computed are not "
        "said by a source but follow from what is said.\n\n"
        + table(("key", "computed", "link types joined by it"), rows)
    )


def _keys_of(link: LinkType) -> set[str]:
    def of(rule: Rule | str) -> set[str]:
        if isinstance(rule, Join):
            return {key_name(rule.key), key_name(rule.target_key)}
        return of(rule.first) | of(rule.second) if isinstance(rule, Via) else set()

    followed = {key_name(link.follow.key), key_name(link.follow.target_key)} if link.follow is not None else set()
    return followed | {name for rule in link.rules for name in of(rule)}


def constants() -> str:
    lists = {"First generation": FIRST_GENERATION, "Second generation": SECOND_GENERATION}
    parts = ["# Constants\n\nThe closed lists of the original's documents, by its names.\n"]
    for title, named in lists.items():
        rows = [(f"`{name}`", ", ".join(values) or "–") for name, values in named.items()]
        parts.append(f"## {title}\n\n" + table(("list", "values"), rows))
    return "\n".join(parts)


def hover() -> str:
    lists = {
        "Ours": HOVER,
        "Of the original, first generation": HOVER_FIRST,
        "Of the original, second generation": HOVER_SECOND,
    }
    common = ", ".join(COMMON)
    parts = [f"# Hover attributes\n\nWhat is shown when the pointer rests on an object. Of every kind: {common}.\n"]
    for title, named in lists.items():
        rows = [(f"`{name}`", ", ".join(values)) for name, values in named.items()]
        parts.append(f"## {title}\n\n" + table(("kind", "attributes"), rows))
    return "\n".join(parts)


def environment() -> str:
    parts = ["# Environment\n\nThe fields of an environment's file. Each has a default.\n"]
    for title, struct in (
        ("Environment", Environment),
        ("Host, below `hosts`", Host),
        ("SSH, `ssh` of a host", Ssh),
        ("Hosts of clouds, `cloud_hosts`", CloudHosts),
        ("OpenStack, `openstack` of a host", OpenStackAccess),
        ("Message bus, `amqp` of an environment or of a host with `openstack`", AmqpAccess),
    ):
        said = " ".join((struct.__doc__ or "").split())
        rows = [
            (f"`{field.name}`", _type(field.type), f"`{_default(field)}`") for field in msgspec.structs.fields(struct)
        ]
        parts.append(f"## {title}\n\n{said}\n\n" + table(("field", "type", "default"), rows))
    return "\n".join(parts)


def _default(field: msgspec.structs.FieldInfo) -> str:
    made = field.default_factory() if field.default_factory is not msgspec.NODEFAULT else field.default
    return msgspec.json.encode(made).decode()


def _type(said: object) -> str:
    """A field's type as one who writes YAML would say it."""
    if get_origin(said) is Literal:
        return " or ".join(f"`{each}`" for each in get_args(said))
    names = {str: "text", int: "integer", float: "number", bool: "true or false"}
    if isinstance(said, type) and said in names:
        return names[said]
    origin = get_origin(said)
    inner = [each for each in get_args(said) if each is not Ellipsis]
    if origin is tuple:
        return f"list of {_type(inner[0])}"
    if origin is Mapping:
        return f"map of {_type(inner[0])} to {_type(inner[1])}"
    return getattr(said, "__name__", "value").lower() if said is not Any else "anything"


def cli() -> str:
    out = ["# Command line\n"]
    for name, command in _commands(typer.main.get_command(app), "calipso"):
        out.append(f"## {name}\n\n{(command.help or '').strip()}\n")
        rows = []
        for option in command.params:
            said = ", ".join(f"`{each}`" for each in option.opts) or f"`{option.name}`"
            rows.append((said, getattr(option, "help", None) or ""))
        out.append(table(("option", "meaning"), rows))
    return "\n".join(out)


def _commands(group: Any, before: str) -> Iterator[tuple[str, Any]]:
    for name, command in sorted(group.commands.items()):
        yield f"{before} {name}", command
        if hasattr(command, "commands"):
            yield from _commands(command, f"{before} {name}")


def rest() -> str:
    rows = [
        (f"[`{each.method} /api/v1/{each.path}`](#{each.name})", each.doc.split("\n")[0], each.scope)
        for each in OPERATIONS
    ]
    text = (
        "# REST\n\nEvery operation. OpenAPI: `/api/v1/openapi.json`; live deltas: `/api/v1/live` (WebSocket) and "
        "`/api/v1/events` (server-sent events). Errors are problem documents (RFC 9457). The examples are real "
        "answers, lists cut after three items.\n\n"
    )
    return text + table(("request", "what it gives", "scope"), rows) + "".join(map(rest_operation, OPERATIONS))


def rest_operation(each: Operation) -> str:
    """An operation with its parameters and an example."""
    said = [" ".join(part.split()) for part in (each.doc, each.request.__doc__ or "")]
    shown = examples()[each.name]
    asked = json.dumps(shown.request, indent=1, ensure_ascii=False)
    if each.method == "GET":
        values = {name: ",".join(v) if isinstance(v, list) else v for name, v in shown.request.items()}
        asked = f"GET /api/v1/{each.path}" + (f"?{urlencode(values, safe=':/,')}" if values else "")
    else:
        asked = f"POST /api/v1/{each.path}\n\n{asked}"
    answer = json.dumps(shown.response, indent=1, ensure_ascii=False)
    parts = [f"\n## {each.name}\n", *(f"{part}\n" for part in said if part), f"```http\n{asked}\n```\n"]
    return "\n".join([*parts, f"```json\n{answer}\n```\n"])


if __name__ == "__main__":
    sys.exit(main())
