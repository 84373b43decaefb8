"""The original's documents written out: page by page, so that any environment fits into memory."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

import msgspec

from calipso.cli.calling import Call, fail, run, with_calls
from calipso.cli.render import console
from calipso.errors import ConfigError
from calipso.runtime.home import Home

COLLECTIONS = {
    "inventory": "inventory", "links": "links", "cliques": "cliques", "clique_types": "clique_types",
    "clique_constraints": "clique_constraints", "constants": "constants", "environments_config": "environment_configs",
    "link_types": "link_types", "supported_environments": "supported_environments",
    "network_agent_types": "network_agent_types", "attributes_for_hover_on_data": "attributes_for_hover_on_data",
    "monitoring_config_templates": "monitoring_config_templates", "connection_tests": "connection_tests",
    "statistics": "statistics", "scans": "scans", "scheduled_scans": "scheduled_scans", "messages": "messages",
}  # fmt: skip
"""Collection of the original → what `get_original` calls it."""
PAGED = ("inventory", "links", "cliques")
PAGE = 1000


def write(to: Path | None, environment: str, at: str) -> None:
    """A folder gets `<collection>.json` files; a file, or standard output, one object of all collections."""
    folder = to is not None and (to.is_dir() or not to.suffix)

    async def work(invoke: Call) -> None:
        if folder and to is not None:
            for name, asked in COLLECTIONS.items():
                with (to / f"{name}.json").open("w") as out:
                    await _collection(invoke, out, asked, environment, at)
                    out.write("\n")
            return
        with _opened(to) as out:
            out.write("{")
            for number, (name, asked) in enumerate(COLLECTIONS.items()):
                out.write(f'{"," if number else ""}\n"{name}": ')
                await _collection(invoke, out, asked, environment, at)
            out.write("\n}\n")

    try:
        if folder and to is not None:
            to.mkdir(parents=True, exist_ok=True)
        run(with_calls(Home.default(), environment, work))
    except OSError as error:
        fail(ConfigError(error.strerror or "cannot be written", where=str(to)))
    if to is not None:
        console(stderr=True).print(f"written to {to}", markup=False)


@contextlib.contextmanager
def _opened(to: Path | None) -> Iterator[TextIO]:
    if to is None:
        yield sys.stdout
    else:
        with to.open("w") as out:
            yield out


async def _collection(invoke: Call, out: TextIO, asked: str, environment: str, at: str) -> None:
    """A JSON list, a document a line."""
    out.write("[")
    size = PAGE if asked in PAGED else 0
    said: dict[str, Any] = {"environment": environment, "full": True, "at": at, "page_size": size}
    cursor, first = "", True
    while True:
        answer = await invoke("get_original", collection=asked, cursor=cursor, **said)
        for item in answer.items:
            out.write(("\n " if first else ",\n ") + msgspec.json.encode(item).decode())
            first = False
        cursor = answer.next
        if not cursor:
            break
    out.write("\n]" if not first else "]")
