"""Which clique types and constraints there are: what is declared, and what users added."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from calipso.model import constants
from calipso.model.cliques import CliqueType
from calipso.model.environment import Environment
from calipso.model.scoring import clique_types
from calipso.operations.context import Context

CONFIG = ("environment_type", "distribution", "distribution_version", "mechanism_drivers", "type_drivers")
"""What a clique type may ask of an environment, in the original's names."""
ADDED_TYPES, ADDED_CONSTRAINTS = "clique_types", "clique_constraints"
"""Shelves of what users added."""


def clique_type_of(document: Mapping[str, Any]) -> CliqueType:
    """The clique type that a kept document is."""
    asked = {("type" if name == "environment_type" else name): document[name] for name in CONFIG if document.get(name)}
    if document.get("environment"):
        asked["environment_name"] = document["environment"]
    return CliqueType(
        name=document["name"], focal_kind=document["focal_point_type"], link_types=tuple(document["link_types"]),
        environment=asked, use_implicit_links=document.get("use_implicit_links", False), origin="added",
        description="added by a user",
    )  # fmt: skip


def added_types(context: Context) -> list[CliqueType]:
    """What users added, in the order of their names."""
    return [clique_type_of(each) for each in context.shelf.all(ADDED_TYPES).values()]


def types_of(context: Context, environment: Environment) -> Sequence[CliqueType]:
    """The clique types an environment chooses from; of equals, those that users added are chosen."""
    return (*added_types(context), *clique_types(environment))


def constraints(context: Context) -> dict[str, list[str]]:
    """Focal kind → what its cliques are kept to; what users added counts."""
    found = {kind: list(names) for kind, names in constants.CLIQUE_CONSTRAINTS.items()}
    added = context.shelf.all(ADDED_CONSTRAINTS)
    return found | {each["focal_point_type"]: list(each["constraints"]) for each in added.values()}


def constrained(context: Context, kind: str) -> bool:
    """Whether cliques of a kind are kept to networks; they are unless somebody says otherwise."""
    return "network" in constraints(context).get(kind, ["network"])
