"""Which clique type is used: the one that says most about the environment at hand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from calipso.model.cliques import CLIQUE_TYPES, CliqueType
from calipso.model.environment import Environment

FIELDS = ("type", "distribution", "distribution_version", "mechanism_drivers", "type_drivers")
"""What a clique type may ask of an environment, from the weakest to the strongest."""


def clique_types(environment: Environment) -> Sequence[CliqueType]:
    """The clique types an environment chooses from: ours, or the original's where it asks for them."""
    if environment.cliques == "calipso":
        original = [each for each in CLIQUE_TYPES if each.origin != "ours"]
        if original:
            return original
    return [each for each in CLIQUE_TYPES if each.origin == "ours"]


def score(clique_type: CliqueType, environment: Environment) -> int:
    """1 for a type of any environment; more for each thing it asks for that holds; 0 when something does not."""
    total = 1
    for place, field in enumerate(FIELDS, 1):
        wanted = clique_type.environment.get(field)
        if not wanted:
            continue
        has = getattr(environment, field)
        if wanted != has and not (isinstance(has, tuple) and wanted in has):
            return 0
        total += 1 << place
    return total


def choose(types: Iterable[CliqueType], focal_kind: str, environment: Environment, name: str = "") -> CliqueType | None:
    """The best type for a focal kind, of a name when one is asked for; of equals the first. None when there is none."""
    best, best_score = None, 0
    for each in types:
        if each.focal_kind != focal_kind or (name and each.name != name):
            continue
        points = score(each, environment)
        if points > best_score:
            best, best_score = each, points
    return best
