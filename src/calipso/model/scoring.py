"""Which clique type is used: the one that says most about the environment at hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from calipso.model import cliques, cliques_original
from calipso.model.cliques import CliqueType
from calipso.model.environment import Environment

NAMED, ANY, BARE = 64, 1, 2
POINTS: Mapping[str, int] = {
    "type": 0, "distribution": 32, "distribution_version": 16, "mechanism_drivers": 8, "type_drivers": 4,
}  # fmt: skip
"""What a clique type may ask of an environment, and the points when it holds; one that does not hold ends it."""

ALL: tuple[CliqueType, ...] = (
    *cliques.CLIQUE_TYPES,
    *cliques_original.FIRST_GENERATION,
    *cliques_original.SECOND_GENERATION,
)


def clique_types(environment: Environment) -> Sequence[CliqueType]:
    """The clique types an environment chooses from: ours, or the original's where it asks for them."""
    if environment.cliques == "calipso":
        return cliques_original.SECOND_GENERATION
    return cliques.CLIQUE_TYPES


def score(clique_type: CliqueType, environment: Environment) -> int:
    """As the original scores: 64 for the environment's own name, 2 for a type that asks nothing, 0 for a mismatch."""
    asked = clique_type.environment
    name = asked.get("environment_name")
    if name is not None:
        return NAMED if name == environment.name else 0
    if not asked:
        return BARE
    total = 0
    for field, points in POINTS.items():
        wanted = asked.get(field)
        if wanted is None:
            continue
        if not _holds(field, wanted, getattr(environment, field)):
            return 0
        total += points
    return total or ANY


def _holds(field: str, wanted: str, has: str | tuple[str, ...]) -> bool:
    if isinstance(has, tuple):
        return wanted in has
    if field == "distribution_version" and wanted.isdigit() and has.isdigit():
        return int(has) >= int(wanted)  # a number is the oldest version it is for
    return wanted == has


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
