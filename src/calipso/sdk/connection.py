"""`connect()`: the same questions to a server or to a folder, answered as rows."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol, Self

import msgspec

from calipso.client import Client
from calipso.errors import ConfigError
from calipso.operations.querying import QueryAnswer
from calipso.runtime.home import LOCAL, Home
from calipso.runtime.lock import running
from calipso.runtime.tokens import admin_token
from calipso.sdk.embedded import Embedded
from calipso.sdk.rows import Rows

OBJECT = (
    "id",
    "kind",
    "type",
    "name",
    "host",
    "state",
    "parent",
    "networks",
    "media",
    "aliases",
    "attributes",
    "metrics",
)
LINK = ("type", "source", "target", "through", "routed", "network")
TOKEN = "CALIPSO_TOKEN"  # noqa: S105  (the name of a variable)


class Operations(Protocol):
    """Where operations run."""

    def call(self, name: str, /, **values: Any) -> Any: ...
    def close(self) -> None: ...


def connect(where: str | Path = "", token: str = "", *, environment: str = LOCAL) -> Connection:
    """A connection to a server by its URL, or to a folder: through its server, or embedded when none runs there.

    where: empty for CALIPSO_HOME. token: of a URL; the variable CALIPSO_TOKEN without it. Raises `ConfigError`,
    `Unreachable`, `Conflict` when another program without a server writes to the folder, `NotFound`.
    """
    if str(where).startswith(("http://", "https://")):
        secret = token or os.environ.get(TOKEN, "")
        if not secret:
            raise ConfigError(
                "a server wants a token", hint=f"give it, or set {TOKEN}; `calipso token create` makes one"
            )
        return Connection(Client(str(where), secret), environment, str(where))
    home = Home(Path(where).expanduser().absolute()) if where else Home.default()
    server = running(home.lock, home.server)
    if server is not None:
        return Connection(Client(server.url, admin_token(home.token)), environment, server.url)
    if where and not home.path.is_dir():
        raise ConfigError("is no folder", where=str(home.path), hint="give a server's URL or an existing folder")
    return Connection(Embedded(home, environment), environment, str(home.path))


class Connection:
    """Asks about one environment. Every question takes `at`: a moment, as `-1h` or `2026-01-31T14:05:00Z`."""

    def __init__(self, operations: Operations, environment: str, where: str) -> None:
        self._operations = operations
        self.environment = environment
        self.where = where

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<calipso {self.where}, environment {self.environment!r}>"

    def close(self) -> None:
        """Let go; an embedded connection frees the folder for others."""
        self._operations.close()

    def call(self, name: str, /, **values: Any) -> Any:
        """Any operation by its name, with its own answer."""
        return self._operations.call(name, **{"environment": self.environment, **values})

    def objects(
        self, kind: str = "", *, id: str = "", host: str = "", state: str = "", where: Sequence[str] = (), at: str = "",
        limit: int = 0,
    ) -> Rows:  # fmt: skip
        """Objects by kind or type, id or name, host, state and attributes (`where=["mtu=1500"]`)."""
        found = self.call(
            "get_objects", kind=kind, id=id, host=host, state=state, where=tuple(where), at=at, limit=limit
        )
        return Rows(OBJECT, msgspec.to_builtins(found.items), kind="objects", freshness=found.freshness)

    def links(self, id: str = "", *, type: str = "", at: str = "", limit: int = 0) -> Rows:
        """Links of an object or of all, of a type or relation."""
        found = self.call("get_links", id=id, type=type, at=at, limit=limit)
        return Rows(LINK, msgspec.to_builtins(found.items), kind="links", freshness=found.freshness)

    def gremlin(self, text: str, *, at: str = "", limit: int = 10_000, timeout: float = 10.0) -> Rows:
        """What the query language answers; values are in the column `value`, of a slice `valid` says when."""
        found: QueryAnswer = self.call("query", query=text, at=at, limit=limit, timeout=timeout)
        items, columns = _table(found)
        if found.valid is not None:
            valid = msgspec.to_builtins(found.valid)
            items = [{**item, "valid": each} for item, each in zip(items, valid, strict=True)]
            columns = (*columns, "valid")
        return Rows(columns, items, kind=found.kind, freshness=found.freshness, truncated=found.truncated)

    def sql(self, text: str, *, at: str = "", limit: int = 10_000, timeout: float = 10.0) -> Rows:
        """What SQL answers over the views objects, links, changes and runs."""
        found = self.call("sql", sql=text, at=at, limit=limit, timeout=timeout)
        names = _unique(found.columns)
        items = [dict(zip(names, row, strict=True)) for row in found.rows]
        return Rows(names, items, kind="rows", freshness=found.freshness, truncated=found.truncated)

    def history(self, id: str, *, since: str = "") -> Rows:
        """Everything that happened to an object."""
        found = self.call("get_history", id=id, since=since)
        columns = ("at", "op", "source", "fields", "link", "other", "outgoing")
        return Rows(columns, msgspec.to_builtins(found.events), kind="events", freshness=found.freshness)


def _table(found: QueryAnswer) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    items = msgspec.to_builtins(found.items)
    if found.kind == "objects":
        return items, OBJECT
    if found.kind == "links":
        return items, LINK
    if items and found.kind in ("values", "metrics") and all(isinstance(item, dict) for item in items):
        return items, tuple(dict.fromkeys(name for item in items for name in item))
    return [{"value": item} for item in items], ("value",)


def _unique(columns: Sequence[str]) -> list[str]:
    """Columns of the same name told apart: id, id_2."""
    out: list[str] = []
    for name in columns:
        again = 2
        unique = name
        while unique in out:
            unique, again = f"{name}_{again}", again + 1
        out.append(unique)
    return out
