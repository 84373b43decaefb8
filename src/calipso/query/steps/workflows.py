"""Workflow: what a stored workflow returns. It is run before the query is, by whoever asks it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from calipso.query.elements import GRAPH, VALUES, Kind
from calipso.query.plan import Asked, Ordered, Spec, Step
from calipso.query.run import Run
from calipso.query.syntax import Chain


class Workflow(NamedTuple):
    """The result of a workflow; the members of a list one by one."""

    ordered: Ordered

    def open(self, stream: Iterator[Any], run: Run) -> Iterator[Any]:
        for each in stream:
            result = run.world.outcome(self.ordered)
            for value in result if isinstance(result, list) else [result]:
                run.tick()
                yield run.moved(each, value, VALUES)


def _workflow(asked: Asked) -> tuple[Step, Kind]:
    asked.count(1)
    values = []
    for each in asked.args:
        if isinstance(each, Chain):
            raise asked.wrong("a value is needed here", each)
        values.append(each.value)
    if not isinstance(values[0], str):
        raise asked.wrong("a workflow is named by a text", asked.args[0])
    ordered = Ordered(values[0], tuple(values[1:]))
    asked.planner.workflows.append(ordered)
    return Workflow(ordered), VALUES


SPECS: tuple[Spec, ...] = (
    Spec(("Workflow",), frozenset({GRAPH}), VALUES, _workflow,
         "What a stored workflow returns for parameters in their order; of a list each member. It only reads.",
         "G.Workflow('check_mtu', 'h1/dev:eth0', 'h2/dev:eth0')",
         differs="the result is values, not a graph; workflows that write are run by `calipso workflow run`",
         switches=True),
)  # fmt: skip
