"""The server's own figures for Prometheus."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Literal, Protocol

import msgspec
import prometheus_client
from prometheus_client import CollectorRegistry, Gauge, generate_latest

from calipso.operations.context import AgentState
from calipso.runtime.at import now
from calipso.runtime.exporting import FlowFigures
from calipso.runtime.site import Site


class Figure(msgspec.Struct, frozen=True):
    """A figure with its values by labels. Counters only rise while the server runs."""

    name: str
    doc: str
    labels: tuple[str, ...]
    values: Mapping[tuple[str, ...], float]
    kind: Literal["gauge", "counter"] = "gauge"


class Clients(Protocol):
    """Live clients: those there are, and how many were dropped."""

    @property
    def clients(self) -> int: ...
    @property
    def dropped(self) -> int: ...


def of_sites(sites: Mapping[str, Site]) -> Iterator[Figure]:
    """Of environments: what is known, how old it is, how far the writer is behind."""
    label = ("environment",)

    def each(name: str, doc: str, value: dict[str, float], kind: Literal["gauge", "counter"] = "gauge") -> Figure:
        return Figure(name, doc, label, {(site,): said for site, said in value.items()}, kind)

    present = now()
    scopes = {name: site.scopes() for name, site in sites.items()}
    runs: Counter[tuple[str, ...]] = Counter()
    for name, states in scopes.items():
        runs.update((name, state.status) for state in states)
    oldest = {
        name: max((present - state.completed for state in states if state.completed), default=0) / 1e6
        for name, states in scopes.items()
    }
    yield each("calipso_objects", "Objects in the graph", {n: len(s.graph()) for n, s in sites.items()})
    yield each(
        "calipso_stale_scopes", "Scopes whose last look did not complete",
        {n: sum(state.stale for state in states) for n, states in scopes.items()},
    )  # fmt: skip
    yield Figure("calipso_scopes", "Scopes by the state of their last look", ("environment", "status"), runs)
    yield each("calipso_oldest_look_seconds", "Time since the scope that waits longest was seen completely", oldest)
    yield each("calipso_ticks", "Ticks published since the start", {n: s.writer.ticks for n, s in sites.items()})
    yield each(
        "calipso_writer_waiting", "Hand-overs the writer has not taken", {n: s.waiting for n, s in sites.items()}
    )
    yield each("calipso_ring_graphs", "Recent graphs that are held", {n: len(s.writer.ring) for n, s in sites.items()})
    yield each("calipso_last_change_seconds", "Time since the newest graph was published", {
        n: max(0.0, (present - s.graph().ts) / 1e6) for n, s in sites.items()
    })  # fmt: skip


def of_agents(agents: list[AgentState]) -> Iterator[Figure]:
    """Of agents: who is there, what waits, what was lost."""
    label = ("environment", "host")
    for name, doc, field in (
        ("calipso_agent_connected", "Whether an agent is here", "connected"),
        ("calipso_agent_spooled", "Parts an agent has not delivered", "spooled"),
        ("calipso_agent_lost", "Parts an agent had to drop", "lost"),
        ("calipso_agent_cpu_share", "Share of a core an agent uses", "cpu"),
        ("calipso_agent_memory_bytes", "Memory an agent uses", "memory"),
    ):
        yield Figure(name, doc, label, {(each.environment, each.host): float(getattr(each, field)) for each in agents})


def of_flows(sites: Mapping[str, FlowFigures]) -> Iterator[Figure]:
    """Of captured flows, by capture and application: so many that their number is bounded, the rest under `other`."""
    label = ("environment", "capture", "application")
    totals = {name: figures.totals() for name, figures in sites.items()}
    for at, name, doc in (
        (0, "calipso_flow_packets", "Packets of captured flows"),
        (1, "calipso_flow_bytes", "Octets of captured flows"),
    ):
        values: dict[tuple[str, ...], float] = {
            (site, *key): float(value) for site, said in totals.items() for key, value in said[at].items()
        }
        yield Figure(name, doc, label, values, "counter")


def of_clients(feeds: Clients, refused: Mapping[str, int], ready: bool) -> Iterator[Figure]:
    """Of those who ask."""
    yield Figure("calipso_live_clients", "Connected live clients", (), {(): feeds.clients})
    yield Figure("calipso_live_dropped", "Live clients that were too slow", (), {(): feeds.dropped}, "counter")
    yield Figure(
        "calipso_refused", "Requests refused, by reason: unknown token, scope, rate", ("reason",),
        {(reason,): count for reason, count in refused.items()}, "counter",
    )  # fmt: skip
    yield Figure("calipso_ready", "Whether everything can be asked and kept", (), {(): ready})


def exposition(figures: list[Figure]) -> bytes:
    """The figures as Prometheus reads them (text format 0.0.4)."""
    registry = CollectorRegistry()
    for figure in figures:
        kind = Gauge if figure.kind == "gauge" else prometheus_client.Counter
        made = kind(figure.name, figure.doc, figure.labels, registry=registry)
        for labels, value in figure.values.items():
            (made.labels(*labels) if labels else made).inc(value)
    return generate_latest(registry)
