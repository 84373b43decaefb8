"""Steps that are understood but wait for what is not there: the packets of flows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from calipso.errors import QueryError
from calipso.query.elements import FLOWS, PACKETS, Kind
from calipso.query.plan import Asked, Spec, Step
from calipso.query.run import Run
from calipso.query.syntax import Literal


class FlowStep(NamedTuple):
    """Has no answer yet."""

    name: str
    message: str = "the packets of flows are not kept yet"

    def open(self, stream: Iterator[Any], run: Run) -> Iterator[Any]:
        raise QueryError(f"{self.name}(): {self.message}", hint="objects, links, flows and their history can be asked")


def _reserved(gives: Kind, message: str = "") -> Callable[[Asked], tuple[Step, Kind]]:
    def build(asked: Asked) -> tuple[Step, Kind]:
        for each in asked.args:  # what is said is checked, though it is not done yet
            if not isinstance(each, Literal) and each.only_word not in ("asc", "desc", "null", "true", "false"):
                asked.predicate(each)
        step = FlowStep(asked.spec.names[0], message) if message else FlowStep(asked.spec.names[0])
        return step, gives or asked.kind

    return build


NO_PACKETS = "the packets of flows are not kept yet"
SPECS: tuple[Spec, ...] = (
    Spec(("RawPackets",), frozenset({FLOWS}), PACKETS, _reserved(PACKETS, NO_PACKETS), "The packets kept of flows.",
         "G.Flows().RawPackets()"),
    Spec(("BPF",), frozenset({PACKETS}), PACKETS, _reserved(PACKETS, NO_PACKETS),
         "Keeps packets by a filter expression.",
         "G.Flows().RawPackets().BPF('tcp port 80')"),
)  # fmt: skip
