"""Steps that are understood but wait for what is not there: flows and packets need captures, series a flow store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from calipso.errors import QueryError
from calipso.query.elements import FLOWS, GRAPH, METRICS, NODES, PACKETS, PATHS, VALUES, Kind
from calipso.query.plan import Asked, Spec, Step
from calipso.query.run import Run
from calipso.query.syntax import Literal


class FlowStep(NamedTuple):
    """Has no answer yet."""

    name: str
    message: str = "there is no flow store: flows need captures"

    def open(self, stream: Iterator[Any], run: Run) -> Iterator[Any]:
        raise QueryError(f"{self.name}(): {self.message}", hint="objects, links and their history can be asked")


def _reserved(gives: Kind, message: str = "") -> Callable[[Asked], tuple[Step, Kind]]:
    def build(asked: Asked) -> tuple[Step, Kind]:
        for each in asked.args:  # what is said is checked, though it is not done yet
            if not isinstance(each, Literal) and each.only_word not in ("asc", "desc", "null", "true", "false"):
                asked.predicate(each)
        step = FlowStep(asked.spec.names[0], message) if message else FlowStep(asked.spec.names[0])
        return step, gives or asked.kind

    return build


FLOW = frozenset({FLOWS})
SPECS: tuple[Spec, ...] = (
    Spec(("Flows",), frozenset({GRAPH, NODES, PATHS}), FLOWS, _reserved(FLOWS), "The flows seen, or those of objects.",
         "G.V().Has('Name', 'eth0').Flows()"),
    Spec(("Hops",), FLOW, NODES, _reserved(NODES), "The objects on which flows were captured, in order of time.",
         "G.Flows().Hops()"),
    Spec(("CaptureNode", "Node"), FLOW, NODES, _reserved(NODES), "The object on which a flow was captured.",
         "G.Flows().CaptureNode()"),
    Spec(("Nodes",), FLOW, NODES, _reserved(NODES), "Where flows were captured, and both their ends.",
         "G.Flows().Nodes()"),
    Spec(("RawPackets",), FLOW, PACKETS, _reserved(PACKETS), "The packets kept of flows.", "G.Flows().RawPackets()"),
    Spec(("BPF",), frozenset({PACKETS}), PACKETS, _reserved(PACKETS), "Keeps packets by a filter expression.",
         "G.Flows().RawPackets().BPF('tcp port 80')"),
    Spec(("MoreThan",), FLOW, FLOWS, _reserved(FLOWS), "Keeps groups of more flows than this.",
         "G.Flows().Group().MoreThan(1)", differs="its parameter counts"),
    Spec(("Aggregates",), frozenset({METRICS}), METRICS,
         _reserved(METRICS, "there is no series store: only the latest counters are kept"),
         "Counters in slices of time.", "G.V().Metrics().Aggregates(30)"),
    Spec(("Workflow",), frozenset({GRAPH}), VALUES, _reserved(VALUES, "there are no workflows yet"),
         "Runs a stored workflow.", "G.Workflow('CheckMTU')"),
)  # fmt: skip
