"""The graph of a store as it is opened: derived anew when it was derived by other rules or for other options."""

from __future__ import annotations

import structlog

from calipso.graph.rederive import derivation, rederived
from calipso.graph.value import Graph
from calipso.model.environment import Environment
from calipso.runtime.at import now
from calipso.stores.sqlite.store import SqliteStore

DERIVATION = "derivation"
"""Documents: what the stored graph was derived by."""

log = structlog.get_logger()


def loaded(store: SqliteStore, environment: Environment) -> Graph:
    """The newest graph; derived anew when it was derived by other rules or for other options. Raises `StoreError`."""
    graph = store.load()
    by = derivation(environment)
    known = store.documents(DERIVATION).get("by", {}).get("digest")
    if known == by:
        return graph
    if len(graph.facts):
        log.info("deriving anew", environment=environment.name, records=len(graph.facts))
        graph, delta = rederived(graph, max(now(), graph.ts + 1))
        store.append(delta)
        log.info("derived anew", environment=environment.name, objects=len(delta.heads), links=len(delta.links))
    store.put_document(DERIVATION, "by", {"digest": by})
    return graph
