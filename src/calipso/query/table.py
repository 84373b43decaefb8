"""All steps by name: what the planner looks up, and what the reference is written from."""

from __future__ import annotations

from calipso.query.plan import Spec
from calipso.query.steps import (
    cutting,
    filtering,
    flows,
    looping,
    moving,
    projecting,
    reaching,
    reducing,
    series,
    storing,
    tables,
    timing,
    workflows,
)  # fmt: skip

FAMILIES: tuple[tuple[str, tuple[Spec, ...]], ...] = (
    ("Where a query begins and goes", moving.SPECS),
    ("At a moment", timing.SPECS),
    ("What is kept", filtering.SPECS),
    ("What is left out, and order", cutting.SPECS),
    ("Several links at once", reaching.SPECS),
    ("Again and again", looping.SPECS),
    ("Values", projecting.SPECS),
    ("One of many", reducing.SPECS),
    ("Kept for later", storing.SPECS),
    ("Tables of an object", tables.SPECS),
    ("Flows", (*flows.SPECS, *series.SPECS)),
    ("Workflows", workflows.SPECS),
)
SPECS: tuple[Spec, ...] = tuple(spec for _, specs in FAMILIES for spec in specs)
STEPS: dict[str, Spec] = {name.lower(): spec for spec in SPECS for name in spec.names}
