"""Routes, rules, neighbours and forwarding entries of one namespace: facets of their own on devices and namespaces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from calipso.errors import ParseError
from calipso.model.record import Attributes, Record, RunError
from calipso.sources.linux.devices import Device
from calipso.sources.linux.parse_namespaces import Namespace
from calipso.sources.linux.parse_neighbors import parse_fdb, parse_neighbors
from calipso.sources.linux.parse_netfilter import parse_conntrack
from calipso.sources.linux.parse_routes import parse_routes
from calipso.sources.linux.parse_rules import parse_rules
from calipso.sources.linux.wire import Refused, split_dumps

DUMPS = ("routes", "neighbors", "fdb", "rules", "conntrack")
FACETS = {"routes": "netlink.routes", "neighbors": "netlink.neighbors", "fdb": "netlink.fdb"}
RULES = "netlink.rules"
MOST = 10_000
"""Entries of one table on one object; a full Internet table is not topology. `<table>_total` then tells how many."""

_NOT_SUPPORTED = frozenset((22, 95, 97))
"""EINVAL, EOPNOTSUPP, EAFNOSUPPORT: the kernel has no such table, so it is empty."""


def table_records(
    namespace: Namespace, devices: Sequence[Device], body: bytes
) -> tuple[list[Record], dict[str, float], list[RunError]]:
    """Records, the namespace's connection counts, and what could not be read. Raises `ParseError` on a broken reply."""
    bodies = split_dumps(body, DUMPS)
    errors: list[RunError] = []

    def attempt(name: str, parse: Any, empty: Any) -> Any:
        try:
            return parse(bodies[name])
        except ParseError as error:
            if not (isinstance(error, Refused) and error.code in _NOT_SUPPORTED):
                errors.append(RunError(f"{namespace.part} {name}", error.message))
            return empty

    records = records_of(
        namespace,
        devices,
        attempt("routes", parse_routes, []),
        attempt("neighbors", parse_neighbors, {}),
        attempt("fdb", parse_fdb, {}),
        attempt("rules", parse_rules, []),
    )
    return records, attempt("conntrack", parse_conntrack, {}), errors


def records_of(
    namespace: Namespace,
    devices: Sequence[Device],
    found_routes: Sequence[tuple[tuple[int, ...], Any]],
    neighbors: Mapping[int, list[Any]],
    fdb: Mapping[int, list[Any]],
    rules: list[Any],
) -> list[Record]:
    """Tables as facets of the interfaces they speak of; what belongs to none is the namespace's."""
    routes: dict[int, list[Any]] = {}
    unattached = []
    for indexes, route in found_routes:
        for index in indexes:
            routes.setdefault(index, []).append(route)
        if not indexes:
            unattached.append(route)
    records = []
    for name, found in (("routes", routes), ("neighbors", neighbors), ("fdb", fdb)):
        records += _on_devices(name, found, devices)
    if rules or unattached:
        attributes: Attributes = {}
        _limited(attributes, "rules", rules)
        _limited(attributes, "routes", unattached)
        records.append(Record(namespace.id, RULES, "host" if namespace.root else "netns", attributes))
    return records


def _on_devices(name: str, found: Mapping[int, list[Any]], devices: Sequence[Device]) -> list[Record]:
    out = []
    for device in devices:
        entries = found.get(device.index)
        if entries:
            attributes: Attributes = {}
            _limited(attributes, name, entries)
            out.append(Record(device.id, FACETS[name], device.type, attributes))
    return out


def _limited(attributes: Attributes, name: str, entries: list[Any]) -> None:
    if entries:
        attributes[name] = entries[:MOST]
        if len(entries) > MOST:
            attributes[f"{name}_total"] = len(entries)
