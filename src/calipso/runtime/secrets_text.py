"""Secrets in the text of an environment's file: found, and exchanged for others; the rest stays as it was written."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import yaml

from calipso.errors import ConfigError
from calipso.model.secrecy import is_secret

Path = tuple[str, ...]
_ANCHOR = re.compile(r"&\S+\s+")
_PAIR = re.compile(r"\\\\|\\u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})")
"""A character beyond 16 bits as JSON writes it; an escaped backslash is passed over."""
_NOT_TEXT = ("tag:yaml.org,2002:null", "tag:yaml.org,2002:bool")


class Leaf(NamedTuple):
    """A secret's place: path of names, the value as it is written, where it stands in the text."""

    path: Path
    value: str
    start: int
    end: int


def secrets_in(text: str) -> tuple[str, list[Leaf]]:
    """(the text, or what it says as JSON that YAML can read; the secrets in it). Nothing for what is neither."""
    written = _plain_json(text)
    for each in (written if "\\u" in text else None, text, written):
        try:
            node = yaml.compose(each, Loader=yaml.SafeLoader) if each is not None else None
        except yaml.YAMLError:
            continue
        if each is not None and node is not None:
            return each, list({leaf.start: leaf for leaf in _leaves(node, (), set())}.values())
    return text, []


def exchanged(text: str, leaves: list[Leaf], fresh: Mapping[Path, str]) -> str:
    """The text with other values at some places, in double quotes. Raises `ConfigError` where that cannot be done."""
    out, at = [], 0
    for leaf in sorted(leaves, key=lambda each: each.start):
        if leaf.path in fresh:
            before = text[leaf.start : leaf.end]
            anchor = _ANCHOR.match(before)
            end = "\n" if before.endswith("\n") else ""
            out += [text[at : leaf.start], anchor[0] if anchor else "", f'"{fresh[leaf.path]}"', end]
            at = leaf.end
    made = "".join([*out, text[at:]])
    expected = {leaf.path: fresh.get(leaf.path, leaf.value) for leaf in leaves}
    if {leaf.path: leaf.value for leaf in secrets_in(made)[1]} != expected:
        raise ConfigError(
            "the secrets of this file cannot be told from the rest", hint="write each in quotes, on a line"
        )
    return made


def _plain_json(text: str) -> str | None:
    """JSON that may be indented by tabs and has its characters in pairs, neither of which YAML takes."""
    try:
        written = json.dumps(json.loads(text), indent=2)
    except ValueError:
        return None
    return _PAIR.sub(_one, written)


def _one(found: re.Match[str]) -> str:
    if found[1] is None:
        return found[0]
    return f"\\U{0x10000 + ((int(found[1], 16) & 0x3FF) << 10) + (int(found[2], 16) & 0x3FF):08x}"


def _leaves(node: Any, path: Path, known: set[int]) -> Iterator[Leaf]:
    if isinstance(node, yaml.CollectionNode):
        if id(node) in known:
            return  # an alias: it has been looked at where its anchor is
        known.add(id(node))
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _leaves(value, (*path, str(key.value)), known)
    elif isinstance(node, yaml.SequenceNode):
        for number, each in enumerate(node.value):
            yield from _leaves(each, _into(path, _named(each), number, len(node.value)), known)
    elif path and is_secret(_field(path)) and node.value and node.tag not in _NOT_TEXT:
        yield Leaf(path, str(node.value), node.start_mark.index, node.end_mark.index)


def _named(node: Any) -> str:
    """What an item of a list calls itself."""
    pairs = node.value if isinstance(node, yaml.MappingNode) else ()
    return next((str(value.value) for key, value in pairs if key.value == "name"), "")


def _into(path: Path, name: str, number: int, count: int) -> Path:
    """A list's item by its name, so that its place may change; a list of one document is the document."""
    if not path and count == 1:
        return path
    return (*path, f"[{name or number}]")


def _field(path: Path) -> str:
    return next((each for each in reversed(path) if not each.startswith("[")), "")
