"""Writes the methods of the clients from the table of operations; `--check` says whether the written file holds."""

from __future__ import annotations

import keyword
import subprocess
import sys
import types
import typing
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from calipso.operations.context import Scope
from calipso.operations.registry import OPERATIONS, Operation

FOLDER = Path(__file__).parents[1] / "src/calipso/client"
FILES = {"async_methods.py": ("AsyncMethods", "async "), "methods.py": ("Methods", "")}
HEAD = '''"""The methods of a client. Written by tools/generate_client.py from the table of operations: do not edit."""

from __future__ import annotations

from collections.abc import {kind}, Mapping, Sequence
from typing import Any, Literal

{imports}
'''


def main() -> int:
    """Write the file, or with `--check` compare it; 1 when it differs."""
    stale = 0
    for name, (title, waits) in FILES.items():
        file = FOLDER / name
        said = formatted(text(title, waits), file)
        if "--check" not in sys.argv[1:]:
            file.write_text(said)
        elif not file.is_file() or file.read_text() != said:
            print(f"src/calipso/client/{name} is not what tools/generate_client.py writes: run `make reference`")
            stale = 1
    return stale


def formatted(text: str, file: Path) -> str:
    """As ruff sorts and formats it."""
    for deed in (["check", "--quiet", "--select", "I", "--fix"], ["format"]):
        command = ["ruff", *deed, "--stdin-filename", str(file), "-"]
        text = subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout
    return text


def text(title: str, waits: str) -> str:
    """A file with one class."""
    needed: set[type] = set()
    body = list(_class(title, waits, needed))
    modules: dict[str, list[str]] = {}
    for each in needed:
        modules.setdefault(each.__module__, []).append(each.__name__)
    modules.setdefault("calipso.operations.context", []).append("Scope")
    imports = "\n".join(f"from {module} import {', '.join(sorted(names))}" for module, names in sorted(modules.items()))
    return HEAD.format(imports=imports, kind="AsyncIterator" if waits else "Iterator") + "\n\n" + "\n".join(body) + "\n"


def _class(name: str, waits: str, needed: set[type]) -> Iterator[str]:
    yield f"class {name}:"
    yield '    """Every operation as a method."""\n'
    yield f"    {waits}def call(self, name: str, /, **values: Any) -> Any:"
    yield "        raise NotImplementedError"
    for operation in OPERATIONS:
        yield from _method(operation, waits, needed)
        if {"cursor", "limit"} <= set(_fields(operation)):
            yield from _pages(operation, waits, needed)


def _method(operation: Operation, waits: str, needed: set[type]) -> Iterator[str]:
    needed |= {operation.response, *_structs(operation)}
    fields = _fields(operation)
    given = ", ".join(f"{each}={each}" for each in fields)
    yield ""
    yield f"    {waits}def {_name(operation.name)}({_signature(operation, fields)}) -> {operation.response.__name__}:"
    yield _doc(operation, operation.doc)
    call = f"{'await ' if waits else ''}self.call({', '.join(filter(None, [repr(operation.name), given]))})"
    yield f"        found: {operation.response.__name__} = {call}"
    yield "        return found"


def _pages(operation: Operation, waits: str, needed: set[type]) -> Iterator[str]:
    fields = [each for each in _fields(operation) if each not in ("cursor", "limit")]
    of, item = _paged(operation)
    needed.add(item)
    given = ", ".join(f"{each}={each}" for each in fields)
    name = _name(operation.name.replace("get_", "iter_"))
    kind = "AsyncIterator" if waits else "Iterator"
    signature = _signature(operation, fields)
    yield ""
    yield f"    {waits}def {name}({signature}, page: int = 500) -> {kind}[{item.__name__}]:"
    yield _doc(operation, "All of them, fetched in pages that show one moment. " + operation.doc)
    wait = "await " if waits else ""
    yield "        cursor = ''"
    yield "        while True:"
    yield f"            found = {wait}self.{_name(operation.name)}({given}, limit=page, cursor=cursor)"
    if waits:
        yield f"            for item in found.{of}:"
        yield "                yield item"
    else:
        yield f"            yield from found.{of}"
    yield "            cursor = found.next"
    yield "            if not cursor:"
    yield "                return"


def _paged(operation: Operation) -> tuple[str, type]:
    """The field of an answer that comes in pages: its first list, and what that is of."""
    hints = get_type_hints(operation.response)
    name = next(name for name, hint in hints.items() if get_origin(hint) is list)
    (item,) = get_args(hints[name])
    return name, item


def _fields(operation: Operation) -> list[str]:
    return [each.name for each in msgspec.structs.fields(operation.request)]


def _name(name: str) -> str:
    return name + "_" if keyword.iskeyword(name) else name


def _doc(operation: Operation, first: str) -> str:
    more = " ".join((operation.request.__doc__ or "").split())
    said = " ".join(first.split()).replace("\\", "\\\\")
    lines = [said, *(["", more] if more and not more.startswith(("A request", "GET")) else [])]
    wrapped = [piece for line in lines for piece in (_wrap(line) or [""])]
    inner = "\n".join(f"        {line}".rstrip() for line in wrapped).strip()
    return f'        """{inner}' + ('\n        """\n' if len(wrapped) > 1 else '"""')


def _wrap(line: str, width: int = 105) -> list[str]:
    out: list[str] = []
    for word in line.split():
        if out and len(out[-1]) + len(word) < width:
            out[-1] += " " + word
        else:
            out.append(word)
    return out


def _signature(operation: Operation, fields: Sequence[str]) -> str:
    hints = get_type_hints(operation.request)
    infos = {each.name: each for each in msgspec.structs.fields(operation.request)}
    parts = []
    for name in fields:
        info = infos[name]
        default = "" if info.required else f" = {info.default!r}"
        parts.append(f"{name}: {_type(hints[name])}{default}")
    return ", ".join(["self", "*", *parts]) if parts else "self"


def _structs(operation: Operation) -> set[type]:
    """Structs that a request is made of."""
    inside = [each for hint in get_type_hints(operation.request).values() for each in get_args(hint)]
    return {each for each in inside if isinstance(each, type) and issubclass(each, msgspec.Struct)}


def _type(hint: Any) -> str:
    if hint == Scope:
        return "Scope"
    if get_origin(hint) is Literal:
        return f"Literal[{', '.join(map(repr, get_args(hint)))}]"
    if get_origin(hint) in (tuple, list):
        return f"Sequence[{_type(get_args(hint)[0])}]"
    if get_origin(hint) is dict:
        return f"Mapping[{', '.join(map(_type, get_args(hint)))}]"
    if hint is Any:
        return "Any"
    if get_origin(hint) in (typing.Union, types.UnionType):
        return " | ".join(_type(each) for each in get_args(hint))
    if get_origin(hint) is dict:
        return f"dict[{', '.join(_type(each) for each in get_args(hint))}]"
    if hint is Any:
        return "Any"
    return "None" if hint is type(None) else str(hint.__name__)


if __name__ == "__main__":
    sys.exit(main())
