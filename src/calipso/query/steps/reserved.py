"""Steps that are understood but wait for what is not there: workflows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from calipso.errors import QueryError
from calipso.query.elements import GRAPH, VALUES, Kind
from calipso.query.plan import Asked, Spec, Step
from calipso.query.run import Run
from calipso.query.syntax import Literal


class FlowStep(NamedTuple):
    """Has no answer yet."""

    name: str
    message: str

    def open(self, stream: Iterator[Any], run: Run) -> Iterator[Any]:
        raise QueryError(f"{self.name}(): {self.message}", hint="objects, links, flows and their history can be asked")


def _reserved(gives: Kind, message: str) -> Callable[[Asked], tuple[Step, Kind]]:
    def build(asked: Asked) -> tuple[Step, Kind]:
        for each in asked.args:  # what is said is checked, though it is not done yet
            if not isinstance(each, Literal) and each.only_word not in ("asc", "desc", "null", "true", "false"):
                asked.predicate(each)
        return FlowStep(asked.spec.names[0], message), gives

    return build


SPECS: tuple[Spec, ...] = (
    Spec(("Workflow",), frozenset({GRAPH}), VALUES, _reserved(VALUES, "there are no workflows yet"),
         "Runs a stored workflow.", "G.Workflow('CheckMTU')"),
)  # fmt: skip
