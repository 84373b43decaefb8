"""Every use case, once: REST, the CLI and the SDK are produced from this table."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Literal

import msgspec

from calipso.operations import cliques, history, inventory, monitoring, querying, topology, transfer
from calipso.operations.context import Context


class Operation(msgspec.Struct, frozen=True):
    """name: of the operation and its path below /api/v1. method: GET reads, POST acts; a body only with POST."""

    name: str
    method: Literal["GET", "POST"]
    path: str
    request: type
    response: type
    run: Callable[[Context, Any], Awaitable[Any]]

    @property
    def doc(self) -> str:
        return (self.run.__doc__ or "").strip()


OPERATIONS: tuple[Operation, ...] = (
    Operation("get_objects", "GET", "objects", inventory.GetObjects, inventory.Objects, inventory.get_objects),
    Operation("count_objects", "GET", "counts", inventory.CountObjects, inventory.Counts, inventory.count_objects),
    Operation("get_links", "GET", "links", topology.GetLinks, topology.Links, topology.get_links),
    Operation("get_tree", "GET", "tree", topology.GetTree, topology.Tree, topology.get_tree),
    Operation("get_clique", "GET", "clique", cliques.GetClique, cliques.CliqueView, cliques.get_clique),
    Operation("get_history", "GET", "history", history.GetHistory, history.History, history.get_history),
    Operation("get_diff", "GET", "diff", history.GetDiff, history.DiffView, history.get_diff),
    Operation("query", "GET", "query", querying.Query, querying.QueryAnswer, querying.query),
    Operation("get_sources", "GET", "sources", monitoring.GetSources, monitoring.Sources, monitoring.get_sources),
    Operation(
        "get_environments", "GET", "environments", monitoring.Nothing, monitoring.Environments,
        monitoring.get_environments,
    ),
    Operation("get_agents", "GET", "agents", monitoring.Nothing, monitoring.Agents, monitoring.get_agents),
    Operation("scan", "POST", "scan", monitoring.Scan, monitoring.ScanResult, monitoring.scan),
    Operation("export", "GET", "export", transfer.Export, transfer.Exported, transfer.export),
    Operation("import", "POST", "import", transfer.Import, transfer.Imported, transfer.import_records),
)  # fmt: skip

BY_NAME: dict[str, Operation] = {operation.name: operation for operation in OPERATIONS}
