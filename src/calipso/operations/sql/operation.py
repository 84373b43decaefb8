"""The operation: SQL over an environment, now or at a moment."""

from __future__ import annotations

from typing import Any

import msgspec

from calipso.operations.answers import Freshness, freshness
from calipso.operations.context import Context, Site
from calipso.operations.inventory import when
from calipso.operations.questions import QUESTIONS, Turn
from calipso.operations.sql.engine import Bounds, Statement
from calipso.operations.sql.views import Past

MOST_SECONDS = 120.0
MOST_ROWS = 1_000_000


class Sql(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """sql: one SELECT over the views objects, links, changes and runs. limit: rows at most. timeout: seconds."""

    sql: str
    environment: str = "local"
    at: str = ""
    limit: int = 10_000
    timeout: float = 10.0


class SqlAnswer(msgspec.Struct, frozen=True):
    """Rows in the order of `columns`. types: as declared, "" for what is worked out; JSON is told as what it holds.

    truncated: there were more rows than the limit.
    """

    columns: list[str]
    types: list[str]
    rows: list[list[Any]]
    freshness: Freshness
    truncated: bool = False


async def sql(context: Context, request: Sql) -> SqlAnswer:
    """What SQL answers. Raises `QueryError` with the position of what is wrong."""
    site = context.site(request.environment)
    past = Past(site, when(context, request.at), context.moment, {})
    bounds = Bounds(min(max(request.timeout, 0.01), MOST_SECONDS), min(max(request.limit, 0), MOST_ROWS))
    return await QUESTIONS.work(lambda turn: _answered(site, past, request.sql, bounds, turn), seconds=bounds.seconds)


def _answered(site: Site, past: Past, text: str, bounds: Bounds, turn: Turn) -> SqlAnswer:
    past.graph(None)  # one value for the whole statement, however long it takes
    found = Statement(past, turn.clock, bounds, turn.take).run(text)
    return SqlAnswer(found.columns, found.types, found.rows, freshness(site, past.graph(None)), found.truncated)
